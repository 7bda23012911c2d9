#include "tests/libcamera/pi_configuration.h"

#include <algorithm>
#include <map>
#include <vector>

/* Others have no virtual cameras. */
#if LIBCAMERA_VERSION_MINOR >= 4

namespace pi
{
namespace
{

const lc::Size modes[] = { { 1296, 972 }, { 4608, 2592 } };
constexpr unsigned mode_depth = 10;

/* Of a small monochrome sensor: a driver lists sizes up to the sensor's, and grants larger ones; it
 * also lists formats that its processor does not make. */
lc::StreamFormats grey_formats(const lc::StreamFormats &formats)
{
    std::map<lc::PixelFormat, std::vector<lc::SizeRange>> all;
    for (const lc::PixelFormat &format : formats.pixelformats())
        all[format].emplace_back(modes[0]);
    all[lc::formats::R8].emplace_back(modes[0]);
    return lc::StreamFormats(all);
}

class RawConfiguration : public lc::CameraConfiguration
{
  public:
    RawConfiguration()
    {
        std::map<lc::PixelFormat, std::vector<lc::SizeRange>> formats;
        for (const lc::Size &mode : modes)
            formats[lc::formats::SRGGB10_CSI2P].emplace_back(mode);
        config_.emplace_back(lc::StreamFormats(formats));
    }

    Status validate() override
    {
        return Invalid;
    }
};

} // namespace

std::unique_ptr<lc::CameraConfiguration> raw_configuration()
{
    return std::make_unique<RawConfiguration>();
}

Configuration::Configuration(std::unique_ptr<lc::CameraConfiguration> theirs,
                             const std::string &grey)
    : theirs_(std::move(theirs)), grey_(grey)
{
    for (const lc::StreamConfiguration &stream : *theirs_) {
        lc::StreamConfiguration ours(grey_.empty() ? stream.formats()
                                                   : grey_formats(stream.formats()));
        ours.pixelFormat = stream.pixelFormat;
        ours.size = stream.size;
        ours.bufferCount = stream.bufferCount;
        config_.push_back(ours);
    }
    validate();
}

bool Configuration::is_possible() const
{
    const auto is_named = [this](const lc::Size &mode) {
        return mode == sensorConfig->outputSize && sensorConfig->bitDepth == mode_depth;
    };
    return config_.size() <= 2 &&
           (!sensorConfig || std::any_of(std::begin(modes), std::end(modes), is_named));
}

lc::CameraConfiguration::Status Configuration::validate_samples(
    lc::StreamConfiguration &stream) const
{
    const auto before = stream.pixelFormat;
    stream.colorSpace = lc::ColorSpace::Raw;
    if (grey_ == "pisp")
        stream.pixelFormat = lc::formats::R16;
    return before == stream.pixelFormat ? Valid : Adjusted;
}

lc::CameraConfiguration::Status Configuration::validate()
{
    if (!is_possible())
        return Invalid;
    for (lc::StreamConfiguration &stream : config_)
        if (stream.pixelFormat == lc::formats::R8 || stream.pixelFormat == lc::formats::R16)
            return validate_samples(stream);
    for (unsigned i = 0; i < config_.size(); i++)
        theirs_->at(i) = config_[i];
    theirs_->orientation = orientation;
    const Status status = theirs_->validate();
    orientation = theirs_->orientation;
    for (unsigned i = 0; i < config_.size(); i++) {
        const lc::StreamConfiguration &stream = theirs_->at(i);
        config_[i].pixelFormat = stream.pixelFormat;
        config_[i].size = stream.size;
        config_[i].stride = stream.stride;
        config_[i].frameSize = stream.frameSize;
        config_[i].colorSpace = stream.colorSpace;
        config_[i].bufferCount = stream.bufferCount;
    }
    return status;
}

} // namespace pi

#endif
