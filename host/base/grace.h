/*
 * How long threads that still write are waited for at the end: as long as they take, until the user
 * asks with a signal to leave; then for a grace period; from the second signal on no longer.
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

/* signals: so many have asked already. Without a descriptor for more of them, they are let through
 * and end the program. */
void grace_begin(struct grace *grace, unsigned signals);

/* From here on a signal ends the program. */
void grace_end(struct grace *grace);

/* Waits until fd is readable. False: it is not, and is to be waited for no longer; from then on a
 * signal ends the program. patient: not even the grace period's end stops the waiting, only the
 * second signal does. A wait that takes long is logged once; what: who is waited for. Where poll()
 * fails, nobody can be waited for, as if the time that is left, if that is limited, was over; else
 * true: whoever joins fd's thread waits for it without a limit. */
bool grace_wait(struct grace *grace, int fd, const char *what, bool patient);

#endif
