/*
 * All that differs between libcamera's releases, from 0.0.3 on.
 */
#ifndef PITETHER_DEVICE_CAMERA_LIBCAMERA_COMPAT_H
#define PITETHER_DEVICE_CAMERA_LIBCAMERA_COMPAT_H

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include <libcamera/libcamera.h>

namespace lc = libcamera;

namespace pitether_absent
{
struct Control {
};
[[maybe_unused]] constexpr Control FrameWallClock; /* since 0.5 */
[[maybe_unused]] constexpr Control SystemDevices;  /* a property, since 0.1 */
} // namespace pitether_absent

/* Qualified look-up takes libcamera's own control where the release has it, otherwise ours. */
namespace libcamera::controls
{
using namespace pitether_absent;
}

namespace libcamera::properties
{
using namespace pitether_absent;
}

namespace pitether
{

template <typename T>
std::optional<T> read_control(const lc::ControlList &metadata, const lc::Control<T> &control)
{
    return metadata.get(control);
}

[[maybe_unused]] inline std::optional<int64_t> read_control(const lc::ControlList &,
                                                            const pitether_absent::Control &)
{
    return {};
}

template <typename T>
std::vector<int64_t> read_numbers(const lc::ControlList &list, const lc::Control<T> &control)
{
    const auto numbers = list.get(control);
    return numbers ? std::vector<int64_t>(numbers->begin(), numbers->end())
                   : std::vector<int64_t>();
}

[[maybe_unused]] inline std::vector<int64_t> read_numbers(const lc::ControlList &,
                                                          const pitether_absent::Control &)
{
    return {};
}

#if __has_include(<libcamera/orientation.h>)
using Orientation = lc::Orientation; /* since 0.1 */

inline Orientation &orientation_of(lc::CameraConfiguration &config)
{
    return config.orientation;
}

inline Orientation orientation_from(lc::Transform transform)
{
    return lc::Orientation::Rotate0 * transform;
}

inline lc::Transform remaining_transform(Orientation requested, Orientation granted)
{
    return requested / granted;
}
#else
using Orientation = lc::Transform;

inline Orientation &orientation_of(lc::CameraConfiguration &config)
{
    return config.transform;
}

inline Orientation orientation_from(lc::Transform transform)
{
    return transform;
}

inline lc::Transform remaining_transform(Orientation requested, Orientation granted)
{
    return requested * -granted;
}
#endif

/* The limits of a control are numbers in some releases and arrays in others. */
inline int64_t limit_of(const lc::ControlValue &value, int64_t otherwise)
{
    if (value.type() != lc::ControlTypeInteger64 || value.numElements() < 1)
        return otherwise;
    return value.isArray() ? value.get<lc::Span<const int64_t>>()[0] : value.get<int64_t>();
}

/* The same of the last element. */
inline int64_t last_limit_of(const lc::ControlValue &value, int64_t otherwise)
{
    if (value.type() != lc::ControlTypeInteger64 || value.numElements() < 1 || !value.isArray())
        return limit_of(value, otherwise);
    return value.get<lc::Span<const int64_t>>()[value.numElements() - 1];
}

/* The bytes of a row, also where the camera does not report them: 0.4's virtual ones do only in
 * generateConfiguration(). */
inline size_t stride_of(const lc::StreamConfiguration &stream, unsigned sample_bytes)
{
    return stream.stride ? stream.stride : size_t(stream.size.width) * sample_bytes;
}

/* What became of a request's buffer. */
struct Outcome {
    enum { PICTURE, LOST, WARM_UP, CANCELLED } what;
    uint32_t sequence; /* of the sensor */
    uint64_t stamp;    /* ns, 0: not known */
};

/* 0.4's virtual cameras leave a buffer's metadata uninitialised, except for the bytes used (0),
 * even if that makes a request look cancelled. A request that truly was has no time stamp. */
inline bool is_uninitialised(const lc::FrameMetadata &frame, const lc::ControlList &metadata)
{
    return LIBCAMERA_VERSION_MAJOR == 0 && LIBCAMERA_VERSION_MINOR == 4 &&
           frame.planes().size() > 0 && frame.planes()[0].bytesused == 0 &&
           read_control(metadata, lc::controls::SensorTimestamp);
}

inline Outcome outcome_of(lc::Request &request, const lc::FrameMetadata &frame)
{
    if (is_uninitialised(frame, request.metadata()))
        return { Outcome::PICTURE, request.sequence(), 0 };
    if (request.status() == lc::Request::RequestCancelled)
        return { Outcome::CANCELLED, 0, 0 };
    if (frame.status == lc::FrameMetadata::FrameSuccess)
        return { Outcome::PICTURE, frame.sequence, frame.timestamp };
    if (frame.status == lc::FrameMetadata::FrameError)
        return { Outcome::LOST, frame.sequence, frame.timestamp };
    /* FrameStartup: the sensor has yet to settle. Older releases kept such frames to themselves. */
    return { Outcome::WARM_UP, frame.sequence, frame.timestamp };
}

} // namespace pitether

#endif
