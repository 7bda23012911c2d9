/*
 * A client in the loop: begins with a connection, works when it is ready. The loop thread alone.
 */
#ifndef PITETHER_DEVICE_SERVE_CLIENT_LOOP_H
#define PITETHER_DEVICE_SERVE_CLIENT_LOOP_H

#include "device/serve/client.h"
#include "shared/base/attributes.h"

/* Takes over the transport, also on failure. NULL: out of memory, or it can't be waited for. */
NODISCARD struct client *client_create(const struct client_shared *shared,
                                       struct transport *transport,
                                       const struct socket_address *peer);

/* Closes, releases what it holds, nulls the caller's pointer. */
void client_destroy(struct client **client);

/* Time-outs and PINGs; call about twice a second. */
void client_tick(struct client *client, uint64_t now_ns);

#endif
