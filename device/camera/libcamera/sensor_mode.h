/*
 * The mode of the sensor, and how much of the sensor's view it shows.
 */
#ifndef PITETHER_DEVICE_CAMERA_LIBCAMERA_SENSOR_MODE_H
#define PITETHER_DEVICE_CAMERA_LIBCAMERA_SENSOR_MODE_H

#include "device/camera/libcamera/compat.h"

extern "C" {
#include "device/camera/camera.h"
#include "shared/base/error.h"
}

namespace pitether
{

/* Has the configuration use the mode that the user names (--mode), or one that shows all that the
 * sensor sees (--full-view); does nothing where neither was requested. The camera is held, and may
 * be configured for a try. 0, or a negative errno with error filled. */
int choose_sensor_mode(lc::Camera &camera, lc::CameraConfiguration &config,
                       const struct camera_request &request, struct error *error);

/* Whether the mode that the configuration names has fewer pixels than the output, one way or the
 * other, which would then be enlarged. */
bool mode_is_smaller(const lc::CameraConfiguration &config, const lc::StreamConfiguration &output);

/* How much of what the sensor sees the configured camera shows, in 1/10000 of the area; 0: not
 * known. */
unsigned view_of(const lc::Camera &camera);

} // namespace pitether

#endif
