#include "tests/libcamera/pi_state.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace pi
{
namespace
{

/* A row of this sensor takes so long; exposures are multiples of it. */
constexpr double line_us = 9.45;

/* So do analogue gains have steps. */
constexpr float gain_step = 1.0f / 16;

/* Rows that a frame has beyond those that can expose. */
constexpr int64_t overhead_us = 400;

bool is_of_the_sensor(const std::string &name)
{
    static const char *const names[] = {
        "AeEnable",     "ExposureTimeMode", "ExposureTime",
        "AnalogueGain", "AnalogueGainMode", "FrameDurationLimits"
    };
    return std::any_of(std::begin(names), std::end(names),
                       [&](const char *known) { return name == known; });
}

bool is_measured(const std::string &name)
{
    static const char *const names[] = {
        "ExposureTime",           "AnalogueGain", "ColourGains", "ColourTemperature",
        "ColourCorrectionMatrix", "LensPosition", "ScalerCrop",  "ScalerCrops"
    };
    return std::any_of(std::begin(names), std::end(names),
                       [&](const char *known) { return name == known; });
}

bool is_never_reported(const std::string &name)
{
    return name.compare(0, 2, "Af") == 0 || name.compare(0, 9, "AeFlicker") == 0;
}

/* What others in the same list depend on. */
bool comes_first(const std::string &name)
{
    return name == "AeEnable" || name == "AwbEnable" || name == "FrameDurationLimits" ||
           (name.size() > 4 && name.compare(name.size() - 4, 4, "Mode") == 0);
}

std::string name_of(unsigned id)
{
    return lc::controls::controls.at(id)->name();
}

lc::Span<const float> floats(const lc::ControlValue &value)
{
    return value.get<lc::Span<const float>>();
}

} // namespace

State::State(bool atomic, bool once) : atomic_(atomic), once_(once)
{
    values_ = {
        { "ExposureTime", lc::ControlValue(INT32_C(14997)) },
        { "AnalogueGain", lc::ControlValue(1.5f) },
        { "AwbEnable", lc::ControlValue(true) },
        { "AfMode", lc::ControlValue(INT32_C(0)) },
        { "LensPosition", lc::ControlValue(1.0f) },
        { "ScalerCrop", lc::ControlValue(whole_view) },
    };
    if (find("ExposureTimeMode")) {
        values_["ExposureTimeMode"] = lc::ControlValue(INT32_C(0));
        values_["AnalogueGainMode"] = lc::ControlValue(INT32_C(0));
    } else {
        values_["AeEnable"] = lc::ControlValue(true);
    }
    const int64_t limits[] = { 33333, 112015444 };
    const float gains[] = { 1.75f, 2.25f };
    values_["FrameDurationLimits"] = lc::ControlValue(lc::Span<const int64_t>(limits));
    values_["ColourGains"] = lc::ControlValue(lc::Span<const float>(gains));
}

void State::start(const lc::ControlList &list)
{
    apply(list);
}

void State::expose(unsigned frame, const lc::ControlList &list, lc::ControlList *metadata)
{
    Pending late = { frame + sensor_delay, frame, list }, soon = { frame, frame, list };
    late.list.clear();
    soon.list.clear();
    for (const auto &[id, value] : list)
        (atomic_ || is_of_the_sensor(name_of(id)) ? late : soon).list.set(id, value);
    told_.clear();
    tell(list, true, !atomic_);
    apply(soon.list);
    if (!late.list.empty())
        pending_.push_back(std::move(late));
    while (!pending_.empty() && pending_.front().due <= frame) {
        apply(pending_.front().list);
        tell(pending_.front().list, false, atomic_);
        applied_ = pending_.front().request;
        pending_.pop_front();
    }
    if (scanning_ > 0)
        scanning_--;
    report(metadata);
}

bool State::is_manual(const char *mode) const
{
    const auto found = values_.find(mode);
    return found == values_.end() ? !values_.at("AeEnable").get<bool>()
                                  : found->second.get<int32_t>() == 1;
}

/* Values are ignored, and forgotten, while the mode that they need is another one. */
void State::apply(const lc::ControlList &list)
{
    for (const auto &[id, value] : list)
        if (comes_first(name_of(id)))
            apply_one(name_of(id), value);
    for (const auto &[id, value] : list)
        if (!comes_first(name_of(id)))
            apply_one(name_of(id), value);
}

void State::apply_one(const std::string &name, const lc::ControlValue &value)
{
    if (name.compare(0, 2, "Af") == 0 || name == "LensPosition")
        return focus(name, value);
    if (name == "ExposureTime") {
        const int64_t max_us =
            values_["FrameDurationLimits"].get<lc::Span<const int64_t>>()[1] - overhead_us;
        const int64_t us = std::clamp<int64_t>(value.get<int32_t>(), 26, max_us);
        if (is_manual("ExposureTimeMode"))
            values_[name] = lc::ControlValue(
                static_cast<int32_t>(std::floor(static_cast<double>(us) / line_us) * line_us));
    } else if (name == "AnalogueGain") {
        const float gain = std::clamp(value.get<float>(), 1.0f, 16.0f);
        if (is_manual("AnalogueGainMode"))
            values_[name] = lc::ControlValue(std::round(gain / gain_step) * gain_step);
    } else if (name == "ColourGains") {
        const bool automatic = floats(value)[0] == 0 && floats(value)[1] == 0;
        values_["AwbEnable"] = lc::ControlValue(automatic);
        if (!automatic)
            values_[name] = value;
    } else if (name != "ColourCorrectionMatrix" || !values_["AwbEnable"].get<bool>()) {
        values_[name] = value;
    }
}

void State::focus(const std::string &name, const lc::ControlValue &value)
{
    const int32_t mode = values_["AfMode"].get<int32_t>();
    if (name == "AfTrigger")
        scanning_ = mode == 1 && value.get<int32_t>() == 0 ? 4 : 0;
    else if (name != "LensPosition" || mode == 0)
        values_[name] = value;
}

int64_t State::frame_duration_us() const
{
    const auto limits = values_.at("FrameDurationLimits").get<lc::Span<const int64_t>>();
    return std::clamp<int64_t>(values_.at("ExposureTime").get<int32_t>() + overhead_us, limits[0],
                               limits[1]);
}

/* Modes of the sensor are reported with the request, even if they take a while. */
void State::tell(const lc::ControlList &list, bool sensor, bool others)
{
    for (const auto &[id, value] : list) {
        const std::string name = name_of(id);
        if (!is_measured(name) && !is_never_reported(name) &&
            (is_of_the_sensor(name) ? sensor : others))
            told_[name] = value;
    }
}

void State::report_value(const std::string &name, const lc::ControlValue &value,
                         lc::ControlList *metadata) const
{
    if (const lc::ControlId *id = find(name))
        metadata->set(id->id(), value);
}

void State::report(lc::ControlList *metadata) const
{
    for (const auto &[name, value] : values_)
        if (!once_ || is_measured(name))
            report_value(name, value, metadata);
    for (const auto &[name, value] : told_)
        if (once_)
            report_value(name, value, metadata);
    metadata->set(lc::controls::FrameDuration, frame_duration_us());
    metadata->set(lc::controls::DigitalGain, 1.0f);
    metadata->set(lc::controls::SensorTemperature, 31.0f);
    metadata->set(lc::controls::Lux, NAN);
    metadata->set(lc::controls::FocusFoM, 1234);
    metadata->set(lc::controls::AfState, scanning_ > 0 ? 1 : 2);
    const lc::ControlId *sequence = find("ControlListSequence");
    if (atomic_ && sequence && applied_ >= 0)
        metadata->set(sequence->id(), lc::ControlValue(applied_));
}

} // namespace pi
