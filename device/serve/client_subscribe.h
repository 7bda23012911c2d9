/*
 * SUBSCRIBE: which stream, or which still, a client is sent. See client.h.
 */
#ifndef PITETHER_DEVICE_SERVE_CLIENT_SUBSCRIBE_H
#define PITETHER_DEVICE_SERVE_CLIENT_SUBSCRIBE_H

#include "device/serve/client.h"

/* Opens the client's subscription, or fails the client. */
void client_subscribe(struct client *client, const struct wire_subscribe *subscribe);

#endif
