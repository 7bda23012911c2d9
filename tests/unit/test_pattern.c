/*
 * The number in the test picture, painted, updated, compressed and read back.
 */
#include "device/pattern.h"

#include <stdlib.h>
#include <string.h>

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

/* The picture of a number, from nothing. */
static void make(const struct pattern *pattern, struct guarded *yuv, uint32_t number)
{
    guarded_make(yuv, pattern_size(pattern));
    memset(yuv->data, 0x5A, yuv->size);
    pattern_paint(pattern, yuv->data);
    pattern_update(pattern, yuv->data, 0, number);
}

static void numbers_are_read_back(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(sizes); i++) {
        struct pattern pattern = { sizes[i].width, sizes[i].height };
        for (size_t n = 0; n < COUNT(numbers); n++) {
            struct guarded yuv;
            make(&pattern, &yuv, numbers[n]);
            assert_int_equal(pattern_read(yuv.data, pattern.width, pattern.width, pattern.height),
                             numbers[n]);
            guarded_free(&yuv);
        }
    }
}

/* Whatever the way from number to number, the picture is the one that is painted anew. */
static void updates_leave_nothing_behind(void **state)
{
    (void)state;
    uint32_t seed = 3;
    for (size_t i = 0; i < COUNT(sizes); i++) {
        struct pattern pattern = { sizes[i].width, sizes[i].height };
        struct guarded yuv, fresh;
        uint32_t number = 0;
        make(&pattern, &yuv, 0);
        for (int step = 0; step < 20; step++) {
            uint32_t next = step % 2 ? number + 1 : random_next(&seed);
            pattern_update(&pattern, yuv.data, number, next);
            number = next;
            make(&pattern, &fresh, number);
            assert_memory_equal(yuv.data, fresh.data, yuv.size);
            guarded_free(&fresh);
        }
        pattern_update(&pattern, yuv.data, number, number);
        make(&pattern, &fresh, number);
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
        struct pattern pattern = { width, height };
        struct guarded one, other;
        size_t luma = (size_t)width * height;
        size_t chroma = (size_t)((width + 1) / 2) * ((height + 1) / 2);
        guarded_make(&one, pattern_size(&pattern));
        guarded_make(&other, pattern_size(&pattern));
        assert_int_equal(one.size, luma + 2 * chroma);
        memset(one.data, 0x00, one.size);
        memset(other.data, 0xFF, other.size);
        pattern_paint(&pattern, one.data);
        pattern_paint(&pattern, other.data);
        assert_memory_equal(one.data, other.data, one.size);
        guarded_free(&one);
        guarded_free(&other);
    }
}

/* Reads the number from the luma of the compressed picture. */
static uint32_t through_jpeg(unsigned width, unsigned height, uint32_t number, int quality)
{
    struct pattern pattern = { width, height };
    struct guarded yuv;
    struct bytes jpeg;
    struct decoded pixels;
    size_t luma = (size_t)width * height, half = (width + 1) / 2;
    size_t chroma = half * ((height + 1) / 2);
    make(&pattern, &yuv, number);
    struct picture picture = { .format = PIXEL_YUV420,
                               .width = width,
                               .height = height,
                               .planes = { { yuv.data, width, luma },
                                           { yuv.data + luma, half, chroma },
                                           { yuv.data + luma + chroma, half, chroma } } };
    assert_int_equal(picture_check(&picture), 0);
    encode_joined(&picture, 4, quality, &jpeg);
    assert_true(decode(jpeg.data, jpeg.size, &pixels));
    uint8_t *plane = malloc(luma);
    for (size_t i = 0; i < luma; i++)
        plane[i] = pixels.samples[3 * i];
    uint32_t read = pattern_read(plane, width, width, height);
    free(plane);
    decoded_free(&pixels);
    bytes_free(&jpeg);
    guarded_free(&yuv);
    return read;
}

static void check_round_trips(unsigned width, unsigned height, int quality, int more)
{
    uint32_t seed = 17;
    for (size_t n = 0; n < COUNT(numbers) + (size_t)more; n++) {
        uint32_t number = n < COUNT(numbers) ? numbers[n] : random_next(&seed);
        uint32_t read = through_jpeg(width, height, number, quality);
        if (read != number)
            fail_msg("%ux%u at quality %d: %08x was read as %08x", width, height, quality, number,
                     read);
    }
}

static void numbers_survive_compression(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(sizes); i++)
        for (int quality = 50; quality <= 80; quality += 30)
            if (sizes[i].width >= 64 && sizes[i].height >= 64)
                check_round_trips(sizes[i].width, sizes[i].height, quality,
                                  sizes[i].width < 400 ? 200 : 5);
}

static void numbers_survive_in_the_smallest_picture(void **state)
{
    (void)state;
    check_round_trips(16, 16, 80, 20000);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_read_back),
        cmocka_unit_test(updates_leave_nothing_behind),
        cmocka_unit_test(all_bytes_are_painted),
        cmocka_unit_test(numbers_survive_compression),
        cmocka_unit_test(numbers_survive_in_the_smallest_picture),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
