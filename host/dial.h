/*
 * Connecting to a daemon, without blocking for longer than asked.
 */
#ifndef PITETHER_HOST_DIAL_H
#define PITETHER_HOST_DIAL_H

#include <stdbool.h>

#include "shared/address.h"

enum { DIAL_ERROR_MAX = 256 };

/* Looks the address up and tries what is found, one after the other, at most 3 s each. wait() is
 * called with a descriptor and returns when that can be written, when timeout_ms are over or
 * before; true means to give up. The connected socket, non-blocking, or a negative errno with one
 * line in error (DIAL_ERROR_MAX bytes); -ECANCELED: given up. */
int dial(const struct address *address, bool (*wait)(void *user, int fd, int timeout_ms),
         void *user, char *error);

#endif
