/*
 * A camera that is held and configured: what is settled before its first buffer.
 */
#ifndef PITETHER_DEVICE_CAMERA_LIBCAMERA_SETUP_H
#define PITETHER_DEVICE_CAMERA_LIBCAMERA_SETUP_H

#include <memory>
#include <vector>

#include "device/camera/libcamera/compat.h"
#include "device/camera/libcamera/controls.h"
#include "device/camera/libcamera/output.h"

extern "C" {
#include "device/camera/camera.h"
#include "device/camera/frame_duration.h"
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

    /* Takes hold of the camera and configures it: for the stream and, with `stills`, beside it for
     * stills where it grants them in the sensor's full size and loses no frames by it; or for
     * stills alone, of about this size (0: the largest). 0, or a negative errno with error filled.
     */
    int begin(const struct camera_request &request, bool stills, struct error *error);
    int begin_still(const struct camera_request &request, lc::Size size, struct error *error);

    /* The rest only after a begin() that succeeded. */
    void describe(struct camera_mode *mode) const;

    const lc::StreamConfiguration &stream(const Output &output) const
    {
        return config_->at(output.index);
    }

    /* NULL: there is no such output. */
    const Output *find(enum camera_output what) const;

    /* Whether there is an output for stills besides the stream's. */
    bool takes_stills() const;

    /* Sets all of a picture but its planes' data. */
    void describe(const Output &output, struct picture *picture) const;
    /* What is still to be done to the pictures. */
    struct orientation turn() const;

    const std::shared_ptr<lc::Camera> camera;
    std::vector<Output> outputs; /* the first one comes with each request */
    double requested_fps = 0;    /* 0: none was */
    double slowest_fps = 0;      /* that a long exposure may lower it to; 0: not known */
    struct frame_rate rate = {};
    bool rate_settable = false; /* the camera accepts one */
    Controls controls;          /* as this configuration has them */
    struct frame_duration duration = {};
    struct v4l2_controls device; /* of a USB camera; beside libcamera */

  private:
    int acquire(struct error *error);
    int finish(const struct camera_request &request, struct error *error);
    int generate(const std::vector<lc::StreamRole> &roles, struct error *error);
    int settle(enum camera_output what, lc::Size size, const struct camera_request &request,
               struct error *error);
    int configure(const struct camera_request &request, struct error *error);
    int configure_stream(const struct camera_request &request, bool stills, struct error *error);
    bool is_too_slow(const struct camera_request &request) const;
    int load_controls(struct error *error);
    void choose_rate(const struct camera_request &request);

    bool acquired_ = false;
    std::unique_ptr<lc::CameraConfiguration> config_;
    lc::Transform left_ = lc::Transform::Identity; /* still to be done to the pictures */
    bool transpose_ = false;                       /* so is this, after it */
};

} // namespace pitether

#endif
