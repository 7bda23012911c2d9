/*
 * A second connection beside one that has fallen silent.
 *
 * After a cut, TCP waits for about as long as the cut has lasted before it tries again; a
 * new connection gets through at once. Whether the network or only the daemon has
 * paused can't be known: so the first connection, with all that waits for it at the daemon, is kept
 * until the daemon has spoken on the second one and not on the first.
 */
#ifndef PITETHER_HOST_LIB_FAILOVER_H
#define PITETHER_HOST_LIB_FAILOVER_H

#include "host/lib/dial.h"
#include "shared/net/transport.h"

/* What makes a transport of a connected socket; takes over fd. NULL: out of memory. */
struct failover_opener {
    struct transport *(*open)(void *user, int fd);
    void *user;
};

/* Tries once, for some seconds at most; `waiter` gives up as soon as the first connection has data.
 * Returns a connection on which the daemon's first byte waits to be read, and nothing was said yet;
 * or NULL. */
struct transport *failover_find(struct dialer *dialer, const struct dial_waiter *waiter,
                                const struct failover_opener *opener);

#endif
