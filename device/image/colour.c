#include "device/image/colour.h"

#include "device/image/samples.h"

/* BT.601, 2.5.3 (and BT.709, 4.6, the same): Y has 219 steps from 16, and U and V have 224, of
 * which 112 is no colour and becomes 128. These factors come closest to that: Y is within 0.53 of
 * the exact value, U and V within 0.72. */
static const struct stretch stretch_y = { 16, 42, 117 }, stretch_uv = { 16, 36, 166 };

/*
 * BT.709 to BT.601: through R'G'B' with each standard's luma weights (BT.709, 3.2; BT.601, 2.5.1),
 * multiplied out to one step:
 *   Y' = Y + 0.10159 U + 0.19609 V,  U' = 0.98985 U - 0.11066 V,  V' = 0.98339 V - 0.07246 U
 */
#define FACTOR(value) ((int16_t)((value)*COMBINE_ONE + ((value) < 0 ? -0.5 : 0.5)))
#define FACTORS(u, v)                                                                              \
    {                                                                                              \
        FACTOR(u), FACTOR(v)                                                                       \
    }
#define WIDEN (255.0 / 224)

static const struct matrix {
    struct combine y, u, v;
} matrix_full = {
    .y = FACTORS(0.10159, 0.19609),
    .u = FACTORS(0.98985, -0.11066),
    .v = FACTORS(-0.07246, 0.98339),
}, matrix_limited = {
    .y = FACTORS(0.10159 * WIDEN, 0.19609 * WIDEN),
    .u = FACTORS(0.98985 * WIDEN, -0.11066 * WIDEN),
    .v = FACTORS(-0.07246 * WIDEN, 0.98339 * WIDEN),
};

/* Grey is the same in both standards. */
static bool needs_matrix(const struct picture *picture)
{
    return picture->encoding == COLOUR_BT709 && picture->format != PIXEL_GREY;
}

bool colour_converts(const struct picture *picture)
{
    return picture->limited_range || needs_matrix(picture);
}

static void stretch_row(uint8_t *to, const uint8_t *from, size_t width, struct stretch by)
{
#pragma GCC unroll 4
    for (size_t x = 0; x < width; x += SAMPLES)
        samples_store(to + x, samples_stretch(samples_load(from + x), by));
}

/* Converts U and V, and computes what is added to Y, `across` luma samples for each. */
static void convert_chroma(uint8_t *to_u, uint8_t *to_v, uint8_t *add, const uint8_t *from_u,
                           const uint8_t *from_v, size_t width, unsigned across, struct matrix by)
{
    for (size_t x = 0; x < width; x += SAMPLES) {
        samples u = samples_flip(samples_load(from_u + x));
        samples v = samples_flip(samples_load(from_v + x));
        samples y = samples_combine(u, v, by.y);
        samples_store(to_u + x, samples_flip(samples_combine(u, v, by.u)));
        samples_store(to_v + x, samples_flip(samples_combine(u, v, by.v)));
        if (across == 1) {
            samples_store(add + x, y);
        } else {
            samples_store(add + 2 * x, samples_double(y, 0));
            samples_store(add + 2 * x + SAMPLES, samples_double(y, 1));
        }
    }
}

static void convert_luma(uint8_t *to, const uint8_t *from, const uint8_t *add, size_t width,
                         bool stretch)
{
#pragma GCC unroll 4
    for (size_t x = 0; x < width; x += SAMPLES) {
        samples y = samples_load(from + x);
        if (stretch)
            y = samples_stretch(y, stretch_y);
        samples_store(to + x, samples_add(y, samples_load(add + x)));
    }
}

static void convert_rows(struct mcu_rows *rows, const struct picture *picture,
                         struct sampling sampling, size_t chroma_width)
{
    uint8_t *add = mcu_rows_spare(rows);
    for (unsigned y = 0; y < MCU_CHROMA_ROWS; y++) {
        uint8_t *u = mcu_rows_scratch(rows, 1, y), *v = mcu_rows_scratch(rows, 2, y);
        convert_chroma(u, v, add, rows->rows[1][y], rows->rows[2][y], chroma_width, sampling.h,
                       picture->limited_range ? matrix_limited : matrix_full);
        rows->rows[1][y] = u;
        rows->rows[2][y] = v;
        for (unsigned i = y * sampling.v; i < (y + 1) * sampling.v; i++) {
            uint8_t *luma = mcu_rows_scratch(rows, 0, i);
            convert_luma(luma, rows->rows[0][i], add, picture_coded_width(picture),
                         picture->limited_range);
            rows->rows[0][i] = luma;
        }
    }
}

static void stretch_rows(struct mcu_rows *rows, unsigned component, unsigned count, size_t width,
                         struct stretch by)
{
    for (unsigned y = 0; y < count; y++) {
        uint8_t *to = mcu_rows_scratch(rows, component, y);
        stretch_row(to, rows->rows[component][y], width, by);
        rows->rows[component][y] = to;
    }
}

void colour_to_jfif(struct mcu_rows *rows, const struct picture *picture)
{
    struct sampling sampling = picture_coded_sampling(picture);
    unsigned width = picture_coded_width(picture);
    size_t chroma_width = (width + sampling.h - 1) / sampling.h;
    if (needs_matrix(picture)) {
        convert_rows(rows, picture, sampling, chroma_width);
        return;
    }
    stretch_rows(rows, 0, MCU_CHROMA_ROWS * sampling.v, width, stretch_y);
    for (unsigned c = 1; c < sampling.components; c++)
        stretch_rows(rows, c, MCU_CHROMA_ROWS, chroma_width, stretch_uv);
}
