/*
 * The controls of a Raspberry Pi's colour camera with a lens, as its driver lists them: of
 * libcamera's types, for tests without such a camera.
 */
#ifndef PITETHER_TESTS_LIBCAMERA_PI_CAMERA_H
#define PITETHER_TESTS_LIBCAMERA_PI_CAMERA_H

#include <cstdint>
#include <initializer_list>
#include <string>

#include <libcamera/libcamera.h>

namespace pi
{

namespace lc = libcamera;

/* The control of this name without its vendor, libcamera's own if there are several; nullptr: this
 * release does not have it. */
const lc::ControlId *find(const std::string &name);

/* Those of which this release knows the names. */
lc::ControlInfoMap::Map controls();

/* What crops and windows refer to. */
inline constexpr lc::Rectangle whole_view(0, 0, 4608, 2592);

} // namespace pi

#endif
