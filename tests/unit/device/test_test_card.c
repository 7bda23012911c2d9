/*
 * The test picture: its number, painted, updated, compressed and read back; its texts and hands.
 */
#include "device/image/test_card.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/base/clock.h"
#include "shared/base/font.h"
#include "support.h"

static const struct {
    unsigned width, height;
} sizes[] = { { 16, 16 },   { 17, 17 },   { 16, 33 },   { 31, 18 },    { 64, 64 },
              { 65, 99 },   { 320, 240 }, { 641, 479 }, { 1280, 720 }, { 1920, 1080 },
              { 1000, 16 }, { 16, 1000 }, { 16383, 16 } };

static const uint32_t numbers[] = { 0,          1,          2,          63,
                                    64,         0x80000000, 0x55555555, 0xAAAAAAAA,
                                    0x01234567, 0x89ABCDEF, 0xFFFFFFFF };

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* 2026-11-28 02:03:52.125 UTC */
#define WALL_NS UINT64_C(1795831432125000000)

static const struct {
    uint64_t wall_ns;
    const char *text;
} times[] = {
    { WALL_NS, "2026-11-28 02:03:52.12 UTC" },
    { 0, "1970-01-01 00:00:00.00 UTC" },
    { UINT64_C(1709251199999999999), "2024-02-29 23:59:59.99 UTC" },
    { UINT64_C(4102444800250000000), "2100-01-01 00:00:00.25 UTC" },
};

/* A moment of its own for each number. */
static struct test_card_moment moment_of(uint32_t number)
{
    return (struct test_card_moment){ number, WALL_NS + number * UINT64_C(33366700) };
}

/* The picture of a moment, from nothing. */
static void make_moment(const struct test_card *card, struct guarded *yuv,
                        struct test_card_moment now)
{
    guarded_make(yuv, test_card_size(card));
    memset(yuv->data, 0x5A, yuv->size);
    test_card_paint(card, yuv->data, now);
}

static void make(const struct test_card *card, struct guarded *yuv, uint32_t number)
{
    make_moment(card, yuv, moment_of(number));
}

static void numbers_are_read_back(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(sizes); i++) {
        struct test_card card = { sizes[i].width, sizes[i].height };
        for (size_t n = 0; n < COUNT(numbers); n++) {
            struct guarded yuv;
            make(&card, &yuv, numbers[n]);
            assert_int_equal(test_card_read(yuv.data, card.width, card.width, card.height),
                             numbers[n]);
            guarded_free(&yuv);
        }
    }
}

/* However it is updated from number to number, the picture is that of a complete repaint. */
static void updates_leave_nothing_behind(void **state)
{
    (void)state;
    uint32_t seed = 3;
    for (size_t i = 0; i < COUNT(sizes); i++) {
        struct test_card card = { sizes[i].width, sizes[i].height };
        struct guarded yuv, fresh;
        uint32_t number = 0;
        make(&card, &yuv, 0);
        for (int step = 0; step < 20; step++) {
            uint32_t next = step % 2 ? number + 1 : random_next(&seed);
            test_card_update(&card, yuv.data, moment_of(number), moment_of(next));
            number = next;
            make(&card, &fresh, number);
            assert_memory_equal(yuv.data, fresh.data, yuv.size);
            guarded_free(&fresh);
        }
        test_card_update(&card, yuv.data, moment_of(number), moment_of(number));
        make(&card, &fresh, number);
        assert_memory_equal(yuv.data, fresh.data, yuv.size);
        guarded_free(&fresh);
        guarded_free(&yuv);
    }
}

/* The size is what the planes of the picture need, odd sides rounded up, and all of it is painted.
 */
static void all_bytes_are_painted(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(sizes); i++) {
        unsigned width = sizes[i].width, height = sizes[i].height;
        struct test_card card = { width, height };
        struct guarded one, other;
        size_t luma = (size_t)width * height;
        size_t chroma = (size_t)((width + 1) / 2) * ((height + 1) / 2);
        guarded_make(&one, test_card_size(&card));
        guarded_make(&other, test_card_size(&card));
        assert_int_equal(one.size, luma + 2 * chroma);
        memset(one.data, 0x00, one.size);
        memset(other.data, 0xFF, other.size);
        test_card_paint(&card, one.data, moment_of(7));
        test_card_paint(&card, other.data, moment_of(7));
        assert_memory_equal(one.data, other.data, one.size);
        guarded_free(&one);
        guarded_free(&other);
    }
}

/* Reads the number from the luma of the compressed picture; mirrored: bit 0 across, bit 1 down, and
 * mirrored back. */
static uint32_t through_jpeg(unsigned width, unsigned height, uint32_t number, int quality,
                             unsigned mirrored)
{
    struct test_card card = { width, height };
    struct guarded yuv;
    struct bytes jpeg;
    struct decoded pixels;
    size_t luma = (size_t)width * height, half = (width + 1) / 2;
    size_t chroma = half * ((height + 1) / 2);
    make(&card, &yuv, number);
    struct picture picture = { .format = PIXEL_YUV420,
                               .width = width,
                               .height = height,
                               .planes = { { yuv.data, width, luma },
                                           { yuv.data + luma, half, chroma },
                                           { yuv.data + luma + chroma, half, chroma } },
                               .hflip = mirrored & 1,
                               .vflip = mirrored & 2 };
    assert_int_equal(picture_check(&picture), 0);
    encode_joined(&picture, 4, quality, &jpeg);
    assert_true(decode(jpeg.data, jpeg.size, &pixels));
    uint8_t *plane = malloc(luma);
    assert_non_null(plane);
    for (unsigned y = 0; y < height; y++)
        for (unsigned x = 0; x < width; x++) {
            size_t row = mirrored & 2 ? height - 1 - y : y;
            size_t column = mirrored & 1 ? width - 1 - x : x;
            plane[(size_t)y * width + x] = pixels.samples[3 * (row * width + column)];
        }
    uint32_t read = test_card_read(plane, width, width, height);
    free(plane);
    decoded_free(&pixels);
    bytes_free(&jpeg);
    guarded_free(&yuv);
    return read;
}

static void check_round_trip(unsigned width, unsigned height, uint32_t number, int quality,
                             unsigned mirrored)
{
    uint32_t read = through_jpeg(width, height, number, quality, mirrored);
    if (read != number)
        fail_msg("%ux%u at quality %d, mirrored %u: %08x was read as %08x", width, height, quality,
                 mirrored, number, read);
}

static void numbers_survive_compression(void **state)
{
    (void)state;
    static const int qualities[] = { 1, 2, 5, 10, 25, 50, 80, 100 };
    uint32_t seed = 17;
    for (size_t i = 0; i < COUNT(sizes); i++)
        for (size_t q = 0; q < COUNT(qualities); q++)
            for (unsigned mirrored = 0; mirrored < 4; mirrored++) {
                unsigned width = sizes[i].width, height = sizes[i].height;
                bool aligned = mirrored == 0 || (width % 8 == 0 && height % 8 == 0);
                int rounds = width * height < 10000 ? 100 : 3;
                for (int n = 0; n < rounds; n++)
                    if (aligned || width >= 32 || qualities[q] >= 5)
                        check_round_trip(width, height, random_next(&seed), qualities[q], mirrored);
            }
}

/* Every quality, and the numbers that are counted through in practice. */
static void numbers_survive_in_the_smallest_picture(void **state)
{
    (void)state;
    for (uint32_t n = 0; n < 5000; n++)
        check_round_trip(16, 16, n < 2500 ? n : n * UINT32_C(2654435761), 1 + (int)(n % 100),
                         n % 4);
    for (size_t n = 0; n < COUNT(numbers); n++)
        check_round_trip(16, 16, numbers[n], 1, 0);
}

/* The character whose glyph is at this place, in font pixels of so many pixels; 0: none is. */
static char glyph_at(const uint8_t *luma, size_t stride, unsigned left, unsigned top, unsigned side)
{
    for (const char *candidate = "0123456789-:. UTC"; *candidate; candidate++) {
        bool same = true;
        for (unsigned y = 0; same && y < FONT_DIGIT_ROWS * side; y++)
            for (unsigned x = 0; same && x < FONT_COLUMNS * side; x++) {
                bool lit = font_row(*candidate, y / side) >> (FONT_COLUMNS - 1 - x / side) & 1;
                same = luma[(top + y) * stride + left + x] == (lit ? 255 : 0);
            }
        if (same)
            return *candidate;
    }
    return 0;
}

static void check_text(const uint8_t *luma, size_t stride, unsigned left, unsigned top,
                       unsigned side, const char *expected)
{
    char seen[32] = "";
    for (size_t i = 0; i < strlen(expected); i++)
        seen[i] = glyph_at(luma, stride, left + (unsigned)i * FONT_ADVANCE * side, top, side);
    assert_string_equal(seen, expected);
}

static const struct {
    struct test_card card;
    unsigned left, top, side; /* of the time's text ... */
    unsigned first, length;   /* ... and which part of it */
    unsigned number_left, number_top, number_side;
} texts[] = {
    { { 1280, 720 }, 175, 649, 6, 0, 26, 518, 705, 2 },
    { { 320, 240 }, 5, 214, 2, 0, 26, 259, 232, 1 },
    { { 64, 48 }, 8, 33, 1, 11, 8, 0, 0, 0 },
};

static void texts_say_time_and_number(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(texts); i++)
        for (size_t n = 0; n < COUNT(times); n++) {
            unsigned width = texts[i].card.width;
            struct guarded yuv;
            char expected[32];
            snprintf(expected, sizeof(expected), "%.*s", (int)texts[i].length,
                     times[n].text + texts[i].first);
            make_moment(&texts[i].card, &yuv, moment_of(1));
            test_card_update(
                &texts[i].card, yuv.data, moment_of(1),
                (struct test_card_moment){ UINT32_MAX - (uint32_t)n, times[n].wall_ns });
            check_text(yuv.data, width, texts[i].left, texts[i].top, texts[i].side, expected);
            snprintf(expected, sizeof(expected), "%u", UINT32_MAX - (uint32_t)n);
            if (texts[i].number_side)
                check_text(yuv.data, width, texts[i].number_left, texts[i].number_top,
                           texts[i].number_side, expected);
            guarded_free(&yuv);
        }
}

/* The dial of 1280x720: its middle, and the pixel at a distance in a direction of the clock. */
static uint8_t dial_at(const uint8_t *luma, double hour, double distance)
{
    long x = lround(640 + distance * sin(hour / 6 * M_PI));
    long y = lround(318 - distance * cos(hour / 6 * M_PI));
    return luma[y * 1280 + x];
}

/* The ring is a circle; the long hand shows the second's part, the short one the minute's. */
static void the_stopwatch_goes(void **state)
{
    (void)state;
    const struct test_card card = { 1280, 720 };
    struct guarded yuv;
    make(&card, &yuv, 0);
    for (double hour = 0; hour < 12; hour += 0.25)
        assert_int_equal(dial_at(yuv.data, hour, 251), 255);
    struct test_card_moment before = moment_of(0);
    for (uint32_t n = 0; n < 120; n++) {
        struct test_card_moment now = { n, n / 2 * CLOCK_SECOND + n % 10 * CLOCK_SECOND / 10 };
        double hour = n % 10 * 1.2, minute = (double)now.wall_ns / (5 * CLOCK_SECOND);
        test_card_update(&card, yuv.data, before, now);
        assert_true(dial_at(yuv.data, hour, 190) > 128);
        assert_true(dial_at(yuv.data, hour + 6, 190) < 128);
        if (fabs(remainder(hour - minute, 12)) > 1)
            assert_true(dial_at(yuv.data, minute, 110) > 128);
        before = now;
    }
    guarded_free(&yuv);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_read_back),
        cmocka_unit_test(updates_leave_nothing_behind),
        cmocka_unit_test(all_bytes_are_painted),
        cmocka_unit_test(numbers_survive_compression),
        cmocka_unit_test(numbers_survive_in_the_smallest_picture),
        cmocka_unit_test(texts_say_time_and_number),
        cmocka_unit_test(the_stopwatch_goes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
