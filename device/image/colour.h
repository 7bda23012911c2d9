/*
 * From a camera's YUV to JFIF's: BT.601 at full range (ITU-T T.871, 7).
 *
 * Each sample is within one step of the rounded result of the equations. Y beyond its range is
 * taken for black or white; the result is clamped to 0..255.
 */
#ifndef PITETHER_DEVICE_IMAGE_COLOUR_H
#define PITETHER_DEVICE_IMAGE_COLOUR_H

#include <stdbool.h>

#include "device/image/mcu_buffer.h"
#include "device/image/picture.h"

/* Whether a picture in one of the YUV formats or PIXEL_GREY needs converting. */
bool colour_converts(const struct picture *picture);

/*
 * Converts the rows of one row of MCUs: reads them where rows->rows points, writes them to
 * mcu_rows_scratch() and points there. They may lie there before. Samples are read and written
 * sixteen at a time: rows must hold a multiple of that on both sides.
 */
void colour_to_jfif(struct mcu_rows *rows, const struct picture *picture);

#endif
