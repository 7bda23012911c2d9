/*
 * Brightness and colour of a picture, as a camera's settings change them: Y, U and V times a
 * matrix, plus an offset, in fixed point. Pure; any thread.
 */
#ifndef PITETHER_DEVICE_IMAGE_TONE_H
#define PITETHER_DEVICE_IMAGE_TONE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * How the picture differs from what it is now. Samples stand for light by a power of TONE_GAMMA, so
 * that `light` times as much makes R, G and B light^(1 / TONE_GAMMA) times as large; red and blue
 * are the same for R and B alone. Then Y is moved away from 128 by contrast, and up by brightness
 * times 128; U and V are multiplied with saturation. What leaves 0..255 in the end is cut.
 */
struct tone_settings {
    double light, red, blue;     /* factors of the light; >= 0, 1: as it is */
    double brightness;           /* -1..1; 0: as it is */
    double contrast, saturation; /* factors; >= 0, 1: as it is */
};

#define TONE_GAMMA 2.2

struct tone {
    int32_t matrix[3][3]; /* rows: what Y, U, V become; columns: of Y, U - 128, V - 128 */
    int32_t offset[3];    /* with the rounding, and 128 of U and V */
    bool neutral;         /* nothing changes */
    bool separate;        /* each plane depends on itself alone */
};

void tone_make(struct tone *tone, const struct tone_settings *settings);

/* Of rows of 4:2:0 planes, width pixels wide, in place: `rows` of Y, and half of them, rounded
 * down, of U and V. Y's stride is width; that of U and V is half of it, rounded up. */
void tone_apply(const struct tone *tone, uint8_t *const planes[3], unsigned width, unsigned rows);

#endif
