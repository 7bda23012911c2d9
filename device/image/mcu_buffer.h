/*
 * The sample rows of one row of MCUs, and the scratch memory that they lie in.
 *
 * One thread at a time for each struct.
 */
#ifndef PITETHER_DEVICE_IMAGE_MCU_BUFFER_H
#define PITETHER_DEVICE_IMAGE_MCU_BUFFER_H

#include <stddef.h>
#include <stdint.h>

enum { MCU_ROWS_MAX = 16, MCU_CHROMA_ROWS = 8 };

struct mcu_rows {
    uint8_t *rows[3][MCU_ROWS_MAX]; /* Y, U, V; libjpeg's row type is not const, it only reads */
    uint8_t *scratch;               /* owned */
    size_t scratch_size, scratch_row;
};

/* The scratch memory of a row: as long as the picture is wide, and up to the next multiple of 64
 * bytes. */
static inline uint8_t *mcu_rows_scratch(const struct mcu_rows *rows, unsigned component,
                                        unsigned row)
{
    return rows->scratch + (component * MCU_ROWS_MAX + row) * rows->scratch_row;
}

/* That of one row more, for intermediate results. */
static inline uint8_t *mcu_rows_spare(const struct mcu_rows *rows)
{
    return mcu_rows_scratch(rows, 3, 0);
}

#endif
