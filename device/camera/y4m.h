/*
 * The source FILE.y4m: YUV4MPEG2 as ffmpeg and mjpegtools write it, replayed in a loop.
 */
#ifndef PITETHER_DEVICE_CAMERA_Y4M_H
#define PITETHER_DEVICE_CAMERA_Y4M_H

#include "device/camera/camera.h"

/* The argument of open(): the path. */
extern const struct camera_ops camera_y4m;

#endif
