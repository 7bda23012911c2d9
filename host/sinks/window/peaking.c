#include "host/sinks/window/peaking.h"

#include <stdbool.h>
#include <stdlib.h>

enum {
    CONTRASTS = 256,
    CONTRAST_MIN = 24, /* noise has less */
    SHARP_SHARE = 25,  /* one of so many blocks at most */
    ROWS_SAMPLED = 8   /* one of so many is looked at to choose the contrast */
};
#define SHARP 0xffff3020u

/* The second difference along rows and columns within and beside the block at the pixel: large at
 * edges of a few pixels, and small on slopes, however steep. */
static unsigned contrast_at(const uint8_t *luma, size_t stride)
{
    int here = 2 * luma[0];
    int across = abs(here - luma[-2] - luma[2]);
    int down = abs(here - luma[-2 * (ptrdiff_t)stride] - luma[2 * stride]);
    int most = across > down ? across : down;
    return (unsigned)most < CONTRASTS ? (unsigned)most : CONTRASTS - 1;
}

/* The least contrast that few enough blocks have. */
static unsigned choose_contrast(const struct jpeg_planes *planes)
{
    unsigned counts[CONTRASTS] = { 0 }, total = 0, above = 0, contrast = CONTRASTS;
    for (unsigned y = 2; y + 2 < planes->height; y += 2 * ROWS_SAMPLED)
        for (unsigned x = 2; x + 2 < planes->width; x += 2, total++)
            counts[contrast_at(planes->data[0] + y * planes->stride[0] + x, planes->stride[0])]++;
    while (contrast > CONTRAST_MIN && above + counts[contrast - 1] <= total / SHARP_SHARE)
        above += counts[--contrast];
    return contrast < CONTRASTS ? contrast : CONTRASTS - 1;
}

void peaking_measure(const struct jpeg_planes *planes, uint32_t *mask, size_t stride)
{
    unsigned width = planes->width / 2, height = planes->height / 2;
    unsigned contrast = choose_contrast(planes);
    for (unsigned row = 0; row < height; row++) {
        const uint8_t *luma = planes->data[0] + 2 * row * planes->stride[0];
        uint32_t *out = mask + row * stride;
        bool edge = row == 0 || 2 * row + 2 >= planes->height;
        for (unsigned x = 0; x < width; x++)
            out[x] = 0;
        for (unsigned x = 1; !edge && 2 * x + 2 < planes->width; x++)
            if (contrast_at(luma + 2 * (size_t)x, planes->stride[0]) >= contrast)
                out[x] = SHARP;
    }
}
