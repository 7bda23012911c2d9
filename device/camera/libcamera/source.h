/*
 * The source "libcamera": whatever libcamera 0.0.3 or newer finds, a Pi's camera or another. In a
 * build without libcamera it says so.
 */
#ifndef PITETHER_DEVICE_CAMERA_LIBCAMERA_SOURCE_H
#define PITETHER_DEVICE_CAMERA_LIBCAMERA_SOURCE_H

#include <stdio.h>

#include "device/camera/camera.h"

/* The argument of open(): as of camera_choose(). */
extern const struct camera_ops camera_libcamera;

/* --list-cameras: prints index, id, model, sizes and formats of each camera, in the order in which
 * INDEX counts. Returns how many; none is 0 with the reason in error. Otherwise a negative errno
 * with error filled. */
int camera_libcamera_list(FILE *out, struct error *error);

#endif
