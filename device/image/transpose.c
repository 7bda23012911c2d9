#include "device/image/transpose.h"

#include "device/image/samples.h"

/*
 * Sixteen rows of eight bytes to eight of sixteen. A byte's place is one of 128: a vector, and a
 * place in it. At first the vector is the row's low three bits, the place in it is the column and
 * the row's highest bit. Interleaving vectors i and i + 4 moves all seven bits up by one, around
 * the end: after three times the vector is the column, and the place in it the row.
 */
static void transpose_block(uint8_t *const to[TRANSPOSE_COLUMNS], size_t x, const uint8_t *from,
                            ptrdiff_t stride)
{
    enum { HALF = TRANSPOSE_COLUMNS / 2 };
    samples now[TRANSPOSE_COLUMNS], next[TRANSPOSE_COLUMNS];
#pragma GCC unroll 8
    for (int i = 0; i < TRANSPOSE_COLUMNS; i++)
        now[i] = samples_interleave(samples_load_half(from + i * stride),
                                    samples_load_half(from + (i + TRANSPOSE_COLUMNS) * stride), 0);
#pragma GCC unroll 3
    for (int round = 0; round < 3; round++) {
#pragma GCC unroll 4
        for (int i = 0; i < HALF; i++) {
            next[2 * i] = samples_interleave(now[i], now[i + HALF], 0);
            next[2 * i + 1] = samples_interleave(now[i], now[i + HALF], 1);
        }
        memcpy(now, next, sizeof(now));
    }
    for (int i = 0; i < TRANSPOSE_COLUMNS; i++)
        if (to[i])
            samples_store(to[i] + x, now[i]);
}

void transpose_columns(uint8_t *const to[TRANSPOSE_COLUMNS], const uint8_t *from, ptrdiff_t stride,
                       size_t count)
{
    size_t x = 0;
    for (; x + SAMPLES <= count; x += SAMPLES, from += SAMPLES * stride)
        transpose_block(to, x, from, stride);
    for (; x < count; x++, from += stride)
        for (int i = 0; i < TRANSPOSE_COLUMNS; i++)
            if (to[i])
                to[i][x] = from[i];
}

void transpose_pixels(uint8_t *const to[], unsigned columns, const uint8_t *from, ptrdiff_t stride,
                      size_t count)
{
    for (size_t x = 0; x < count; x++, from += stride)
        for (unsigned i = 0; i < columns; i++)
            memcpy(to[i] + 3 * x, from + 3 * i, 3);
}
