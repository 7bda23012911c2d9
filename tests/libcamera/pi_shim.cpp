/*
 * Makes libcamera's virtual cameras a Pi's: preloaded into a program, gives them a Pi's controls
 * and metadata, with a Pi's delays, at the rate that is set. All else is libcamera's own.
 *
 * In the environment: PI_ATOMIC=1, as releases since 0.7.2, and PI_ONCE=1, what is set is reported
 * once, as by a Pi: see pi_state.h. PI_GREY=pisp|vc4, a monochrome sensor at a Pi 5 or an older
 * one: see pi_configuration.h. PI_SMALL=1: no memory for two outputs.
 */
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <thread>

#include <dlfcn.h>

#include "tests/libcamera/pi_configuration.h"
#include "tests/libcamera/pi_state.h"

namespace lc = libcamera;

namespace
{

template <typename Function> Function real(const char *symbol)
{
    void *found = dlsym(RTLD_NEXT, symbol);
    if (!found) {
        fprintf(stderr, "pi_shim: libcamera has no %s\n", symbol);
        abort();
    }
    return reinterpret_cast<Function>(found);
}

int queue_really(lc::Camera *camera, lc::Request *request)
{
    static const auto function = real<int (*)(lc::Camera *, lc::Request *)>(
        "_ZN9libcamera6Camera12queueRequestEPNS_7RequestE");
    return function(camera, request);
}

/* Of a Pi; builds of libcamera for other machines don't know them. */
__attribute__((constructor)) void add_controls_of_pis()
{
#if LIBCAMERA_VERSION_MINOR >= 4
    using Direction = lc::ControlId::Direction;
    static const lc::Control<int64_t> sequence(29001, "ControlListSequence", "rpi", Direction::Out);
    static const lc::Control<lc::Span<const lc::Rectangle>> crops(29002, "ScalerCrops", "rpi",
                                                                  Direction::In);
    auto &map = const_cast<lc::ControlIdMap &>(lc::controls::controls);
    if (!pi::find(crops.name()))
        map.emplace(crops.id(), &crops);
    if (getenv("PI_ATOMIC") && !pi::find(sequence.name()))
        map.emplace(sequence.id(), &sequence);
#endif
}

/* A camera that runs: its requests wait here for their turn. */
class Sensor
{
  public:
    Sensor(lc::Camera *camera, const lc::ControlList *list)
        : camera_(camera), state_(getenv("PI_ATOMIC") != nullptr, getenv("PI_ONCE") != nullptr)
    {
        if (list)
            state_.start(*list);
        thread_ = std::thread(&Sensor::run, this);
    }

    ~Sensor()
    {
        {
            std::lock_guard<std::mutex> hold(lock_);
            stopping_ = true;
            changed_.notify_all();
        }
        thread_.join();
        for (lc::Request *request : waiting_)
            queue_really(camera_, request);
    }

    void queue(lc::Request *request)
    {
        std::lock_guard<std::mutex> hold(lock_);
        waiting_.push_back(request);
        changed_.notify_all();
    }

  private:
    void run()
    {
        auto due = std::chrono::steady_clock::now();
        std::unique_lock<std::mutex> hold(lock_);
        while (!stopping_) {
            if (changed_.wait_until(hold, due, [this] { return stopping_; }))
                break;
            if (waiting_.empty()) {
                changed_.wait(hold);
                continue;
            }
            lc::Request *request = waiting_.front();
            waiting_.pop_front();
            auto &metadata = const_cast<lc::ControlList &>(request->metadata());
            state_.expose(frame_++, request->controls(), &metadata);
            due = std::max(due, std::chrono::steady_clock::now() - std::chrono::milliseconds(1)) +
                  std::chrono::microseconds(state_.frame_duration_us());
            queue_really(camera_, request);
        }
    }

    lc::Camera *const camera_;
    pi::State state_;
    std::mutex lock_; /* guards the rest */
    std::condition_variable changed_;
    std::deque<lc::Request *> waiting_;
    bool stopping_ = false;
    unsigned frame_ = 0;
    std::thread thread_;
};

std::mutex sensors_lock;
std::map<lc::Camera *, std::unique_ptr<Sensor>> sensors; /* under sensors_lock */
std::map<lc::Camera *, size_t> outputs;                  /* so is this: of the configuration */

} // namespace

namespace libcamera
{

#if LIBCAMERA_VERSION_MINOR >= 4
std::unique_ptr<CameraConfiguration> Camera::generateConfiguration(Span<const StreamRole> roles)
{
    using Function = std::unique_ptr<CameraConfiguration> (*)(Camera *, Span<const StreamRole>);
    static const auto function =
        real<Function>("_ZN9libcamera6Camera21generateConfigurationENS_4SpanIKNS_10StreamRoleELm"
                       "18446744073709551615EEE");
    const char *grey = getenv("PI_GREY");
    if (roles.size() == 1 && roles[0] == StreamRole::Raw)
        return pi::raw_configuration();
    if (grey)
        const_cast<ControlList &>(properties())
            .set(properties::draft::ColorFilterArrangement, properties::draft::MONO);
    auto theirs = function(this, roles);
    return theirs ? std::make_unique<pi::Configuration>(std::move(theirs), grey ? grey : "")
                  : nullptr;
}
#endif

int Camera::configure(CameraConfiguration *config)
{
    static const auto function = real<int (*)(Camera *, CameraConfiguration *)>(
        "_ZN9libcamera6Camera9configureEPNS_19CameraConfigurationE");
    const int result = function(this, config);
    if (result < 0)
        return result;
    const_cast<ControlInfoMap &>(controls()) = ControlInfoMap(pi::controls(), controls::controls);
    auto &ours = const_cast<ControlList &>(properties());
    ours.set(properties::ScalerCropMaximum, pi::whole_view);
    ours.set(properties::Location, properties::CameraLocationExternal); /* as its overlays say */
    std::lock_guard<std::mutex> hold(sensors_lock);
    outputs[this] = config->size();
    return 0;
}

int Camera::start(const ControlList *list)
{
    static const auto function = real<int (*)(Camera *, const ControlList *)>(
        "_ZN9libcamera6Camera5startEPKNS_11ControlListE");
    std::unique_lock<std::mutex> hold(sensors_lock);
    if (getenv("PI_SMALL") && outputs[this] > 1)
        return -ENOMEM;
    hold.unlock();
    const int result = function(this, list);
    hold.lock();
    if (result == 0)
        sensors[this] = std::make_unique<Sensor>(this, list);
    return result;
}

int Camera::queueRequest(Request *request)
{
    std::lock_guard<std::mutex> hold(sensors_lock);
    const auto found = sensors.find(this);
    if (found == sensors.end())
        return queue_really(this, request);
    found->second->queue(request);
    return 0;
}

int Camera::stop()
{
    static const auto function = real<int (*)(Camera *)>("_ZN9libcamera6Camera4stopEv");
    std::unique_ptr<Sensor> sensor;
    {
        std::lock_guard<std::mutex> hold(sensors_lock);
        const auto found = sensors.find(this);
        if (found != sensors.end()) {
            sensor = std::move(found->second);
            sensors.erase(found);
        }
    }
    sensor.reset();
    return function(this);
}

} // namespace libcamera
