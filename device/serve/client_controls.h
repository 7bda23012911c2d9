/*
 * SET, CHANGED and who is sent them. The loop thread alone.
 */
#ifndef PITETHER_DEVICE_SERVE_CLIENT_CONTROLS_H
#define PITETHER_DEVICE_SERVE_CLIENT_CONTROLS_H

#include "device/serve/client.h"
#include "device/stream/change.h"

/* Whether it may set controls, and take stills that interrupt the stream. */
bool client_may_control(const struct client *client);

/* A SET came. */
void client_take_set(struct client *client, const struct wire_raw *raw);

/* A change is decided: tells the one that asked for it, and, if it can be seen, all others of the
 * clients that watch the stream, whose first one is given. Does not write. */
void clients_tell_change(struct client *clients, const struct stream *stream,
                         const struct change *change);

#endif
