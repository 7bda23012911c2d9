#include "device/camera/libcamera/request_loop.h"

#include <algorithm>
#include <chrono>
#include <cstring>

#include <pthread.h>

#include "device/camera/libcamera/properties.h"

extern "C" {
#include "shared/base/clock.h"
#include "shared/base/log.h"
}

namespace pitether
{
namespace
{

/* How long a stop waits for the last frames of a slow camera, or for udev to report a pulled
 * cable, which takes a second on a busy machine. */
constexpr uint64_t settle_ns = 2 * CLOCK_SECOND;

} // namespace

RequestLoop::RequestLoop(std::shared_ptr<lc::Camera> camera, const struct camera_run &run,
                         struct metadata_names *names)
    : run_(run), sink_(run_.sink), setup_(std::move(camera)),
      settings_(run.controls, setup_, names), packer_(names), buffers_(setup_)
{
}

RequestLoop::~RequestLoop()
{
    {
        std::lock_guard<std::mutex> hold(lock_);
        stopping_ = true;
        changed_.notify_all();
    }
    if (started_) {
        settle();
        setup_.camera->stop(); /* what is queued comes to on_done() as cancelled */
    }
    if (thread_.joinable())
        thread_.join();
    {
        std::unique_lock<std::mutex> hold(lock_);
        changed_.wait(hold, [this] { return lent_ == 0; });
    }
    if (connected_) {
        setup_.camera->requestCompleted.disconnect(this);
        setup_.camera->disconnected.disconnect(this);
    }
}

bool RequestLoop::heap_failed()
{
    std::lock_guard<std::mutex> hold(lock_);
    const bool gave_up = !thread_.joinable() || (ended_ && !watchdog_.gone);
    return buffers_.from_heap && !produced_ && gave_up;
}

int RequestLoop::begin(const struct camera_request &request, const Means &means,
                       struct camera_mode *mode, struct error *error)
{
    int result = configure(request, means.stills, error);
    if (result == 0)
        result = buffers_.allocate(means.heap, error);
    if (result == 0)
        result = prepare(error);
    if (result == 0)
        result = launch(error);
    if (result == 0) {
        setup_.describe(mode);
        mode->shows_changes = settings_.shows_changes();
    }
    return result;
}

int RequestLoop::configure(const struct camera_request &request, bool stills, struct error *error)
{
    const lc::Size size(run_.still_width, run_.still_height);
    return run_.still ? setup_.begin_still(request, size, error)
                      : setup_.begin(request, stills, error);
}

int RequestLoop::start(struct error *error)
{
    lc::ControlList controls(setup_.camera->controls());
    int result = settings_.begin(&controls, error);
    if (result < 0)
        return result;
    setup_.camera->requestCompleted.connect(this, &RequestLoop::on_done);
    setup_.camera->disconnected.connect(this, &RequestLoop::on_unplugged);
    connected_ = true;
    result = setup_.camera->start(&controls);
    /* A camera that refuses a setting would refuse it at each start. So it is started without; the
     * first request brings the settings, and only that is refused. */
    if (result < 0 && !controls.empty() && is_usb(*setup_.camera))
        result = setup_.camera->start();
    if (result < 0)
        return error_set(error, result, "camera %s didn't start: %s", setup_.camera->id().c_str(),
                         strerror(-result));
    started_ = true;
    return 0;
}

int RequestLoop::launch(struct error *error)
{
    const int result = start(error);
    if (result < 0)
        return result;
    {
        std::lock_guard<std::mutex> hold(lock_);
        const bool paced = !setup_.rate_settable && setup_.requested_fps > 0;
        struct pace_probe probe;
        pace_probe_init(&probe, frame_duration_min_ns(&setup_.duration), setup_.rate_settable,
                        static_cast<unsigned>(slots_.size()));
        pacing_init(&pacing_, paced, setup_.rate.period_ns, probe, clock_monotonic());
        /* A pulled cable breaks requests first and is reported as such some time later. */
        watchdog_init(&watchdog_, settings_.stall_timeout(),
                      is_usb(*setup_.camera) ? settle_ns : 0);
        for (auto &slot : slots_)
            idle_.push_back(slot.get());
    }
    thread_ = std::thread(&RequestLoop::run, this);
    return 0;
}

/* On libcamera's thread, which must not wait for us. */
void RequestLoop::on_done(lc::Request *request)
{
    std::lock_guard<std::mutex> hold(lock_);
    Slot *slot = slots_[request->cookie()].get();
    watchdog_progress(&watchdog_, clock_monotonic());
    done_.push_back(slot);
    changed_.notify_all();
    if (!stopping_)
        observe_pace(*slot);
}

/* Holds lock_. */
void RequestLoop::observe_pace(const Slot &slot)
{
    const Outcome outcome = slot.pictures[0]->outcome(*slot.request);
    if (outcome.what == Outcome::CANCELLED ||
        !pacing_frame(&pacing_, watchdog_.progress_ns, outcome.sequence, watchdog_.queued))
        return;
    if (pacing_.probe.state == PACE_PROBE_PACED)
        log_debug("the camera sets its own rate, which is above %d frames per second",
                  FRAME_RATE_MAX);
    if (pacing_.paced)
        log_info("the camera has no rate of its own: limited to %.4g frames per second (--fps "
                 "sets another rate)",
                 static_cast<double>(CLOCK_SECOND) / static_cast<double>(pacing_.period_ns));
}

void RequestLoop::on_unplugged()
{
    std::lock_guard<std::mutex> hold(lock_);
    watchdog_unplug(&watchdog_);
    changed_.notify_all();
}

/* A driver whose camera was unplugged refuses to stop, and libcamera ends the process if requests
 * are left over then, unless it knows already that the camera is gone. So, where a cable may be
 * pulled, either comes first: the requests, or the report. */
void RequestLoop::settle()
{
    if (!is_usb(*setup_.camera))
        return;
    std::unique_lock<std::mutex> hold(lock_);
    changed_.wait_for(hold, std::chrono::nanoseconds(settle_ns),
                      [this] { return watchdog_.queued == 0 || watchdog_.gone; });
}

/* Holds lock_. */
bool RequestLoop::may_queue(uint64_t now) const
{
    const bool held = pacing_holds(&pacing_, now) && now < pacing_.due_ns;
    return !idle_.empty() && !watchdog_.broken && !held;
}

/* Holds lock_, but not while it asks for new settings. */
void RequestLoop::queue_next(std::unique_lock<std::mutex> &hold)
{
    Slot *slot = idle_.front();
    idle_.erase(idle_.begin());
    if (pacing_holds(&pacing_, clock_monotonic()))
        pacing_take(&pacing_, clock_monotonic());
    hold.unlock();
    settings_.load(*slot);
    hold.lock();
    pacing_allow(&pacing_, frame_duration_min_ns(&setup_.duration));
    watchdog_.stall_ns = settings_.stall_timeout();
    if (stopping_)
        return;
    if (still_due_ && !still_out_ && slot->take_still(still_.get())) {
        still_due_ = false;
        still_out_ = true;
    }
    queue(*slot);
}

/* Holds lock_. Not when stopping: libcamera must not find a new request after its stop. */
void RequestLoop::queue(Slot &slot)
{
    watchdog_queue(&watchdog_, clock_monotonic());
    if (setup_.camera->queueRequest(slot.request.get()) < 0) {
        watchdog_refuse(&watchdog_);
        changed_.notify_all();
    }
}

/* Holds lock_. Nothing reads the slot's buffers any more. */
void RequestLoop::give_back(Slot &slot)
{
    if (stopping_ || ended_ || watchdog_.broken)
        return;
    slot.reuse();
    idle_.push_back(&slot);
    changed_.notify_all();
}

/* Holds lock_. */
void RequestLoop::leave(Slot &slot)
{
    if (--slot.users == 0)
        give_back(slot);
}

void RequestLoop::on_release(struct raw_frame *frame)
{
    Picture *picture = static_cast<Picture *>(frame->owner);
    RequestLoop *loop = picture->slot->loop;
    buffer_map_end_read(&picture->map);
    std::lock_guard<std::mutex> hold(loop->lock_);
    loop->still_out_ = loop->still_out_ && picture != loop->still_.get();
    loop->leave(*picture->slot);
    loop->lent_--;
    loop->changed_.notify_all(); /* with the lock held: once it is free, the loop may be gone */
}

int RequestLoop::still()
{
    std::lock_guard<std::mutex> hold(lock_);
    if (!still_)
        return -ENOTSUP;
    if (ended_ || watchdog_.broken)
        return -ENODEV;
    still_due_ = true; /* it may be due already, for a still that was given up */
    changed_.notify_all();
    return 0;
}

/* Waits for a change, the next due time, or the moment when the camera counts as stalled. */
void RequestLoop::wait(std::unique_lock<std::mutex> &hold)
{
    const uint64_t now = clock_monotonic();
    uint64_t until = watchdog_due(&watchdog_, now) + CLOCK_MS;
    if (!idle_.empty() && !watchdog_.broken && pacing_holds(&pacing_, now))
        until = std::min(until, pacing_.due_ns);
    if (until > now)
        changed_.wait_for(hold, std::chrono::nanoseconds(until - now));
}

/* One thing that is to be done, or a wait for it. */
void RequestLoop::step(std::unique_lock<std::mutex> &hold)
{
    const uint64_t now = clock_monotonic();
    const int reason = watchdog_check(&watchdog_, now);
    if (ended_) {
        changed_.wait(hold);
    } else if (reason < 0) {
        ended_ = true;
        hold.unlock();
        sink_.on_end(sink_.user, reason);
        hold.lock();
    } else if (!done_.empty()) {
        Slot *slot = done_.front();
        done_.erase(done_.begin());
        hold.unlock();
        deliver(*slot);
        hold.lock();
    } else if (may_queue(now)) {
        queue_next(hold);
    } else {
        wait(hold);
    }
}

void RequestLoop::run()
{
    pthread_setname_np(pthread_self(), "camera");
    std::unique_lock<std::mutex> hold(lock_);
    while (!stopping_)
        step(hold);
}

} // namespace pitether
