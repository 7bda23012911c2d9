#include "device/camera/stall_timeout.h"

#include <math.h>

#include "device/camera/watchdog.h"

/* Exposures are given, and reported, in microseconds. No camera exposes for longer than this. */
static const double longest_us = 3600e6;

static uint64_t nanoseconds(double us)
{
    return us > 0 ? (uint64_t)(fmin(us, longest_us) * 1000) : 0;
}

/* Whether AeEnable or ExposureTimeMode (libcamera's numbers) leaves the exposure to the camera. */
static bool is_automatic(const struct control_list *list)
{
    const struct control_setting *enable = control_list_find(list, "AeEnable");
    const struct control_setting *mode = control_list_find(list, "ExposureTimeMode");
    return (enable && value_number(&enable->value, 0) == 1) ||
           (mode && value_number(&mode->value, 0) == 0);
}

void stall_timeout_set(struct stall_timeout *timeout, const struct control_list *list)
{
    const struct control_setting *exposure = control_list_find(list, "ExposureTime");
    const struct control_setting *limits = control_list_find(list, "FrameDurationLimits");
    if (exposure)
        timeout->exposure_ns = nanoseconds(value_number(&exposure->value, 0));
    if (is_automatic(list))
        timeout->exposure_ns = 0;
    if (limits) /* a value without elements has no number */
        timeout->duration_ns = nanoseconds(value_number(&limits->value, limits->value.count - 1u));
}

void stall_timeout_frame(struct stall_timeout *timeout, const struct metadata *metadata,
                         const struct metadata_names *names)
{
    if (!names)
        return;
    double exposure = metadata_number(metadata, names, "ExposureTime");
    double duration = metadata_number(metadata, names, "FrameDuration");
    timeout->reported_ns = nanoseconds(fmax(exposure, duration)); /* NAN is none */
}

uint64_t stall_timeout_ns(const struct stall_timeout *timeout, double fps)
{
    uint64_t frame_ns = timeout->reported_ns;
    if (timeout->exposure_ns > frame_ns)
        frame_ns = timeout->exposure_ns;
    if (timeout->duration_ns > frame_ns)
        frame_ns = timeout->duration_ns;
    uint64_t of_rate_ns = camera_timeout_ns(fps);
    uint64_t of_frame_ns = CAMERA_SILENT_FRAMES * frame_ns;
    return of_frame_ns > of_rate_ns ? of_frame_ns : of_rate_ns;
}
