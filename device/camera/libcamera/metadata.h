/*
 * What a completed request reports of its frame.
 */
#ifndef PITETHER_DEVICE_CAMERA_LIBCAMERA_METADATA_H
#define PITETHER_DEVICE_CAMERA_LIBCAMERA_METADATA_H

#include <cstdint>

#include "device/camera/libcamera/compat.h"

namespace pitether
{

/* CLOCK_REALTIME at the sensor time, which is of CLOCK_BOOTTIME; ns. */
uint64_t read_wall_clock(const lc::ControlList &list, uint64_t sensor_time_ns);

} // namespace pitether

#endif
