/*
 * The slots of a request loop, and the pictures that it lends out of them: see request_loop.h.
 */
#include "device/camera/libcamera/request_loop.h"

#include <algorithm>

extern "C" {
#include "shared/base/log.h"
}

namespace pitether
{

/* Of a buffer of each output that comes with all requests. */
int RequestLoop::make_slot(size_t index, struct error *error)
{
    auto slot = std::make_unique<Slot>(this);
    for (size_t i = 0; i < setup_.outputs.size(); i++) {
        const Output &output = setup_.outputs[i];
        if (i > 0 && output.what == CAMERA_STILL)
            continue;
        auto picture =
            std::make_unique<Picture>(setup_.stream(output).stream(), buffers_.all[i][index]);
        const int result = picture->prepare(setup_, output, error);
        if (result < 0)
            return result;
        picture->frame.owner = picture.get();
        picture->frame.release = on_release;
        slot->pictures.push_back(std::move(picture));
    }
    const int result = slot->prepare(*setup_.camera, index, error);
    slots_.push_back(std::move(slot));
    return result;
}

int RequestLoop::make_still(struct error *error)
{
    for (size_t i = 1; i < setup_.outputs.size(); i++) {
        const Output &output = setup_.outputs[i];
        if (output.what != CAMERA_STILL)
            continue;
        still_ = std::make_unique<Picture>(setup_.stream(output).stream(), buffers_.all[i][0]);
        still_->frame.owner = still_.get();
        still_->frame.release = on_release;
        return still_->prepare(setup_, output, error);
    }
    return 0;
}

int RequestLoop::prepare(struct error *error)
{
    size_t count = buffers_.all[0].size();
    for (size_t i = 0; i < setup_.outputs.size(); i++)
        if (i == 0 || setup_.outputs[i].what != CAMERA_STILL)
            count = std::min(count, buffers_.all[i].size());
    for (size_t i = 0; i < count; i++) {
        const int result = make_slot(i, error);
        if (result < 0)
            return result;
    }
    done_.reserve(slots_.size());
    idle_.reserve(slots_.size());
    for (const Output &output : setup_.outputs)
        log_debug("camera %s: %s, %s, %zu buffers%s", setup_.camera->id().c_str(),
                  setup_.stream(output).toString().c_str(),
                  lc::ColorSpace::toString(setup_.stream(output).colorSpace).c_str(),
                  buffers_.all[output.index].size(),
                  buffers_.from_heap ? " of the cached heap" : "");
    return make_still(error);
}

void RequestLoop::lend(Slot &slot, Picture &picture)
{
    picture.frame.applied_change = slot.applied_change;
    {
        std::lock_guard<std::mutex> hold(lock_);
        slot.users++;
        lent_++;
        produced_ = true;
    }
    buffer_map_begin_read(&picture.map);
    sink_.on_frame(sink_.user, &picture.frame);
}

/* Whether a driver that cancelled this request did so for its settings, as USB cameras' do; it
 * takes those that follow. */
bool RequestLoop::is_refusal(const Slot &slot)
{
    if (!slot.sets)
        return false;
    log_warning_limited(&refused_limit_, "the camera refused its settings");
    settings_.refused(slot);
    return true;
}

/* Delivers the picture that each request has. False: the driver gave up, as it does when the cable
 * fails. */
bool RequestLoop::deliver_first(Slot &slot)
{
    Picture &picture = *slot.pictures[0];
    const Outcome outcome = picture.outcome(*slot.request);
    if (outcome.what == Outcome::PICTURE && picture.fill(*slot.request, outcome)) {
        packer_.pack(slot.request->metadata(), &picture.frame.metadata);
        picture.frame.shown_change = settings_.shown();
        settings_.reported(&picture.frame.metadata);
        lend(slot, picture);
    } else if (outcome.what == Outcome::PICTURE || outcome.what == Outcome::LOST) {
        sink_.on_lost(sink_.user, outcome.sequence, WIRE_DROP_CAPTURE_ERROR);
    }
    return outcome.what != Outcome::CANCELLED || is_refusal(slot);
}

void RequestLoop::deliver_other(Slot &slot, Picture &picture)
{
    const Outcome outcome = picture.outcome(*slot.request);
    if (outcome.what == Outcome::PICTURE && picture.fill(*slot.request, outcome)) {
        packer_.pack(slot.request->metadata(), &picture.frame.metadata);
        lend(slot, picture);
    } else if (&picture == still_.get()) {
        {
            std::lock_guard<std::mutex> hold(lock_);
            still_out_ = false;
        }
        sink_.on_still_lost(sink_.user);
    }
}

void RequestLoop::deliver(Slot &slot)
{
    slot.users = 1; /* the loop's own, until all of its pictures are delivered */
    settings_.applied(slot);
    const bool alive = deliver_first(slot);
    for (size_t i = 1; alive && i < slot.pictures.size(); i++)
        deliver_other(slot, *slot.pictures[i]);
    if (slot.still)
        deliver_other(slot, *slot.still);
    std::lock_guard<std::mutex> hold(lock_);
    /* Cancelled without a stop: no other request comes back with a picture. */
    if (!alive)
        watchdog_break(&watchdog_);
    else
        leave(slot);
}

} // namespace pitether
