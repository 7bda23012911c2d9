/*
 * The pixel formats that are used of those that libcamera has.
 */
#ifndef PITETHER_DEVICE_CAMERA_LIBCAMERA_FORMATS_H
#define PITETHER_DEVICE_CAMERA_LIBCAMERA_FORMATS_H

#include <libcamera/libcamera.h>

extern "C" {
#include "device/image/picture.h"
}

namespace pitether
{

struct Format {
    libcamera::PixelFormat theirs;
    enum pixel_format ours;
    unsigned planes;
    unsigned sample_bytes; /* of a pixel in the first plane */
};

/* Best first: JPEG is made from planar YUV with the least work, but see Negotiation::settle(). A
 * camera's own JPEG comes last because nothing can be done to it; but see Negotiation::is_slow().
 * libcamera names RGB formats by a little-endian word, so its RGB888 is B, G, R in memory. */
inline constexpr Format usable_formats[] = {
    { libcamera::formats::YUV420, PIXEL_YUV420, 3, 1 },
    { libcamera::formats::NV12, PIXEL_NV12, 2, 1 },
    { libcamera::formats::YUYV, PIXEL_YUYV, 1, 2 },
    { libcamera::formats::R8, PIXEL_GREY, 1, 1 },
    { libcamera::formats::RGB888, PIXEL_BGR, 1, 3 },
    { libcamera::formats::BGR888, PIXEL_RGB, 1, 3 },
    { libcamera::formats::MJPEG, PIXEL_JPEG, 1, 1 },
};

/* Of what a monochrome sensor sees, grey is all: colours would be encoded for nothing. The first
 * plane of planar YUV is grey, and the others are left alone. */
inline constexpr Format grey_formats[] = {
    { libcamera::formats::R8, PIXEL_GREY, 1, 1 },
    { libcamera::formats::YUV420, PIXEL_GREY, 1, 1 },
    { libcamera::formats::NV12, PIXEL_GREY, 1, 1 },
};

} // namespace pitether

#endif
