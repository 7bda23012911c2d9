#include "device/camera/libcamera/sensor_mode.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string>
#include <type_traits>
#include <vector>

#include "device/camera/libcamera/properties.h"

namespace pitether
{
namespace
{

struct SensorMode {
    lc::Size size;
    unsigned depth; /* bits */
};

/* What a mode gives, once the camera is configured with it. */
struct Merit {
    unsigned view; /* see view_of() */
    double fps;    /* at most; 0: not known */
};

/* Since 0.2. */
template <typename C, typename = void> struct HasSensorConfig : std::false_type {
};
template <typename C>
struct HasSensorConfig<C, std::void_t<decltype(C::sensorConfig)>> : std::true_type {
};

template <typename C> bool set_mode(C &config, const SensorMode &mode)
{
    if constexpr (HasSensorConfig<C>::value) {
        config.sensorConfig.emplace();
        config.sensorConfig->outputSize = mode.size;
        config.sensorConfig->bitDepth = mode.depth;
        return true;
    }
    return false;
}

template <typename C> lc::Size named_size(const C &config)
{
    if constexpr (HasSensorConfig<C>::value)
        if (config.sensorConfig)
            return config.sensorConfig->outputSize;
    return {};
}

/* Of a raw format, by its name: 10 of "SRGGB10_CSI2P"; 0: it is none. */
unsigned depth_of(const lc::PixelFormat &format)
{
    const std::string name = format.toString();
    const size_t digits = name.find_first_of("0123456789");
    unsigned depth = 0;
    if (digits != std::string::npos)
        sscanf(name.c_str() + digits, "%2u", &depth);
    return depth;
}

std::vector<SensorMode> list_modes(lc::Camera &camera)
{
    std::vector<SensorMode> modes;
    const auto raw = camera.generateConfiguration({ lc::StreamRole::Raw });
    if (!raw || raw->empty())
        return modes;
    const lc::StreamFormats &formats = raw->at(0).formats();
    for (const lc::PixelFormat &format : formats.pixelformats())
        for (const lc::Size &size : formats.sizes(format))
            modes.push_back({ size, depth_of(format) });
    return modes;
}

/* Whether the camera takes the configuration with this mode, and leaves all else as it is. */
bool try_mode(lc::Camera &camera, lc::CameraConfiguration &config, const SensorMode &mode)
{
    const lc::Size size = config.at(0).size;
    const lc::PixelFormat format = config.at(0).pixelFormat;
    return set_mode(config, mode) && config.validate() != lc::CameraConfiguration::Invalid &&
           config.at(0).size == size && config.at(0).pixelFormat == format &&
           camera.configure(&config) == 0;
}

double fastest(const lc::Camera &camera)
{
    const auto known = camera.controls().find(lc::controls::FrameDurationLimits.id());
    const int64_t min_us = known == camera.controls().end() ? 0 : limit_of(known->second.min(), 0);
    return min_us > 0 ? 1e6 / static_cast<double>(min_us) : 0;
}

/* A larger view comes first, then reaching the requested rate, then a higher rate. */
bool is_better(const Merit &one, const Merit &other, double fps)
{
    if (one.view != other.view)
        return one.view > other.view;
    const bool enough = one.fps >= fps, other_enough = other.fps >= fps;
    return enough != other_enough ? enough : !enough && one.fps > other.fps;
}

int choose_full_view(lc::Camera &camera, lc::CameraConfiguration &config, double fps,
                     struct error *error)
{
    const char *id = camera.id().c_str();
    SensorMode best = {};
    Merit merit = {};
    for (const SensorMode &mode : list_modes(camera)) {
        if (!try_mode(camera, config, mode))
            continue;
        const Merit found = { view_of(camera), fastest(camera) };
        if (found.view > 0 && (best.depth == 0 || is_better(found, merit, fps))) {
            best = mode;
            merit = found;
        }
    }
    if (best.depth == 0)
        return error_set(error, -EINVAL,
                         "camera %s does not say which of its modes show how much: leave out "
                         "--full-view",
                         id);
    return try_mode(camera, config, best)
               ? 0
               : error_set(error, -EIO, "camera %s refused a mode that it has", id);
}

/* The one with the most bits, unless the user says how many. */
int choose_named(lc::Camera &camera, lc::CameraConfiguration &config, const char *named,
                 struct error *error)
{
    const char *id = camera.id().c_str();
    SensorMode best = {}, asked = {};
    std::string others;
    sscanf(named, "%u:%u:%u", &asked.size.width, &asked.size.height, &asked.depth);
    for (const SensorMode &mode : list_modes(camera)) {
        others += (others.empty() ? "" : ", ") + std::to_string(mode.size.width) + ":" +
                  std::to_string(mode.size.height) + ":" + std::to_string(mode.depth);
        if (mode.size == asked.size && (asked.depth == 0 || mode.depth == asked.depth) &&
            mode.depth > best.depth)
            best = mode;
    }
    if (best.depth > 0)
        return try_mode(camera, config, best)
                   ? 0
                   : error_set(error, -EINVAL,
                               "camera %s can't send this size in the mode %s: give another --size "
                               "or --mode",
                               id, named);
    if (others.empty())
        return error_set(error, -EINVAL, "camera %s has no modes to choose from: leave out --mode",
                         id);
    return error_set(error, -EINVAL, "camera %s has no mode %s; it has %.300s", id, named,
                     others.c_str());
}

} // namespace

int choose_sensor_mode(lc::Camera &camera, lc::CameraConfiguration &config,
                       const struct camera_request &request, struct error *error)
{
    if (!request.sensor_mode && !request.full_view)
        return 0;
    if (!HasSensorConfig<lc::CameraConfiguration>::value)
        return error_set(error, -EINVAL,
                         "this libcamera can't choose the sensor's mode, which takes 0.2 or newer: "
                         "leave out --mode and --full-view");
    return request.sensor_mode ? choose_named(camera, config, request.sensor_mode, error)
                               : choose_full_view(camera, config, request.fps, error);
}

bool mode_is_smaller(const lc::CameraConfiguration &config, const lc::StreamConfiguration &output)
{
    const lc::Size mode = named_size(config);
    return !mode.isNull() && (mode.width < output.size.width || mode.height < output.size.height);
}

unsigned view_of(const lc::Camera &camera)
{
    auto area = [](const lc::Rectangle &box) { return double(box.width) * box.height; };
    const auto areas = camera.properties().get(lc::properties::PixelArrayActiveAreas);
    const auto crop = camera.properties().get(lc::properties::ScalerCropMaximum);
    const auto known = camera.controls().find(lc::controls::ScalerCrop.id());
    lc::Rectangle shown = crop ? *crop : lc::Rectangle();
    /* Of the mode's area, what has the picture's shape. */
    if (known != camera.controls().end() &&
        known->second.def().type() == lc::ControlTypeRectangle && !known->second.def().isArray())
        shown = known->second.def().get<lc::Rectangle>();
    if (!areas || areas->empty() || area((*areas)[0]) <= 0 || area(shown) <= 0)
        return 0;
    const double share = area(shown) / area((*areas)[0]);
    return static_cast<unsigned>(std::min(share, 1.0) * WIRE_VIEW_ALL + 0.5);
}

} // namespace pitether
