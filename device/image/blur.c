#include "device/image/blur.h"

#include <string.h>

/* The sums of the columns are aligned in front of the copy of the plane. */
size_t blur_scratch(unsigned width, unsigned height)
{
    return (size_t)width * sizeof(uint32_t) + (size_t)width * height;
}

static unsigned clamp(int at, unsigned size)
{
    return at < 0 ? 0 : (unsigned)at >= size ? size - 1 : (unsigned)at;
}

/* The means along a row, by a sum from which the last sample is taken as the next one is added. */
static void blur_row(const uint8_t *from, uint8_t *to, unsigned width, int radius)
{
    uint32_t sum = 0, count = (uint32_t)(2 * radius + 1);
    for (int x = -radius; x <= radius; x++)
        sum += from[clamp(x, width)];
    for (int x = 0; x < (int)width; x++) {
        to[x] = (uint8_t)((sum + count / 2) / count);
        sum += from[clamp(x + radius + 1, width)];
        sum -= from[clamp(x - radius, width)];
    }
}

void blur_plane(uint8_t *plane, unsigned width, unsigned height, unsigned radius, uint8_t *scratch)
{
    uint32_t *sums = (uint32_t *)(void *)scratch, count = 2 * radius + 1;
    uint8_t *rows = scratch + (size_t)width * sizeof(*sums);
    if (radius == 0 || width == 0 || height == 0)
        return;
    for (unsigned y = 0; y < height; y++)
        blur_row(plane + (size_t)y * width, rows + (size_t)y * width, width, (int)radius);
    memset(sums, 0, (size_t)width * sizeof(*sums));
    for (int y = -(int)radius; y <= (int)radius; y++)
        for (unsigned x = 0; x < width; x++)
            sums[x] += rows[(size_t)clamp(y, height) * width + x];
    for (int y = 0; y < (int)height; y++) {
        const uint8_t *next = rows + (size_t)clamp(y + (int)radius + 1, height) * width;
        const uint8_t *last = rows + (size_t)clamp(y - (int)radius, height) * width;
        uint8_t *to = plane + (size_t)y * width;
        for (unsigned x = 0; x < width; x++) {
            to[x] = (uint8_t)((sums[x] + count / 2) / count);
            sums[x] += next[x];
            sums[x] -= last[x];
        }
    }
}
