#include "tests/libcamera/pi_camera.h"

#include <vector>

namespace pi
{
namespace
{

class Builder
{
  public:
    template <typename T> void range(const char *name, T min, T max, T def)
    {
        add(name,
            lc::ControlInfo(lc::ControlValue(min), lc::ControlValue(max), lc::ControlValue(def)));
    }

    void choice(const char *name, std::initializer_list<int32_t> values, int32_t def)
    {
        const std::vector<lc::ControlValue> list(values.begin(), values.end());
        add(name, lc::ControlInfo(lc::Span<const lc::ControlValue>(list), lc::ControlValue(def)));
    }

    void add(const char *name, const lc::ControlInfo &info)
    {
        if (const lc::ControlId *id = find(name))
            map.emplace(id, info);
    }

    lc::ControlInfoMap::Map map;
};

void add_exposure(Builder &pi)
{
    pi.range("AeEnable", false, true, true);
    pi.choice("ExposureTimeMode", { 0, 1 }, 0);
    pi.range("ExposureTime", INT32_C(26), INT32_C(112015096), INT32_C(20000));
    pi.choice("AnalogueGainMode", { 0, 1 }, 0);
    pi.range("AnalogueGain", 1.0f, 16.0f, 1.0f);
    pi.choice("AeMeteringMode", { 0, 1, 2, 3 }, 0);
    pi.choice("AeConstraintMode", { 0, 1, 2, 3 }, 0);
    pi.choice("AeExposureMode", { 0, 1, 2, 3 }, 0);
    pi.range("ExposureValue", -8.0f, 8.0f, 0.0f);
    pi.choice("AeFlickerMode", { 0, 1 }, 0);
    pi.range("AeFlickerPeriod", INT32_C(100), INT32_C(1000000), INT32_C(0));
    pi.range("FrameDurationLimits", INT64_C(16657), INT64_C(112015444), INT64_C(33333));
}

void add_colour(Builder &pi)
{
    pi.range("AwbEnable", false, true, true);
    pi.range("AwbMode", INT32_C(0), INT32_C(7), INT32_C(0));
    pi.range("ColourGains", 0.0f, 32.0f, 0.0f);
    pi.range("ColourCorrectionMatrix", -16.0f, 16.0f, 0.0f);
    pi.range("ColourTemperature", INT32_C(100), INT32_C(100000), INT32_C(4500));
    pi.range("Brightness", -1.0f, 1.0f, 0.0f);
    pi.range("Contrast", 0.0f, 32.0f, 1.0f);
    pi.range("Saturation", 0.0f, 32.0f, 1.0f);
    pi.range("Sharpness", 0.0f, 16.0f, 1.0f);
    pi.choice("HdrMode", { 0, 1, 2, 3, 4 }, 0);
    pi.choice("NoiseReductionMode", { 0, 1, 2, 3, 4 }, 0);
}

void add_focus(Builder &pi)
{
    pi.choice("AfMode", { 0, 1, 2 }, 0);
    pi.choice("AfRange", { 0, 1, 2 }, 0);
    pi.choice("AfSpeed", { 0, 1 }, 0);
    pi.choice("AfMetering", { 0, 1 }, 0);
    pi.range("AfWindows", lc::Rectangle(0, 0, 0, 0), lc::Rectangle(65535, 65535, 65535, 65535),
             lc::Rectangle(0, 0, 0, 0));
    pi.choice("AfTrigger", { 0, 1 }, 1);
    pi.choice("AfPause", { 0, 1, 2 }, 2);
    pi.range("LensPosition", 0.0f, 15.0f, 1.0f);
}

void add_others(Builder &pi)
{
    pi.range("ScalerCrop", lc::Rectangle(0, 0, 64, 64), whole_view, whole_view);
    pi.range("ScalerCrops", whole_view, whole_view, whole_view); /* defaults of two outputs */
    pi.range("StatsOutputEnable", false, true, false);
    pi.choice("SyncMode", { 0, 2 }, 0);
    pi.range("SyncFrames", INT32_C(1), INT32_C(1000000), INT32_C(100));
    pi.range("CnnEnableInputTensor", false, true, false);
}

} // namespace

const lc::ControlId *find(const std::string &name)
{
    const lc::ControlId *found = nullptr;
    for (const auto &[number, id] : lc::controls::controls)
        if (id->name() == name && (!found || number < found->id()))
            found = id;
    return found;
}

lc::ControlInfoMap::Map controls()
{
    Builder pi;
    add_exposure(pi);
    add_colour(pi);
    add_focus(pi);
    add_others(pi);
    return std::move(pi.map);
}

} // namespace pi
