/*
 * A camera that is held and configured: what is settled before its first buffer.
 */
#ifndef PITETHER_DEVICE_CAMERA_LIBCAMERA_SETUP_H
#define PITETHER_DEVICE_CAMERA_LIBCAMERA_SETUP_H

#include <memory>

#include "device/camera/libcamera/compat.h"
#include "device/camera/libcamera/controls.h"
#include "device/camera/libcamera/formats.h"

extern "C" {
#include "device/camera/camera.h"
#include "device/camera/exposure_room.h"
#include "device/camera/frame_rate.h"
}

namespace pitether
{

class Setup
{
  public:
    explicit Setup(std::shared_ptr<lc::Camera> camera);
    /* Releases the camera. All requests and buffers must be gone. */
    ~Setup();
    Setup(const Setup &) = delete;

    /* Takes hold of the camera and configures it. 0, or a negative errno with error filled. */
    int begin(const struct camera_request &request, struct error *error);

    /* The rest only after a begin() that succeeded. */
    void describe(struct camera_mode *mode) const;

    const lc::StreamConfiguration &stream() const
    {
        return config_->at(0);
    }

    /* Sets all of a picture but its planes' data. */
    void describe(struct picture *picture) const;

    const std::shared_ptr<lc::Camera> camera;
    const Format *format = nullptr;
    double requested_fps = 0; /* 0: none was */
    double slowest_fps = 0;   /* that a long exposure may lower it to; 0: not known */
    struct frame_rate rate = {};
    bool rate_settable = false; /* the camera accepts one */
    Controls controls;          /* as this configuration has them */
    struct exposure_room room = {};
    struct v4l2_controls device; /* of a USB camera; beside libcamera */

  private:
    int acquire(struct error *error);
    int configure(const struct camera_request &request, struct error *error);
    int load_controls(struct error *error);
    void choose_rate(const struct camera_request &request);

    bool acquired_ = false;
    std::unique_ptr<lc::CameraConfiguration> config_;
    lc::Transform left_ = lc::Transform::Identity; /* still to be done to the pictures */
    bool transpose_ = false;                       /* so is this, after it */
};

} // namespace pitether

#endif
