#include "shared/jpeg/jpeg_check.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { WIDTH = 640, HEIGHT = 480 };

#define SIZE_BYTES 0x01, 0xE0, 0x02, 0x80
#define SOI 0xFF, 0xD8
#define EOI 0xFF, 0xD9
#define SOF(number) 0xFF, number, 0, 11, 8, SIZE_BYTES, 1, 1, 0x11, 0
#define COMMENT 0xFF, 0xFE, 0, 4, 0xFF, 0xC0

/* From a piece of memory that ends with it, so that a sanitizer sees a byte too many. */
static const char *check(const uint8_t *jpeg, size_t size, unsigned width, unsigned height)
{
    uint8_t *copy = malloc(size ? size : 1);
    assert_non_null(copy);
    memcpy(copy, jpeg, size);
    const char *wrong = jpeg_check(copy, size, width, height);
    free(copy);
    return wrong;
}

#define CHECK(...)                                                                                 \
    check((const uint8_t[]){ __VA_ARGS__ }, sizeof((uint8_t[]){ __VA_ARGS__ }), WIDTH, HEIGHT)

static void good_ones(void **state)
{
    (void)state;
    assert_null(CHECK(SOI, SOF(0xC0), EOI));
    assert_null(CHECK(SOI, COMMENT, SOF(0xC0), 1, 2, 3, EOI));
    assert_null(CHECK(SOI, 0xFF, 0xFF, SOF(0xC0), EOI)); /* filling, T.81 B.1.1.2 */
    assert_null(CHECK(SOI, 0xFF, 0xE0, 0, 2, SOF(0xC0), EOI));
    assert_null(CHECK(SOI, 0xFF, 0xC4, 0, 4, 7, 7, SOF(0xC0), EOI)); /* DHT is no frame header */
    for (int number = 0xC0; number <= 0xCF; number++) /* a camera's own may be any kind */
        if (number != 0xC4 && number != 0xC8 && number != 0xCC)
            assert_null(CHECK(SOI, SOF((uint8_t)number), EOI));
}

static void other_sizes(void **state)
{
    (void)state;
    static const uint8_t jpeg[] = { SOI, SOF(0xC0), EOI };
    static const unsigned sizes[][2] = {
        { WIDTH + 1, HEIGHT },     { WIDTH, HEIGHT - 1 }, { HEIGHT, WIDTH }, { 0, 0 },
        { WIDTH + 65536, HEIGHT },
    };
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
        assert_string_equal(check(jpeg, sizeof(jpeg), sizes[i][0], sizes[i][1]),
                            "its picture has another size than the daemon announced");
}

static void ends(void **state)
{
    (void)state;
    static const char begin[] = "it does not begin as a JPEG does";
    static const char end[] = "it does not end as a JPEG does";
    assert_string_equal(CHECK(0), begin);
    assert_string_equal(CHECK(EOI), begin);
    assert_string_equal(CHECK(0xFF, 0xD9, SOF(0xC0), EOI), begin);
    assert_string_equal(CHECK(0, SOI, SOF(0xC0), EOI), begin);
    assert_string_equal(CHECK(SOI, SOF(0xC0)), end);
    assert_string_equal(CHECK(SOI, SOF(0xC0), EOI, 0), end); /* padding is not part of the file */
    assert_string_equal(CHECK(SOI, SOF(0xC0), 0xFF, 0xD8), end);
    assert_string_equal(check((const uint8_t[]){ SOI, 0xFF }, 3, WIDTH, HEIGHT), begin);
}

static void headers(void **state)
{
    (void)state;
    static const char wrong[] = "its header is not a JPEG's";
    assert_string_equal(CHECK(SOI, EOI), wrong);
    assert_string_equal(CHECK(SOI, COMMENT, EOI), wrong);
    assert_string_equal(CHECK(SOI, 0, SOF(0xC0), EOI), wrong); /* no marker where one is due */
    assert_string_equal(CHECK(SOI, 0xFF, 0x00, SOF(0xC0), EOI), wrong);
    assert_string_equal(CHECK(SOI, SOI, SOF(0xC0), EOI), wrong);
    assert_string_equal(CHECK(SOI, 0xFF, 0xDA, 0, 2, SOF(0xC0), EOI), wrong); /* the scan first */
    assert_string_equal(CHECK(SOI, 0xFF, 0xFE, 0, 1, SOF(0xC0), EOI), wrong);
    assert_string_equal(CHECK(SOI, 0xFF, 0xFE, 1, 0, SOF(0xC0), EOI), wrong); /* beyond the end */
    assert_string_equal(CHECK(SOI, 0xFF, 0xC0, 0, 7, 8, SIZE_BYTES, EOI), wrong);
    assert_string_equal(CHECK(SOI, 0xFF, 0xC0, 0, 20, 8, SIZE_BYTES, 1, EOI), wrong);
    assert_string_equal(CHECK(SOI, 0xFF, 0xFF, 0xFF, 0xFF, EOI), wrong);
}

/* Wherever it is cut off, no byte beyond the cut is looked at, and it is no JPEG any more. */
static void cut_anywhere(void **state)
{
    (void)state;
    static const uint8_t jpeg[] = { SOI, COMMENT, 0xFF, SOF(0xC2), 1, 2, EOI };
    assert_null(check(jpeg, sizeof(jpeg), WIDTH, HEIGHT));
    for (size_t size = 0; size < sizeof(jpeg); size++) {
        assert_non_null(check(jpeg, size, WIDTH, HEIGHT));
        uint8_t ended[sizeof(jpeg) + 2];
        memcpy(ended, jpeg, size);
        memcpy(ended + size, (const uint8_t[]){ EOI }, 2);
        check(ended, size + 2, WIDTH, HEIGHT); /* whatever it says */
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_ones), cmocka_unit_test(other_sizes),  cmocka_unit_test(ends),
        cmocka_unit_test(headers),   cmocka_unit_test(cut_anywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
