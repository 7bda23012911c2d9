#include "device/camera/pace_probe.h"

/* A paced camera that got no buffers during the test has missed at least so many frames, or it does
 * not count them. */
enum { MISSED_MIN = 4 };

void pace_probe_init(struct pace_probe *probe, uint64_t min_ns, bool rate_is_set, unsigned buffers)
{
    *probe =
        (struct pace_probe){ .min_ns = min_ns, .rate_is_set = rate_is_set, .buffers = buffers };
}

/* Whether there were more frames than a paced camera can have made. */
static bool is_too_fast(struct pace_probe *probe, uint64_t now_ns)
{
    if (probe->paced_ns < now_ns)
        probe->paced_ns = now_ns;
    probe->paced_ns += probe->min_ns;
    return probe->paced_ns - now_ns > (probe->buffers + 1) * probe->min_ns;
}

enum pace_probe_state pace_probe_frame(struct pace_probe *probe, uint64_t now_ns, uint32_t sequence,
                                       unsigned left)
{
    if (probe->state == PACE_PROBE_WAITING) {
        uint32_t step = sequence - probe->last;
        bool counted = step > MISSED_MIN && step < UINT32_MAX / 2;
        probe->state = counted ? PACE_PROBE_PACED : PACE_PROBE_UNPACED;
    }
    if (probe->state == PACE_PROBE_ASSUMED && is_too_fast(probe, now_ns))
        probe->state = probe->rate_is_set ? PACE_PROBE_UNPACED : PACE_PROBE_DRAINING;
    if (probe->state == PACE_PROBE_DRAINING && left == 0) {
        probe->state = PACE_PROBE_WAITING;
        probe->until_ns = now_ns + PACE_PROBE_WAIT_NS;
        probe->last = sequence;
    }
    return probe->state;
}

bool pace_probe_holds(const struct pace_probe *probe, uint64_t now_ns)
{
    return probe->state == PACE_PROBE_DRAINING ||
           (probe->state == PACE_PROBE_WAITING && now_ns < probe->until_ns);
}
