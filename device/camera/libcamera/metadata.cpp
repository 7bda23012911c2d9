#include "device/camera/libcamera/metadata.h"

#include <cerrno>
#include <string>

#include "device/camera/libcamera/control_facts.h"
#include "device/camera/libcamera/control_value.h"

extern "C" {
#include "shared/base/clock.h"
}

namespace pitether
{
namespace
{

bool is_left_out(const std::string &name)
{
    const bool is_tensor =
        name.rfind("rpi::Cnn", 0) == 0 && name.find("Tensor") != std::string::npos;
    return is_tensor || name == "SensorTimestamp" || name == "FrameWallClock";
}

} // namespace

uint64_t read_wall_clock(const lc::ControlList &list, uint64_t sensor_time_ns)
{
    const std::optional<int64_t> wall = read_control(list, lc::controls::FrameWallClock);
    return wall && *wall > 0 ? static_cast<uint64_t>(*wall)
                             : clock_read(CLOCK_REALTIME) - (clock_device() - sensor_time_ns);
}

std::optional<int64_t> read_int64(const lc::ControlList &list, const lc::ControlId *id)
{
    if (!id || !list.contains(id->id()))
        return {};
    const lc::ControlValue &value = list.get(id->id());
    if (value.type() != lc::ControlTypeInteger64 || value.isArray())
        return {};
    return value.get<int64_t>();
}

MetadataPacker::MetadataPacker(struct metadata_names *names) : names_(names)
{
}

int MetadataPacker::number_of(unsigned id, const struct value &value) const
{
    const auto found = lc::controls::controls.find(id);
    if (found == lc::controls::controls.end())
        return -ENOENT;
    const std::string name = facts_of(*found->second).name;
    return is_left_out(name) ? -ENOENT
                             : metadata_names_add(names_, name.c_str(), value.type, value.array);
}

/* Numbers of libcamera's are those of this release alone, and of this run: names tell what it is.
 */
const MetadataPacker::Known *MetadataPacker::find(unsigned id, const struct value &value)
{
    for (unsigned i = 0; i < count_; i++)
        if (known_[i].id == id && known_[i].type == value.type && known_[i].array == value.array)
            return &known_[i];
    if (count_ == METADATA_NAMES_MAX)
        return nullptr;
    known_[count_] = { id, number_of(id, value), value.type, value.array };
    return &known_[count_++];
}

void MetadataPacker::pack(const lc::ControlList &list, struct metadata *metadata)
{
    metadata->size = 0;
    if (!names_)
        return;
    for (const auto &[id, theirs] : list) {
        struct value value;
        if (!value_from(theirs, &value))
            continue;
        const Known *known = find(id, value);
        if (known && known->number >= 0)
            metadata_add(metadata, static_cast<unsigned>(known->number), &value);
    }
}

} // namespace pitether
