/*
 * The source "pattern" that fails at given frames (faults.h), for tests.
 */
#ifndef PITETHER_DEVICE_CAMERA_FAULTY_H
#define PITETHER_DEVICE_CAMERA_FAULTY_H

#include "device/camera/camera.h"

extern const struct camera_ops camera_faulty;

#endif
