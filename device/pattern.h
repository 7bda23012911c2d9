/*
 * The test picture: colour bars, a grey ramp with a box that moves along it, and the frame's number
 * in large black and white blocks. YUV 4:2:0 at full range.
 *
 *     +---------------------------+
 *     | 8 colour bars             |  1/4: white yellow cyan green magenta red blue black
 *     | ramp with a moving box    |  1/4
 *     | 8 x 4 blocks of the number|  1/2: most significant bit first, white is 1
 *     +---------------------------+
 *
 * Pure; any thread.
 */
#ifndef PITETHER_DEVICE_PATTERN_H
#define PITETHER_DEVICE_PATTERN_H

#include <stddef.h>
#include <stdint.h>

struct pattern {
    unsigned width, height; /* pixels, PICTURE_MIN_SIDE..PICTURE_MAX_SIDE */
};

/* Bytes of one picture: Y, U, V one after the other, without padding. */
size_t pattern_size(const struct pattern *pattern);

/* Paints all of it, as frame 0. */
void pattern_paint(const struct pattern *pattern, uint8_t *yuv);

/* Turns a picture of frame number `from` into that of `to`, touching only what differs. */
void pattern_update(const struct pattern *pattern, uint8_t *yuv, uint32_t from, uint32_t to);

/* Reads the number back from a luma plane, as decoded from a JPEG. */
uint32_t pattern_read(const uint8_t *luma, size_t stride, unsigned width, unsigned height);

#endif
