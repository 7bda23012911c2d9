#include "device/colour.h"

/* Fixed point with 14 bits, so that a product with a sample fits 32 bits with the sign. */
#define FIXED(value) ((int)((value)*16384 + ((value) < 0 ? -0.5 : 0.5)))
enum { SHIFT = 14, HALF = 1 << 13 };

static uint8_t clamp(int value)
{
    return (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value);
}

/* BT.601, 2.5.3 (and BT.709, 4.6, the same): Y has 219 steps from 16, U and V 224 around 128. */
static void expand(uint8_t *row, unsigned width, int scale, int from, int to)
{
    for (unsigned x = 0; x < width; x++)
        row[x] = clamp((((row[x] - from) * scale + HALF) >> SHIFT) + to);
}

/*
 * BT.709 to BT.601: through R'G'B' with each standard's luma weights (BT.709, 3.2; BT.601, 2.5.1),
 * multiplied out to one step:
 *   Y' = Y + 0.10159 U + 0.19609 V,  U' = 0.98985 U - 0.11066 V,  V' = 0.98339 V - 0.07246 U
 */
static void luma_709_to_601(uint8_t *y, const uint8_t *u, const uint8_t *v, unsigned width,
                            unsigned h)
{
    for (unsigned x = 0; x < width; x++) {
        int du = u[x / h] - 128, dv = v[x / h] - 128;
        y[x] = clamp(y[x] + ((du * FIXED(0.10159) + dv * FIXED(0.19609) + HALF) >> SHIFT));
    }
}

static void chroma_709_to_601(uint8_t *u, uint8_t *v, unsigned width)
{
    for (unsigned x = 0; x < width; x++) {
        int du = u[x] - 128, dv = v[x] - 128;
        u[x] = clamp(128 + ((du * FIXED(0.98985) - dv * FIXED(0.11066) + HALF) >> SHIFT));
        v[x] = clamp(128 + ((dv * FIXED(0.98339) - du * FIXED(0.07246) + HALF) >> SHIFT));
    }
}

void colour_to_jfif(struct mcu_rows *rows, const struct picture *picture, struct sampling sampling)
{
    unsigned luma_rows = 8 * sampling.v, chroma_rows = sampling.components == 3 ? 8 : 0;
    unsigned chroma_width = (picture->width + sampling.h - 1) / sampling.h;
    if (picture->limited_range) {
        for (unsigned y = 0; y < luma_rows; y++)
            expand(rows->rows[0][y], picture->width, FIXED(255.0 / 219), 16, 0);
        for (unsigned y = 0; y < chroma_rows; y++) {
            expand(rows->rows[1][y], chroma_width, FIXED(255.0 / 224), 128, 128);
            expand(rows->rows[2][y], chroma_width, FIXED(255.0 / 224), 128, 128);
        }
    }
    if (picture->encoding != COLOUR_BT709 || chroma_rows == 0)
        return;
    for (unsigned y = 0; y < luma_rows; y++)
        luma_709_to_601(rows->rows[0][y], rows->rows[1][y / sampling.v],
                        rows->rows[2][y / sampling.v], picture->width, sampling.h);
    for (unsigned y = 0; y < chroma_rows; y++)
        chroma_709_to_601(rows->rows[1][y], rows->rows[2][y], chroma_width);
}
