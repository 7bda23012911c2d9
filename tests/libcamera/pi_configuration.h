/*
 * What a Pi's drivers make of a configuration, over that of a virtual camera: at most two outputs
 * besides the sensor's own samples, modes of the sensor, and R8 taken for such samples.
 */
#ifndef PITETHER_TESTS_LIBCAMERA_PI_CONFIGURATION_H
#define PITETHER_TESTS_LIBCAMERA_PI_CONFIGURATION_H

#include <memory>

#include <libcamera/libcamera.h>

namespace pi
{

namespace lc = libcamera;

/* Of the sensor, alone. */
std::unique_ptr<lc::CameraConfiguration> raw_configuration();

class Configuration : public lc::CameraConfiguration
{
  public:
    /* theirs: the virtual camera's. grey: "" unless the sensor is monochrome; then "pisp" is a Pi
     * 5, which gives such samples 16 bits, and "vc4" an older one, which leaves them at 8. */
    Configuration(std::unique_ptr<lc::CameraConfiguration> theirs, const std::string &grey);

    Status validate() override;

  private:
    bool is_possible() const;
    Status validate_samples(lc::StreamConfiguration &stream) const;

    std::unique_ptr<lc::CameraConfiguration> theirs_;
    const std::string grey_;
};

} // namespace pi

#endif
