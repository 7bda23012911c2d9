#include "host/sinks/window/peaking.h"

#include <stdlib.h>
#include <string.h>

enum {
    CONTRASTS = 256,
    CONTRAST_MIN = 24,     /* noise has less */
    SHARP_SHARE = 25,      /* one of so many blocks at most */
    SAMPLED_MAX = 1 << 15, /* blocks that are looked at to choose the contrast, about */
    COLUMNS_MAX = 8192,    /* blocks in a row of the widest picture that is decoded */
    MARK = 255             /* of both chroma samples: magenta, however bright the pixels are */
};

/* Three rows of blocks, of each block its first pixel, and the contrasts of the middle row. Between
 * samples that lie beside one another, compilers make vector code of the differences. */
struct rows {
    unsigned count; /* blocks in a row */
    uint8_t above[COLUMNS_MAX], here[COLUMNS_MAX], below[COLUMNS_MAX], contrast[COLUMNS_MAX];
};

static void take_first_pixels(uint8_t *restrict to, const struct jpeg_planes *planes, unsigned row)
{
    const uint8_t *luma = planes->data[0] + 2 * (size_t)row * planes->stride[0];
    for (unsigned x = 0; x < planes->width / 2; x++)
        to[x] = luma[2 * x];
}

/* The second difference along rows and columns: large at edges of a few pixels, and small on
 * slopes, however steep. The blocks at both ends have none. */
static void compare(struct rows *restrict rows)
{
    for (unsigned x = 1; x + 1 < rows->count; x++) {
        int here = 2 * rows->here[x];
        int across = abs(here - rows->here[x - 1] - rows->here[x + 1]);
        int down = abs(here - rows->above[x] - rows->below[x]);
        int most = across > down ? across : down;
        rows->contrast[x] = (uint8_t)(most < CONTRASTS ? most : CONTRASTS - 1);
    }
}

static void compare_row(struct rows *rows, const struct jpeg_planes *planes, unsigned row)
{
    take_first_pixels(rows->above, planes, row - 1);
    take_first_pixels(rows->here, planes, row);
    take_first_pixels(rows->below, planes, row + 1);
    compare(rows);
}

/* The least contrast that few enough blocks have. */
static unsigned choose_contrast(struct rows *rows, const struct jpeg_planes *planes)
{
    unsigned counts[CONTRASTS] = { 0 }, total = 0, above = 0, contrast = CONTRASTS - 1;
    unsigned height = planes->height / 2;
    unsigned step = 1 + (unsigned)((size_t)rows->count * height / SAMPLED_MAX);
    for (unsigned row = 1; row + 1 < height; row += step) {
        compare_row(rows, planes, row);
        for (unsigned x = 1; x + 1 < rows->count; x++, total++)
            counts[rows->contrast[x]]++;
    }
    above = counts[contrast];
    while (contrast > CONTRAST_MIN && above + counts[contrast - 1] <= total / SHARP_SHARE)
        above += counts[--contrast];
    return contrast;
}

static void mark(const struct rows *rows, unsigned least, uint8_t *restrict u, uint8_t *restrict v)
{
    for (unsigned x = 1; x + 1 < rows->count; x++) {
        uint8_t sharp = rows->contrast[x] >= least ? MARK : 0;
        u[x] |= sharp;
        v[x] |= sharp;
    }
}

void peaking_mark(const struct jpeg_planes *planes, uint8_t *u, uint8_t *v)
{
    struct rows rows = { .count = planes->width / 2 };
    size_t stride = planes->stride[1], chroma_rows = (planes->height + 1) / 2;
    memcpy(u, planes->data[1], stride * chroma_rows);
    memcpy(v, planes->data[2], stride * chroma_rows);
    if (rows.count > COLUMNS_MAX)
        return;
    unsigned least = choose_contrast(&rows, planes);
    for (unsigned row = 1; row + 1 < planes->height / 2; row++) {
        compare_row(&rows, planes, row);
        mark(&rows, least, u + row * stride, v + row * stride);
    }
}
