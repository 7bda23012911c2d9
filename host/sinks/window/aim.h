/*
 * The settings with which a camera focuses, meters, zooms, or exposes for longer, as text for
 * camera_set(). Only controls that the camera has. Pure.
 */
#ifndef PITETHER_HOST_SINKS_WINDOW_AIM_H
#define PITETHER_HOST_SINKS_WINDOW_AIM_H

#include <stdbool.h>

#include "host/sinks/window/camera.h"
#include "host/sinks/window/zoom.h"

enum { AIM_TEXT_MAX = 256 };
#define AIM_WINDOW_SHARE (1.0 / 6) /* of the picture's height: what is focused on */

/* What a click does. */
enum aim {
    AIM_NONE,  /* the camera can neither focus nor meter there */
    AIM_FOCUS, /* it focuses on that place */
    AIM_METER, /* it has no such focus: it meters the picture's middle */
};
#define AIM_METER_CONTROL "AeMeteringMode"

enum aim aim_kind(const struct camera *camera);

/* Whether the camera can show a part of its view: limits of ScalerCrop are known,
 * and this receiver may set it. */
bool aim_can_crop(const struct camera *camera);

/* The part of the sensor that the frame (or NULL) shows, and the largest and smallest possible, in
 * the sensor's pixels. Only if aim_can_crop(), or aim_kind() is AIM_FOCUS. */
struct aim_crop {
    struct zoom_rect shown, whole, min;
    struct zoom_rect usual; /* without a zoom: of the picture's aspect */
};
struct aim_crop aim_crop(const struct camera *camera, const struct pitether_frame *frame);

/* Writes the assignments for a click there, or of METER the value of AIM_METER_CONTROL. frame:
 * where it was clicked, or NULL. text: AIM_TEXT_MAX bytes. */
enum aim aim_at(const struct camera *camera, const struct pitether_frame *frame,
                struct zoom_point point, char *text);

/* Writes ScalerCrop's value: whole, even pixels within the limits. */
void aim_write_crop(struct aim_crop crop, char *text);

/* Writes the assignments for one scan for focus; false: it has no autofocus. */
bool aim_focus(const struct camera *camera, char *text);

/* What was last asked for, which more steps go on from for a while. All zeroes at first. */
struct aim_exposure {
    char name[49];
    double number;
    uint64_t until; /* clock_monotonic(), ns */
};

/* The control with which the exposure is made longer (steps > 0) or shorter: its time if that was
 * set by hand, or the camera's aim; its new value is last->number. NULL: the camera has neither. */
const struct pitether_control *aim_expose(const struct camera *camera,
                                          const struct pitether_frame *frame, int steps,
                                          struct aim_exposure *last, uint64_t now_ns);

#endif
