/*
 * What a completed request reports of its frame.
 */
#ifndef PITETHER_DEVICE_CAMERA_LIBCAMERA_METADATA_H
#define PITETHER_DEVICE_CAMERA_LIBCAMERA_METADATA_H

#include <cstdint>
#include <optional>

#include "device/camera/libcamera/compat.h"

extern "C" {
#include "shared/controls/metadata.h"
}

namespace pitether
{

/* CLOCK_REALTIME at the sensor time, which is of CLOCK_BOOTTIME; ns. */
uint64_t read_wall_clock(const lc::ControlList &list, uint64_t sensor_time_ns);

/* A value of a control that this release may not have; id as of find_control(). */
std::optional<int64_t> read_int64(const lc::ControlList &list, const lc::ControlId *id);

/* Packs metadata by name. One thread; allocates when a value comes for the first time. */
class MetadataPacker
{
  public:
    /* names: gets the names of what comes; nullptr: nothing is packed. */
    explicit MetadataPacker(struct metadata_names *names);

    /* All that is reported, except for the times, which a frame has a place for, and what is too
     * much for a frame: statistics and tensors. */
    void pack(const lc::ControlList &list, struct metadata *metadata);

  private:
    struct Known {
        unsigned id;
        int number; /* negative: is left out */
        uint8_t type;
        bool array;
    };

    const Known *find(unsigned id, const struct value &value);
    int number_of(unsigned id, const struct value &value) const;

    struct metadata_names *const names_;
    unsigned count_ = 0;
    Known known_[METADATA_NAMES_MAX];
};

} // namespace pitether

#endif
