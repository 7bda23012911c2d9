/*
 * What is to be sent to a client, put into batches and written. The loop thread alone.
 */
#ifndef PITETHER_DEVICE_SERVE_CLIENT_WRITE_H
#define PITETHER_DEVICE_SERVE_CLIENT_WRITE_H

#include "device/serve/client.h"

/* Writes what is due, as far as the socket takes it. Call after events and after each round. */
void client_write(struct client *client);

/* Ends those of the clients, given the first of all, that watch the stream (see client_end()), and
 * writes what can be written at once. */
void clients_end(struct client *clients, const struct stream *stream, enum wire_end_reason reason);

#endif
