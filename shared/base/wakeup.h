/*
 * A descriptor to poll, which other threads make readable until it is cleared. Any thread; to be
 * closed by close().
 */
#ifndef PITETHER_SHARED_BASE_WAKEUP_H
#define PITETHER_SHARED_BASE_WAKEUP_H

#include <errno.h>
#include <stdbool.h>
#include <sys/eventfd.h>

#include "shared/base/attributes.h"

/* The descriptor, or a negative errno. */
NODISCARD static inline int wakeup_open(void)
{
    int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    return fd < 0 ? -errno : fd;
}

/* Also safe in a signal handler. */
static inline void wakeup_send(int fd)
{
    eventfd_write(fd, 1); /* fails only if the counter is full, and then fd is readable */
}

/* Whether it was readable. */
static inline bool wakeup_clear(int fd)
{
    eventfd_t count;
    return eventfd_read(fd, &count) == 0;
}

#endif
