#include "host/sinks/window/liveness.h"

#include <inttypes.h>
#include <stdio.h>

#include "shared/base/clock.h"

#define MINUTE (60 * CLOCK_SECOND)
#define HOUR (60 * MINUTE)

void liveness_frame(struct liveness *liveness, uint64_t received_ns)
{
    if (liveness->last_ns && received_ns > liveness->last_ns)
        liveness->gaps[liveness->frames++ % LIVENESS_GAPS] = received_ns - liveness->last_ns;
    liveness->last_ns = received_ns;
}

/* The shortest of the last gaps, so that one interruption doesn't count, but a slow link does. */
static uint64_t usual_gap(const struct liveness *liveness)
{
    uint64_t shortest = liveness->gaps[0];
    for (unsigned i = 1; i < LIVENESS_GAPS; i++)
        if (liveness->gaps[i] < shortest)
            shortest = liveness->gaps[i];
    return shortest;
}

uint64_t liveness_lost_at(const struct liveness *liveness, uint64_t interval_ns)
{
    uint64_t gap = usual_gap(liveness);
    uint64_t timeout = (gap > interval_ns ? gap : interval_ns) * 5 / 2;
    return liveness->last_ns + (timeout > CLOCK_SECOND ? timeout : CLOCK_SECOND);
}

uint64_t liveness_text(char *text, const struct liveness *liveness, bool arrives, uint64_t now_ns)
{
    uint64_t age = now_ns - liveness->last_ns, unit = CLOCK_SECOND;
    const char *name = "s";
    if (age >= HOUR) {
        unit = HOUR;
        name = "h";
    } else if (age >= MINUTE) {
        unit = MINUTE;
        name = "min";
    }
    snprintf(text, LIVENESS_TEXT_MAX, "no %s for %" PRIu64 " %s",
             arrives ? "frame that can be shown" : "signal", age / unit, name);
    return liveness->last_ns + (age / unit + 1) * unit;
}
