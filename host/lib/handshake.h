/*
 * Waiting for a daemon to prove who it is. One thread.
 */
#ifndef PITETHER_HOST_LIB_HANDSHAKE_H
#define PITETHER_HOST_LIB_HANDSHAKE_H

#include "host/lib/dial.h"
#include "shared/net/transport.h"

/* Shakes hands until CLOCK_MONOTONIC is `until`: 0, or as the transport's handshake() fails;
 * -ETIMEDOUT: it took too long; -ECANCELED: the waiter gave up. */
int handshake_wait(struct transport *transport, const struct dial_waiter *waiter, uint64_t until);

/* Whether the error means that another try would end the same. */
bool handshake_is_refused(int error);

/* What the error means, for the user: behind the daemon's name. */
const char *handshake_why(int error);

#endif
