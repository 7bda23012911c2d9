/*
 * How long the program waits at its end for threads that still write: as long as they take, until
 * a signal asks it to end; then for a grace period; after the second signal not at all.
 *
 * SIGINT, SIGTERM and SIGHUP must be blocked in all threads. One thread.
 */
#ifndef PITETHER_HOST_BASE_GRACE_H
#define PITETHER_HOST_BASE_GRACE_H

#include <stdbool.h>
#include <stdint.h>

#include "shared/base/clock.h"

#define GRACE_NS (2 * CLOCK_SECOND)

struct grace {
    int signal_fd; /* -1: no signals are taken in */
    unsigned signals;
    uint64_t deadline_ns; /* from the first signal on; of clock_monotonic() */
};

/* signals: how many have arrived already. If no descriptor can be had for more of them, they are
 * unblocked, and end the program. */
void grace_begin(struct grace *grace, unsigned signals);

/* From here on a signal ends the program. */
void grace_end(struct grace *grace);

/* Waits until fd is readable. False: it is not, and the wait is over; from then on a signal ends
 * the program. past_grace: the wait ends with the second signal only, not with the grace period. A
 * long wait is logged once; what: the name of the thread. If poll() fails, a limited wait is over,
 * and an unlimited one returns true: joining the thread waits without a limit, too. */
bool grace_wait(struct grace *grace, int fd, const char *what, bool past_grace);

#endif
