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

Picture::Picture(lc::Stream *stream, lc::FrameBuffer *buffer) : stream_(stream), buffer_(buffer)
{
}

Picture::~Picture()
{
    buffer_map_close(&map);
}

int Picture::prepare(const Setup &setup, const Output &output, struct error *error)
{
    const lc::StreamConfiguration &stream = setup.stream(output);
    setup.describe(output, &frame.picture);
    frame.output = output.what;
    int result = map_planes(*buffer_, *output.format, &map);
    if (result == 0)
        result = buffer_map_describe(&map, stride_of(stream, output.format->sample_bytes),
                                     &frame.picture);
    if (result < 0)
        return error_set(error, result, "can't use the camera's buffers for %s: %s",
                         stream.toString().c_str(), strerror(-result));
    return 0;
}

bool Picture::join(lc::Request &request) const
{
    return request.addBuffer(stream_, buffer_) == 0;
}

Outcome Picture::outcome(lc::Request &request) const
{
    return outcome_of(request, buffer_->metadata());
}

bool Picture::fill(lc::Request &request, const Outcome &outcome)
{
    const lc::ControlList &metadata = request.metadata();
    const int64_t stamp = read_control(metadata, lc::controls::SensorTimestamp).value_or(0);
    frame.capture_time_ns = clock_device();
    frame.sequence = outcome.sequence;
    frame.sensor_time_ns = sensor_time(stamp > 0 ? static_cast<uint64_t>(stamp) : outcome.stamp,
                                       frame.capture_time_ns, clock_monotonic());
    frame.wall_clock_ns = read_wall_clock(metadata, frame.sensor_time_ns);
    if (frame.picture.format != PIXEL_JPEG)
        return true;
    const auto &planes = buffer_->metadata().planes();
    frame.picture.planes[0].size = planes.size() > 0 ? planes[0].bytesused : 0;
    return frame.picture.planes[0].size > 0 &&
           frame.picture.planes[0].size <= buffer_->planes()[0].length;
}

Slot::Slot(RequestLoop *owner) : loop(owner)
{
}

int Slot::prepare(lc::Camera &camera, uint64_t cookie, struct error *error)
{
    request = camera.createRequest(cookie);
    bool complete = request != nullptr;
    for (auto &picture : pictures) {
        picture->slot = this;
        complete = complete && picture->join(*request);
    }
    return complete ? 0
                    : error_set(error, -EIO, "camera %s takes no requests", camera.id().c_str());
}

bool Slot::take_still(Picture *picture)
{
    if (!picture->join(*request))
        return false;
    still = picture;
    picture->slot = this;
    return true;
}

void Slot::reuse()
{
    if (!still) {
        request->reuse(lc::Request::ReuseBuffers);
        return;
    }
    still = nullptr;
    request->reuse();
    for (auto &picture : pictures)
        picture->join(*request);
}

} // namespace pitether
