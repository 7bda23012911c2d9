#include "device/camera/patience.h"

#include <math.h>

#include "device/camera/watchdog.h"

/* Exposures are given, and reported, in microseconds. No camera exposes for longer than this. */
static const double longest_us = 3600e6;

static uint64_t nanoseconds(double us)
{
    return us > 0 ? (uint64_t)(fmin(us, longest_us) * 1000) : 0;
}

/* libcamera's values of AeEnable and ExposureTimeMode that leave the exposure to the camera. */
static bool is_automatic(const struct control_list *list)
{
    const struct control_setting *enable = control_list_find(list, "AeEnable");
    const struct control_setting *mode = control_list_find(list, "ExposureTimeMode");
    return (enable && value_number(&enable->value, 0) == 1) ||
           (mode && value_number(&mode->value, 0) == 0);
}

void patience_set(struct patience *patience, const struct control_list *list)
{
    const struct control_setting *exposure = control_list_find(list, "ExposureTime");
    const struct control_setting *limits = control_list_find(list, "FrameDurationLimits");
    if (exposure)
        patience->exposure_ns = nanoseconds(value_number(&exposure->value, 0));
    if (is_automatic(list))
        patience->exposure_ns = 0;
    if (limits)
        patience->duration_ns =
            limits->value.count > 0
                ? nanoseconds(value_number(&limits->value, limits->value.count - 1u))
                : 0;
}

void patience_frame(struct patience *patience, const struct metadata *metadata,
                    const struct metadata_names *names)
{
    if (!names)
        return;
    double exposure = metadata_number(metadata, names, "ExposureTime");
    double duration = metadata_number(metadata, names, "FrameDuration");
    patience->reported_ns = nanoseconds(fmax(exposure, duration)); /* NAN is none */
}

uint64_t patience_ns(const struct patience *patience, double fps)
{
    uint64_t frame_ns = patience->reported_ns;
    if (patience->exposure_ns > frame_ns)
        frame_ns = patience->exposure_ns;
    if (patience->duration_ns > frame_ns)
        frame_ns = patience->duration_ns;
    uint64_t of_rate_ns = camera_timeout_ns(fps);
    uint64_t of_frame_ns = CAMERA_SILENT_FRAMES * frame_ns;
    return of_frame_ns > of_rate_ns ? of_frame_ns : of_rate_ns;
}
