/*
 * Focus peaking: marks where a picture is sharp. Pure.
 */
#ifndef PITETHER_HOST_SINKS_WINDOW_PEAKING_H
#define PITETHER_HOST_SINKS_WINDOW_PEAKING_H

#include "host/jpeg/decoder.h"

/* Copies the chroma to u and v, which have the planes' size and stride, and makes magenta of what
 * is sharp: blocks of 2 x 2 pixels, each one sample of chroma, where the luma changes fast. How
 * bright they are stays. The contrast that counts as sharp follows the picture: a few of a hundred
 * blocks have it, but none in one without edges. The planes are as jpeg_decode() makes them. */
void peaking_mark(const struct jpeg_planes *planes, uint8_t *u, uint8_t *v);

#endif
