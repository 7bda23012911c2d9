/*
 * A run of frames that were lost for one reason.
 */
#ifndef PITETHER_DEVICE_DROPS_H
#define PITETHER_DEVICE_DROPS_H

#include <stdbool.h>
#include <stdint.h>

#include "shared/wire.h"

struct drop_run {
    uint64_t first; /* frame id */
    uint64_t count; /* >= 1; DROPS tells of UINT32_MAX at most, so a longer run takes several */
    enum wire_drop_reason reason;
};

/* Adds `next` to the end of run if it follows on with the same reason. */
static inline bool drop_run_extend(struct drop_run *run, struct drop_run next)
{
    if (run->reason != next.reason || run->first + run->count != next.first)
        return false;
    run->count += next.count;
    return true;
}

/* The same whatever the reasons are: the first one's stands for both, unless that was the
 * receiver's own wish, which must not hide a real loss. */
static inline bool drop_run_absorb(struct drop_run *run, struct drop_run next)
{
    struct drop_run whole = *run;
    if (whole.reason == WIRE_DROP_RATE_LIMITED)
        whole.reason = next.reason;
    next.reason = whole.reason;
    if (!drop_run_extend(&whole, next))
        return false;
    *run = whole;
    return true;
}

#endif
