#include "host/sinks/window/signal.h"

#include <inttypes.h>
#include <stdio.h>

#include "shared/base/clock.h"

#define MINUTE (60 * CLOCK_SECOND)
#define HOUR (60 * MINUTE)

void window_signal_frame(struct window_signal *signal, uint64_t received_ns)
{
    if (signal->last_ns && received_ns > signal->last_ns)
        signal->gaps[signal->frames++ % WINDOW_SIGNAL_GAPS] = received_ns - signal->last_ns;
    signal->last_ns = received_ns;
}

/* The shortest of the last gaps: an interruption is no habit, a slow link is. */
static uint64_t usual_gap(const struct window_signal *signal)
{
    uint64_t shortest = signal->gaps[0];
    for (unsigned i = 1; i < WINDOW_SIGNAL_GAPS; i++)
        if (signal->gaps[i] < shortest)
            shortest = signal->gaps[i];
    return shortest;
}

uint64_t window_signal_lost_at(const struct window_signal *signal, uint64_t interval_ns)
{
    uint64_t gap = usual_gap(signal);
    uint64_t patience = (gap > interval_ns ? gap : interval_ns) * 5 / 2;
    return signal->last_ns + (patience > CLOCK_SECOND ? patience : CLOCK_SECOND);
}

uint64_t window_signal_text(char *text, const struct window_signal *signal, bool arrives,
                            uint64_t now_ns)
{
    uint64_t age = now_ns - signal->last_ns, unit = CLOCK_SECOND;
    const char *name = "s";
    if (age >= HOUR) {
        unit = HOUR;
        name = "h";
    } else if (age >= MINUTE) {
        unit = MINUTE;
        name = "min";
    }
    snprintf(text, WINDOW_SIGNAL_TEXT_MAX, "no %s for %" PRIu64 " %s",
             arrives ? "frame that can be shown" : "signal", age / unit, name);
    return signal->last_ns + (age / unit + 1) * unit;
}
