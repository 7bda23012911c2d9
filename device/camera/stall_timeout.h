/*
 * How long a camera may take for a frame, and so how long it may be silent before it counts as
 * stalled: exposures that are longer than a frame make frames longer. Pure; one thread at a time.
 */
#ifndef PITETHER_DEVICE_CAMERA_STALL_TIMEOUT_H
#define PITETHER_DEVICE_CAMERA_STALL_TIMEOUT_H

#include <stdint.h>

#include "shared/controls/control_list.h"
#include "shared/controls/metadata.h"

/* Zeroed at the start of a run. All in nanoseconds; 0: not known. */
struct stall_timeout {
    uint64_t exposure_ns; /* that the camera was given; 0: it decides */
    uint64_t duration_ns; /* the longest frame that it was allowed */
    uint64_t reported_ns; /* how long the newest frame took */
};

/* What the camera is given, at the start and later on. */
void stall_timeout_set(struct stall_timeout *timeout, const struct control_list *list);

/* What a frame reports. A frame that was begun before a shorter exposure was set still takes its
 * time: what was set alone does not tell. */
void stall_timeout_frame(struct stall_timeout *timeout, const struct metadata *metadata,
                         const struct metadata_names *names);

/* How long the camera may show no sign of life: camera_timeout_ns(), or longer if its frames take
 * longer than fps says. */
uint64_t stall_timeout_ns(const struct stall_timeout *timeout, double fps);

#endif
