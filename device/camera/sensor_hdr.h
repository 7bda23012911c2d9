/*
 * The HDR of camera sensors themselves (on a Pi: of Camera Module 3's), which is switched at the
 * sensor's device file. It changes the sensor's modes, so it must be done before libcamera looks
 * for cameras. Any thread.
 */
#ifndef PITETHER_DEVICE_CAMERA_SENSOR_HDR_H
#define PITETHER_DEVICE_CAMERA_SENSOR_HDR_H

#include <stdbool.h>

#include "shared/base/attributes.h"
#include "shared/base/error.h"

/* Where the kernel has the sensors; tests have another place. */
struct sensor_folders {
    const char *devices; /* "/dev" */
    const char *classes; /* "/sys/class/video4linux" */
};

extern const struct sensor_folders sensor_folders;

/* Switches the HDR of the camera with this id (libcamera's), or, if id is NULL, of all sensors
 * that have HDR. On: 0, or with error filled -ENODEV no sensor has it, -EACCES not permitted,
 * -EBUSY in use, or another negative errno. Off: 0 in any case; a sensor whose HDR is off is not
 * touched. */
NODISCARD int sensor_hdr_set(const struct sensor_folders *folders, const char *id, bool on,
                             struct error *error);

#endif
