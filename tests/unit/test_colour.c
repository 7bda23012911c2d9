/*
 * Known colours through each standard's own equations to JFIF's.
 */
#include "device/colour.h"

#include <math.h>
#include <stdlib.h>

#include "support.h"

enum { SIDE = 16 };

/* The weights of R' and B' in Y' (BT.601, 2.5.1; BT.709, 3.2). */
struct weights {
    double r, b;
};

static const struct weights bt601 = { 0.299, 0.114 }, bt709 = { 0.2126, 0.0722 };

/* RGB 0..255 to Y, Cb, Cr of a standard, at full or limited range, not rounded. */
static void to_yuv(const double rgb[3], struct weights weights, bool limited, double yuv[3])
{
    double luma = weights.r * rgb[0] + (1 - weights.r - weights.b) * rgb[1] + weights.b * rgb[2];
    yuv[0] = limited ? 16 + luma * 219 / 255 : luma;
    yuv[1] = 128 + (rgb[2] - luma) / (2 - 2 * weights.b) * (limited ? 224.0 / 255 : 1);
    yuv[2] = 128 + (rgb[0] - luma) / (2 - 2 * weights.r) * (limited ? 224.0 / 255 : 1);
}

static uint8_t to_byte(double value)
{
    return (uint8_t)lround(value < 0 ? 0 : value > 255 ? 255 : value);
}

/* Sends one colour through the module as a picture of nothing else. */
static void convert(enum pixel_format format, bool limited, enum colour_encoding encoding,
                    const uint8_t in[3], uint8_t out[3])
{
    struct own_picture own;
    struct mcu_rows rows = { 0 };
    own_picture_make(&own, format, SIDE, SIDE, 0, 0, CONTENT_SMOOTH);
    own.picture.limited_range = limited;
    own.picture.encoding = encoding;
    unsigned count = component_count(&own.picture);
    for (unsigned c = 0; c < count; c++)
        for (unsigned y = 0; y < component_height(&own.picture, c); y++)
            for (unsigned x = 0; x < component_width(&own.picture, c); x++)
                *picture_sample(&own.picture, c, x, y) = in[c];
    assert_int_equal(mcu_rows_load(&rows, &own.picture, 0), 0);
    for (unsigned c = 0; c < count; c++) {
        out[c] = rows.rows[c][0][0];
        for (unsigned y = 0; y < 8; y++)
            for (unsigned x = 0; x < component_width(&own.picture, c); x++)
                assert_int_equal(rows.rows[c][y][x], out[c]);
    }
    own_picture_free(&own);
    mcu_rows_clear(&rows);
}

static const enum pixel_format formats[] = { PIXEL_YUV420, PIXEL_YUV422, PIXEL_YUV444, PIXEL_NV12,
                                             PIXEL_YUYV };

static void known_colours(void **state)
{
    (void)state;
    static const double colours[][3] = {
        { 0, 0, 0 },     { 255, 255, 255 }, { 255, 0, 0 },   { 0, 255, 0 },       { 0, 0, 255 },
        { 255, 255, 0 }, { 0, 255, 255 },   { 255, 0, 255 }, { 128, 128, 128 },   { 200, 30, 90 },
        { 12, 99, 180 }, { 240, 200, 170 }, { 60, 120, 30 }, { 191, 191, 191.5 },
    };
    for (size_t f = 0; f < sizeof(formats) / sizeof(formats[0]); f++)
        for (size_t i = 0; i < sizeof(colours) / sizeof(colours[0]); i++)
            for (int form = 0; form < 4; form++) {
                bool limited = form & 1, is_709 = form & 2;
                double from[3], wanted[3];
                uint8_t in[3], out[3];
                to_yuv(colours[i], is_709 ? bt709 : bt601, limited, from);
                to_yuv(colours[i], bt601, false, wanted);
                for (int c = 0; c < 3; c++)
                    in[c] = to_byte(from[c]);
                convert(formats[f], limited, is_709 ? COLOUR_BT709 : COLOUR_BT601, in, out);
                for (int c = 0; c < 3; c++)
                    if (abs(out[c] - to_byte(wanted[c])) > 2)
                        fail_msg("colour %zu, form %d, component %d: %d, not %d", i, form, c,
                                 out[c], to_byte(wanted[c]));
            }
}

static void the_ends_of_the_limited_range(void **state)
{
    (void)state;
    static const struct {
        uint8_t in[3], out[3];
    } cases[] = {
        { { 16, 128, 128 }, { 0, 128, 128 } },
        { { 235, 128, 128 }, { 255, 128, 128 } },
        { { 235, 16, 240 }, { 255, 0, 255 } },
        /* What lies beyond is cut, not wrapped. */
        { { 0, 0, 255 }, { 0, 0, 255 } },
        { { 255, 255, 0 }, { 255, 255, 0 } },
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint8_t out[3];
        convert(PIXEL_YUV420, true, COLOUR_BT601, cases[i].in, out);
        /* 128 * (255 / 224) from 128 is 0.5 beyond either end. */
        for (int c = 0; c < 3; c++)
            assert_in_range(out[c], cases[i].out[c] ? cases[i].out[c] - 1 : 0,
                            cases[i].out[c] < 255 ? cases[i].out[c] + 1 : 255);
        assert_int_equal(out[0], cases[i].out[0]);
        if (cases[i].in[1] == 128)
            assert_int_equal(out[1], 128);
        if (cases[i].in[2] == 128)
            assert_int_equal(out[2], 128);
    }
}

/* Grey has no colour in either standard. */
static void grey_stays_grey(void **state)
{
    (void)state;
    for (int luma = 0; luma < 256; luma++) {
        uint8_t in[3] = { (uint8_t)luma, 128, 128 }, out[3];
        convert(PIXEL_YUV444, false, COLOUR_BT709, in, out);
        assert_memory_equal(in, out, 3);
        convert(PIXEL_YUV444, true, COLOUR_BT709, in, out);
        assert_int_equal(out[0], to_byte((luma - 16) * 255.0 / 219));
        assert_int_equal(out[1], 128);
        assert_int_equal(out[2], 128);
        convert(PIXEL_GREY, true, COLOUR_BT709, in, out);
        assert_int_equal(out[0], to_byte((luma - 16) * 255.0 / 219));
        convert(PIXEL_GREY, false, COLOUR_BT709, in, out);
        assert_int_equal(out[0], luma);
    }
}

/* BT.601, 2.5.3: 219 steps of Y, 224 of U and V, to 255; rounded to the nearest. */
static void the_limited_range_is_expanded(void **state)
{
    (void)state;
    for (int value = 0; value < 256; value++) {
        uint8_t in[3] = { (uint8_t)value, (uint8_t)value, (uint8_t)(255 - value) }, out[3];
        double wanted[3] = { (in[0] - 16) * 255.0 / 219, 128 + (in[1] - 128) * 255.0 / 224,
                             128 + (in[2] - 128) * 255.0 / 224 };
        convert(PIXEL_YUV422, true, COLOUR_BT601, in, out);
        for (int c = 0; c < 3; c++)
            assert_true(fabs(out[c] - fmin(fmax(wanted[c], 0), 255)) < 0.51);
    }
}

/* All values of all components, the impossible ones too, against the equations. */
static void every_value_is_cut_not_wrapped(void **state)
{
    (void)state;
    for (int y = 0; y < 256; y += 15)
        for (int u = 0; u < 256; u += 15)
            for (int v = 0; v < 256; v += 15) {
                uint8_t in[3] = { (uint8_t)y, (uint8_t)u, (uint8_t)v }, out[3];
                convert(PIXEL_YUV444, false, COLOUR_BT709, in, out);
                double du = u - 128, dv = v - 128;
                assert_true(abs(out[0] - to_byte(y + 0.10159 * du + 0.19609 * dv)) <= 1);
                assert_true(abs(out[1] - to_byte(128 + 0.98985 * du - 0.11066 * dv)) <= 1);
                assert_true(abs(out[2] - to_byte(128 + 0.98339 * dv - 0.07246 * du)) <= 1);
            }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_colours),
        cmocka_unit_test(the_ends_of_the_limited_range),
        cmocka_unit_test(grey_stays_grey),
        cmocka_unit_test(the_limited_range_is_expanded),
        cmocka_unit_test(every_value_is_cut_not_wrapped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
