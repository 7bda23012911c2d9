/*
 * A plane out of focus: each sample becomes the mean of a square around it. At the edges the
 * nearest samples stand for those beyond. Pure; any thread.
 */
#ifndef PITETHER_DEVICE_IMAGE_BLUR_H
#define PITETHER_DEVICE_IMAGE_BLUR_H

#include <stddef.h>
#include <stdint.h>

enum { BLUR_RADIUS_MAX = 64 };

/* Bytes of scratch for planes of this size. */
size_t blur_scratch(unsigned width, unsigned height);

/* In place. The square is 2 * radius + 1 samples wide; radius at most BLUR_RADIUS_MAX. */
void blur_plane(uint8_t *plane, unsigned width, unsigned height, unsigned radius, uint8_t *scratch);

#endif
