/*
 * Known colours through each standard's own equations to JFIF's.
 */
#include "device/image/colour.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "device/image/mcu_rows.h"
#include "shared/protocol/crc32c.h"
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
                double from[3], expected[3];
                uint8_t in[3], out[3];
                to_yuv(colours[i], is_709 ? bt709 : bt601, limited, from);
                to_yuv(colours[i], bt601, false, expected);
                for (int c = 0; c < 3; c++)
                    in[c] = to_byte(from[c]);
                convert(formats[f], limited, is_709 ? COLOUR_BT709 : COLOUR_BT601, in, out);
                for (int c = 0; c < 3; c++)
                    if (abs(out[c] - to_byte(expected[c])) > 2)
                        fail_msg("colour %zu, form %d, component %d: %d, not %d", i, form, c,
                                 out[c], to_byte(expected[c]));
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

/* What the equations make of a picture's sample, not rounded. */
struct exact {
    double y, u, v;
};

static struct exact exact_colour(const struct picture *picture, uint8_t y, uint8_t u, uint8_t v)
{
    struct exact to = { y, u - 128, v - 128 };
    if (picture->limited_range) {
        to.y = fmin(fmax(y - 16.0, 0), 219) * 255 / 219;
        to.u *= 255.0 / 224;
        to.v *= 255.0 / 224;
    }
    if (picture->encoding == COLOUR_BT709 && picture->format != PIXEL_GREY) {
        struct exact from = to;
        to.y = from.y + 0.10159 * from.u + 0.19609 * from.v;
        to.u = 0.98985 * from.u - 0.11066 * from.v;
        to.v = 0.98339 * from.v - 0.07246 * from.u;
    }
    to.u += 128;
    to.v += 128;
    return to;
}

/* How far a sample is from the exact value, which is cut to 0..255 first. */
static double distance(uint8_t sample, double exact)
{
    return fabs(sample - fmin(fmax(exact, 0), 255));
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
        assert_true(distance(out[0], (luma - 16) * 255.0 / 219) < 0.53);
        assert_int_equal(out[1], 128);
        assert_int_equal(out[2], 128);
        convert(PIXEL_GREY, true, COLOUR_BT709, in, out);
        assert_true(distance(out[0], (luma - 16) * 255.0 / 219) < 0.53);
        convert(PIXEL_GREY, false, COLOUR_BT709, in, out);
        assert_int_equal(out[0], luma);
    }
}

/* 219 steps of Y, 224 of U and V, to 255, of each value that there is. */
static void the_limited_range_is_expanded(void **state)
{
    (void)state;
    struct picture form = { .format = PIXEL_YUV422, .limited_range = true };
    for (int value = 0; value < 256; value++) {
        uint8_t in[3] = { (uint8_t)value, (uint8_t)value, (uint8_t)(255 - value) }, out[3];
        struct exact expected = exact_colour(&form, in[0], in[1], in[2]);
        convert(form.format, true, COLOUR_BT601, in, out);
        assert_true(distance(out[0], expected.y) < 0.53);
        assert_true(distance(out[1], expected.u) < 0.72);
        assert_true(distance(out[2], expected.v) < 0.72);
    }
}

/* All of U and V with one Y: U across, V down. */
static void check_plane_of_colours(struct mcu_rows *rows, struct own_picture *own, uint8_t y)
{
    const struct picture *picture = &own->picture;
    memset(own->planes[0].data, y, own->planes[0].size);
    for (unsigned v = 0; v < 256; v++) {
        if (v % 8 == 0)
            assert_int_equal(mcu_rows_load(rows, picture, v / 8), 0);
        for (unsigned u = 0; u < 256; u++) {
            struct exact expected = exact_colour(picture, y, (uint8_t)u, (uint8_t)v);
            uint8_t out[3];
            for (unsigned c = 0; c < 3; c++)
                out[c] = rows->rows[c][v % 8][u];
            /* Y is the sum of two numbers that were rounded, U and V are rounded once. */
            if (distance(out[0], expected.y) > 1.05 || distance(out[1], expected.u) > 0.55 ||
                distance(out[2], expected.v) > 0.55)
                fail_msg("%u %u %u to %u %u %u, not %f %f %f", y, u, v, out[0], out[1], out[2],
                         expected.y, expected.u, expected.v);
        }
    }
}

/* Each of the 16,777,216 colours, the impossible ones too, at either range. */
static void every_colour_comes_out_right(void **state)
{
    (void)state;
    struct own_picture own;
    struct mcu_rows rows = { 0 };
    own_picture_make(&own, PIXEL_YUV444, 256, 256, 0, 0, CONTENT_SMOOTH);
    own.picture.encoding = COLOUR_BT709;
    for (unsigned v = 0; v < 256; v++)
        for (unsigned u = 0; u < 256; u++) {
            *picture_sample(&own.picture, 1, u, v) = (uint8_t)u;
            *picture_sample(&own.picture, 2, u, v) = (uint8_t)v;
        }
    for (int limited = 0; limited < 2; limited++) {
        own.picture.limited_range = limited;
        for (unsigned y = 0; y < 256; y++)
            check_plane_of_colours(&rows, &own, (uint8_t)y);
    }
    own_picture_free(&own);
    mcu_rows_clear(&rows);
}

/* Where in a component's rows of the source a sample of the converted ones comes from. */
static unsigned source(unsigned at, unsigned count, bool mirrored)
{
    at = at < count ? at : count - 1;
    return mirrored ? count - 1 - at : at;
}

static void check_sample(const struct picture *picture, unsigned c, unsigned x, unsigned y,
                         uint8_t got)
{
    unsigned count = component_count(picture);
    unsigned width = component_width(picture, c), height = component_height(picture, c);
    x = source(x, width, picture->hflip);
    y = source(y, height, picture->vflip);
    unsigned across = c || count == 1 ? 1 : (width + 1) / component_width(picture, 1);
    unsigned down = c || count == 1 ? 1 : (height + 1) / component_height(picture, 1);
    struct exact expected =
        exact_colour(picture, c == 0 ? *picture_sample(picture, 0, x, y) : 0,
                     count == 3 ? *picture_sample(picture, 1, x / across, y / down) : 128,
                     count == 3 ? *picture_sample(picture, 2, x / across, y / down) : 128);
    double exact = c == 0 ? expected.y : c == 1 ? expected.u : expected.v;
    if (distance(got, exact) > 1.05)
        fail_msg("%s %ux%u, component %u at %u,%u: %u, not %f", pixel_format_name(picture->format),
                 picture->width, picture->height, c, x, y, got, exact);
}

static void check_picture(struct mcu_rows *rows, const struct picture *picture)
{
    struct sampling sampling = picture_sampling(picture->format);
    for (unsigned row = 0; row * 8 * sampling.v < picture->height; row++) {
        assert_int_equal(mcu_rows_load(rows, picture, row), 0);
        for (unsigned c = 0; c < sampling.components; c++) {
            unsigned lines = c == 0 ? 8 * sampling.v : 8;
            unsigned width = (component_width(picture, c) + 7) / 8 * 8;
            for (unsigned y = 0; y < lines; y++)
                for (unsigned x = 0; x < width; x++)
                    check_sample(picture, c, x, row * lines + y, rows->rows[c][y][x]);
        }
    }
}

/* Even sides only when mirrored: of an odd one, the chroma sample at the edge stands for one pixel,
 * and stays with another one once it is mirrored. */
static void every_format_and_size_is_converted(void **state)
{
    (void)state;
    static const enum pixel_format all[] = { PIXEL_YUV420, PIXEL_YUV422, PIXEL_YUV444,
                                             PIXEL_NV12,   PIXEL_YUYV,   PIXEL_GREY };
    struct mcu_rows rows = { 0 };
    for (unsigned width = 16; width < 90; width++)
        for (size_t i = 0; i < 6 * 3 * 4; i++) {
            struct own_picture own;
            unsigned form = 1 + i / 6 % 3, flip = (unsigned)i / 18;
            unsigned even = flip ? width & ~1u : width;
            own_picture_make(&own, all[i % 6], even, flip ? 18 : 17, i % 2 * 7, 0xEE,
                             CONTENT_NOISE);
            own.picture.limited_range = form & 1;
            own.picture.encoding = form & 2 ? COLOUR_BT709 : COLOUR_BT601;
            own.picture.hflip = flip & 1;
            own.picture.vflip = flip & 2;
            check_picture(&rows, &own.picture);
            own_picture_free(&own);
        }
    mcu_rows_clear(&rows);
}

/* Whatever instructions they are made with. */
static void all_machines_make_the_same_bytes(void **state)
{
    (void)state;
    struct own_picture own;
    struct mcu_rows rows = { 0 };
    uint32_t sum = 0;
    own_picture_make(&own, PIXEL_YUV420, 640, 480, 0, 0, CONTENT_NOISE);
    for (int form = 1; form < 4; form++) {
        own.picture.limited_range = form & 1;
        own.picture.encoding = form & 2 ? COLOUR_BT709 : COLOUR_BT601;
        for (unsigned row = 0; row < 30; row++) {
            assert_int_equal(mcu_rows_load(&rows, &own.picture, row), 0);
            for (unsigned c = 0; c < 3; c++)
                for (unsigned y = 0; y < (c ? 8 : 16); y++)
                    sum = crc32c(sum, rows.rows[c][y], c ? 320 : 640);
        }
    }
    assert_int_equal(sum, 0x6e9caf30);
    own_picture_free(&own);
    mcu_rows_clear(&rows);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_colours),
        cmocka_unit_test(the_ends_of_the_limited_range),
        cmocka_unit_test(grey_stays_grey),
        cmocka_unit_test(the_limited_range_is_expanded),
        cmocka_unit_test(every_colour_comes_out_right),
        cmocka_unit_test(every_format_and_size_is_converted),
        cmocka_unit_test(all_machines_make_the_same_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
