#include "host/sinks/window/histogram.h"

#include <string.h>

enum {
    PIXELS_MAX = 1 << 17,
    TONES = 256,
    LEAST = 1, /* a JPEG blurs what is clipped by about so much */
    MOST = 254,
    SHIFT = 16 /* of the fixed-point factors */
};

/* JFIF's, times 2^SHIFT. */
enum { RED_OF_V = 91881, GREEN_OF_U = 22554, GREEN_OF_V = 46802, BLUE_OF_U = 116130 };

static unsigned clipped(int value)
{
    return value < 0 ? 0 : value >= TONES ? TONES - 1 : (unsigned)value;
}

static unsigned bin_of(unsigned tone)
{
    return tone * HISTOGRAM_BINS / TONES;
}

struct counts {
    unsigned pixels, dark, bright;
};

static void count_pixel(struct histogram *histogram, struct counts *counts, int y, int u, int v)
{
    unsigned red = clipped(y + RED_OF_V * v / (1 << SHIFT));
    unsigned green = clipped(y - (GREEN_OF_U * u + GREEN_OF_V * v) / (1 << SHIFT));
    unsigned blue = clipped(y + BLUE_OF_U * u / (1 << SHIFT));
    histogram->luma[bin_of((unsigned)y)]++;
    histogram->red[bin_of(red)]++;
    histogram->green[bin_of(green)]++;
    histogram->blue[bin_of(blue)]++;
    counts->pixels++;
    counts->dark += red <= LEAST && green <= LEAST && blue <= LEAST;
    counts->bright += red >= MOST || green >= MOST || blue >= MOST;
}

static unsigned highest(const unsigned *bins, unsigned so_far)
{
    for (unsigned i = 1; i + 1 < HISTOGRAM_BINS; i++)
        if (bins[i] > so_far)
            so_far = bins[i];
    return so_far;
}

void histogram_measure(struct histogram *histogram, const struct jpeg_planes *planes)
{
    struct counts counts = { 0 };
    unsigned step = 1;
    memset(histogram, 0, sizeof(*histogram));
    while ((size_t)(planes->width / step) * (planes->height / step) > PIXELS_MAX)
        step++;
    for (unsigned y = step / 2; y < planes->height; y += step) {
        const uint8_t *luma = planes->data[0] + y * planes->stride[0];
        const uint8_t *u = planes->data[1] + y / 2 * planes->stride[1];
        const uint8_t *v = planes->data[2] + y / 2 * planes->stride[2];
        for (unsigned x = step / 2; x < planes->width; x += step)
            count_pixel(histogram, &counts, luma[x], u[x / 2] - 128, v[x / 2] - 128);
    }
    histogram->highest = highest(histogram->luma, 1);
    histogram->highest = highest(histogram->red, histogram->highest);
    histogram->highest = highest(histogram->green, histogram->highest);
    histogram->highest = highest(histogram->blue, histogram->highest);
    if (counts.pixels > 0) {
        histogram->dark = (double)counts.dark / counts.pixels;
        histogram->bright = (double)counts.bright / counts.pixels;
    }
}
