#include "device/camera/control_units.h"

#include <stddef.h>
#include <string.h>

static const struct {
    const char *name, *unit;
} units[] = {
    { "ExposureTime", "µs" },
    { "ExposureValue", "EV" },
    { "FrameDuration", "µs" },
    { "FrameDurationLimits", "µs" },
    { "AeFlickerPeriod", "µs" },
    { "AeFlickerDetected", "µs" },
    { "LensPosition", "dioptres" },
    { "AfWindows", "px" },
    { "ScalerCrop", "px" },
    { "ScalerCropMaximum", "px" },
    { "rpi::ScalerCrops", "px" },
    { "ColourTemperature", "K" },
    { "SensorTemperature", "°C" },
    { "Lux", "lx" },
    { "Hue", "°" },
    { "rpi::SyncFrames", "frames" },
    { "rpi::SyncTimer", "µs" },
    { "draft::SensorRollingShutterSkew", "ns" },
    { "v4l2::WhiteBalanceTemperature", "K" },
};

const char *control_unit(const char *name)
{
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
        if (strcmp(units[i].name, name) == 0)
            return units[i].unit;
    return "";
}
