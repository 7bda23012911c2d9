#include "device/camera/pace_probe.h"

/* A camera that was left without buffers for the trial's time has missed at least so many frames,
 * or it does not count them. */
enum { MISSED_LEAST = 4 };

void pace_probe_init(struct pace_probe *pace, uint64_t least_ns, bool told, unsigned buffers)
{
    *pace = (struct pace_probe){ .least_ns = least_ns, .told = told, .buffers = buffers };
}

/* Whether there were more frames than a camera can have made. */
static bool is_too_fast(struct pace_probe *pace, uint64_t now_ns)
{
    if (pace->earned_ns < now_ns)
        pace->earned_ns = now_ns;
    pace->earned_ns += pace->least_ns;
    return pace->earned_ns - now_ns > (pace->buffers + 1) * pace->least_ns;
}

enum pace_probe_state pace_probe_frame(struct pace_probe *pace, uint64_t now_ns, uint32_t sequence,
                                       unsigned left)
{
    if (pace->state == PACE_PROBE_TRIED) {
        uint32_t step = sequence - pace->last;
        bool counted = step > MISSED_LEAST && step < UINT32_MAX / 2;
        pace->state = counted ? PACE_PROBE_KEPT : PACE_PROBE_NONE;
    }
    if (pace->state == PACE_PROBE_ASSUMED && is_too_fast(pace, now_ns))
        pace->state = pace->told ? PACE_PROBE_NONE : PACE_PROBE_DRAINED;
    if (pace->state == PACE_PROBE_DRAINED && left == 0) {
        pace->state = PACE_PROBE_TRIED;
        pace->until_ns = now_ns + PACE_PROBE_TRIAL_NS;
        pace->last = sequence;
    }
    return pace->state;
}

bool pace_probe_holds(const struct pace_probe *pace, uint64_t now_ns)
{
    return pace->state == PACE_PROBE_DRAINED ||
           (pace->state == PACE_PROBE_TRIED && now_ns < pace->until_ns);
}
