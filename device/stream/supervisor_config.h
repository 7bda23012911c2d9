/*
 * What a supervisor is created with.
 */
#ifndef PITETHER_DEVICE_STREAM_SUPERVISOR_CONFIG_H
#define PITETHER_DEVICE_STREAM_SUPERVISOR_CONFIG_H

#include <stdint.h>

#include "device/camera/camera.h"

struct changes;
struct demand;
struct encoder;
struct stream_events;

struct supervisor_config {
    const char *label; /* what log lines begin with; NULL: nothing */
    const struct camera_ops *ops;
    struct camera *camera;              /* open, not started; stays the caller's */
    uint64_t frame_limit;               /* supervisor_quit() after so many captures; 0: no limit */
    struct demand *demand;              /* which pictures are worth encoding; NULL: all */
    struct changes *changes;            /* of its controls; NULL: it has its defaults */
    struct encoder *still_encoder;      /* of stills; NULL: none is ever requested */
    struct stream_events *still_events; /* the same */
    const struct metadata_names *names; /* of what its frames report; NULL: nothing */
    uint64_t timeout_ns; /* how long a camera may be silent before it counts as stalled; 0: as its
                            rate and exposure demand */
    double min_fps;      /* the rate that a long exposure may lower it to; 0: its own */
};

#endif
