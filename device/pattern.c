#include "device/pattern.h"

#include <string.h>

enum { BARS = 8, COLUMNS = 8, ROWS = 4, BOX_STEPS = 64, BOX_GREY = 235, NEUTRAL = 128 };

/* The bars in JFIF's Y, Cb, Cr (ITU-T T.871, 7). */
static const uint8_t bars[BARS][3] = {
    { 255, 128, 128 }, { 226, 0, 149 }, { 179, 171, 0 },  { 150, 44, 21 },
    { 105, 212, 235 }, { 76, 85, 255 }, { 29, 255, 107 }, { 0, 128, 128 },
};

static unsigned half(unsigned size)
{
    return (size + 1) / 2;
}

size_t pattern_size(const struct pattern *pattern)
{
    size_t chroma = (size_t)half(pattern->width) * half(pattern->height);
    return (size_t)pattern->width * pattern->height + 2 * chroma;
}

static void fill(uint8_t *plane, size_t stride, unsigned left, unsigned top, unsigned right,
                 unsigned bottom, int value)
{
    for (unsigned y = top; y < bottom; y++)
        memset(plane + y * stride + left, value, right - left);
}

static void paint_bars(const struct pattern *pattern, uint8_t *yuv)
{
    unsigned widths[3] = { pattern->width, half(pattern->width), half(pattern->width) };
    unsigned heights[3] = { pattern->height, half(pattern->height), half(pattern->height) };
    for (unsigned c = 0; c < 3; c++) {
        memset(yuv, NEUTRAL, (size_t)widths[c] * heights[c]);
        for (unsigned bar = 0; bar < BARS; bar++)
            fill(yuv, widths[c], widths[c] * bar / BARS, 0, widths[c] * (bar + 1) / BARS,
                 heights[c] / 4, bars[bar][c]);
        yuv += (size_t)widths[c] * heights[c];
    }
}

static void paint_ramp(const struct pattern *pattern, uint8_t *luma, unsigned left, unsigned right)
{
    for (unsigned y = pattern->height / 4; y < pattern->height / 2; y++)
        for (unsigned x = left; x < right; x++)
            luma[(size_t)y * pattern->width + x] = (uint8_t)(x * 200 / pattern->width);
}

static void box_span(const struct pattern *pattern, uint32_t number, unsigned *left,
                     unsigned *right)
{
    unsigned width = pattern->width / 8, way = pattern->width - width;
    *left = number % BOX_STEPS * way / BOX_STEPS;
    *right = *left + width;
}

static void paint_box(const struct pattern *pattern, uint8_t *luma, uint32_t number)
{
    unsigned left, right, quarter = pattern->height / 4;
    box_span(pattern, number, &left, &right);
    fill(luma, pattern->width, left, quarter + quarter / 4, right, quarter + quarter * 3 / 4,
         BOX_GREY);
}

static void paint_block(const struct pattern *pattern, uint8_t *luma, unsigned bit, int white)
{
    unsigned column = bit % COLUMNS, row = bit / COLUMNS;
    unsigned top = pattern->height / 2, room = pattern->height - top;
    fill(luma, pattern->width, pattern->width * column / COLUMNS, top + room * row / ROWS,
         pattern->width * (column + 1) / COLUMNS, top + room * (row + 1) / ROWS, white ? 255 : 0);
}

static int bit_of(uint32_t number, unsigned bit)
{
    return number >> (COLUMNS * ROWS - 1 - bit) & 1;
}

void pattern_paint(const struct pattern *pattern, uint8_t *yuv)
{
    paint_bars(pattern, yuv);
    paint_ramp(pattern, yuv, 0, pattern->width);
    paint_box(pattern, yuv, 0);
    for (unsigned bit = 0; bit < COLUMNS * ROWS; bit++)
        paint_block(pattern, yuv, bit, 0);
}

void pattern_update(const struct pattern *pattern, uint8_t *yuv, uint32_t from, uint32_t to)
{
    unsigned left, right;
    box_span(pattern, from, &left, &right);
    paint_ramp(pattern, yuv, left, right);
    paint_box(pattern, yuv, to);
    for (unsigned bit = 0; bit < COLUMNS * ROWS; bit++)
        if (bit_of(from, bit) != bit_of(to, bit))
            paint_block(pattern, yuv, bit, bit_of(to, bit));
}

uint32_t pattern_read(const uint8_t *luma, size_t stride, unsigned width, unsigned height)
{
    uint32_t number = 0;
    unsigned top = height / 2, room = height - top;
    for (unsigned bit = 0; bit < COLUMNS * ROWS; bit++) {
        unsigned x = width * (2 * (bit % COLUMNS) + 1) / (2 * COLUMNS);
        unsigned y = top + room * (2 * (bit / COLUMNS) + 1) / (2 * ROWS);
        number = number << 1 | luma[y * stride + x] >> 7;
    }
    return number;
}
