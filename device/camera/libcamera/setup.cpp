#include "device/camera/libcamera/setup.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string>

#include "device/camera/libcamera/negotiation.h"
#include "device/camera/libcamera/properties.h"

extern "C" {
#include "device/camera/permissions.h"
#include "shared/base/log.h"
}

namespace pitether
{

Setup::Setup(std::shared_ptr<lc::Camera> held) : camera(std::move(held))
{
    v4l2_controls_init(&device);
}

Setup::~Setup()
{
    v4l2_controls_close(&device);
    if (acquired_)
        camera->release();
}

int Setup::begin(const struct camera_request &request, struct error *error)
{
    int result = acquire(error);
    if (result == 0)
        result = configure(request, error);
    if (result == 0)
        result = load_controls(error);
    if (result == 0)
        choose_rate(request);
    return result;
}

int Setup::acquire(struct error *error)
{
    const char *id = camera->id().c_str();
    int result = camera->acquire();
    acquired_ = result == 0;
    if (acquired_)
        return 0;
    if (result == -ENODEV)
        return error_set(error, result, "camera %s has gone", id);
    result = camera_check_permissions(camera_device_files, error);
    if (result < 0)
        return result;
    return error_set(error, -EBUSY,
                     "camera %s is busy: another process uses it (`fuser -v /dev/media* "
                     "/dev/video*` shows which)",
                     id);
}

int Setup::configure(const struct camera_request &request, struct error *error)
{
    const char *id = camera->id().c_str();
    config_ = camera->generateConfiguration({ lc::StreamRole::VideoRecording });
    if (!config_ || config_->empty())
        return error_set(error, -EIO, "camera %s can't be set up for video", id);
    Negotiation negotiation(*camera, *config_, request);
    int result = negotiation.settle();
    if (result == -ENOTSUP)
        return error_set(error, -EINVAL,
                         "camera %s makes JPEG itself and can't mirror or turn it: leave out "
                         "--hflip, --vflip and --rotation",
                         id);
    if (result < 0)
        return error_set(
            error, -EIO,
            "camera %s offers none of YUV420, NV12, YUYV, R8, RGB888, BGR888 and MJPEG", id);
    format = negotiation.format;
    left_ = negotiation.left;
    result = camera->configure(config_.get());
    if (result < 0)
        return error_set(error, result, "camera %s refused %s: %s", id, stream().toString().c_str(),
                         strerror(-result));
    const lc::Size size = stream().size;
    if (request.width && size != lc::Size(request.width, request.height))
        log_info("the camera has no %ux%u; it sends %ux%u", request.width, request.height,
                 size.width, size.height);
    transpose_ = request.transpose != !!(left_ & lc::Transform::Transpose);
    return 0;
}

int Setup::load_controls(struct error *error)
{
    const lc::ControlList &properties = camera->properties();
    int result = controls.load(camera->controls(), properties);
    if (is_external(*camera)) {
        const auto numbers = read_numbers(properties, lc::properties::SystemDevices);
        v4l2_controls_open(&device, "/dev/char", numbers.data(), numbers.size());
    }
    if (result == 0)
        result = controls.add_device(&device);
    return result < 0 ? error_set(error, result, "out of memory") : 0;
}

void Setup::choose_rate(const struct camera_request &request)
{
    struct frame_rate_limits limits = {};
    int64_t usual_us = 0;
    const auto known = camera->controls().find(lc::controls::FrameDurationLimits.id());
    if (known != camera->controls().end()) {
        limits.settable = true;
        limits.min_us = limit_of(known->second.min(), 0);
        limits.max_us = limit_of(known->second.max(), 0);
        usual_us = last_limit_of(known->second.def(), 0);
    }
    requested_fps = request.fps;
    slowest_fps = request.min_fps > 0 ? request.min_fps : request.fps;
    rate_settable = limits.settable;
    rate = frame_rate_choose(request.fps, request.min_fps, limits);
    exposure_room_init(&room, &rate, limits, usual_us);
    if (rate.adjusted)
        log_info("the camera can't do %g frames per second at this size; it does %.2f", request.fps,
                 rate.fps);
}

void Setup::describe(struct camera_mode *mode) const
{
    const std::string model = model_of(*camera);
    mode->width = stream().size.width;
    mode->height = stream().size.height;
    mode->format = format->ours;
    mode->fps = rate.fps;
    snprintf(mode->model, sizeof(mode->model), "%s",
             model.empty() ? "unknown model" : model.c_str());
    if (transpose_)
        camera_mode_transpose(mode);
}

void Setup::describe(struct picture *picture) const
{
    /* A camera that reports no colour space was configured for full range, BT.601 (sYCC). */
    const lc::ColorSpace colour = stream().colorSpace.value_or(lc::ColorSpace::Sycc);
    const bool is_rgb = format->ours == PIXEL_RGB || format->ours == PIXEL_BGR;
    *picture = {};
    picture->format = format->ours;
    picture->width = stream().size.width;
    picture->height = stream().size.height;
    picture->limited_range = !is_rgb && colour.range == lc::ColorSpace::Range::Limited;
    picture->encoding =
        colour.ycbcrEncoding == lc::ColorSpace::YcbcrEncoding::Rec709 ? COLOUR_BT709 : COLOUR_BT601;
    /* Of libcamera's transforms the transpose comes first, and of ours last. */
    const bool first = !!(left_ & lc::Transform::Transpose);
    picture->hflip = !!(left_ & (first ? lc::Transform::VFlip : lc::Transform::HFlip));
    picture->vflip = !!(left_ & (first ? lc::Transform::HFlip : lc::Transform::VFlip));
    picture->transpose = transpose_;
}

} // namespace pitether
