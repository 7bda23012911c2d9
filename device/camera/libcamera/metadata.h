#ifndef PITETHER_DEVICE_CAMERA_LIBCAMERA_METADATA_H
#define PITETHER_DEVICE_CAMERA_LIBCAMERA_METADATA_H

#include <cstdint>

#include "device/camera/libcamera/compat.h"

extern "C" {
#include "shared/protocol/wire.h"
}

namespace pitether
{

/* A completed request's metadata in the protocol's units. sensor_time_ns: CLOCK_BOOTTIME. */
struct wire_metadata read_metadata(const lc::ControlList &list, uint64_t sensor_time_ns);

} // namespace pitether

#endif
