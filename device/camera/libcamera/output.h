/*
 * One of the outputs of a configured camera.
 */
#ifndef PITETHER_DEVICE_CAMERA_LIBCAMERA_OUTPUT_H
#define PITETHER_DEVICE_CAMERA_LIBCAMERA_OUTPUT_H

#include "device/camera/libcamera/formats.h"

extern "C" {
#include "device/camera/camera.h"
}

namespace pitether
{

struct Output {
    enum camera_output what;
    const Format *format;
    unsigned index; /* in the camera's configuration */
};

} // namespace pitether

#endif
