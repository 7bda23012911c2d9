/*
 * What a client sends: its handshake and its messages. The loop thread alone.
 */
#ifndef PITETHER_DEVICE_SERVE_CLIENT_RECEIVE_H
#define PITETHER_DEVICE_SERVE_CLIENT_RECEIVE_H

#include "device/serve/client.h"

/* Goes on with the handshake of the transport. False: it is not complete, or the client is dead. */
bool client_shake_hands(struct client *client);

/* Takes what has come, as much as one turn allows. */
void client_receive(struct client *client);

#endif
