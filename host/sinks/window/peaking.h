/*
 * Focus peaking: where a picture is sharp. Pure.
 */
#ifndef PITETHER_HOST_SINKS_WINDOW_PEAKING_H
#define PITETHER_HOST_SINKS_WINDOW_PEAKING_H

#include "host/jpeg/decoder.h"

/* Of each block of 2 x 2 pixels, one pixel of the mask: red and opaque (ARGB, in the machine's
 * order) where the luma changes fast, else clear. mask: rows of `stride` pixels, (width / 2) x
 * (height / 2) of the planes' size. The contrast that counts as sharp follows the picture: a few of
 * a hundred blocks have it, but none in one without edges. */
void peaking_measure(const struct jpeg_planes *planes, uint32_t *mask, size_t stride);

#endif
