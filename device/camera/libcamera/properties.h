/*
 * What a camera reports of itself.
 */
#ifndef PITETHER_DEVICE_CAMERA_LIBCAMERA_PROPERTIES_H
#define PITETHER_DEVICE_CAMERA_LIBCAMERA_PROPERTIES_H

#include <string>

#include <libcamera/libcamera.h>

extern "C" {
#include "device/camera/choice.h"
#include "shared/base/text.h"
#include "shared/protocol/wire.h"
}

namespace pitether
{

inline bool is_usb(const libcamera::Camera &camera)
{
    return camera_is_usb(camera.id().c_str());
}

/* Its sensor sees no colours. */
inline bool is_monochrome(const libcamera::Camera &camera)
{
    namespace draft = libcamera::properties::draft;
    auto filters = camera.properties().get(draft::ColorFilterArrangement);
    return filters && *filters == draft::MONO;
}

/* Fit for a terminal, whatever a USB camera reports; "" if it reports none. */
inline std::string model_of(const libcamera::Camera &camera)
{
    auto model = camera.properties().get(libcamera::properties::Model);
    char text[WIRE_TEXT_MAX + 1];
    if (!model)
        return "";
    text_copy(text, model->data(), model->size(), WIRE_TEXT_MAX);
    return text;
}

} // namespace pitether

#endif
