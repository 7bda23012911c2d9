/*
 * The sample rows of one row of MCUs, as libjpeg's raw-data input wants them: planar, full range
 * BT.601, the right edge replicated to whole blocks, the bottom edge replicated to whole MCUs.
 *
 * They are copied from the picture, each row from its begin to its end, into scratch memory that
 * stays in the cache, and are converted on the way. libjpeg would read eight bytes of each of 32
 * rows in turn, which no processor foresees: at 1080p, waiting for memory costs a fifth of its
 * time.
 *
 * One thread at a time for each struct.
 */
#ifndef PITETHER_DEVICE_IMAGE_MCU_ROWS_H
#define PITETHER_DEVICE_IMAGE_MCU_ROWS_H

#include <stddef.h>
#include <stdint.h>

#include "device/image/picture.h"

enum { MCU_ROWS_MAX = 16, MCU_CHROMA_ROWS = 8 };

struct mcu_rows {
    uint8_t *rows[3][MCU_ROWS_MAX]; /* Y, U, V; libjpeg's row type is not const, it only reads */
    uint8_t *scratch;               /* owned */
    size_t scratch_size, scratch_row;
};

/* How a format is sampled in JPEG terms (ITU-T T.81, A.1.1). */
struct sampling {
    unsigned components; /* 1 or 3 */
    unsigned h, v;       /* of Y; U and V have 1, 1 */
};

struct sampling picture_sampling(enum pixel_format format);

/* Where a row belongs: as long as the picture is wide, and up to the next multiple of 64 bytes. */
static inline uint8_t *mcu_rows_scratch(const struct mcu_rows *rows, unsigned component,
                                        unsigned row)
{
    return rows->scratch + (component * MCU_ROWS_MAX + row) * rows->scratch_row;
}

/* One row more, for whoever works on the others. */
static inline uint8_t *mcu_rows_spare(const struct mcu_rows *rows)
{
    return mcu_rows_scratch(rows, 3, 0);
}

/* Frees the scratch memory. */
void mcu_rows_clear(struct mcu_rows *rows);

/* Fills rows with row number mcu_row (of 8 * v luma rows) of a picture in one of the YUV formats
 * or PIXEL_GREY, at mcu_rows_scratch(), until the next call. 0 or -ENOMEM. */
int mcu_rows_load(struct mcu_rows *rows, const struct picture *picture, unsigned mcu_row);

/* Fills rows->rows[0][0..count) with rows first.. of an RGB or BGR picture, mirrored if asked.
 * count <= MCU_ROWS_MAX. 0 or -ENOMEM. */
int rgb_rows_load(struct mcu_rows *rows, const struct picture *picture, unsigned first,
                  unsigned count);

#endif
