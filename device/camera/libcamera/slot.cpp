#include "device/camera/libcamera/slot.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

extern "C" {
#include "device/camera/sensor_time.h"
#include "shared/base/clock.h"
}

namespace pitether
{
namespace
{

int map_planes(const lc::FrameBuffer &buffer, const Format &format, struct buffer_map *map)
{
    struct buffer_plane planes[BUFFER_PLANES_MAX] = {};
    const auto &theirs = buffer.planes();
    const auto count = std::min<size_t>(theirs.size(), format.planes);
    for (size_t i = 0; i < count; i++)
        planes[i] = { theirs[i].fd.get(), theirs[i].offset, theirs[i].length };
    return buffer_map_open(map, planes, static_cast<unsigned>(count));
}

} // namespace

Slot::Slot(RequestLoop *owner, lc::FrameBuffer *buffer) : loop(owner), buffer_(buffer)
{
}

Slot::~Slot()
{
    buffer_map_close(&map);
}

int Slot::prepare(const Setup &setup, uint64_t cookie, struct error *error)
{
    const lc::StreamConfiguration &stream = setup.stream();
    setup.describe(&frame.picture);
    int result = map_planes(*buffer_, *setup.format, &map);
    if (result == 0)
        result = buffer_map_describe(&map, stride_of(stream, setup.format->sample_bytes),
                                     &frame.picture);
    if (result < 0)
        return error_set(error, result, "can't use the camera's buffers for %s: %s",
                         stream.toString().c_str(), strerror(-result));
    request = setup.camera->createRequest(cookie);
    if (!request || request->addBuffer(stream.stream(), buffer_) < 0)
        return error_set(error, -EIO, "camera %s takes no requests", setup.camera->id().c_str());
    return 0;
}

Outcome Slot::outcome() const
{
    return outcome_of(*request, buffer_->metadata());
}

bool Slot::fill(const Outcome &outcome, MetadataPacker &packer)
{
    const lc::ControlList &metadata = request->metadata();
    const int64_t stamp = read_control(metadata, lc::controls::SensorTimestamp).value_or(0);
    frame.capture_time_ns = clock_device();
    frame.sequence = outcome.sequence;
    frame.sensor_time_ns = sensor_time(stamp > 0 ? static_cast<uint64_t>(stamp) : outcome.stamp,
                                       frame.capture_time_ns, clock_monotonic());
    frame.wall_clock_ns = read_wall_clock(metadata, frame.sensor_time_ns);
    packer.pack(metadata, &frame.metadata);
    if (frame.picture.format != PIXEL_JPEG)
        return true;
    const auto &planes = buffer_->metadata().planes();
    frame.picture.planes[0].size = planes.size() > 0 ? planes[0].bytesused : 0;
    return frame.picture.planes[0].size > 0 &&
           frame.picture.planes[0].size <= buffer_->planes()[0].length;
}

} // namespace pitether
