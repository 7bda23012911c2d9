#include "device/image/tone.h"

#include <math.h>
#include <stdlib.h>

/* Fixed-point numbers with a fraction of 12 bits. A factor above 255 is clipped to white anyway,
 * so FACTOR_MAX changes nothing; with it three products fit 32 bits. */
enum { SHIFT = 12, ONE = 1 << SHIFT, FACTOR_MAX = 600 };

/* What (Y, U - 128, V - 128) becomes; without the offsets. JFIF's matrices (ITU-T T.871, 7). */
static void map(const struct tone_settings *settings, const double in[3], double out[3])
{
    double light = pow(settings->light, 1 / TONE_GAMMA);
    double red = (in[0] + 1.402 * in[2]) * light * pow(settings->red, 1 / TONE_GAMMA);
    double green = (in[0] - 0.344136 * in[1] - 0.714136 * in[2]) * light;
    double blue = (in[0] + 1.772 * in[1]) * light * pow(settings->blue, 1 / TONE_GAMMA);
    double luma = 0.299 * red + 0.587 * green + 0.114 * blue;
    out[0] = luma * settings->contrast;
    out[1] = (blue - luma) / 1.772 * settings->saturation;
    out[2] = (red - luma) / 1.402 * settings->saturation;
}

static int32_t fixed(double value)
{
    value = value > FACTOR_MAX ? FACTOR_MAX : value < -FACTOR_MAX ? -FACTOR_MAX : value;
    return (int32_t)lround(value * ONE);
}

void tone_make(struct tone *tone, const struct tone_settings *settings)
{
    for (unsigned column = 0; column < 3; column++) {
        const double in[3] = { column == 0, column == 1, column == 2 };
        double out[3];
        map(settings, in, out);
        for (unsigned row = 0; row < 3; row++)
            tone->matrix[row][column] = fixed(out[row]);
    }
    /* Contrast turns about 128. */
    double luma = 128 * (1 - settings->contrast) + 128 * settings->brightness;
    tone->offset[0] = (int32_t)lround(fmax(luma, -64 * 1024) * ONE) + ONE / 2;
    tone->offset[1] = tone->offset[2] = 128 * ONE + ONE / 2;
    tone->separate = true;
    tone->neutral = abs(tone->offset[0] - ONE / 2) <= 1;
    for (unsigned row = 0; row < 3; row++)
        for (unsigned column = 0; column < 3; column++) {
            int32_t same = row == column ? ONE : 0, entry = tone->matrix[row][column];
            tone->neutral &= abs(entry - same) <= 2; /* which no sample shows */
            tone->separate &= row == column || abs(entry) <= 2;
        }
}

static uint8_t cut(int64_t value)
{
    value >>= SHIFT;
    return (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value);
}

/* Each plane by itself: a table of what its samples become. */
static void apply_table(const struct tone *tone, unsigned plane, uint8_t *samples, size_t count)
{
    uint8_t table[256];
    for (int i = 0; i < 256; i++)
        table[i] =
            cut((int64_t)tone->matrix[plane][plane] * (plane ? i - 128 : i) + tone->offset[plane]);
    for (size_t i = 0; i < count; i++)
        samples[i] = table[samples[i]];
}

/* The samples of Y that share one of U and one of V: two of each of two rows, or what is there. */
static void apply_block(const struct tone *tone, uint8_t *luma[2], unsigned x, unsigned columns,
                        uint8_t *u, uint8_t *v)
{
    const int32_t(*m)[3] = tone->matrix;
    int32_t blue = *u - 128, red = *v - 128, sum = 0;
    int64_t shared = (int64_t)m[0][1] * blue + (int64_t)m[0][2] * red + tone->offset[0];
    for (unsigned row = 0; row < 2; row++)
        for (unsigned column = 0; column < columns; column++) {
            uint8_t *sample = &luma[row][x + column];
            sum += *sample;
            *sample = cut((int64_t)m[0][0] * *sample + shared);
        }
    int32_t mean = sum / (int32_t)(2 * columns);
    *u = cut((int64_t)m[1][0] * mean + (int64_t)m[1][1] * blue + (int64_t)m[1][2] * red +
             tone->offset[1]);
    *v = cut((int64_t)m[2][0] * mean + (int64_t)m[2][1] * blue + (int64_t)m[2][2] * red +
             tone->offset[2]);
}

void tone_apply(const struct tone *tone, uint8_t *const planes[3], unsigned width, unsigned rows)
{
    unsigned half = (width + 1) / 2;
    if (tone->neutral)
        return;
    if (tone->separate) {
        apply_table(tone, 0, planes[0], (size_t)width * rows);
        for (unsigned plane = 1; plane < 3; plane++)
            apply_table(tone, plane, planes[plane], (size_t)half * (rows / 2));
        return;
    }
    for (unsigned row = 0; row + 1 < rows; row += 2) {
        uint8_t *luma[2] = { planes[0] + (size_t)row * width,
                             planes[0] + (size_t)(row + 1) * width };
        uint8_t *u = planes[1] + (size_t)row / 2 * half, *v = planes[2] + (size_t)row / 2 * half;
        for (unsigned x = 0; x < width; x += 2)
            apply_block(tone, luma, x, width - x < 2 ? 1 : 2, &u[x / 2], &v[x / 2]);
    }
}
