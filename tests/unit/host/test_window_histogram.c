/*
 * The histogram and focus peaking.
 */
#include "host/sinks/window/histogram.h"
#include "host/sinks/window/peaking.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { WIDTH = 64, HEIGHT = 32 };

static uint8_t luma[HEIGHT][WIDTH], u[HEIGHT / 2][WIDTH / 2], v[HEIGHT / 2][WIDTH / 2];
static const struct jpeg_planes planes = {
    WIDTH, HEIGHT, { luma[0], u[0], v[0] }, { WIDTH, WIDTH / 2, WIDTH / 2 }
};

static void fill(uint8_t y, uint8_t cb, uint8_t cr)
{
    memset(luma, y, sizeof(luma));
    memset(u, cb, sizeof(u));
    memset(v, cr, sizeof(v));
}

static void colours_are_counted_apart(void **state)
{
    struct histogram histogram;
    (void)state;
    fill(76, 85, 255); /* red */
    histogram_measure(&histogram, &planes);
    assert_int_equal(histogram.luma[76 / 4], WIDTH * HEIGHT);
    assert_int_equal(histogram.red[63], WIDTH * HEIGHT);
    assert_int_equal(histogram.green[0], WIDTH * HEIGHT);
    assert_int_equal(histogram.blue[0], WIDTH * HEIGHT);
    assert_true(histogram.bright == 1 && histogram.dark == 0);
}

static void clipping_is_the_share_of_pixels(void **state)
{
    struct histogram histogram;
    (void)state;
    fill(128, 128, 128);
    histogram_measure(&histogram, &planes);
    assert_true(histogram.bright == 0 && histogram.dark == 0);
    assert_int_equal(histogram.highest, WIDTH * HEIGHT);
    memset(luma[0], 255, (size_t)WIDTH * HEIGHT / 4);
    memset(luma[HEIGHT - 4], 0, (size_t)WIDTH * 4);
    histogram_measure(&histogram, &planes);
    assert_true(fabs(histogram.bright - 0.25) < 1e-9);
    assert_true(fabs(histogram.dark - 0.125) < 1e-9);
    assert_int_equal(histogram.highest, WIDTH * HEIGHT * 5 / 8);
}

static void a_picture_without_pixels_is_counted_too(void **state)
{
    struct jpeg_planes none = planes;
    struct histogram histogram;
    (void)state;
    none.width = none.height = 0;
    histogram_measure(&histogram, &none);
    assert_true(histogram.bright == 0 && histogram.highest == 1);
}

/* The blocks that are marked, which are all beside that column of blocks; 0: anywhere. */
static unsigned count_sharp(unsigned column)
{
    uint8_t marked_u[HEIGHT / 2][WIDTH / 2], marked_v[HEIGHT / 2][WIDTH / 2];
    unsigned count = 0;
    peaking_mark(&planes, marked_u[0], marked_v[0]);
    for (unsigned y = 0; y < HEIGHT / 2; y++)
        for (unsigned x = 0; x < WIDTH / 2; x++) {
            bool sharp = marked_u[y][x] == 255;
            if (sharp && column > 0)
                assert_true(x + 1 >= column && x <= column + 1);
            assert_int_equal(marked_u[y][x], sharp ? 255 : u[y][x]);
            assert_int_equal(marked_v[y][x], sharp ? 255 : v[y][x]);
            count += sharp;
        }
    return count;
}

static void edges_are_sharp_and_slopes_are_not(void **state)
{
    (void)state;
    fill(128, 100, 140);
    assert_int_equal(count_sharp(0), 0);
    for (unsigned y = 0; y < HEIGHT; y++) /* a line of two pixels */
        luma[y][40] = luma[y][41] = 250;
    assert_true(count_sharp(20) >= HEIGHT / 2 - 2);
    for (unsigned y = 0; y < HEIGHT; y++)
        for (unsigned x = 0; x < WIDTH; x++)
            luma[y][x] = (uint8_t)(4 * x);
    assert_int_equal(count_sharp(0), 0);
}

static void few_of_many_edges_are_marked(void **state)
{
    (void)state;
    fill(0, 128, 128);
    for (unsigned y = 0; y < HEIGHT; y++)
        for (unsigned x = 0; x < WIDTH; x++)
            luma[y][x] = (uint8_t)(((x ^ y) & 2 ? 0 : 60) + x);
    assert_true(count_sharp(0) < HEIGHT / 2 * (WIDTH / 2) / 10);
}

/* Of one or two pixels, or rows, nothing is compared; the chroma is copied all the same. */
static void the_smallest_pictures_have_no_marks(void **state)
{
    (void)state;
    for (unsigned side = 1; side <= 5; side++) {
        uint8_t y[5][5], chroma[2][3][3], marked[2][3][3];
        memset(chroma, 77, sizeof(chroma));
        memset(y, 0, sizeof(y));
        y[2][2] = 255;
        struct jpeg_planes small = {
            side, side, { y[0], chroma[0][0], chroma[1][0] }, { 5, 3, 3 }
        };
        peaking_mark(&small, marked[0][0], marked[1][0]);
        assert_memory_equal(marked[0], chroma[0], 3 * ((side + 1) / 2));
        assert_memory_equal(marked[1], chroma[1], 3 * ((side + 1) / 2));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(colours_are_counted_apart),
        cmocka_unit_test(clipping_is_the_share_of_pixels),
        cmocka_unit_test(a_picture_without_pixels_is_counted_too),
        cmocka_unit_test(edges_are_sharp_and_slopes_are_not),
        cmocka_unit_test(few_of_many_edges_are_marked),
        cmocka_unit_test(the_smallest_pictures_have_no_marks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
