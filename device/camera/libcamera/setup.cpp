#include "device/camera/libcamera/setup.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string>

#include "device/camera/libcamera/log_stream.h"
#include "device/camera/libcamera/negotiation.h"
#include "device/camera/libcamera/properties.h"
#include "device/camera/libcamera/sensor_mode.h"

extern "C" {
#include "device/camera/permissions.h"
#include "shared/base/log.h"
}

namespace pitether
{
namespace
{

/* Buffers of a run for a still: one is filled while the other is looked at. */
constexpr unsigned still_buffers = 2;

/* The longest frame if nothing is set. A Pi's driver lengthens frames as far as the sensor can, but
 * names the shortest duration alone, as one number or as two that are the same; older releases of
 * it name nothing. */
int64_t longest_usual(const lc::ControlValue &def, int64_t max_us, bool is_pi)
{
    return is_pi || limit_of(def, 0) <= 0 ? max_us : last_limit_of(def, 0);
}

/* The largest size that the output offers, in any format. */
lc::Size largest_size(const lc::StreamConfiguration &config)
{
    const lc::StreamFormats &formats = config.formats();
    lc::Size largest = config.size;
    for (const lc::PixelFormat &format : formats.pixelformats())
        for (const lc::Size &size : formats.sizes(format))
            largest = std::max(largest, size);
    return largest;
}

} // namespace

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

int Setup::finish(const struct camera_request &request, struct error *error)
{
    const int result = load_controls(error);
    if (result == 0)
        choose_rate(request);
    return result;
}

int Setup::begin(const struct camera_request &request, bool stills, struct error *error)
{
    struct error ignored;
    int result = acquire(error);
    if (result < 0)
        return result;
    /* An output for stills may take a mode of the sensor that is too slow for the stream, and
     * drivers log an error for each output that is more than they have. */
    if (stills) {
        LogPause pause;
        stills = configure_stream(request, true, &ignored) == 0 && !is_too_slow(request);
    }
    if (!stills)
        result = configure_stream(request, false, error);
    if (result < 0)
        return result;
    const lc::Size requested(request.width, request.height), granted = config_->at(0).size;
    if (!requested.isNull() && requested != granted)
        log_info("the camera has no %ux%u; it sends %ux%u", requested.width, requested.height,
                 granted.width, granted.height);
    return finish(request, error);
}

int Setup::begin_still(const struct camera_request &request, lc::Size size, struct error *error)
{
    struct camera_request still = request;
    still.fps = still.min_fps = 0; /* a still may take its time */
    int result = acquire(error);
    if (result == 0)
        result = generate({ lc::StreamRole::StillCapture }, error);
    if (result == 0)
        result =
            settle(CAMERA_STILL, size.isNull() ? largest_size(config_->at(0)) : size, still, error);
    if (result == 0)
        result = configure(still, error);
    return result < 0 ? result : finish(still, error);
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

int Setup::generate(const std::vector<lc::StreamRole> &roles, struct error *error)
{
    const char *id = camera->id().c_str();
    outputs.clear();
    config_ = camera->generateConfiguration(roles);
    if (!config_ || config_->empty())
        return error_set(error, -EIO, "camera %s can't be set up for video", id);
    if (config_->size() < roles.size())
        return error_set(error, -EINVAL, "camera %s has no second output: leave out --preview-size",
                         id);
    return 0;
}

int Setup::settle(enum camera_output what, lc::Size size, const struct camera_request &request,
                  struct error *error)
{
    const char *id = camera->id().c_str();
    const unsigned index = static_cast<unsigned>(outputs.size());
    Negotiation negotiation(*camera, *config_, index, size, request);
    const int result = negotiation.settle();
    if (result == -ENOTSUP)
        return error_set(error, -EINVAL,
                         "camera %s makes JPEG itself and can't mirror or turn it: leave out "
                         "--hflip, --vflip and --rotation",
                         id);
    if (result < 0 && index > 0)
        return error_set(error, -EINVAL,
                         "camera %s gives no second output of %ux%u beside %ux%u: try another "
                         "--preview-size",
                         id, size.width, size.height, config_->at(0).size.width,
                         config_->at(0).size.height);
    if (result < 0)
        return error_set(
            error, -EIO,
            "camera %s offers none of YUV420, NV12, YUYV, R8, RGB888, BGR888 and MJPEG", id);
    left_ = negotiation.left;
    outputs.push_back({ what, negotiation.format, index });
    return 0;
}

int Setup::configure_stream(const struct camera_request &request, bool stills, struct error *error)
{
    const lc::Size size(request.width, request.height);
    const lc::Size preview(request.preview_width, request.preview_height);
    std::vector<lc::StreamRole> roles = { lc::StreamRole::VideoRecording };
    if (!preview.isNull())
        roles.push_back(lc::StreamRole::Viewfinder);
    if (stills)
        roles.push_back(lc::StreamRole::StillCapture);
    int result = generate(roles, error);
    if (result == 0 && stills && config_->validate() == lc::CameraConfiguration::Invalid)
        result = -EINVAL; /* so many outputs are too many: no size and no format would help */
    if (result == 0)
        result = settle(CAMERA_MAIN, size, request, error);
    if (result == 0 && !preview.isNull())
        result = settle(CAMERA_PREVIEW, preview, request, error);
    if (result == 0 && stills)
        result = settle(CAMERA_STILL, largest_size(config_->at(outputs.size())), request, error);
    if (result == 0)
        result = choose_sensor_mode(*camera, *config_, request, error);
    if (result == 0 && stills && mode_is_smaller(*config_, config_->at(config_->size() - 1)))
        result = -EINVAL;
    if (result == 0)
        result = configure(request, error);
    return result;
}

int Setup::configure(const struct camera_request &request, struct error *error)
{
    /* Only one still is taken at a time, and its buffers are large: 18 MB for 12 million pixels. */
    for (const Output &output : outputs)
        if (output.what == CAMERA_STILL)
            config_->at(output.index).bufferCount = output.index > 0 ? 1 : still_buffers;
    const int result = camera->configure(config_.get());
    if (result < 0)
        return error_set(error, result, "camera %s refused %s: %s", camera->id().c_str(),
                         config_->at(0).toString().c_str(), strerror(-result));
    transpose_ = request.transpose != !!(left_ & lc::Transform::Transpose);
    return 0;
}

/* Where the camera says how fast it is, as it is configured. */
bool Setup::is_too_slow(const struct camera_request &request) const
{
    const auto known = camera->controls().find(lc::controls::FrameDurationLimits.id());
    if (known == camera->controls().end())
        return false;
    const double fps = request.fps > 0 ? request.fps : default_fps;
    return static_cast<double>(limit_of(known->second.min(), 0)) * fps > 1.01e6;
}

const Output *Setup::find(enum camera_output what) const
{
    for (const Output &output : outputs)
        if (output.what == what)
            return &output;
    return nullptr;
}

bool Setup::takes_stills() const
{
    return find(CAMERA_MAIN) && find(CAMERA_STILL);
}

int Setup::load_controls(struct error *error)
{
    const lc::ControlList &properties = camera->properties();
    int result = controls.load(camera->controls(), properties);
    if (is_usb(*camera)) {
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
    int64_t usual_us[2] = {};
    const auto known = camera->controls().find(lc::controls::FrameDurationLimits.id());
    if (known != camera->controls().end()) {
        limits.settable = true;
        limits.min_us = limit_of(known->second.min(), 0);
        limits.max_us = limit_of(known->second.max(), 0);
        usual_us[0] = limit_of(known->second.def(), 0);
        usual_us[1] = longest_usual(known->second.def(), limits.max_us, controls.is_pi());
    }
    requested_fps = request.fps;
    slowest_fps = request.min_fps > 0 ? request.min_fps : request.fps;
    rate_settable = limits.settable;
    rate = frame_rate_choose(request.fps, request.min_fps, limits);
    frame_duration_init(&duration, &rate, limits, usual_us);
    if (rate.adjusted)
        log_info("the camera can't do %g frames per second at this size; it does %.2f", request.fps,
                 rate.fps);
}

void Setup::describe(struct camera_mode *mode) const
{
    const std::string model = model_of(*camera);
    const lc::StreamConfiguration &first = stream(outputs[0]);
    const Output *preview = find(CAMERA_PREVIEW), *still = find(CAMERA_STILL);
    *mode = {};
    mode->width = first.size.width;
    mode->height = first.size.height;
    if (preview) {
        mode->preview_width = stream(*preview).size.width;
        mode->preview_height = stream(*preview).size.height;
    }
    mode->format = outputs[0].format->ours;
    mode->fps = rate.fps;
    mode->view = view_of(*camera);
    mode->turn = turn();
    if (takes_stills()) {
        mode->still_width = stream(*still).size.width;
        mode->still_height = stream(*still).size.height;
    }
    snprintf(mode->model, sizeof(mode->model), "%s",
             model.empty() ? "unknown model" : model.c_str());
    if (transpose_)
        camera_mode_transpose(mode);
}

void Setup::describe(const Output &output, struct picture *picture) const
{
    /* A camera that reports no colour space was configured for full range, BT.601 (sYCC). */
    const lc::StreamConfiguration &config = stream(output);
    const lc::ColorSpace colour = config.colorSpace.value_or(lc::ColorSpace::Sycc);
    const enum pixel_format format = output.format->ours;
    const bool is_rgb = format == PIXEL_RGB || format == PIXEL_BGR;
    *picture = {};
    picture->format = format;
    picture->width = config.size.width;
    picture->height = config.size.height;
    picture->limited_range = !is_rgb && colour.range == lc::ColorSpace::Range::Limited;
    picture->encoding =
        colour.ycbcrEncoding == lc::ColorSpace::YcbcrEncoding::Rec709 ? COLOUR_BT709 : COLOUR_BT601;
    const struct orientation left = turn();
    picture->hflip = left.hflip;
    picture->vflip = left.vflip;
    picture->transpose = left.transpose;
}

struct orientation Setup::turn() const
{
    /* Of libcamera's transforms the transpose comes first, and of ours last. */
    const bool first = !!(left_ & lc::Transform::Transpose);
    return { .hflip = !!(left_ & (first ? lc::Transform::VFlip : lc::Transform::HFlip)),
             .vflip = !!(left_ & (first ? lc::Transform::HFlip : lc::Transform::VFlip)),
             .transpose = transpose_ };
}

} // namespace pitether
