#include "device/camera/libcamera/metadata.h"

extern "C" {
#include "shared/base/clock.h"
}

namespace pitether
{

uint64_t read_wall_clock(const lc::ControlList &list, uint64_t sensor_time_ns)
{
    const std::optional<int64_t> wall = read_control(list, lc::controls::FrameWallClock);
    return wall && *wall > 0 ? static_cast<uint64_t>(*wall)
                             : clock_read(CLOCK_REALTIME) - (clock_device() - sensor_time_ns);
}

} // namespace pitether
