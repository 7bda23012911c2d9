#include "device/image/frame_code.h"

#include <string.h>

enum { BLOCK = 8, ONE = 255, ZERO = 48, THRESHOLD = (ONE + ZERO + 1) / 2 };

/* The side of a square cell, for a picture in which 32 of them fit beside one another. */
static unsigned large_side(unsigned width, unsigned height)
{
    unsigned shorter = width < height ? width : height;
    unsigned blocks = shorter / 360 > 1 ? shorter / 360 : 1;
    return width >= FRAME_CODE_BITS * BLOCK * blocks && height >= 128 ? BLOCK * blocks : BLOCK / 2;
}

struct frame_code frame_code_place(unsigned width, unsigned height)
{
    unsigned side = large_side(width, height), columns = FRAME_CODE_BITS;
    while (columns > BLOCK && width < columns * side)
        columns /= 2;
    unsigned rows = FRAME_CODE_BITS / columns;
    return (struct frame_code){
        .top = height - height % BLOCK - rows * side,
        .columns = columns,
        .cell_width = width < columns * side ? BLOCK / 4 : side,
        .cell_height = side,
    };
}

/* The first pixel of a cell. */
static size_t cell_start(const struct frame_code *code, size_t stride, unsigned cell)
{
    size_t y = code->top + cell / code->columns * code->cell_height;
    return y * stride + code->left + cell % code->columns * code->cell_width;
}

static unsigned bit_of(uint32_t number, unsigned cell)
{
    return number >> (FRAME_CODE_BITS - 1 - cell) & 1;
}

void frame_code_paint(const struct frame_code *code, uint8_t *luma, size_t stride, uint32_t from,
                      uint32_t to)
{
    for (unsigned cell = 0; cell < FRAME_CODE_BITS; cell++) {
        uint8_t *row = luma + cell_start(code, stride, cell);
        if (bit_of(from, cell) == bit_of(to, cell))
            continue;
        for (unsigned y = 0; y < code->cell_height; y++, row += stride)
            memset(row, bit_of(to, cell) ? ONE : ZERO, code->cell_width);
    }
}

/* Whether the middle of a cell is white, on average. */
static unsigned read_cell(const struct frame_code *code, const uint8_t *luma, size_t stride)
{
    unsigned x_margin = code->cell_width / 4, y_margin = code->cell_height / 4;
    uint64_t sum = 0, count = 0;
    for (unsigned y = y_margin; y < code->cell_height - y_margin; y++)
        for (unsigned x = x_margin; x < code->cell_width - x_margin; x++, count++)
            sum += luma[y * stride + x];
    return sum >= count * THRESHOLD;
}

uint32_t frame_code_read(const struct frame_code *code, const uint8_t *luma, size_t stride)
{
    uint32_t number = 0;
    for (unsigned cell = 0; cell < FRAME_CODE_BITS; cell++)
        number = number << 1 | read_cell(code, luma + cell_start(code, stride, cell), stride);
    return number;
}
