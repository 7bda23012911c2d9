#include "device/camera/libcamera/settings.h"

#include <exception>

#include "device/camera/libcamera/properties.h"

extern "C" {
#include "shared/base/log.h"
}

namespace pitether
{

Settings::Settings(const struct camera_controls &source, Setup &setup, struct metadata_names *names)
    : source_(source), setup_(setup), names_(names),
      sequence_(find_control("rpi::ControlListSequence"))
{
}

int Settings::begin(lc::ControlList *list, struct error *error)
{
    list_.count = 0;
    const int result =
        source_.begin ? source_.begin(source_.user, &setup_.controls.table(), &list_, error) : 0;
    if (result == 0)
        fill(true, list);
    repeats_ = result == 0 && is_usb(*setup_.camera);
    return result;
}

/* An exception would end the process on this thread, so settings that cause one are dropped. */
void Settings::fill(bool first, lc::ControlList *theirs)
{
    try {
        frame_duration_update(&setup_.duration, &list_, first);
        stall_timeout_set(&timeout_, &list_);
        setup_.controls.fill(list_, theirs);
        v4l2_controls_set(&setup_.device, &list_);
    } catch (const std::exception &exception) {
        log_error("settings are lost: libcamera: %s", exception.what());
    }
}

void Settings::repeat(lc::ControlList *theirs) const
{
    try {
        setup_.controls.fill(list_, theirs);
    } catch (const std::exception &exception) {
        log_error("settings are lost: libcamera: %s", exception.what());
    }
}

void Settings::load(Slot &slot)
{
    if (repeats_)
        repeat(&slot.request->controls());
    repeats_ = false;
    slot.change = source_.take ? source_.take(source_.user, &list_) : 0;
    if (slot.change > 0) {
        newest_ = slot.change;
        fill(false, &slot.request->controls());
    }
    slot.applied_change = newest_;
    slot.sets = !slot.request->controls().empty();
}

void Settings::applied(const Slot &slot)
{
    if (slot.change > 0)
        change_track_request(&track_, slot.request->sequence(), slot.change);
    const auto sequence = read_int64(slot.request->metadata(), sequence_);
    if (!sequence || *sequence < 0)
        return;
    const uint64_t change = change_track_shown(&track_, static_cast<uint64_t>(*sequence));
    if (change > 0)
        shown_ = change;
}

void Settings::refused(const Slot &slot)
{
    if (slot.change > 0 && source_.refuse)
        source_.refuse(source_.user, slot.change);
}

uint64_t Settings::shown()
{
    const uint64_t change = shown_;
    shown_ = 0;
    return change;
}

void Settings::reported(struct metadata *metadata)
{
    v4l2_controls_report(&setup_.device, names_, metadata);
    stall_timeout_frame(&timeout_, metadata, names_);
}

uint64_t Settings::stall_timeout() const
{
    return stall_timeout_ns(&timeout_, setup_.slowest_fps);
}

/* Only a Pi's cameras make the report, in releases of libcamera that have it. */
bool Settings::shows_changes() const
{
    return sequence_ && setup_.controls.is_pi();
}

} // namespace pitether
