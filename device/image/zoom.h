/*
 * A part of a plane, enlarged or reduced to the size of all of it; what lies outside is filled.
 * Pure; any thread.
 */
#ifndef PITETHER_DEVICE_IMAGE_ZOOM_H
#define PITETHER_DEVICE_IMAGE_ZOOM_H

#include <stdbool.h>
#include <stdint.h>

/* The part of the picture that is shown, as shares of its width and height: 0, 0, 1, 1 is all of
 * it. May reach beyond it. */
struct zoom {
    double left, top, width, height;
};

bool zoom_is_neutral(const struct zoom *zoom);

/* Each sample becomes the one that lies nearest to its place in the part. The planes are `width`
 * by `height` samples large, without padding, and do not overlap. */
void zoom_plane(const struct zoom *zoom, const uint8_t *from, uint8_t *to, unsigned width,
                unsigned height, uint8_t outside);

#endif
