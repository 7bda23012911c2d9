/*
 * picture_check() at its edges: a byte, a row or a pixel too few in each plane of each format.
 */
#include "device/image/picture.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "support.h"

static const struct {
    unsigned width, height;
} sizes[] = { { 16, 16 }, { 17, 17 }, { 33, 16 }, { 100, 51 } };

enum { SIZES = sizeof(sizes) / sizeof(sizes[0]) };

static unsigned planes_of(const struct picture *picture)
{
    unsigned count = 0;
    while (count < 3 && picture->planes[count].data)
        count++;
    return count;
}

static void exact_planes_are_enough(void **state)
{
    (void)state;
    for (unsigned format = 0; format < RAW_FORMATS; format++)
        for (unsigned i = 0; i < SIZES; i++)
            for (size_t padding = 0; padding < 20; padding += 7) {
                struct own_picture own;
                own_picture_make(&own, format, sizes[i].width, sizes[i].height, padding, 0,
                                 CONTENT_SMOOTH);
                assert_int_equal(picture_check(&own.picture), 0);
                own_picture_free(&own);
            }
}

static void check_plane(struct picture *picture, unsigned plane, size_t padding)
{
    struct plane was = picture->planes[plane];
    picture->planes[plane].size--;
    assert_int_equal(picture_check(picture), -EINVAL);
    picture->planes[plane].size = 0;
    assert_int_equal(picture_check(picture), -EINVAL);
    picture->planes[plane] = was;
    picture->planes[plane].stride++; /* the last row would end behind the plane */
    assert_int_equal(picture_check(picture), -EINVAL);
    picture->planes[plane].stride = SIZE_MAX / 2; /* rows * stride overflows */
    assert_int_equal(picture_check(picture), -EINVAL);
    picture->planes[plane].stride = was.stride - padding - 1; /* rows overlap */
    assert_int_equal(picture_check(picture), -EINVAL);
    picture->planes[plane].stride = 0;
    assert_int_equal(picture_check(picture), -EINVAL);
    picture->planes[plane] = was;
    picture->planes[plane].data = NULL;
    assert_int_equal(picture_check(picture), -EINVAL);
    picture->planes[plane] = was;
    assert_int_equal(picture_check(picture), 0);
}

static void a_byte_less_is_not(void **state)
{
    (void)state;
    for (unsigned format = 0; format < RAW_FORMATS; format++)
        for (unsigned i = 0; i < SIZES; i++)
            for (size_t padding = 0; padding < 20; padding += 7) {
                struct own_picture own;
                own_picture_make(&own, format, sizes[i].width, sizes[i].height, padding, 0,
                                 CONTENT_SMOOTH);
                for (unsigned plane = 0; plane < planes_of(&own.picture); plane++)
                    check_plane(&own.picture, plane, padding);
                own_picture_free(&own);
            }
}

static void sides_are_bounded(void **state)
{
    (void)state;
    static const struct {
        unsigned width, height;
        int result;
    } cases[] = {
        { 16, 16, 0 },          { 15, 16, -EINVAL },
        { 16, 15, -EINVAL },    { 16383, 16, 0 },
        { 16384, 16, -EINVAL }, { 16, 16383, 0 },
        { 16, 16384, -EINVAL }, { 0, 16, -EINVAL },
        { 16, 0, -EINVAL },     { UINT32_MAX, 16, -EINVAL },
    };
    /* Never read: only the sizes are looked at. */
    static const uint8_t byte;
    for (unsigned format = 0; format <= PIXEL_JPEG; format++)
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
            struct plane plane = { &byte, 1 << 16, (size_t)1 << 31 };
            struct picture picture = { .format = format,
                                       .width = cases[i].width,
                                       .height = cases[i].height,
                                       .planes = { plane, plane, plane } };
            assert_int_equal(picture_check(&picture), cases[i].result);
        }
}

static void jpegs_need_bytes(void **state)
{
    (void)state;
    static const uint8_t byte;
    struct picture picture = {
        .format = PIXEL_JPEG, .width = 64, .height = 64, .planes = { { &byte, 0, 1 } }
    };
    assert_int_equal(picture_check(&picture), 0);
    picture.planes[0].size = 0;
    assert_int_equal(picture_check(&picture), -EINVAL);
    picture.planes[0] = (struct plane){ NULL, 0, 1 };
    assert_int_equal(picture_check(&picture), -EINVAL);
    picture.planes[0].data = &byte;
    picture.format = PIXEL_JPEG + 1;
    assert_int_equal(picture_check(&picture), -EINVAL);
}

static void names(void **state)
{
    (void)state;
    assert_string_equal(pixel_format_name(PIXEL_YUV420), "YUV420");
    assert_string_equal(pixel_format_name(PIXEL_YUV422), "YUV422");
    assert_string_equal(pixel_format_name(PIXEL_YUV444), "YUV444");
    assert_string_equal(pixel_format_name(PIXEL_GREY), "GREY");
    assert_string_equal(pixel_format_name(PIXEL_NV12), "NV12");
    assert_string_equal(pixel_format_name(PIXEL_YUYV), "YUYV");
    assert_string_equal(pixel_format_name(PIXEL_RGB), "RGB");
    assert_string_equal(pixel_format_name(PIXEL_BGR), "BGR");
    assert_string_equal(pixel_format_name(PIXEL_JPEG), "JPEG");
    assert_string_equal(pixel_format_name(PIXEL_JPEG + 1), "?");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(exact_planes_are_enough),
        cmocka_unit_test(a_byte_less_is_not),
        cmocka_unit_test(sides_are_bounded),
        cmocka_unit_test(jpegs_need_bytes),
        cmocka_unit_test(names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
