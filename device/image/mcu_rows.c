#include "device/image/mcu_rows.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "device/image/colour.h"
#include "device/image/samples.h"
#include "device/image/transpose.h"

enum { BLOCK = 8, CACHE_LINE = 64 };

void mcu_rows_clear(struct mcu_rows *rows)
{
    free(rows->scratch);
    rows->scratch = NULL;
    rows->scratch_size = 0;
}

static size_t round_up(size_t value, size_t step)
{
    return (value + step - 1) / step * step;
}

/* Scratch for three components of MCU_ROWS_MAX rows each and the spare row, at least `row` bytes
 * each. An odd number of cache lines keeps the rows from evicting one another from the cache, which
 * has few places for lines whose addresses differ by a power of two. */
static int reserve(struct mcu_rows *rows, size_t row)
{
    rows->scratch_row = round_up(row, CACHE_LINE) | CACHE_LINE;
    size_t size = (3 * MCU_ROWS_MAX + 1) * rows->scratch_row;
    if (rows->scratch_size >= size)
        return 0;
    free(rows->scratch);
    rows->scratch = malloc(size);
    rows->scratch_size = rows->scratch ? size : 0;
    return rows->scratch ? 0 : -ENOMEM;
}

/* A component of the picture: where its samples lie and how far apart. */
struct component {
    const struct plane *plane;
    size_t first, step;     /* bytes to the first sample of a row, and from one to the next */
    unsigned width, height; /* samples, as they lie */
    unsigned rows;          /* in one row of MCUs */
    unsigned coded_width;   /* samples, of a row for the encoder */
};

static struct component find_component(const struct picture *picture, unsigned index)
{
    struct sampling sampling = picture_sampling(picture->format);
    struct component component = {
        .plane = &picture->planes[index],
        .step = 1,
        .width = picture->width,
        .height = picture->height,
        .rows = BLOCK * (picture->transpose ? sampling.h : sampling.v),
    };
    if (index > 0) {
        component.width = (picture->width + sampling.h - 1) / sampling.h;
        component.height = (picture->height + sampling.v - 1) / sampling.v;
        component.rows = BLOCK;
    }
    if (picture->format == PIXEL_NV12 && index > 0) {
        component.plane = &picture->planes[1];
        component.first = index - 1;
        component.step = 2;
    } else if (picture->format == PIXEL_YUYV) {
        component.plane = &picture->planes[0];
        component.first = index == 0 ? 0 : 2 * index - 1;
        component.step = index == 0 ? 2 : 4;
    }
    component.coded_width = picture->transpose ? component.height : component.width;
    return component;
}

static const uint8_t *source_row(const struct picture *picture, const struct component *component,
                                 unsigned row)
{
    if (row >= component->height)
        row = component->height - 1;
    if (picture->vflip)
        row = component->height - 1 - row;
    return component->plane->data + row * component->plane->stride + component->first;
}

static void gather(uint8_t *restrict to, const uint8_t *restrict from, size_t step, size_t width)
{
    /* With a constant step in each loop, and an index that can't wrap, the compiler makes vector
     * shuffles of it. */
    if (step == 1)
        memcpy(to, from, width);
    else if (step == 2)
        for (size_t x = 0; x < width; x++)
            to[x] = from[2 * x];
    else
        for (size_t x = 0; x < width; x++)
            to[x] = from[4 * x];
}

/* Eight samples at a time, from both ends; in the middle they may overlap, and agree. */
static void mirror(uint8_t *row, size_t width)
{
    uint8_t *end = row + width;
    for (; end - row >= 8; row += 8) {
        uint64_t left, right;
        end -= 8;
        memcpy(&left, row, 8);
        memcpy(&right, end, 8);
        left = __builtin_bswap64(left);
        right = __builtin_bswap64(right);
        memcpy(row, &right, 8);
        memcpy(end, &left, 8);
    }
    for (; end - row >= 2; row++) {
        uint8_t left = *row;
        *row = *--end;
        *end = left;
    }
}

static void load_row(uint8_t *to, const uint8_t *from, const struct component *component,
                     bool mirrored)
{
    gather(to, from, component->step, component->width);
    if (mirrored)
        mirror(to, component->width);
}

/* One column of the component, from the row that comes first on. */
static void gather_column(uint8_t *to, const struct component *component, const uint8_t *from,
                          ptrdiff_t stride)
{
    for (unsigned x = 0; x < component->height; x++)
        to[x] = from[(ptrdiff_t)x * stride];
}

/* Eight rows for the encoder, from number `first` on: columns of the component. */
static void load_block(uint8_t *to[BLOCK], const struct picture *picture,
                       const struct component *component, unsigned first)
{
    const struct plane *plane = component->plane;
    const size_t step = component->step;
    const ptrdiff_t stride = picture->vflip ? -(ptrdiff_t)plane->stride : (ptrdiff_t)plane->stride;
    const uint8_t *top =
        plane->data + (picture->vflip ? (component->height - 1) * plane->stride : 0);
    if (first + BLOCK > component->width) {
        for (unsigned i = 0; i < BLOCK; i++) {
            unsigned x = first + i < component->width ? first + i : component->width - 1;
            x = picture->hflip ? component->width - 1 - x : x;
            gather_column(to[i], component, top + x * step + component->first, stride);
        }
        return;
    }
    top += (picture->hflip ? component->width - BLOCK - first : first) * step;
    for (size_t group = 0; group < step; group++) {
        uint8_t *columns[TRANSPOSE_COLUMNS] = { NULL };
        for (unsigned i = 0; i < BLOCK; i++) {
            size_t byte = i * step + component->first;
            if (byte / TRANSPOSE_COLUMNS == group)
                columns[byte % TRANSPOSE_COLUMNS] = to[picture->hflip ? BLOCK - 1 - i : i];
        }
        transpose_columns(columns, top + group * TRANSPOSE_COLUMNS, stride, component->height);
    }
}

static void load_transposed(struct mcu_rows *rows, const struct picture *picture,
                            const struct component *component, unsigned index, unsigned mcu_row)
{
    for (unsigned y = 0; y < component->rows; y++)
        rows->rows[index][y] = mcu_rows_scratch(rows, index, y);
    for (unsigned y = 0; y < component->rows; y += BLOCK)
        load_block(&rows->rows[index][y], picture, component, mcu_row * component->rows + y);
}

static void load_rows(struct mcu_rows *rows, const struct picture *picture,
                      const struct component *component, unsigned index, unsigned mcu_row)
{
    /* The conversion copies, too. */
    bool direct = colour_converts(picture) && component->step == 1 &&
                  component->width % SAMPLES == 0 && !picture->hflip;
    for (unsigned y = 0; y < component->rows; y++) {
        const uint8_t *from = source_row(picture, component, mcu_row * component->rows + y);
        uint8_t *to = mcu_rows_scratch(rows, index, y);
        rows->rows[index][y] = direct ? (uint8_t *)from : to;
        if (!direct)
            load_row(to, from, component, picture->hflip);
    }
}

static void pad_row(uint8_t *row, size_t width)
{
    memset(row + width, row[width - 1], round_up(width, BLOCK) - width);
}

int mcu_rows_load(struct mcu_rows *rows, const struct picture *picture, unsigned mcu_row)
{
    unsigned count = picture_sampling(picture->format).components;
    struct component components[3];
    if (reserve(rows, picture_coded_width(picture)))
        return -ENOMEM;
    for (unsigned c = 0; c < count; c++) {
        components[c] = find_component(picture, c);
        if (picture->transpose)
            load_transposed(rows, picture, &components[c], c, mcu_row);
        else
            load_rows(rows, picture, &components[c], c, mcu_row);
    }
    if (colour_converts(picture))
        colour_to_jfif(rows, picture);
    for (unsigned c = 0; c < count; c++)
        for (unsigned y = 0; y < components[c].rows; y++)
            if (components[c].coded_width % BLOCK != 0)
                pad_row(rows->rows[c][y], components[c].coded_width);
    return 0;
}

/* Four bytes are moved faster than three: the fourth is overwritten by the next pixel, and the
 * scratch row has a byte more for the last one's. The first pixel's would be read beyond the
 * picture. */
static void mirror_rgb(uint8_t *restrict to, const uint8_t *restrict from, size_t width)
{
    from += 3 * (width - 1);
    memcpy(to, from, 3);
#pragma GCC unroll 4
    for (size_t x = 1; x < width; x++)
        memcpy(to + 3 * x, from - 3 * x, 4);
}

static int load_transposed_rgb(struct mcu_rows *rows, const struct picture *picture, unsigned first,
                               unsigned count)
{
    const struct plane *plane = &picture->planes[0];
    const ptrdiff_t stride = picture->vflip ? -(ptrdiff_t)plane->stride : (ptrdiff_t)plane->stride;
    const uint8_t *top = plane->data + (picture->vflip ? (picture->height - 1) * plane->stride : 0);
    unsigned left = picture->hflip ? picture->width - first - count : first;
    uint8_t *to[MCU_ROWS_MAX];
    if (reserve(rows, 3 * (size_t)picture->height))
        return -ENOMEM;
    for (unsigned i = 0; i < count; i++) {
        rows->rows[0][i] = mcu_rows_scratch(rows, 0, i);
        to[picture->hflip ? count - 1 - i : i] = rows->rows[0][i];
    }
    transpose_pixels(to, count, top + 3 * (size_t)left, stride, picture->height);
    return 0;
}

int rgb_rows_load(struct mcu_rows *rows, const struct picture *picture, unsigned first,
                  unsigned count)
{
    const struct plane *plane = &picture->planes[0];
    size_t width = picture->width;
    if (picture->transpose)
        return load_transposed_rgb(rows, picture, first, count);
    if (picture->hflip && reserve(rows, 3 * width + 1))
        return -ENOMEM;
    for (unsigned i = 0; i < count; i++) {
        unsigned y = picture->vflip ? picture->height - 1 - first - i : first + i;
        const uint8_t *from = plane->data + y * plane->stride;
        rows->rows[0][i] = (uint8_t *)from;
        if (!picture->hflip)
            continue;
        rows->rows[0][i] = mcu_rows_scratch(rows, 0, i);
        mirror_rgb(rows->rows[0][i], from, width);
    }
    return 0;
}
