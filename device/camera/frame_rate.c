#include "device/camera/frame_rate.h"

#include <math.h>
#include <stdlib.h>

#include "shared/base/clock.h"

/* For a camera that has no rate of its own, if none was requested. */
enum { DEFAULT_FPS = 30 };

static int64_t clamp(int64_t value, int64_t min, int64_t max)
{
    return value < min ? min : value > max ? max : value;
}

struct frame_rate frame_rate_choose(double fps, double min_fps, struct frame_rate_limits limits)
{
    struct frame_rate rate = {
        .fps = fps,
        .min_ns = CLOCK_SECOND / FRAME_RATE_MAX,
        .period_ns = (uint64_t)((double)CLOCK_SECOND / (fps > 0 ? fps : DEFAULT_FPS)),
    };
    if (!limits.settable)
        return rate;
    int64_t requested = fps > 0 ? llround(1e6 / fps) : 1;
    int64_t min = limits.min_us > 0 ? limits.min_us : 1000000 / FRAME_RATE_MAX;
    int64_t max = limits.max_us >= min ? limits.max_us : INT64_MAX;
    int64_t duration = clamp(requested, min, max);
    rate.min_ns = (uint64_t)duration * 900; /* a tenth less, for clocks that differ */
    if (fps <= 0 && min_fps <= 0)
        return rate;
    rate.duration_us = duration;
    rate.longest_us = min_fps > 0 ? clamp(llround(1e6 / min_fps), duration, max) : duration;
    if (fps <= 0)
        return rate;
    rate.fps = 1e6 / (double)duration;
    rate.period_ns = (uint64_t)duration * 1000;
    /* A rate of 60 is 16667 us, and a limit of 16666 is that rate as well. */
    rate.adjusted = llabs(duration - requested) > 1;
    return rate;
}
