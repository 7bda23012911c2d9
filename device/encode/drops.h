/*
 * Runs of frames that were lost for one reason.
 */
#ifndef PITETHER_DEVICE_ENCODE_DROPS_H
#define PITETHER_DEVICE_ENCODE_DROPS_H

#include <stdbool.h>
#include <stdint.h>

#include "shared/protocol/wire.h"

struct drop_run {
    uint64_t first; /* frame id */
    uint64_t count; /* >= 1; DROPS reports at most UINT32_MAX, so a longer run takes several */
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

/* A run on its way to the subscriptions, each of which may request other frames of it. */
struct lost_run {
    struct drop_run run;
    /* Sensor times of the first and the last frame, as far as they are known; those in between lie
     * evenly between them. */
    uint64_t first_ns, last_ns;
};

/* Adds `next` to the end of lost, as drop_run_extend() does. */
static inline bool lost_run_extend(struct lost_run *lost, const struct lost_run *next)
{
    if (!drop_run_extend(&lost->run, next->run))
        return false;
    lost->last_ns = next->last_ns;
    return true;
}

/* The same whatever the reasons are: the first one's stands for both, unless that was the
 * receiver's own request, which must not hide a real loss. */
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

static inline bool lost_run_absorb(struct lost_run *lost, const struct lost_run *next)
{
    if (!drop_run_absorb(&lost->run, next->run))
        return false;
    lost->last_ns = next->last_ns;
    return true;
}

#endif
