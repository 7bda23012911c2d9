#include "device/camera/libcamera/negotiation.h"

#include "device/camera/libcamera/properties.h"

#include <algorithm>
#include <cerrno>
#include <vector>

namespace pitether
{
namespace
{

/* If no size was requested: not the sensor's full one, which few links carry at a useful rate. */
constexpr lc::Size default_size(1920, 1080);

/* One being filled, one waiting for it, one being encoded, and one to spare. */
constexpr unsigned min_buffers = 4;

/* Bytes per second that USB 2.0 carries at most for a camera (5.6.3: 3 * 1024 each microframe). */
constexpr double usb_rate = 3 * 1024 * 8000;

/* What R8 is to a Pi's drivers: the sensor's own samples, which no processor has seen. */
bool is_raw(const lc::StreamConfiguration &stream)
{
    return stream.colorSpace && *stream.colorSpace == lc::ColorSpace::Raw;
}

/* Small sensors have less; more than there is would only be enlarged. */
lc::Size usual_size(const lc::StreamFormats &offered)
{
    lc::Size largest;
    for (const lc::PixelFormat &format : offered.pixelformats())
        largest.expandTo(offered.range(format).max);
    return largest.isNull() ? default_size : default_size.boundedTo(largest);
}

} // namespace

Negotiation::Negotiation(const lc::Camera &camera, lc::CameraConfiguration &config, unsigned index,
                         lc::Size size, const struct camera_request &request)
    : config_(config), index_(index), offered_(config.at(index).formats()), usb_(is_usb(camera)),
      monochrome_(is_monochrome(camera)), fps_(request.fps > 0 ? request.fps : default_fps),
      requested_(size.isNull() ? usual_size(offered_) : size),
      transform_((request.hflip ? lc::Transform::HFlip : lc::Transform::Identity) |
                 (request.vflip ? lc::Transform::VFlip : lc::Transform::Identity)),
      transposed_(request.transpose)
{
    for (unsigned i = 0; i < index; i++)
        settled_.push_back(config.at(i));
}

/* validate() may have changed the outputs that are settled. */
void Negotiation::restore()
{
    for (unsigned i = 0; i < index_; i++)
        config_.at(i) = settled_[i];
}

bool Negotiation::is_kept() const
{
    for (unsigned i = 0; i < index_; i++)
        if (config_.at(i).pixelFormat != settled_[i].pixelFormat ||
            config_.at(i).size != settled_[i].size)
            return false;
    return true;
}

int Negotiation::settle()
{
    ignores_ = transform_ != lc::Transform::Identity && ignores_orientation();
    if (monochrome_)
        for (const Format &candidate : grey_formats)
            consider(candidate);
    if (!format)
        for (const Format &candidate : usable_formats)
            consider(candidate);
    if (!format || !attempt(*format, best_))
        return unflippable_ ? -ENOTSUP : -ENOENT;
    if (ignores_)
        left = transform_;
    return 0;
}

/* Chooses this one if it is better than what was chosen before. */
void Negotiation::consider(const Format &candidate)
{
    const std::vector<lc::PixelFormat> listed = offered_.pixelformats();
    std::optional<lc::Size> size;
    if (listed.empty() || std::find(listed.begin(), listed.end(), candidate.theirs) != listed.end())
        size = closest(candidate);
    if (!size)
        return;
    const bool flips_left = ignores_ || transposed_ || left != lc::Transform::Identity;
    if (candidate.ours == PIXEL_JPEG && flips_left) {
        unflippable_ = true;
    } else if (!format || is_better(candidate, *size)) {
        format = &candidate;
        best_ = *size;
    }
}

/* The size that validate() grants for a format and a size, if it grants the format. */
std::optional<lc::Size> Negotiation::attempt(const Format &candidate, lc::Size size)
{
    lc::StreamConfiguration &stream = config_.at(index_);
    restore();
    stream.pixelFormat = candidate.theirs;
    stream.size = size;
    stream.stride = 0; /* an earlier answer would be taken for a demand */
    stream.colorSpace = lc::ColorSpace::Sycc;
    stream.bufferCount = std::max(stream.bufferCount, min_buffers);
    orientation_of(config_) = orientation_from(transform_);
    if (config_.validate() == lc::CameraConfiguration::Invalid ||
        stream.pixelFormat != candidate.theirs || is_raw(stream) || !is_kept())
        return {};
    left = remaining_transform(orientation_from(transform_), orientation_of(config_));
    return stream.size;
}

/* Cameras adjust a size that they don't have to their largest as often as to the nearest. */
std::optional<lc::Size> Negotiation::closest(const Format &candidate)
{
    std::optional<lc::Size> granted = attempt(candidate, requested_);
    if (!granted || *granted == requested_)
        return granted;
    std::vector<lc::Size> sizes = offered_.sizes(candidate.theirs);
    std::sort(sizes.begin(), sizes.end(),
              [this](const lc::Size &a, const lc::Size &b) { return distance(a) < distance(b); });
    for (const lc::Size &size : sizes)
        if (distance(size) < distance(*granted) && attempt(candidate, size) == size)
            return size;
    return granted;
}

/* Than what was chosen before. */
bool Negotiation::is_better(const Format &candidate, const lc::Size &size) const
{
    if (distance(size) != distance(best_))
        return distance(size) < distance(best_);
    return is_slow(*format, best_) && !is_slow(candidate, size);
}

/* More than a cable carries: cameras have such sizes at a few frames per second. */
bool Negotiation::is_slow(const Format &candidate, const lc::Size &size) const
{
    double bytes = double(size.width) * size.height * candidate.sample_bytes;
    if (candidate.planes > 1)
        bytes *= 1.5;
    return usb_ && candidate.ours != PIXEL_JPEG && bytes * fps_ > usb_rate;
}

unsigned Negotiation::distance(const lc::Size &size) const
{
    auto apart = [](unsigned a, unsigned b) { return std::max(a, b) - std::min(a, b); };
    return apart(size.width, requested_.width) + apart(size.height, requested_.height);
}

/* No camera can transpose. One that grants even that does not look at what is requested, as
 * libcamera's virtual ones don't: it mirrors nothing either. */
bool Negotiation::ignores_orientation()
{
    const Orientation impossible = orientation_from(lc::Transform::Rot90);
    orientation_of(config_) = impossible;
    config_.validate();
    return orientation_of(config_) == impossible;
}

} // namespace pitether
