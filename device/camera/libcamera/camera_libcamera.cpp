/*
 * The libcamera source: whatever libcamera 0.0.3 or newer finds, a Pi's camera or another.
 *
 * Threads: the caller's opens, starts and stops. libcamera's only notes that a request is done
 * (Session::on_done). The session's own, "camera" (Session::run), is the one that calls the sink.
 * raw_frame_release() comes from any thread. Session::lock_ guards what they share; it is never
 * held across a call of the sink or camera->stop(), since both wait for threads that take it.
 */
#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cmath>
#include <condition_variable>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <fstream>
#include <iterator>
#include <memory>
#include <mutex>
#include <optional>
#include <ostream>
#include <streambuf>
#include <string>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <glob.h>
#include <linux/dma-buf.h>
#include <linux/dma-heap.h>
#include <pthread.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <libcamera/base/unique_fd.h>
#include <libcamera/libcamera.h>
#include <libcamera/logging.h>

extern "C" {
#include "device/camera/camera.h"
#include "device/camera/pace_probe.h"
#include "shared/base/clock.h"
#include "shared/base/error.h"
#include "shared/base/log.h"
#include "shared/base/text.h"
}

/* From here to the next remark like this one: all that differs between libcamera's releases. */

namespace lc = libcamera;

namespace pitether_absent
{
struct Control {
};
[[maybe_unused]] constexpr Control FrameWallClock; /* is there since 0.5 */
} // namespace pitether_absent

/* Qualified look-up takes libcamera's own control where the release has it, else ours. */
namespace libcamera::controls
{
using namespace pitether_absent;
}

template <typename T>
static std::optional<T> told(const lc::ControlList &metadata, const lc::Control<T> &control)
{
    return metadata.get(control);
}

[[maybe_unused]] static std::optional<int64_t> told(const lc::ControlList &,
                                                    const pitether_absent::Control &)
{
    return {};
}

#if __has_include(<libcamera/orientation.h>)
using Turn = lc::Orientation; /* since 0.1 */

static Turn &turn_of(lc::CameraConfiguration &config)
{
    return config.orientation;
}

static Turn turn_from(lc::Transform transform)
{
    return lc::Orientation::Rotate0 * transform;
}

static lc::Transform turn_left(Turn wanted, Turn got)
{
    return wanted / got;
}
#else
using Turn = lc::Transform;

static Turn &turn_of(lc::CameraConfiguration &config)
{
    return config.transform;
}

static Turn turn_from(lc::Transform transform)
{
    return transform;
}

static lc::Transform turn_left(Turn wanted, Turn got)
{
    return wanted * -got;
}
#endif

/* The limits of a control are numbers in some releases and arrays in others. */
static int64_t limit_of(const lc::ControlValue &value, int64_t otherwise)
{
    if (value.type() != lc::ControlTypeInteger64 || value.numElements() < 1)
        return otherwise;
    return value.isArray() ? value.get<lc::Span<const int64_t>>()[0] : value.get<int64_t>();
}

/* The bytes of a row, also where the camera doesn't tell: 0.4's virtual ones do only in
 * generateConfiguration(). */
static size_t stride_of(const lc::StreamConfiguration &stream, unsigned sample_bytes)
{
    return stream.stride ? stream.stride : size_t(stream.size.width) * sample_bytes;
}

/* What became of a request's buffer. */
struct Outcome {
    enum { PICTURE, LOST, WARM_UP, CANCELLED } what;
    uint32_t sequence; /* of the sensor */
    uint64_t stamp;    /* ns, 0: not known */
};

/* 0.4's virtual cameras leave a buffer's metadata as chance has it, but for the bytes used (0),
 * even if that makes a request look cancelled. A request that truly was has no time stamp. */
static bool is_untold(const lc::FrameMetadata &frame, const lc::ControlList &metadata)
{
    return LIBCAMERA_VERSION_MAJOR == 0 && LIBCAMERA_VERSION_MINOR == 4 &&
           frame.planes().size() > 0 && frame.planes()[0].bytesused == 0 &&
           told(metadata, lc::controls::SensorTimestamp);
}

static Outcome outcome_of(lc::Request &request, const lc::FrameMetadata &frame)
{
    if (is_untold(frame, request.metadata()))
        return { Outcome::PICTURE, request.sequence(), 0 };
    if (request.status() == lc::Request::RequestCancelled)
        return { Outcome::CANCELLED, 0, 0 };
    if (frame.status == lc::FrameMetadata::FrameSuccess)
        return { Outcome::PICTURE, frame.sequence, frame.timestamp };
    if (frame.status == lc::FrameMetadata::FrameError)
        return { Outcome::LOST, frame.sequence, frame.timestamp };
    /* FrameStartup: the sensor has yet to settle. Older releases kept such frames to themselves. */
    return { Outcome::WARM_UP, frame.sequence, frame.timestamp };
}

/* The same for every release: which format, size and mirroring to take. */

struct Format {
    lc::PixelFormat theirs;
    enum pixel_format ours;
    unsigned planes;
    unsigned sample_bytes; /* of a pixel in the first plane */
};

/* Best first: JPEG is made from planar YUV with the least work. A camera's own JPEG comes last
 * because nothing can be done to it; but see is_slow(). libcamera names RGB formats by a
 * little-endian word, so its RGB888 is B, G, R in memory. */
constexpr Format usable_formats[] = {
    { lc::formats::YUV420, PIXEL_YUV420, 3, 1 }, { lc::formats::NV12, PIXEL_NV12, 2, 1 },
    { lc::formats::YUYV, PIXEL_YUYV, 1, 2 },     { lc::formats::RGB888, PIXEL_BGR, 1, 3 },
    { lc::formats::BGR888, PIXEL_RGB, 1, 3 },    { lc::formats::MJPEG, PIXEL_JPEG, 1, 1 },
};

/* If no size was asked for: not the sensor's full one, which few links carry at a useful rate. */
constexpr lc::Size default_size(1920, 1080);

/* Of a camera that keeps no pace, if none was asked for. */
constexpr double pacer_fps = 30;

/* Bytes a second that USB 2.0 carries at most for a camera (5.6.3: 3 * 1024 each microframe). */
constexpr double usb_rate = 3 * 1024 * 8000;

/* At the end of a cable, such as USB's. */
static bool is_external(const lc::Camera &camera)
{
    auto location = camera.properties().get(lc::properties::Location);
    return location && *location == lc::properties::CameraLocationExternal;
}

class Negotiation
{
  public:
    Negotiation(lc::CameraConfiguration &config, const struct camera_request &asked, bool external)
        : config_(config), offered_(config.at(0).formats()), external_(external),
          fps_(asked.fps > 0 ? asked.fps : pacer_fps),
          wanted_(asked.width ? lc::Size(asked.width, asked.height) : default_size),
          transform_((asked.hflip ? lc::Transform::HFlip : lc::Transform::Identity) |
                     (asked.vflip ? lc::Transform::VFlip : lc::Transform::Identity))
    {
    }

    /* Leaves the choice in the configuration. -ENOTSUP: the camera only makes JPEG, and can't
     * mirror it as asked. -ENOENT: it has no format that we can use. */
    int settle()
    {
        const std::vector<lc::PixelFormat> there = offered_.pixelformats();
        const bool blind = transform_ != lc::Transform::Identity && ignores_turn();
        bool unflippable = false;
        lc::Size best;
        for (const Format &candidate : usable_formats) {
            bool unlisted = std::find(there.begin(), there.end(), candidate.theirs) == there.end();
            std::optional<lc::Size> size;
            if (there.empty() || !unlisted)
                size = closest(candidate);
            bool flips_left = blind || left != lc::Transform::Identity;
            if (size && candidate.ours == PIXEL_JPEG && flips_left) {
                unflippable = true;
            } else if (size && (!format || is_better(candidate, *size, best))) {
                format = &candidate;
                best = *size;
            }
        }
        if (!format || !attempt(*format, best))
            return unflippable ? -ENOTSUP : -ENOENT;
        if (blind)
            left = transform_;
        return 0;
    }

    const Format *format = nullptr;
    lc::Transform left = lc::Transform::Identity; /* what the camera won't do of the transform */

  private:
    /* The size that validate() grants for a format and a size, if it grants the format. */
    std::optional<lc::Size> attempt(const Format &candidate, lc::Size size)
    {
        lc::StreamConfiguration &stream = config_.at(0);
        stream.pixelFormat = candidate.theirs;
        stream.size = size;
        stream.stride = 0; /* an earlier answer would be taken for a demand */
        stream.colorSpace = lc::ColorSpace::Sycc;
        stream.bufferCount = std::max(stream.bufferCount, 4u);
        turn_of(config_) = turn_from(transform_);
        if (config_.validate() == lc::CameraConfiguration::Invalid ||
            stream.pixelFormat != candidate.theirs)
            return {};
        left = turn_left(turn_from(transform_), turn_of(config_));
        return stream.size;
    }

    /* Cameras adjust a size that they don't have to their largest as often as to the nearest. */
    std::optional<lc::Size> closest(const Format &candidate)
    {
        std::optional<lc::Size> granted = attempt(candidate, wanted_);
        if (!granted || *granted == wanted_)
            return granted;
        std::vector<lc::Size> sizes = offered_.sizes(candidate.theirs);
        std::sort(sizes.begin(), sizes.end(), [this](const lc::Size &a, const lc::Size &b) {
            return distance(a) < distance(b);
        });
        for (const lc::Size &size : sizes)
            if (distance(size) < distance(*granted) && attempt(candidate, size) == size)
                return size;
        return granted;
    }

    /* Than what was chosen before. */
    bool is_better(const Format &candidate, const lc::Size &size, const lc::Size &best) const
    {
        if (distance(size) != distance(best))
            return distance(size) < distance(best);
        return is_slow(*format, best) && !is_slow(candidate, size);
    }

    /* More than a cable carries: cameras have such sizes at a few frames a second. */
    bool is_slow(const Format &candidate, const lc::Size &size) const
    {
        double bytes = double(size.width) * size.height * candidate.sample_bytes;
        if (candidate.planes > 1)
            bytes *= 1.5;
        return external_ && candidate.ours != PIXEL_JPEG && bytes * fps_ > usb_rate;
    }

    unsigned distance(const lc::Size &size) const
    {
        auto apart = [](unsigned a, unsigned b) { return std::max(a, b) - std::min(a, b); };
        return apart(size.width, wanted_.width) + apart(size.height, wanted_.height);
    }

    /* No camera can transpose. One that grants even that doesn't look at what is asked, as
     * libcamera's virtual ones don't: it mirrors nothing either. */
    bool ignores_turn()
    {
        const Turn impossible = turn_from(lc::Transform::Rot90);
        turn_of(config_) = impossible;
        config_.validate();
        return turn_of(config_) == impossible;
    }

    lc::CameraConfiguration &config_;
    const lc::StreamFormats offered_;
    const bool external_;
    const double fps_;
    const lc::Size wanted_;
    const lc::Transform transform_;
};

/* A device file of a kind that cameras need which we may not open, or "". */
static std::string forbidden_device()
{
    std::string found;
    for (const char *pattern : { "/dev/media*", "/dev/video*", "/dev/dma_heap/*" }) {
        glob_t paths = {};
        if (glob(pattern, 0, nullptr, &paths) == 0)
            for (size_t i = 0; i < paths.gl_pathc && found.empty(); i++)
                if (access(paths.gl_pathv[i], R_OK | W_OK) < 0 && errno == EACCES)
                    found = paths.gl_pathv[i];
        globfree(&paths);
    }
    return found;
}

static int fail_forbidden(struct error *error, const std::string &path)
{
    return error_set(
        error, -EACCES,
        "not permitted to open %s: add the user to the group `video` (`usermod -aG video "
        "USER`, then log in anew) and check access to /dev/media*, /dev/video*, "
        "/dev/dma_heap/*",
        path.c_str());
}

static int fail_none(struct error *error)
{
    std::string forbidden = forbidden_device();
    if (!forbidden.empty())
        return fail_forbidden(error, forbidden);
    return error_set(error, -ENODEV,
                     "no camera found: check the cable, that the camera is enabled (on a Pi: "
                     "camera_auto_detect=1 in config.txt), and that libcamera's IPA modules and "
                     "pipeline for it are installed (libcamera-ipa); `cam -l` or `rpicam-hello "
                     "--list-cameras` tell whether other programs see it");
}

/* libcamera's own log, whose lines come whole, goes the way of ours: nobody waits for whoever reads
 * it. Before libcamera ends the process, it says why. */
class LogBuffer : public std::streambuf
{
  protected:
    std::streamsize xsputn(const char *text, std::streamsize size) override
    {
        fwrite(text, 1, static_cast<size_t>(size), log_stream());
        fflush(log_stream());
        if (std::string(text, static_cast<size_t>(size)).find("FATAL") != std::string::npos)
            log_flush();
        return size;
    }
};

static void join_logs()
{
    /* Never destroyed: libcamera may log as long as the program lives. */
    static auto *const stream = new std::ostream(new LogBuffer);
    if (!secure_getenv("LIBCAMERA_LOG_FILE"))
        lc::logSetStream(stream);
}

/* libcamera allows one manager in a process: all cameras share it, and the last one ends it. */
static std::shared_ptr<lc::CameraManager> share_manager(struct error *error, int *result)
{
    static std::weak_ptr<lc::CameraManager> shared;
    std::shared_ptr<lc::CameraManager> manager = shared.lock();
    if (manager)
        return manager;
    /* Read by libcamera when it first logs. It tells much at its default level. */
    setenv("LIBCAMERA_LOG_LEVELS", "*:WARN", 0);
    join_logs();
    manager = std::make_shared<lc::CameraManager>();
    *result = manager->start();
    if (*result < 0) {
        error_set(error, *result, "libcamera %s didn't start: %s",
                  lc::CameraManager::version().c_str(), strerror(-*result));
        return nullptr;
    }
    shared = manager;
    return manager;
}

/* Fit for a terminal: a USB camera says what it likes. */
static std::string model_of(const lc::Camera &camera)
{
    auto model = camera.properties().get(lc::properties::Model);
    char text[WIRE_TEXT_MAX + 1];
    if (!model)
        return "unknown model";
    text_copy(text, model->data(), model->size(), WIRE_TEXT_MAX);
    return text;
}

/* "ID" or "INDEX" to an id; no argument is the first camera. */
static int choose_camera(const lc::CameraManager &manager, const char *argument, std::string *id,
                         struct error *error)
{
    std::vector<std::shared_ptr<lc::Camera>> cameras = manager.cameras();
    if (cameras.empty())
        return fail_none(error);
    size_t index = 0;
    if (argument) {
        while (index < cameras.size() && cameras[index]->id() != argument)
            index++;
        if (index == cameras.size() && strspn(argument, "0123456789") == strlen(argument))
            index = strtoul(argument, nullptr, 10);
    }
    if (index < cameras.size()) {
        *id = cameras[index]->id();
        return 0;
    }
    std::string there;
    for (size_t i = 0; i < cameras.size(); i++)
        there += (i ? ", " : "") + std::to_string(i) + " is " + cameras[i]->id();
    return error_set(error, -ENODEV, "no camera \"%.64s\": %s", argument, there.c_str());
}

/* For --list-cameras. */
static void list_camera(FILE *out, size_t index, lc::Camera &camera)
{
    fprintf(out, "%zu: %s (%s)\n", index, camera.id().c_str(), model_of(camera).c_str());
    auto config = camera.generateConfiguration({ lc::StreamRole::VideoRecording });
    if (!config || config->empty())
        return;
    const lc::StreamFormats &offered = config->at(0).formats();
    for (const lc::PixelFormat &format : offered.pixelformats()) {
        bool usable = std::any_of(std::begin(usable_formats), std::end(usable_formats),
                                  [&](const Format &known) { return known.theirs == format; });
        fprintf(out, "    %s%s:", format.toString().c_str(), usable ? "" : " (not used)");
        for (const lc::Size &size : offered.sizes(format))
            fprintf(out, " %ux%u", size.width, size.height);
        lc::SizeRange range = offered.range(format);
        fprintf(out, " (up to %ux%u)\n", range.max.width, range.max.height);
    }
}

/* One request with its buffer, mapped: what a capture is lent from. */
class Session;
struct Shot {
    Shot(Session *owner, lc::FrameBuffer *from) : session(owner), buffer(from)
    {
    }

    Shot(const Shot &) = delete;

    ~Shot()
    {
        for (const Mapping &mapping : mappings)
            if (mapping.address != MAP_FAILED)
                munmap(mapping.address, mapping.size);
    }

    /* Planes may share a file at different offsets: each file is mapped once, as far as used. */
    int map(const Format &format)
    {
        const auto &planes = buffer->planes();
        for (size_t i = 0; i < planes.size() && i < format.planes; i++) {
            Mapping &mapping = mapping_of(planes[i].fd.get());
            mapping.size = std::max(mapping.size, size_t(planes[i].offset) + planes[i].length);
        }
        for (Mapping &mapping : mappings) {
            mapping.address = mmap(nullptr, mapping.size, PROT_READ, MAP_SHARED, mapping.fd, 0);
            if (mapping.address == MAP_FAILED)
                return -errno;
        }
        return 0;
    }

    /* The buffer has a plane for each of the picture's, or one for all, one after the other. */
    int lay_out(const Format &format, const lc::StreamConfiguration &stream)
    {
        struct picture &picture = capture.picture;
        const auto &planes = buffer->planes();
        const bool single = planes.size() == 1;
        if (!single && planes.size() < format.planes)
            return -EINVAL;
        size_t used = 0; /* of the only plane */
        for (unsigned i = 0; i < format.planes; i++) {
            const lc::FrameBuffer::Plane &plane = planes[single ? 0 : i];
            const auto *base = static_cast<const uint8_t *>(mapping_of(plane.fd.get()).address);
            size_t stride = stride_of(stream, format.sample_bytes);
            size_t rows = i > 0 ? (stream.size.height + 1) / 2 : stream.size.height;
            size_t offset = single ? std::min<size_t>(used, plane.length) : 0;
            if (i > 0 && format.ours == PIXEL_YUV420)
                stride = (stride + 1) / 2;
            picture.planes[i] = { base + plane.offset + offset, stride, plane.length - offset };
            used += stride * rows;
        }
        picture.format = format.ours;
        picture.width = stream.size.width;
        picture.height = stream.size.height;
        return picture_check(&picture);
    }

    /* Makes the device's writes visible through the processor's cache, and ends that. Memory that
     * is no dma-buf needs none of it and says ENOTTY. */
    void sync(uint64_t flags) const
    {
        struct dma_buf_sync sync = { flags | DMA_BUF_SYNC_READ };
        for (const Mapping &mapping : mappings)
            while (ioctl(mapping.fd, DMA_BUF_IOCTL_SYNC, &sync) < 0 &&
                   (errno == EINTR || errno == EAGAIN))
                continue;
    }

    struct raw_frame capture = {};
    Session *const session;
    lc::FrameBuffer *const buffer;
    std::unique_ptr<lc::Request> request;

  private:
    struct Mapping {
        int fd;
        size_t size;
        void *address;
    };

    Mapping &mapping_of(int fd)
    {
        for (Mapping &mapping : mappings)
            if (mapping.fd == fd)
                return mapping;
        mappings.push_back({ fd, 0, MAP_FAILED });
        return mappings.back();
    }

    std::vector<Mapping> mappings;
};

/* V4L2 drivers stamp in CLOCK_MONOTONIC, which lacks the time that the machine slept. */
static uint64_t sensor_time(uint64_t stamp, uint64_t now)
{
    uint64_t monotonic = clock_monotonic();
    if (stamp == 0)
        return now;
    if (now - monotonic > CLOCK_SECOND && stamp <= monotonic)
        stamp += now - monotonic;
    return std::min(stamp, now);
}

static uint32_t milli(float value)
{
    return value > 0 ? static_cast<uint32_t>(std::min(value * 1000.0, double(UINT32_MAX))) : 0;
}

static struct wire_metadata read_metadata(const lc::ControlList &list, uint64_t sensor_time_ns)
{
    struct wire_metadata out = {};
    auto put = [&out](uint32_t bit, uint32_t &field, std::optional<uint32_t> value) {
        out.present |= value ? bit : 0;
        field = value.value_or(0);
    };
    auto in_milli = [&list](const lc::Control<float> &control) -> std::optional<uint32_t> {
        std::optional<float> value = told(list, control);
        return value ? std::optional<uint32_t>(milli(*value)) : std::nullopt;
    };
    put(WIRE_META_EXPOSURE, out.exposure_us, told(list, lc::controls::ExposureTime));
    put(WIRE_META_GAIN, out.gain_milli, in_milli(lc::controls::AnalogueGain));
    put(WIRE_META_DIGITAL_GAIN, out.digital_gain_milli, in_milli(lc::controls::DigitalGain));
    put(WIRE_META_COLOUR_TEMPERATURE, out.colour_temperature_k,
        told(list, lc::controls::ColourTemperature));
    put(WIRE_META_LUX, out.lux_milli, in_milli(lc::controls::Lux));
    put(WIRE_META_LENS_POSITION, out.lens_position_milli, in_milli(lc::controls::LensPosition));
    std::optional<int64_t> wall = told(list, lc::controls::FrameWallClock);
    out.wall_clock_ns = wall && *wall > 0
                            ? static_cast<uint64_t>(*wall)
                            : clock_read(CLOCK_REALTIME) - (clock_device() - sensor_time_ns);
    out.present |= WIRE_META_WALL_CLOCK;
    return out;
}

/* Of a camera that doesn't tell its limits. */
static constexpr int64_t fastest_fps = 240;
/* How long a stop may wait for a few frames of a slow camera, or anybody until udev tells of a
 * pulled cable, which on a busy machine takes a second. */
static constexpr uint64_t settle_ns = 2 * CLOCK_SECOND;

/* One start to stop of a camera. The destructor takes a half-begun one apart, too. */
class Session
{
  public:
    Session(std::shared_ptr<lc::Camera> camera, const struct camera_sink &sink, bool use_heap);
    ~Session();
    int begin(const struct camera_request &asked, struct camera_mode *mode, struct error *error);
    void release(Shot &shot);
    /* True if memory from a dma-buf heap was used, and the start or the first picture failed. */
    bool heap_failed();

  private:
    void describe(struct camera_mode *mode) const;
    int acquire(struct error *error);
    int configure(const struct camera_request &asked, struct error *error);
    double set_rate(double fps, lc::ControlList *controls);
    int allocate(struct error *error);
    bool allocate_from_heap();
    int prepare(struct error *error);
    int launch(const lc::ControlList &controls, struct error *error);
    void on_done(lc::Request *request);
    void judge_pace(const Outcome &outcome);
    void on_gone();
    void settle();
    void run();
    void wait(std::unique_lock<std::mutex> &hold);
    void deliver(Shot &shot);
    bool fill(Shot &shot, const Outcome &outcome);
    void give_back(Shot &shot);
    void queue(Shot &shot);
    uint64_t patience_end(uint64_t now) const;
    int end_reason() const;

    const std::shared_ptr<lc::Camera> camera_;
    const struct camera_sink sink_;
    const bool use_heap_;
    bool acquired_ = false, started_ = false, heap_used_ = false;
    std::unique_ptr<lc::CameraConfiguration> config_;
    const Format *format_ = nullptr;
    lc::Transform left_ = lc::Transform::Identity;
    lc::FrameBufferAllocator allocator_;
    std::vector<std::unique_ptr<lc::FrameBuffer>> heap_buffers_;
    std::vector<std::unique_ptr<Shot>> shots_;
    uint64_t stall_ns_ = 0;      /* without a sign of life for so long, the camera is broken */
    uint64_t least_ns_ = 0;      /* of a frame that comes from a camera that keeps its pace */
    bool told_rate_ = false;     /* the camera was */
    uint64_t own_period_ns_ = 0; /* of our pacing, if need be */
    std::thread thread_;

    std::mutex lock_; /* guards the rest; its times are of CLOCK_MONOTONIC */
    std::condition_variable changed_;
    std::vector<Shot *> done_, idle_; /* never grow beyond what is reserved */
    size_t lent_ = 0, queued_ = 0;
    uint64_t period_ns_ = 0; /* 0: the camera keeps its own pace */
    uint64_t due_ns_ = 0;    /* our pacing's next frame */
    struct pace_probe pace_ = {};
    uint64_t progress_ns_ = 0; /* the last sign of life */
    bool stopping_ = false, ended_ = false, gone_ = false, broken_ = false, produced_ = false;
};

Session::Session(std::shared_ptr<lc::Camera> camera, const struct camera_sink &sink, bool use_heap)
    : camera_(std::move(camera)), sink_(sink), use_heap_(use_heap), allocator_(camera_)
{
}

Session::~Session()
{
    {
        std::lock_guard<std::mutex> hold(lock_);
        stopping_ = true;
        changed_.notify_all();
    }
    if (started_) {
        settle();
        camera_->stop(); /* what is queued comes to on_done() as cancelled */
    }
    if (thread_.joinable())
        thread_.join();
    {
        std::unique_lock<std::mutex> hold(lock_);
        changed_.wait(hold, [this] { return lent_ == 0; });
    }
    camera_->requestCompleted.disconnect(this);
    camera_->disconnected.disconnect(this);
    shots_.clear();
    heap_buffers_.clear();
    if (config_ && config_->at(0).stream())
        allocator_.free(config_->at(0).stream());
    if (acquired_)
        camera_->release();
}

bool Session::heap_failed()
{
    std::lock_guard<std::mutex> hold(lock_);
    bool gave_up = !thread_.joinable() || (ended_ && !gone_);
    return heap_used_ && !produced_ && gave_up;
}

int Session::begin(const struct camera_request &asked, struct camera_mode *mode,
                   struct error *error)
{
    int result = acquire(error);
    if (result == 0)
        result = configure(asked, error);
    if (result < 0)
        return result;
    lc::ControlList controls(camera_->controls());
    mode->fps = set_rate(asked.fps, &controls);
    result = allocate(error);
    if (result == 0)
        result = prepare(error);
    if (result == 0)
        result = launch(controls, error);
    if (result == 0)
        describe(mode);
    return result;
}

void Session::describe(struct camera_mode *mode) const
{
    const lc::StreamConfiguration &stream = config_->at(0);
    mode->width = stream.size.width;
    mode->height = stream.size.height;
    mode->format = format_->ours;
    snprintf(mode->model, sizeof(mode->model), "%s", model_of(*camera_).c_str());
}

int Session::acquire(struct error *error)
{
    int result = camera_->acquire();
    acquired_ = result == 0;
    if (acquired_)
        return 0;
    std::string forbidden = forbidden_device();
    if (result == -ENODEV)
        return error_set(error, result, "camera %s has gone", camera_->id().c_str());
    if (!forbidden.empty())
        return fail_forbidden(error, forbidden);
    return error_set(
        error, -EBUSY,
        "camera %s is busy: another process holds it (`fuser -v /dev/media* /dev/video*` "
        "tells which)",
        camera_->id().c_str());
}

int Session::configure(const struct camera_request &asked, struct error *error)
{
    config_ = camera_->generateConfiguration({ lc::StreamRole::VideoRecording });
    if (!config_ || config_->empty())
        return error_set(error, -EIO, "camera %s can't be set up for video", camera_->id().c_str());
    Negotiation negotiation(*config_, asked, is_external(*camera_));
    int result = negotiation.settle();
    if (result == -ENOTSUP)
        return error_set(
            error, -EINVAL,
            "camera %s makes JPEG itself and can't mirror or turn it: leave out --hflip, "
            "--vflip and --rotation",
            camera_->id().c_str());
    if (result < 0)
        return error_set(error, -EIO,
                         "camera %s offers none of YUV420, NV12, YUYV, RGB888, BGR888 and MJPEG",
                         camera_->id().c_str());
    format_ = negotiation.format;
    left_ = negotiation.left;
    result = camera_->configure(config_.get());
    if (result < 0)
        return error_set(error, result, "camera %s refused %s: %s", camera_->id().c_str(),
                         config_->at(0).toString().c_str(), strerror(-result));
    lc::Size size = config_->at(0).size;
    if (asked.width && size != lc::Size(asked.width, asked.height))
        log_info("the camera has no %ux%u; it sends %ux%u", asked.width, asked.height, size.width,
                 size.height);
    if (!!(left_ & lc::Transform::Transpose))
        log_warning("the camera is mounted sideways, and so are its pictures");
    return 0;
}

/* Asks the camera for the rate. Where it can't be asked, or turns out not to obey, run() gives it
 * a buffer for each frame when it is due. Returns the frames a second, 0 if not known. */
double Session::set_rate(double fps, lc::ControlList *controls)
{
    own_period_ns_ = static_cast<uint64_t>(CLOCK_SECOND / (fps > 0 ? fps : pacer_fps));
    stall_ns_ = camera_timeout_ns(fps);
    least_ns_ = CLOCK_SECOND / fastest_fps;
    const auto known = camera_->controls().find(lc::controls::FrameDurationLimits.id());
    if (known == camera_->controls().end()) {
        period_ns_ = fps > 0 ? own_period_ns_ : 0;
        return fps;
    }
    int64_t asked = fps > 0 ? std::llround(1e6 / fps) : 1; /* us, as the control has it */
    int64_t least = std::max<int64_t>(limit_of(known->second.min(), 1000000 / fastest_fps), 1);
    int64_t most = std::max(limit_of(known->second.max(), asked), least);
    int64_t duration = std::clamp(asked, least, most);
    least_ns_ = static_cast<uint64_t>(duration) * 900; /* a tenth less, for clocks that differ */
    told_rate_ = true;
    if (fps <= 0)
        return 0;
    /* A rate of 60 is 16667 us, and a limit of 16666 is that rate as well. */
    if (std::abs(duration - asked) > 1)
        log_info("the camera can't do %g frames a second at this size; it does %.2f", fps,
                 1e6 / duration);
    own_period_ns_ = static_cast<uint64_t>(duration) * 1000;
    controls->set(lc::controls::FrameDurationLimits, { duration, duration });
    return 1e6 / duration;
}

int Session::allocate(struct error *error)
{
    const lc::StreamConfiguration &stream = config_->at(0);
    std::vector<lc::FrameBuffer *> buffers;
    heap_used_ = use_heap_ && allocate_from_heap();
    if (heap_used_) {
        for (const auto &buffer : heap_buffers_)
            buffers.push_back(buffer.get());
    } else {
        int result = allocator_.allocate(stream.stream());
        std::string forbidden = result < 0 ? forbidden_device() : "";
        if (!forbidden.empty())
            return fail_forbidden(error, forbidden);
        if (result <= 0)
            return error_set(
                error, result < 0 ? result : -ENOMEM,
                "no memory for %u buffers of %u bytes (%s): try a smaller --size, on a Pi "
                "a larger cma= in config.txt, and see that the kernel has /dev/dma_heap",
                stream.bufferCount, stream.frameSize, strerror(-result));
        for (const auto &buffer : allocator_.buffers(stream.stream()))
            buffers.push_back(buffer.get());
    }
    for (lc::FrameBuffer *buffer : buffers)
        shots_.push_back(std::make_unique<Shot>(this, buffer));
    return 0;
}

/* True for a camera at the connector of a Raspberry Pi, whose driver is known to take buffers of
 * our making. Those of others may end the process instead of refusing. */
static bool is_pi_sensor(const lc::Camera &camera)
{
    if (camera.id().rfind("/base/", 0) != 0 || is_external(camera))
        return false;
    std::ifstream file("/sys/firmware/devicetree/base/compatible");
    std::string compatible(std::istreambuf_iterator<char>(file), {});
    return compatible.find("raspberrypi,") != std::string::npos;
}

/* A Pi's video driver maps its own buffers uncached, and reading them so costs more than encoding
 * does. Those of the CMA heap are cached. */
bool Session::allocate_from_heap()
{
    const lc::StreamConfiguration &stream = config_->at(0);
    if (stream.frameSize == 0 || format_->ours == PIXEL_JPEG || !is_pi_sensor(*camera_))
        return false;
    lc::UniqueFD heap;
    for (const char *path : { "/dev/dma_heap/vidbuf_cached", "/dev/dma_heap/linux,cma" })
        if (!heap.isValid())
            heap = lc::UniqueFD(open(path, O_RDWR | O_CLOEXEC));
    if (!heap.isValid())
        return false;
    for (unsigned i = 0; i < stream.bufferCount; i++) {
        struct dma_heap_allocation_data memory = {};
        memory.len = stream.frameSize;
        memory.fd_flags = O_RDWR | O_CLOEXEC;
        if (ioctl(heap.get(), DMA_HEAP_IOCTL_ALLOC, &memory) < 0) {
            heap_buffers_.clear();
            return false;
        }
        lc::FrameBuffer::Plane plane;
        plane.fd = lc::SharedFD(lc::UniqueFD(static_cast<int>(memory.fd)));
        plane.offset = 0;
        plane.length = stream.frameSize;
        std::vector<lc::FrameBuffer::Plane> planes(1, plane);
        heap_buffers_.push_back(std::make_unique<lc::FrameBuffer>(planes));
    }
    return true;
}

/* Maps each buffer, describes the picture in it, and makes the request that fills it. */
int Session::prepare(struct error *error)
{
    const lc::StreamConfiguration &stream = config_->at(0);
    /* A camera that says nothing was asked for full range, BT.601 (sYCC). */
    lc::ColorSpace colour = stream.colorSpace.value_or(lc::ColorSpace::Sycc);
    bool is_rgb = format_->ours == PIXEL_RGB || format_->ours == PIXEL_BGR;
    for (auto &shot : shots_) {
        int result = shot->map(*format_);
        if (result == 0)
            result = shot->lay_out(*format_, stream);
        if (result < 0)
            return error_set(error, result, "can't use the camera's buffers for %s: %s",
                             stream.toString().c_str(), strerror(-result));
        struct picture &picture = shot->capture.picture;
        picture.limited_range = !is_rgb && colour.range == lc::ColorSpace::Range::Limited;
        picture.encoding = colour.ycbcrEncoding == lc::ColorSpace::YcbcrEncoding::Rec709
                               ? COLOUR_BT709
                               : COLOUR_BT601;
        picture.hflip = !!(left_ & lc::Transform::HFlip);
        picture.vflip = !!(left_ & lc::Transform::VFlip);
        shot->capture.owner = shot.get();
        shot->capture.release = [](struct raw_frame *capture) {
            Shot *lent = static_cast<Shot *>(capture->owner);
            lent->session->release(*lent);
        };
        shot->request = camera_->createRequest(static_cast<uint64_t>(&shot - shots_.data()));
        if (!shot->request || shot->request->addBuffer(stream.stream(), shot->buffer) < 0)
            return error_set(error, -EIO, "camera %s takes no requests", camera_->id().c_str());
    }
    log_debug("camera %s: %s, %s, %zu buffers%s", camera_->id().c_str(), stream.toString().c_str(),
              lc::ColorSpace::toString(stream.colorSpace).c_str(), shots_.size(),
              heap_used_ ? " of the cached heap" : "");
    return 0;
}

int Session::launch(const lc::ControlList &controls, struct error *error)
{
    done_.reserve(shots_.size());
    idle_.reserve(shots_.size());
    camera_->requestCompleted.connect(this, &Session::on_done);
    camera_->disconnected.connect(this, &Session::on_gone);
    int result = camera_->start(&controls);
    if (result < 0)
        return error_set(error, result, "camera %s didn't start: %s", camera_->id().c_str(),
                         strerror(-result));
    started_ = true;
    {
        std::lock_guard<std::mutex> hold(lock_);
        due_ns_ = clock_monotonic();
        pace_probe_init(&pace_, least_ns_, told_rate_, static_cast<unsigned>(shots_.size()));
        for (auto &shot : shots_) {
            if (period_ns_)
                idle_.push_back(shot.get());
            else
                queue(*shot);
        }
    }
    thread_ = std::thread(&Session::run, this);
    return 0;
}

/* On libcamera's thread, which has more to do than to wait for us. */
void Session::on_done(lc::Request *request)
{
    std::lock_guard<std::mutex> hold(lock_);
    Shot *shot = shots_[request->cookie()].get();
    queued_--;
    progress_ns_ = clock_monotonic();
    done_.push_back(shot);
    changed_.notify_all();
    if (!period_ns_ && !stopping_)
        judge_pace(outcome_of(*request, shot->buffer->metadata()));
}

/* Holds lock_. */
void Session::judge_pace(const Outcome &outcome)
{
    const enum pace_probe_state before = pace_.state;
    if (outcome.what == Outcome::CANCELLED)
        return;
    pace_probe_frame(&pace_, progress_ns_, outcome.sequence, static_cast<unsigned>(queued_));
    if (pace_.state == before)
        return;
    if (pace_.state == PACE_PROBE_DRAINED)
        due_ns_ = UINT64_MAX;
    if (pace_.state == PACE_PROBE_TRIED)
        due_ns_ = pace_.until_ns;
    if (pace_.state == PACE_PROBE_KEPT)
        log_debug("the camera is faster than %d frames a second, at a pace of its own",
                  static_cast<int>(fastest_fps));
    if (pace_.state != PACE_PROBE_NONE)
        return;
    period_ns_ = own_period_ns_;
    due_ns_ = progress_ns_ + period_ns_;
    log_info(
        "the camera keeps no pace of its own: held to %.4g frames a second (--fps sets another "
        "rate)",
        static_cast<double>(CLOCK_SECOND) / static_cast<double>(period_ns_));
}

void Session::on_gone()
{
    std::lock_guard<std::mutex> hold(lock_);
    gone_ = true;
    changed_.notify_all();
}

/* A driver whose camera was unplugged refuses to stop, and libcamera ends the process if requests
 * are left over then, unless it has heard already that the camera is gone. So, where a cable may be
 * pulled, either comes first: the requests, or the news. */
void Session::settle()
{
    if (!is_external(*camera_))
        return;
    std::unique_lock<std::mutex> hold(lock_);
    changed_.wait_for(hold, std::chrono::nanoseconds(settle_ns),
                      [this] { return queued_ == 0 || gone_; });
}

/* Holds lock_. Not when stopping: libcamera must not find a new request behind its stop. */
void Session::queue(Shot &shot)
{
    if (queued_ == 0)
        progress_ns_ = clock_monotonic();
    queued_++;
    if (camera_->queueRequest(shot.request.get()) < 0) {
        queued_--;
        broken_ = true;
        changed_.notify_all();
    }
}

/* Holds lock_. Nothing reads the shot's buffer any more. */
void Session::give_back(Shot &shot)
{
    if (stopping_ || ended_ || broken_)
        return;
    shot.request->reuse(lc::Request::ReuseBuffers);
    if (period_ns_ || pace_probe_holds(&pace_, clock_monotonic())) {
        idle_.push_back(&shot);
        changed_.notify_all();
    } else {
        queue(shot);
    }
}

void Session::release(Shot &shot)
{
    shot.sync(DMA_BUF_SYNC_END);
    std::lock_guard<std::mutex> hold(lock_);
    give_back(shot);
    lent_--;
    changed_.notify_all(); /* with the lock held: once it is free, the session may be gone */
}

/* Holds lock_. When to give up on the camera, if it shows no sign of life before. A pulled cable
 * breaks requests, too, and some time later it is told as such. */
uint64_t Session::patience_end(uint64_t now) const
{
    if (broken_)
        return progress_ns_ + (is_external(*camera_) ? settle_ns : 0);
    return (queued_ > 0 ? progress_ns_ : now) + stall_ns_;
}

/* Holds lock_. 0 while all is well. */
int Session::end_reason() const
{
    uint64_t now = clock_monotonic();
    if (gone_)
        return -ENODEV;
    if (now <= patience_end(now))
        return 0;
    return broken_ ? -EIO : -ETIMEDOUT;
}

/* Waits for a change, the next due time, or the moment when the camera counts as stalled. */
void Session::wait(std::unique_lock<std::mutex> &hold)
{
    uint64_t now = clock_monotonic();
    uint64_t until = patience_end(now) + CLOCK_MS;
    if (!idle_.empty() && !broken_)
        until = std::min(until, due_ns_);
    if (until > now)
        changed_.wait_for(hold, std::chrono::nanoseconds(until - now));
}

void Session::run()
{
    pthread_setname_np(pthread_self(), "camera");
    std::unique_lock<std::mutex> hold(lock_);
    while (!stopping_) {
        int reason = end_reason();
        if (reason < 0 && !ended_) {
            ended_ = true;
            hold.unlock();
            sink_.on_end(sink_.user, reason);
            hold.lock();
        } else if (ended_) {
            changed_.wait(hold);
        } else if (!done_.empty()) {
            Shot *shot = done_.front();
            done_.erase(done_.begin());
            hold.unlock();
            deliver(*shot);
            hold.lock();
        } else if (!idle_.empty() && !broken_ && clock_monotonic() >= due_ns_) {
            /* A late one takes its slot, but slots missed altogether are not made up for. */
            uint64_t now = clock_monotonic();
            due_ns_ = std::max(due_ns_ + period_ns_, now - std::min(now, period_ns_));
            Shot *shot = idle_.front();
            idle_.erase(idle_.begin());
            queue(*shot);
        } else {
            wait(hold);
        }
    }
}

void Session::deliver(Shot &shot)
{
    const Outcome outcome = outcome_of(*shot.request, shot.buffer->metadata());
    if (outcome.what == Outcome::PICTURE && fill(shot, outcome)) {
        {
            std::lock_guard<std::mutex> hold(lock_);
            lent_++;
            produced_ = true;
        }
        shot.sync(DMA_BUF_SYNC_START);
        sink_.on_capture(sink_.user, &shot.capture);
        return;
    }
    if (outcome.what == Outcome::PICTURE || outcome.what == Outcome::LOST)
        sink_.on_lost(sink_.user, outcome.sequence, WIRE_DROP_CAPTURE_ERROR);
    std::lock_guard<std::mutex> hold(lock_);
    /* Cancelled while nobody stops it: the driver gave up, as it does when the cable fails. */
    if (outcome.what == Outcome::CANCELLED)
        broken_ = true;
    else
        give_back(shot);
}

/* False if there is no picture in it after all. */
bool Session::fill(Shot &shot, const Outcome &outcome)
{
    struct raw_frame &capture = shot.capture;
    const lc::ControlList &metadata = shot.request->metadata();
    int64_t stamp = told(metadata, lc::controls::SensorTimestamp).value_or(0);
    capture.capture_time_ns = clock_device();
    capture.sequence = outcome.sequence;
    capture.sensor_time_ns = sensor_time(stamp > 0 ? static_cast<uint64_t>(stamp) : outcome.stamp,
                                         capture.capture_time_ns);
    capture.metadata = read_metadata(metadata, capture.sensor_time_ns);
    if (format_->ours != PIXEL_JPEG)
        return true;
    const auto &planes = shot.buffer->metadata().planes();
    capture.picture.planes[0].size = planes.size() > 0 ? planes[0].bytesused : 0;
    return capture.picture.planes[0].size > 0 &&
           capture.picture.planes[0].size <= shot.buffer->planes()[0].length;
}

/* No exception of C++ may reach the callers, which are C. */
template <typename Work> static int guard(struct error *error, Work work)
{
    try {
        return work();
    } catch (const std::bad_alloc &) {
        return error_set(error, -ENOMEM, "out of memory");
    } catch (const std::exception &exception) {
        return error_set(error, -EIO, "libcamera: %s", exception.what());
    }
}

struct camera {
    std::shared_ptr<lc::CameraManager> manager;
    const char *argument; /* lives as long as the program's options */
    std::string id;       /* of the one that it is from then on; empty: it was never there */
    struct camera_request asked;
    bool use_heap = true;
    std::unique_ptr<Session> session;
};

static int libcamera_open(struct camera **out, const char *argument,
                          const struct camera_request *request, struct error *error)
{
    *out = nullptr;
    return guard(error, [&]() -> int {
        int result = 0;
        auto camera = std::make_unique<struct camera>();
        camera->asked = *request;
        camera->argument = argument;
        camera->manager = share_manager(error, &result);
        if (!camera->manager)
            return result;
        result = choose_camera(*camera->manager, argument, &camera->id, error);
        if (result == 0 || result == -ENODEV)
            *out = camera.release();
        return result;
    });
}

static int libcamera_start(struct camera *camera, const struct camera_sink *sink,
                           struct camera_mode *mode, struct error *error)
{
    return guard(error, [&]() -> int {
        int result = 0;
        if (camera->id.empty())
            result = choose_camera(*camera->manager, camera->argument, &camera->id, error);
        if (result < 0)
            return result;
        /* Looked up anew: after it was unplugged and plugged in, it is another object. */
        std::shared_ptr<lc::Camera> found = camera->manager->get(camera->id);
        if (!found)
            return error_set(error, -ENODEV, "camera %s is not there: check the cable",
                             camera->id.c_str());
        auto session = std::make_unique<Session>(found, *sink, camera->use_heap);
        result = session->begin(camera->asked, mode, error);
        if (result < 0 && session->heap_failed()) {
            camera->use_heap = false;
            session.reset();
            session = std::make_unique<Session>(found, *sink, false);
            result = session->begin(camera->asked, mode, error);
        }
        if (result == 0)
            camera->session = std::move(session);
        return result;
    });
}

static void libcamera_stop(struct camera *camera)
{
    if (camera->session && camera->session->heap_failed())
        camera->use_heap = false; /* a driver that can't use such memory says so late */
    camera->session.reset();
}

static void libcamera_close(struct camera **camera)
{
    if (!camera || !*camera)
        return;
    libcamera_stop(*camera);
    delete *camera;
    *camera = nullptr;
}

extern "C" {
const struct camera_ops camera_libcamera = { libcamera_open, libcamera_start, libcamera_stop,
                                             libcamera_close };
}

/* None found is 0, with the reason in error. */
int camera_libcamera_list(FILE *out, struct error *error)
{
    return guard(error, [&]() -> int {
        int result = 0;
        std::shared_ptr<lc::CameraManager> manager = share_manager(error, &result);
        if (!manager)
            return result;
        std::vector<std::shared_ptr<lc::Camera>> cameras = manager->cameras();
        if (cameras.empty()) {
            result = fail_none(error);
            return result == -ENODEV ? 0 : result;
        }
        for (size_t i = 0; i < cameras.size(); i++)
            list_camera(out, i, *cameras[i]);
        return static_cast<int>(cameras.size());
    });
}
