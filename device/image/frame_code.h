/*
 * A frame's number as cells of white (1) and dark grey (0), most significant bit first. They are
 * readable after JPEG compression of any quality, since no cell crosses an edge of the 8 x 8 blocks
 * of the compression. In a mirrored picture whose sides are no multiples of 8 they may; then they
 * are readable from quality 5 on, and at any quality if the picture is at least 32 pixels wide.
 * Pure; any thread.
 */
#ifndef PITETHER_DEVICE_IMAGE_FRAME_CODE_H
#define PITETHER_DEVICE_IMAGE_FRAME_CODE_H

#include <stddef.h>
#include <stdint.h>

enum { FRAME_CODE_BITS = 32 };

/* Pixels of the luma plane; columns divides FRAME_CODE_BITS. */
struct frame_code {
    unsigned left, top, columns, cell_width, cell_height;
};

/* Where the code lies in a picture of this size, at least 16 x 16: at the left of the lower edge,
 * as small as is still readable, and in one row where that fits. */
struct frame_code frame_code_place(unsigned width, unsigned height);

/* Paints the cells that differ between two numbers as `to` has them; all, if from is ~to. */
void frame_code_paint(const struct frame_code *code, uint8_t *luma, size_t stride, uint32_t from,
                      uint32_t to);

uint32_t frame_code_read(const struct frame_code *code, const uint8_t *luma, size_t stride);

#endif
