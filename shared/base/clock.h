/*
 * The clocks that pitether reads, in nanoseconds. Any thread.
 */
#ifndef PITETHER_SHARED_BASE_CLOCK_H
#define PITETHER_SHARED_BASE_CLOCK_H

#include <stdint.h>
#include <time.h>

#define CLOCK_MS UINT64_C(1000000)
#define CLOCK_SECOND UINT64_C(1000000000)

static inline uint64_t clock_read(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * CLOCK_SECOND + (uint64_t)now.tv_nsec;
}

/* The device's clock on the wire: keeps running while the machine sleeps, as the sensor's does. */
static inline uint64_t clock_device(void)
{
    return clock_read(CLOCK_BOOTTIME);
}

/* The receiver's clock on the wire, and the one for timeouts. */
static inline uint64_t clock_monotonic(void)
{
    return clock_read(CLOCK_MONOTONIC);
}

/* A timeout for poll(): the ms until clock_monotonic() is `until`, rounded up, so that a loop does
 * not spin just before it; 0: it has passed. At most a day. */
static inline int clock_left_ms(uint64_t until)
{
    uint64_t now = clock_monotonic();
    if (now >= until)
        return 0;
    uint64_t left = (until - now) / CLOCK_MS + 1, day = 24 * 3600 * 1000;
    return (int)(left < day ? left : day);
}

static inline struct timespec clock_timespec(uint64_t ns)
{
    return (struct timespec){ .tv_sec = (time_t)(ns / CLOCK_SECOND),
                              .tv_nsec = (long)(ns % CLOCK_SECOND) };
}

#endif
