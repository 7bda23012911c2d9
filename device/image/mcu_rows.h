/*
 * The sample rows of one row of MCUs, as libjpeg's raw-data input wants them: planar, full range
 * BT.601, the right edge replicated to whole blocks, the bottom edge replicated to whole MCUs.
 *
 * They are copied from the picture, each row from start to end, into scratch memory that stays in
 * the cache, and are converted on the way. libjpeg would read eight bytes of each of 32 rows in
 * turn, which no processor prefetches: at 1080p, waiting for memory costs a fifth of its time.
 *
 * One thread at a time for each struct.
 */
#ifndef PITETHER_DEVICE_IMAGE_MCU_ROWS_H
#define PITETHER_DEVICE_IMAGE_MCU_ROWS_H

#include "device/image/mcu_buffer.h"
#include "device/image/picture.h"
#include "shared/base/attributes.h"

/* Frees the scratch memory. */
void mcu_rows_clear(struct mcu_rows *rows);

/* Fills rows with row number mcu_row (of 8 * v luma rows, v as it is coded) of a picture in one of
 * the YUV formats or PIXEL_GREY, turned as it is to be, at mcu_rows_scratch(), until the next call.
 * 0 or -ENOMEM. */
NODISCARD int mcu_rows_load(struct mcu_rows *rows, const struct picture *picture, unsigned mcu_row);

/* Fills rows->rows[0][0..count) with rows first.. of an RGB or BGR picture, turned as it is to be;
 * count <= MCU_ROWS_MAX. 0 or -ENOMEM. */
NODISCARD int rgb_rows_load(struct mcu_rows *rows, const struct picture *picture, unsigned first,
                            unsigned count);

#endif
