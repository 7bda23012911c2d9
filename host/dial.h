/*
 * Connecting to a daemon, without blocking for longer than asked.
 */
#ifndef PITETHER_HOST_DIAL_H
#define PITETHER_HOST_DIAL_H

#include <stdbool.h>

#include "shared/address.h"

enum { DIAL_ERROR_MAX = 256 };

/* How dial() waits: until fd is ready for `events` (of poll()), timeout_ms are over, or earlier.
 * Returns true to give up. */
struct dial_waiter {
    bool (*wait)(void *user, int fd, short events, int timeout_ms);
    void *user;
};

/* Looks the address up, on a thread of its own since that may take long, and tries what is found,
 * one after the other, at most 3 s each. Returns the connected socket, non-blocking, or a negative
 * errno with one line in error (DIAL_ERROR_MAX bytes); -ECANCELED: given up. */
int dial(const struct address *address, const struct dial_waiter *waiter, char *error);

#endif
