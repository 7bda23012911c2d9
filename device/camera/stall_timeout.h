/*
 * How long a camera may be silent before it counts as stalled, as its longest frames demand: an
 * exposure that is longer than a frame makes the frame longer. Pure; one thread at a time.
 */
#ifndef PITETHER_DEVICE_CAMERA_STALL_TIMEOUT_H
#define PITETHER_DEVICE_CAMERA_STALL_TIMEOUT_H

#include <stdint.h>

#include "shared/controls/control_list.h"
#include "shared/controls/metadata.h"

/* Zeroed at the start of a run. All in nanoseconds; 0: not known. */
struct stall_timeout {
    uint64_t exposure_ns; /* exposure time that was set; 0: the camera decides */
    uint64_t duration_ns; /* longest frame that was set */
    uint64_t reported_ns; /* duration of the newest frame, as it was reported */
};

/* Takes the settings that the camera is given, at the start and later on. */
void stall_timeout_set(struct stall_timeout *timeout, const struct control_list *list);

/* Takes what a frame reports: a frame that began before a shorter exposure was set still takes
 * long, which the settings alone don't show. */
void stall_timeout_frame(struct stall_timeout *timeout, const struct metadata *metadata,
                         const struct metadata_names *names);

/* The timeout, ns: camera_timeout_ns(fps), or more if frames take longer than fps says. */
uint64_t stall_timeout_ns(const struct stall_timeout *timeout, double fps);

#endif
