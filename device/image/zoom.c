#include "device/image/zoom.h"

#include <math.h>
#include <string.h>

bool zoom_is_neutral(const struct zoom *zoom)
{
    return zoom->left == 0 && zoom->top == 0 && zoom->width == 1 && zoom->height == 1;
}

/* The position of the middle of sample 0, and the step to the next one; with a fraction of 32
 * bits. */
struct steps {
    int64_t first, step;
};

static struct steps steps_over(double begin, double length, unsigned size)
{
    double one = 4294967296.0;
    return (struct steps){ llround((begin * size + length / 2) * one), llround(length * one) };
}

void zoom_plane(const struct zoom *zoom, const uint8_t *from, uint8_t *to, unsigned width,
                unsigned height, uint8_t outside)
{
    struct steps across = steps_over(zoom->left, zoom->width, width);
    struct steps down = steps_over(zoom->top, zoom->height, height);
    int64_t last = -1;
    for (unsigned y = 0; y < height; y++, to += width) {
        int64_t row = (down.first + y * down.step) >> 32;
        if (row < 0 || row >= height) {
            memset(to, outside, width);
            continue;
        }
        if (row == last && y > 0) {
            memcpy(to, to - width, width);
            continue;
        }
        const uint8_t *samples = from + (size_t)row * width;
        int64_t at = across.first;
        for (unsigned x = 0; x < width; x++, at += across.step) {
            int64_t column = at >> 32;
            to[x] = column < 0 || column >= width ? outside : samples[column];
        }
        last = row;
    }
}
