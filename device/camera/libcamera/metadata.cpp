#include "device/camera/libcamera/metadata.h"

extern "C" {
#include "device/camera/sensor_values.h"
#include "shared/base/clock.h"
}

namespace pitether
{

struct wire_metadata read_metadata(const lc::ControlList &list, uint64_t sensor_time_ns)
{
    struct wire_metadata out = {};
    auto put = [&out](uint32_t bit, uint32_t &field, std::optional<uint32_t> value) {
        out.present |= value ? bit : 0;
        field = value.value_or(0);
    };
    auto in_milli = [&list](const lc::Control<float> &control) -> std::optional<uint32_t> {
        std::optional<float> value = read_control(list, control);
        return value ? std::optional<uint32_t>(sensor_milli(*value)) : std::nullopt;
    };
    put(WIRE_META_EXPOSURE, out.exposure_us, read_control(list, lc::controls::ExposureTime));
    put(WIRE_META_GAIN, out.gain_milli, in_milli(lc::controls::AnalogueGain));
    put(WIRE_META_DIGITAL_GAIN, out.digital_gain_milli, in_milli(lc::controls::DigitalGain));
    put(WIRE_META_COLOUR_TEMPERATURE, out.colour_temperature_k,
        read_control(list, lc::controls::ColourTemperature));
    put(WIRE_META_LUX, out.lux_milli, in_milli(lc::controls::Lux));
    put(WIRE_META_LENS_POSITION, out.lens_position_milli, in_milli(lc::controls::LensPosition));
    std::optional<int64_t> wall = read_control(list, lc::controls::FrameWallClock);
    out.wall_clock_ns = wall && *wall > 0
                            ? static_cast<uint64_t>(*wall)
                            : clock_read(CLOCK_REALTIME) - (clock_device() - sensor_time_ns);
    out.present |= WIRE_META_WALL_CLOCK;
    return out;
}

} // namespace pitether
