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

/* How long a stop may wait for a few frames of a slow camera, or anybody until udev reports a
 * pulled cable, which on a busy machine takes a second. */
constexpr uint64_t settle_ns = 2 * CLOCK_SECOND;

} // namespace

RequestLoop::RequestLoop(std::shared_ptr<lc::Camera> camera, const struct camera_run &run,
                         struct metadata_names *names)
    : sink_(run.sink), setup_(std::move(camera)), settings_(run.controls, setup_, names),
      packer_(names), buffers_(setup_)
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

int RequestLoop::begin(const struct camera_request &request, bool use_heap,
                       struct camera_mode *mode, struct error *error)
{
    int result = setup_.begin(request, error);
    if (result == 0)
        result = buffers_.allocate(use_heap, error);
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

int RequestLoop::prepare(struct error *error)
{
    for (lc::FrameBuffer *buffer : buffers_.all) {
        auto slot = std::make_unique<Slot>(this, buffer);
        const int result = slot->prepare(setup_, slots_.size(), error);
        if (result < 0)
            return result;
        slot->frame.owner = slot.get();
        slot->frame.release = on_release;
        slots_.push_back(std::move(slot));
    }
    done_.reserve(slots_.size());
    idle_.reserve(slots_.size());
    log_debug("camera %s: %s, %s, %zu buffers%s", setup_.camera->id().c_str(),
              setup_.stream().toString().c_str(),
              lc::ColorSpace::toString(setup_.stream().colorSpace).c_str(), slots_.size(),
              buffers_.from_heap ? " of the cached heap" : "");
    return 0;
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
        pace_probe_init(&probe, setup_.rate.min_ns, setup_.rate_settable,
                        static_cast<unsigned>(slots_.size()));
        pacing_init(&pacing_, paced, setup_.rate.period_ns, probe, clock_monotonic());
        /* A pulled cable breaks requests first and is reported as such some time later. */
        watchdog_init(&watchdog_, settings_.patience(),
                      is_external(*setup_.camera) ? settle_ns : 0);
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
    const Outcome outcome = slot.outcome();
    if (outcome.what == Outcome::CANCELLED ||
        !pacing_frame(&pacing_, watchdog_.progress_ns, outcome.sequence, watchdog_.queued))
        return;
    if (pacing_.probe.state == PACE_PROBE_PACED)
        log_debug("the camera is faster than %d frames per second, at a pace of its own",
                  FRAME_RATE_MAX);
    if (pacing_.paced)
        log_info("the camera keeps no pace of its own: held to %.4g frames per second (--fps sets "
                 "another rate)",
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
    if (!is_external(*setup_.camera))
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
    watchdog_.stall_ns = settings_.patience();
    if (!stopping_)
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

/* Holds lock_. Nothing reads the slot's buffer any more. */
void RequestLoop::give_back(Slot &slot)
{
    if (stopping_ || ended_ || watchdog_.broken)
        return;
    slot.request->reuse(lc::Request::ReuseBuffers);
    idle_.push_back(&slot);
    changed_.notify_all();
}

void RequestLoop::on_release(struct raw_frame *frame)
{
    Slot *slot = static_cast<Slot *>(frame->owner);
    RequestLoop *loop = slot->loop;
    buffer_map_end_read(&slot->map);
    std::lock_guard<std::mutex> hold(loop->lock_);
    loop->give_back(*slot);
    loop->lent_--;
    loop->changed_.notify_all(); /* with the lock held: once it is free, the loop may be gone */
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

void RequestLoop::deliver(Slot &slot)
{
    const Outcome outcome = slot.outcome();
    settings_.applied(slot);
    if (outcome.what == Outcome::PICTURE && slot.fill(outcome, packer_)) {
        slot.frame.shown_change = settings_.shown();
        settings_.reported(&slot.frame.metadata);
        {
            std::lock_guard<std::mutex> hold(lock_);
            lent_++;
            produced_ = true;
        }
        buffer_map_begin_read(&slot.map);
        sink_.on_frame(sink_.user, &slot.frame);
        return;
    }
    if (outcome.what == Outcome::PICTURE || outcome.what == Outcome::LOST)
        sink_.on_lost(sink_.user, outcome.sequence, WIRE_DROP_CAPTURE_ERROR);
    std::lock_guard<std::mutex> hold(lock_);
    /* Cancelled without a stop: the driver gave up, as it does when the cable fails. */
    if (outcome.what == Outcome::CANCELLED)
        watchdog_break(&watchdog_);
    else
        give_back(slot);
}

} // namespace pitether
