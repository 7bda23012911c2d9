/*
 * The source "pattern": the test card, with the number and the wall clock time of each frame.
 */
#ifndef PITETHER_DEVICE_CAMERA_PATTERN_H
#define PITETHER_DEVICE_CAMERA_PATTERN_H

#include "device/camera/camera.h"

extern const struct camera_ops camera_pattern;

#endif
