/*
 * A configured camera's controls as a struct control_table, and settings by name as libcamera takes
 * them. One thread at a time.
 */
#ifndef PITETHER_DEVICE_CAMERA_LIBCAMERA_CONTROLS_H
#define PITETHER_DEVICE_CAMERA_LIBCAMERA_CONTROLS_H

#include <vector>

#include "device/camera/libcamera/control_facts.h"

extern "C" {
#include "device/camera/v4l2_controls.h"
#include "shared/controls/control_list.h"
}

namespace pitether
{

class Controls
{
  public:
    Controls() = default;
    ~Controls();
    Controls(const Controls &) = delete;

    /* Reads them anew: each configure() may change limits. properties: the camera's. 0 or
     * -ENOMEM. */
    int load(const lc::ControlInfoMap &controls, const lc::ControlList &properties);

    /* Adds those of a USB camera's driver. 0 or -ENOMEM. */
    int add_device(struct v4l2_controls *device);

    const struct control_table &table() const
    {
        return table_;
    }

    /* Whether they are those of a Raspberry Pi's camera, as releases since 0.2 tell. */
    bool is_pi() const;

    /* Adds to theirs, which is made for the camera, each setting that the camera has. A control or
     * a count of elements that it does not have would end the process within some of libcamera's
     * releases, and is left out. */
    void fill(const struct control_list &settings, lc::ControlList *theirs) const;

  private:
    struct Entry {
        const lc::ControlId *id; /* nullptr: it is none of libcamera's controls */
        const lc::ControlInfo *info;
        ControlFacts facts;
    };

    bool add(const Entry &entry);
    bool add_property(const lc::ControlList &properties);
    void fill_one(const struct control_setting &setting, lc::ControlList *theirs) const;

    struct control_table table_ = {};
    std::vector<Entry> entries_; /* of the table's items, in their order */
};

} // namespace pitether

#endif
