/*
 * The segments of a header and the markers behind it, wherever they are cut off.
 */
#include "shared/jpeg/markers.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* In a piece of memory that ends with it, so that a sanitizer sees a byte too many. */
static uint8_t *exact_copy(const uint8_t *bytes, size_t size)
{
    uint8_t *copy = malloc(size ? size : 1);
    assert_non_null(copy);
    memcpy(copy, bytes, size);
    return copy;
}

static int read_at(const uint8_t *bytes, size_t size, size_t *at, struct jpeg_segment *segment)
{
    uint8_t *copy = exact_copy(bytes, size);
    int error = jpeg_read_segment(copy, size, at, segment);
    if (!error)
        segment->content = bytes + (segment->content - copy);
    free(copy);
    return error;
}

#define READ(...)                                                                                  \
    read_at((const uint8_t[]){ __VA_ARGS__ }, sizeof((uint8_t[]){ __VA_ARGS__ }), &(size_t){ 0 },  \
            &(struct jpeg_segment){ 0 })

static void segments_follow_one_another(void **state)
{
    (void)state;
    static const uint8_t header[] = { 0xFF, 0xD8, 0xFF, 0xE0, 0, 4, 1, 2, 0xFF, 0xFF, 0xFF, 0xC0,
                                      0,    2,    0xFF, 0xDA, 0, 5, 7, 8, 9,    3,    3 };
    static const struct {
        uint8_t marker;
        size_t offset, content, size, end;
    } expected[] = {
        { MARKER_APP0, 2, 6, 2, 8 },
        { MARKER_SOF0, 10, 14, 0, 14 },
        { MARKER_SOS, 14, 18, 3, 21 },
    };
    size_t at = 2;
    struct jpeg_segment segment;
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(read_at(header, sizeof(header), &at, &segment), 0);
        assert_int_equal(segment.marker, expected[i].marker);
        assert_int_equal(segment.offset, expected[i].offset);
        assert_int_equal(segment.content - header, expected[i].content);
        assert_int_equal(segment.size, expected[i].size);
        assert_int_equal(at, expected[i].end);
    }
    assert_int_equal(read_at(header, sizeof(header), &at, &segment), -ENODATA);
}

static void what_is_no_segment(void **state)
{
    (void)state;
    for (int marker = 0; marker <= 0xFE; marker++) {
        bool good = (marker >= 0xC0 && marker <= 0xCF) || marker >= 0xDA;
        assert_int_equal(READ(0xFF, (uint8_t)marker, 0, 2), good ? 0 : -EBADMSG);
    }
    assert_int_equal(READ(0xFE, 0xC0, 0, 2), -EBADMSG);
    assert_int_equal(READ(0xFF, 0xC0, 0, 0), -EBADMSG);
    assert_int_equal(READ(0xFF, 0xC0, 0, 1), -EBADMSG);
}

static void what_is_cut_off(void **state)
{
    (void)state;
    static const uint8_t whole[] = { 0xFF, 0xFF, 0xC0, 0, 4, 1, 2 };
    struct jpeg_segment segment;
    for (size_t size = 0; size <= sizeof(whole); size++) {
        size_t at = 0;
        assert_int_equal(read_at(whole, size, &at, &segment), size < sizeof(whole) ? -ENODATA : 0);
    }
    size_t beyond = sizeof(whole) + 1;
    assert_int_equal(read_at(whole, sizeof(whole), &beyond, &segment), -ENODATA);
    assert_int_equal(READ(0xFF, 0xFF, 0xFF, 0xFF, 0xFF), -ENODATA);
    assert_int_equal(READ(0xFF, 0xE1, 0xFF, 0xFF, 0), -ENODATA);
}

static void markers_within_data(void **state)
{
    (void)state;
    static const uint8_t data[] = { 1,    0xFF, 0,    2,    0xFF, 0xD0, 0xFF, 0,    0xFF,
                                    0xFF, 0,    0xFF, 0xFF, 0xD1, 0xFF, 0xD9, 0xFF, 0xD2 };
    static const struct {
        int marker;
        size_t end;
    } expected[] = { { 0xD0, 6 }, { 0xD1, 14 }, { 0xD9, 16 }, { 0xD2, 18 }, { -ENODATA, 18 } };
    for (size_t size = 0; size <= sizeof(data); size++) {
        uint8_t *copy = exact_copy(data, size);
        size_t at = 0, i = 0;
        for (; expected[i].marker > 0 && expected[i].end <= size; i++) {
            assert_int_equal(jpeg_find_marker(copy, size, &at), expected[i].marker);
            assert_int_equal(at, expected[i].end);
        }
        assert_int_equal(jpeg_find_marker(copy, size, &at), -ENODATA);
        free(copy);
    }
}

static void frame_headers(void **state)
{
    (void)state;
    unsigned count = 0;
    for (int marker = 0; marker <= 0xFF; marker++)
        count += jpeg_marker_is_frame((uint8_t)marker);
    assert_int_equal(count, 13);
    assert_true(jpeg_marker_is_frame(0xC0) && jpeg_marker_is_frame(0xCF));
    assert_false(jpeg_marker_is_frame(0xC4) || jpeg_marker_is_frame(0xC8) ||
                 jpeg_marker_is_frame(0xCC));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(segments_follow_one_another),
        cmocka_unit_test(what_is_no_segment),
        cmocka_unit_test(what_is_cut_off),
        cmocka_unit_test(markers_within_data),
        cmocka_unit_test(frame_headers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
