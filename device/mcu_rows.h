/*
 * The sample rows of one row of MCUs, as libjpeg's raw-data input wants them: planar, full range
 * BT.601, the right edge replicated to whole blocks, the bottom edge replicated to whole MCUs.
 * Rows that lie in the picture just so are pointed at; the others are made in scratch memory of a
 * few rows, which stays in the cache.
 *
 * One thread at a time for each struct.
 */
#ifndef PITETHER_DEVICE_MCU_ROWS_H
#define PITETHER_DEVICE_MCU_ROWS_H

#include <stddef.h>
#include <stdint.h>

#include "device/picture.h"

enum { MCU_ROWS_MAX = 16 };

struct mcu_rows {
    uint8_t *rows[3][MCU_ROWS_MAX]; /* Y, U, V; libjpeg's row type is not const, it only reads */
    uint8_t *scratch;               /* owned */
    size_t scratch_size;
};

/* How a format is sampled in JPEG terms (ITU-T T.81, A.1.1). */
struct sampling {
    unsigned components; /* 1 or 3 */
    unsigned h, v;       /* of Y; U and V have 1, 1 */
};

struct sampling picture_sampling(enum pixel_format format);

/* Frees the scratch memory. */
void mcu_rows_clear(struct mcu_rows *rows);

/* Fills rows with row number mcu_row (of 8 * v luma rows) of a picture in one of the YUV formats
 * or PIXEL_GREY. The pointers are valid until the next call. 0 or -ENOMEM. */
int mcu_rows_load(struct mcu_rows *rows, const struct picture *picture, unsigned mcu_row);

/* Fills rows->rows[0][0..count) with rows first.. of an RGB or BGR picture, mirrored if asked.
 * count <= MCU_ROWS_MAX. 0 or -ENOMEM. */
int rgb_rows_load(struct mcu_rows *rows, const struct picture *picture, unsigned first,
                  unsigned count);

#endif
