/*
 * Connecting to a daemon, again and again, without blocking for longer than asked. One thread.
 */
#ifndef PITETHER_HOST_LIB_DIAL_H
#define PITETHER_HOST_LIB_DIAL_H

#include <stdbool.h>

#include "shared/base/error.h"
#include "shared/net/address.h"

/* How dial() waits: until fd is ready for `events` (of poll()), timeout_ms are over, or earlier.
 * Returns true to give up. */
struct dial_waiter {
    bool (*wait)(void *user, int fd, short events, int timeout_ms);
    void *user;
};

struct lookup;

/* What one call of dial() leaves for the next. All zero but for the first two, at first. */
struct dialer {
    struct address address;
    uint64_t good_ns;      /* what was looked up is good for so long */
    unsigned max_segment;  /* the largest TCP segment that the peer may send, bytes; 0: the kernel's
                              choice */
    struct lookup *lookup; /* still under way, or NULL */
    struct socket_address found[ADDRESSES_MAX];
    int count;
    uint64_t found_ns;          /* when they were found */
    struct socket_address good; /* the one that was connected to last; size 0: none */
};

/* Looks the address up, on a thread of its own since that may take long, and tries what is found,
 * what worked the last time first, for 3 s each, or 1.2 s once there was a connection. While a
 * look-up takes longer than half a second, what the one before it has found is tried. A numeric
 * address and a Unix socket's path are taken as they are. Returns the
 * connected socket, non-cancellable, or a negative errno with one line in error; -ECANCELED: given
 * up. */
int dial(struct dialer *dialer, const struct dial_waiter *waiter, struct error *error);

/* Lets go of a look-up that is under way. */
void dialer_clear(struct dialer *dialer);

#endif
