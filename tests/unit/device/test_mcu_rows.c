/*
 * The rows that go to libjpeg, sample by sample: in place, mirrored, turned, and repeated beyond
 * the edges.
 */
#include "device/image/mcu_rows.h"

#include <string.h>

#include "support.h"

enum { YUV_FORMATS = 6 };

static const enum pixel_format formats[YUV_FORMATS] = { PIXEL_YUV420, PIXEL_YUV422, PIXEL_YUV444,
                                                        PIXEL_GREY,   PIXEL_NV12,   PIXEL_YUYV };

static const struct {
    unsigned width, height;
} sizes[] = { { 16, 16 }, { 17, 33 }, { 33, 17 }, { 64, 48 }, { 23, 50 }, { 71, 18 }, { 94, 16 } };

enum { SIZES = sizeof(sizes) / sizeof(sizes[0]) };

static unsigned round_up(unsigned value, unsigned step)
{
    return (value + step - 1) / step * step;
}

static unsigned smaller(unsigned one, unsigned other)
{
    return one < other ? one : other;
}

/* The sample that belongs at x, y of a component, edges and mirroring included. */
static uint8_t expected(const struct picture *picture, unsigned component, unsigned x, unsigned y)
{
    unsigned width = component_width(picture, component);
    unsigned height = component_height(picture, component);
    if (picture->transpose) {
        unsigned column = x;
        x = y;
        y = column;
    }
    x = smaller(x, width - 1);
    y = smaller(y, height - 1);
    return *picture_sample(picture, component, picture->hflip ? width - 1 - x : x,
                           picture->vflip ? height - 1 - y : y);
}

static void check_rows(struct mcu_rows *rows, const struct picture *picture)
{
    struct sampling sampling = picture_coded_sampling(picture);
    unsigned count = (picture_coded_height(picture) + 8 * sampling.v - 1) / (8 * sampling.v);
    assert_int_equal(sampling.components, component_count(picture));
    for (unsigned row = 0; row < count; row++) {
        assert_int_equal(mcu_rows_load(rows, picture, row), 0);
        for (unsigned c = 0; c < sampling.components; c++) {
            unsigned lines = c == 0 ? 8 * sampling.v : 8;
            unsigned width =
                picture->transpose ? component_height(picture, c) : component_width(picture, c);
            for (unsigned y = 0; y < lines; y++)
                for (unsigned x = 0; x < round_up(width, 8); x++)
                    if (rows->rows[c][y][x] != expected(picture, c, x, row * lines + y))
                        fail_msg("%s %ux%u component %u at %u,%u",
                                 pixel_format_name(picture->format), picture->width,
                                 picture->height, c, x, row * lines + y);
        }
    }
}

static void rows_are_the_pictures(void **state)
{
    (void)state;
    /* One struct for all, as a worker has it. */
    struct mcu_rows rows = { 0 };
    for (unsigned f = 0; f < YUV_FORMATS; f++)
        for (unsigned i = 0; i < SIZES; i++)
            for (int turn = 0; turn < 8; turn++)
                for (size_t padding = 0; padding < 10; padding += 9) {
                    struct own_picture own;
                    own_picture_make(&own, formats[f], sizes[i].width, sizes[i].height, padding,
                                     0xEE, CONTENT_NOISE);
                    own.picture.hflip = turn & 1;
                    own.picture.vflip = turn & 2;
                    own.picture.transpose = turn & 4;
                    check_rows(&rows, &own.picture);
                    own_picture_free(&own);
                }
    mcu_rows_clear(&rows);
    assert_null(rows.scratch);
}

/* All rows are copied, whatever the format: that costs less than to compress them where they lie.
 */
static void rows_lie_in_the_scratch(void **state)
{
    (void)state;
    struct mcu_rows rows = { 0 };
    for (unsigned f = 0; f < YUV_FORMATS; f++)
        for (int form = 0; form < 4; form++) {
            struct own_picture own;
            own_picture_make(&own, formats[f], 64, 48, 0, 0, CONTENT_NOISE);
            own.picture.limited_range = form & 1;
            own.picture.encoding = form & 2 ? COLOUR_BT709 : COLOUR_BT601;
            assert_int_equal(mcu_rows_load(&rows, &own.picture, 1), 0);
            struct sampling sampling = picture_sampling(formats[f]);
            for (unsigned c = 0; c < sampling.components; c++)
                for (unsigned y = 0; y < (c ? 8 : 8 * sampling.v); y++)
                    assert_ptr_equal(rows.rows[c][y], mcu_rows_scratch(&rows, c, y));
            own_picture_free(&own);
        }
    mcu_rows_clear(&rows);
}

/* The picture itself is only read: converting happens in scratch memory. */
static void pictures_are_left_alone(void **state)
{
    (void)state;
    struct mcu_rows rows = { 0 };
    for (unsigned f = 0; f < YUV_FORMATS; f++) {
        struct own_picture own, same;
        own_picture_make(&own, formats[f], 64, 48, 3, 0x77, CONTENT_NOISE);
        own_picture_make(&same, formats[f], 64, 48, 3, 0x77, CONTENT_NOISE);
        own.picture.limited_range = true;
        own.picture.encoding = COLOUR_BT709;
        for (unsigned row = 0; row < 3; row++)
            assert_int_equal(mcu_rows_load(&rows, &own.picture, row), 0);
        for (unsigned i = 0; i < 3; i++)
            if (own.planes[i].data)
                assert_memory_equal(own.planes[i].data, same.planes[i].data, own.planes[i].size);
        own_picture_free(&own);
        own_picture_free(&same);
    }
    mcu_rows_clear(&rows);
}

/* What is repeated below the picture is converted once, not once more for each repetition. */
static void repeated_rows_are_converted_once(void **state)
{
    (void)state;
    struct mcu_rows rows = { 0 };
    for (unsigned f = 0; f < YUV_FORMATS; f++) {
        struct own_picture own;
        own_picture_make(&own, formats[f], 41, 17, 0, 0, CONTENT_NOISE);
        own.picture.limited_range = true;
        own.picture.encoding = COLOUR_BT709;
        struct sampling sampling = picture_sampling(formats[f]);
        unsigned luma = 8 * sampling.v, last = 17 / luma;
        assert_int_equal(mcu_rows_load(&rows, &own.picture, last), 0);
        for (unsigned y = 17 - last * luma; y < luma; y++)
            assert_memory_equal(rows.rows[0][y], rows.rows[0][16 - last * luma], 48);
        own_picture_free(&own);
    }
    mcu_rows_clear(&rows);
}

static void rgb_rows(void **state)
{
    (void)state;
    struct mcu_rows rows = { 0 };
    for (unsigned format = PIXEL_RGB; format <= PIXEL_BGR; format++)
        for (unsigned i = 0; i < SIZES; i++)
            for (int turn = 0; turn < 8; turn++) {
                struct own_picture own;
                own_picture_make(&own, format, sizes[i].width, sizes[i].height, 5, 0xEE,
                                 CONTENT_NOISE);
                own.picture.hflip = turn & 1;
                own.picture.vflip = turn & 2;
                own.picture.transpose = turn & 4;
                unsigned count = smaller(MCU_ROWS_MAX, picture_coded_height(&own.picture) - 1);
                assert_int_equal(rgb_rows_load(&rows, &own.picture, 1, count), 0);
                for (unsigned y = 0; y < count; y++)
                    for (unsigned x = 0; x < picture_coded_width(&own.picture); x++)
                        for (unsigned c = 0; c < 3; c++)
                            assert_int_equal(
                                rows.rows[0][y][3 * x + (format == PIXEL_RGB ? c : 2 - c)],
                                expected(&own.picture, c, x, y + 1));
                own_picture_free(&own);
            }
    mcu_rows_clear(&rows);
}

/* Where the corners of a picture go; turns are clockwise. */
static void orientations(void **state)
{
    (void)state;
    static const struct {
        bool hflip, vflip;
        unsigned degrees;
        struct orientation result;
    } cases[] = {
        { false, false, 0, { false, false, false } }, { false, false, 90, { false, true, true } },
        { false, false, 180, { true, true, false } }, { false, false, 270, { true, false, true } },
        { true, false, 90, { true, true, true } },    { false, true, 90, { false, false, true } },
        { true, true, 180, { false, false, false } }, { true, false, 270, { false, false, true } },
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct orientation got =
            picture_orientation(cases[i].hflip, cases[i].vflip, cases[i].degrees);
        assert_int_equal(got.hflip, cases[i].result.hflip);
        assert_int_equal(got.vflip, cases[i].result.vflip);
        assert_int_equal(got.transpose, cases[i].result.transpose);
    }
}

static void samplings(void **state)
{
    (void)state;
    static const unsigned known[RAW_FORMATS][3] = {
        [PIXEL_YUV420] = { 3, 2, 2 }, [PIXEL_YUV422] = { 3, 2, 1 }, [PIXEL_YUV444] = { 3, 1, 1 },
        [PIXEL_GREY] = { 1, 1, 1 },   [PIXEL_NV12] = { 3, 2, 2 },   [PIXEL_YUYV] = { 3, 2, 1 },
        [PIXEL_RGB] = { 3, 2, 2 },    [PIXEL_BGR] = { 3, 2, 2 },
    };
    for (unsigned format = 0; format < RAW_FORMATS; format++) {
        struct sampling sampling = picture_sampling(format);
        assert_int_equal(sampling.components, known[format][0]);
        assert_int_equal(sampling.h, known[format][1]);
        assert_int_equal(sampling.v, known[format][2]);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_are_the_pictures),
        cmocka_unit_test(rows_lie_in_the_scratch),
        cmocka_unit_test(pictures_are_left_alone),
        cmocka_unit_test(repeated_rows_are_converted_once),
        cmocka_unit_test(rgb_rows),
        cmocka_unit_test(orientations),
        cmocka_unit_test(samplings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
