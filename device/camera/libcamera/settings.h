/*
 * What a running camera is set to: gives its requests what users change, and finds out which frame
 * shows it. begin() is the owner's thread's, the rest the camera's.
 */
#ifndef PITETHER_DEVICE_CAMERA_LIBCAMERA_SETTINGS_H
#define PITETHER_DEVICE_CAMERA_LIBCAMERA_SETTINGS_H

#include "device/camera/libcamera/setup.h"
#include "device/camera/libcamera/slot.h"

extern "C" {
#include "device/camera/camera.h"
#include "device/camera/change_track.h"
#include "device/camera/stall_timeout.h"
}

namespace pitether
{

class Settings
{
  public:
    /* setup, and names (nullptr: nothing is packed), must outlive it. */
    Settings(const struct camera_controls &source, Setup &setup, struct metadata_names *names);

    /* Once the camera is configured: adds to list what it is to start with. 0, or a negative errno
     * with error filled. */
    int begin(lc::ControlList *list, struct error *error);

    /* Before the slot's request is queued: adds the settings that are new. The first request of a
     * USB camera also brings the settings for the start, which most releases don't apply at the
     * start. */
    void load(Slot &slot);

    /* The slot's request has come back, with a picture or without. */
    void applied(const Slot &slot);

    /* The slot's request was refused because of its settings. */
    void refused(const Slot &slot);

    /* The shown_change of that request's frame. If a frame was lost, the next one shows its
     * change. */
    uint64_t shown();

    /* Takes what a frame reports, and adds the controls that are set beside libcamera. */
    void reported(struct metadata *metadata);

    /* How long the camera may be silent; ns. */
    uint64_t stall_timeout() const;

    /* Whether frames of this camera report which change they show. */
    bool shows_changes() const;

  private:
    void fill(bool first, lc::ControlList *theirs);
    void repeat(lc::ControlList *theirs) const;

    const struct camera_controls source_;
    Setup &setup_;
    struct metadata_names *const names_;
    const lc::ControlId *const sequence_; /* since 0.7.2; nullptr: the release does not have it */
    struct control_list list_ = {};
    struct change_track track_ = {};
    struct stall_timeout timeout_ = {};
    uint64_t newest_ = 0, shown_ = 0;
    bool repeats_ = false; /* the next request brings once more what the start was given */
};

} // namespace pitether

#endif
