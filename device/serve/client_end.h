/*
 * How a connection ends. The loop thread alone.
 */
#ifndef PITETHER_DEVICE_SERVE_CLIENT_END_H
#define PITETHER_DEVICE_SERVE_CLIENT_END_H

#include "device/serve/client.h"

/* Ends the conversation with END once all that waits is sent; gives up on one that takes nothing
 * for 2 s, or takes longer than 30 s. */
void client_end(struct client *client, enum wire_end_reason reason);

/* Ends it with ERROR as soon as that can be written. */
void client_fail(struct client *client, enum wire_error_code code, const char *text);

/* Cuts the connection without a word; how: for the log, "was ...". */
void client_cut(struct client *client, const char *how);

/* The connection is no more: 0 the peer closed it, else a negative errno. */
void client_lose(struct client *client, int error);

#endif
