#include "device/encode/rate_control.h"

#include <math.h>

#include "shared/base/clock.h"

static const double exponent = 0.7;

/* Weight of each new frame in the complexity. */
static const double smoothing = 0.125;

/* Largest change from one frame to the next, as a factor of the tables' scale: too small to be
 * seen. Quality goes down faster than up, since excess bytes delay all frames that follow. */
static const double step_up = 1.06, step_down = 1.25;

/* So near to the target nothing is changed, lest quality oscillate. */
static const double tolerance = 0.03;

/* jpeg_quality_scaling() of libjpeg (jcparam.c), and back. */
static double scale_of(double quality)
{
    return quality < 50 ? 5000 / quality : fmax(200 - 2 * quality, 1);
}

static double quality_of(double scale)
{
    return scale > 100 ? 5000 / scale : (200 - scale) / 2;
}

void rate_control_init(struct rate_control *control, int quality_min, int quality_max,
                       uint64_t bits_per_second)
{
    *control = (struct rate_control){ .quality_min = quality_min,
                                      .quality_max = quality_max,
                                      .bits_per_second = bits_per_second,
                                      .quality = quality_max };
}

void rate_control_set(struct rate_control *control, uint64_t bits_per_second)
{
    control->bits_per_second = bits_per_second;
    if (bits_per_second == 0)
        control->quality = control->quality_max;
}

int rate_control_quality(const struct rate_control *control)
{
    return (int)(control->quality + 0.5);
}

static void record(struct rate_control *control, uint32_t bytes, uint64_t time_ns)
{
    while (control->count > 0 &&
           (control->count == RATE_FRAMES ||
            time_ns - control->frames[control->first].time_ns > CLOCK_SECOND)) {
        control->first = (control->first + 1) % RATE_FRAMES;
        control->count--;
    }
    unsigned at = (control->first + control->count++) % RATE_FRAMES;
    control->frames[at].time_ns = time_ns;
    control->frames[at].bytes = bytes;
}

/* Bytes that the next frame should have: its share of the rate, minus a part of the last second's
 * excess. 0: not known yet. */
static double target_bytes(const struct rate_control *control)
{
    if (control->count < 2)
        return 0;
    unsigned last = (control->first + control->count - 1) % RATE_FRAMES;
    uint64_t span = control->frames[last].time_ns - control->frames[control->first].time_ns;
    double interval = (double)span / 1e9 / (control->count - 1);
    double share = (double)control->bits_per_second / 8 * interval, excess = 0;
    for (unsigned i = 0; i < control->count; i++)
        excess += control->frames[(control->first + i) % RATE_FRAMES].bytes - share;
    return fmax(share - excess / 16, share / 4);
}

void rate_control_frame(struct rate_control *control, int quality, uint32_t bytes, uint64_t time_ns)
{
    double scale = scale_of(quality), measured = bytes * pow(scale, exponent);
    control->complexity += (control->complexity ? smoothing : 1) * (measured - control->complexity);
    record(control, bytes, time_ns);
    double target = target_bytes(control);
    if (control->bits_per_second == 0 || target <= 0)
        return;
    double now = scale_of(control->quality);
    double expected = control->complexity / pow(now, exponent);
    if (fabs(expected - target) < tolerance * target)
        return;
    double next = pow(control->complexity / target, 1 / exponent);
    next = fmin(fmax(next, now / step_up), now * step_down);
    control->quality = fmin(fmax(quality_of(next), control->quality_min), control->quality_max);
}
