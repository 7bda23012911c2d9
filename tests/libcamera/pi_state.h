/*
 * What a Pi's camera makes of settings, frame by frame: which it takes, when they show, and what it
 * reports. One thread.
 */
#ifndef PITETHER_TESTS_LIBCAMERA_PI_STATE_H
#define PITETHER_TESTS_LIBCAMERA_PI_STATE_H

#include <deque>
#include <map>
#include <string>

#include "tests/libcamera/pi_camera.h"

namespace pi
{

/* In frames: the sensor's registers, and how early the signal processor acts. */
inline constexpr unsigned sensor_delay = 3;

class State
{
  public:
    /* atomic: as releases since 0.7.2, which hold back all settings of a request until the sensor's
     * are in force, and report which request's settings were applied. once: as a Pi does, each
     * frame reports what is measured, and the rest only with the frame that takes it from a
     * request; otherwise each frame reports all that is set, so that tests can see it. */
    State(bool atomic, bool once);

    /* What the camera is started with. */
    void start(const lc::ControlList &list);

    /* Frame number `frame` is about to be exposed with the request that brings these settings:
     * fills metadata with what it will report. */
    void expose(unsigned frame, const lc::ControlList &list, lc::ControlList *metadata);

    int64_t frame_duration_us() const;

  private:
    struct Pending {
        unsigned due, request;
        lc::ControlList list;
    };

    bool is_manual(const char *mode) const;
    void apply(const lc::ControlList &list);
    void apply_one(const std::string &name, const lc::ControlValue &value);
    void focus(const std::string &name, const lc::ControlValue &value);
    void tell(const lc::ControlList &list, bool sensor, bool others);
    void report(lc::ControlList *metadata) const;
    void report_value(const std::string &name, const lc::ControlValue &value,
                      lc::ControlList *metadata) const;

    const bool atomic_, once_;
    std::deque<Pending> pending_;
    std::map<std::string, lc::ControlValue> values_; /* by name, without a vendor */
    std::map<std::string, lc::ControlValue> told_;   /* of them, what this frame was given */
    int scanning_ = 0;                               /* frames until the lens is in focus */
    int64_t applied_ = -1;                           /* the request whose settings just were */
};

} // namespace pi

#endif
