/*
 * How long a frame of a camera may take: as the requested rate says, but long enough for the
 * exposure time that users set, since cameras cut exposures to the longest frame. Pure; one thread.
 */
#ifndef PITETHER_DEVICE_CAMERA_FRAME_DURATION_H
#define PITETHER_DEVICE_CAMERA_FRAME_DURATION_H

#include "device/camera/frame_rate.h"
#include "shared/controls/control_list.h"

struct frame_duration {
    struct frame_rate rate;
    struct frame_rate_limits limits;
    int64_t usual_us[2]; /* of a frame at least and at most, if nothing is set; 0: not known */
    int64_t exposure_us; /* set by users; 0: left to the camera */
    int64_t longest_us;  /* that is set; 0: none is */
    bool by_user;        /* users have set FrameDurationLimits: what they say holds */
    bool given_back;     /* they have just given it back */
};

void frame_duration_init(struct frame_duration *duration, const struct frame_rate *rate,
                         struct frame_rate_limits limits, const int64_t usual_us[2]);

/* The camera is to get these settings, the first of its run or later ones: adds
 * FrameDurationLimits to them if they are to change, or replaces the default that they were given
 * back with. */
void frame_duration_update(struct frame_duration *duration, struct control_list *settings,
                           bool first);

#endif
