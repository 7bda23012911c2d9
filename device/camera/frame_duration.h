/*
 * How long a frame of a camera may take (FrameDurationLimits): what the requested rate says, but
 * long enough for the exposure time that users set, since cameras shorten an exposure that is
 * longer than the longest frame. Pure; one thread.
 */
#ifndef PITETHER_DEVICE_CAMERA_FRAME_DURATION_H
#define PITETHER_DEVICE_CAMERA_FRAME_DURATION_H

#include "device/camera/frame_rate.h"
#include "shared/controls/control_list.h"

struct frame_duration {
    struct frame_rate rate;
    struct frame_rate_limits limits;
    int64_t usual_us[2]; /* shortest and longest frame if no limit is set; 0: not known */
    int64_t exposure_us; /* set by users; 0: left to the camera */
    int64_t longest_us;  /* longest frame that is set; 0: no limit is set */
    int64_t shortest_us; /* shortest frame that users have set; 0: they have not */
    bool by_user;        /* users have set FrameDurationLimits, so these are left as they are */
    bool given_back;     /* users have just given them back to the camera */
};

void frame_duration_init(struct frame_duration *duration, const struct frame_rate *rate,
                         struct frame_rate_limits limits, const int64_t usual_us[2]);

/* Takes settings that the camera is about to be given, the first ones of its run or later ones.
 * Adds FrameDurationLimits to them where these have to change; replaces the default of those that
 * were given back to the camera. */
void frame_duration_update(struct frame_duration *duration, struct control_list *settings,
                           bool first);

/* The time after which a camera that keeps this may make the next frame; ns. */
uint64_t frame_duration_min_ns(const struct frame_duration *duration);

#endif
