/*
 * Which format, size and orientation a camera is to deliver.
 */
#ifndef PITETHER_DEVICE_CAMERA_LIBCAMERA_NEGOTIATION_H
#define PITETHER_DEVICE_CAMERA_LIBCAMERA_NEGOTIATION_H

#include <optional>
#include <vector>

#include "device/camera/libcamera/compat.h"
#include "device/camera/libcamera/formats.h"

extern "C" {
#include "device/camera/camera.h"
}

namespace pitether
{

/* What a stream is taken to need, if no rate was requested. */
constexpr double default_fps = 30;

class Negotiation
{
  public:
    /* For the output of this index. Those before it are settled, and stay as they are. size: 0 is
     * our own choice. */
    Negotiation(const lc::Camera &camera, lc::CameraConfiguration &config, unsigned index,
                lc::Size size, const struct camera_request &request);

    /* Leaves the choice in the configuration. 0; -ENOTSUP: the camera makes JPEG only, and can't
     * mirror or turn it as requested; -ENOENT: it has no format that we can use. */
    int settle();

    const Format *format = nullptr;
    lc::Transform left =
        lc::Transform::Identity; /* the part of the transform that the camera does not do */

  private:
    std::optional<lc::Size> attempt(const Format &candidate, lc::Size size);
    std::optional<lc::Size> closest(const Format &candidate);
    void consider(const Format &candidate);
    bool is_better(const Format &candidate, const lc::Size &size) const;
    bool is_slow(const Format &candidate, const lc::Size &size) const;
    unsigned distance(const lc::Size &size) const;
    bool ignores_orientation();
    void restore();
    bool is_kept() const;

    lc::CameraConfiguration &config_;
    const unsigned index_;
    std::vector<lc::StreamConfiguration> settled_;
    const lc::StreamFormats offered_;
    const bool usb_, monochrome_;
    const double fps_;
    const lc::Size requested_;
    const lc::Transform transform_;
    const bool transposed_; /* the pictures are transposed after it */
    bool ignores_ = false;  /* the camera does not look at the transform */
    bool unflippable_ = false;
    lc::Size best_; /* of `format` */
};

} // namespace pitether

#endif
