/*
 * Columns of a plane to rows: what turns a picture by a quarter. Pure; any thread.
 */
#ifndef PITETHER_DEVICE_IMAGE_TRANSPOSE_H
#define PITETHER_DEVICE_IMAGE_TRANSPOSE_H

#include <stddef.h>
#include <stdint.h>

enum { TRANSPOSE_COLUMNS = 8 };

/* to[i][x] = from[x * stride + i], for i below TRANSPOSE_COLUMNS and x below count. to[i] NULL: the
 * column is not wanted. stride may be negative: the rows are taken from the bottom up then. */
void transpose_columns(uint8_t *const to[TRANSPOSE_COLUMNS], const uint8_t *from, ptrdiff_t stride,
                       size_t count);

/* The same with a pixel of three bytes for each column, of which there are `columns`. */
void transpose_pixels(uint8_t *const to[], unsigned columns, const uint8_t *from, ptrdiff_t stride,
                      size_t count);

#endif
