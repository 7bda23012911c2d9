#include "device/camera_pace.h"

/* A camera that was left without buffers for the trial's time has missed at least so many frames,
 * or it does not count them. */
enum { MISSED_LEAST = 4 };

void camera_pace_init(struct camera_pace *pace, uint64_t least_ns, bool told, unsigned buffers)
{
    *pace = (struct camera_pace){ .least_ns = least_ns, .told = told, .buffers = buffers };
}

/* Whether there were more frames than a camera can have made. */
static bool is_too_fast(struct camera_pace *pace, uint64_t now_ns)
{
    if (pace->earned_ns < now_ns)
        pace->earned_ns = now_ns;
    pace->earned_ns += pace->least_ns;
    return pace->earned_ns - now_ns > (pace->buffers + 1) * pace->least_ns;
}

enum camera_pace_state camera_pace_frame(struct camera_pace *pace, uint64_t now_ns,
                                         uint32_t sequence, unsigned left)
{
    if (pace->state == CAMERA_PACE_TRIED) {
        uint32_t step = sequence - pace->last;
        bool counted = step > MISSED_LEAST && step < UINT32_MAX / 2;
        pace->state = counted ? CAMERA_PACE_KEPT : CAMERA_PACE_NONE;
    }
    if (pace->state == CAMERA_PACE_ASSUMED && is_too_fast(pace, now_ns))
        pace->state = pace->told ? CAMERA_PACE_NONE : CAMERA_PACE_DRAINED;
    if (pace->state == CAMERA_PACE_DRAINED && left == 0) {
        pace->state = CAMERA_PACE_TRIED;
        pace->until_ns = now_ns + CAMERA_PACE_TRIAL_NS;
        pace->last = sequence;
    }
    return pace->state;
}

bool camera_pace_holds(const struct camera_pace *pace, uint64_t now_ns)
{
    return pace->state == CAMERA_PACE_DRAINED ||
           (pace->state == CAMERA_PACE_TRIED && now_ns < pace->until_ns);
}
