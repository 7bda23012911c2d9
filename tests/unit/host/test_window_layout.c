/*
 * Where several pictures lie in a window.
 */
#include "host/sinks/window/layout.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

enum { GAP = 4 };

static void place(struct layout_area *areas, const struct layout_size *pictures, unsigned count,
                  int width, int height, int gap)
{
    layout_place(areas, pictures, count, (struct layout_size){ width, height }, gap);
}

static void assert_area(struct layout_area area, int x, int y, int width, int height)
{
    assert_int_equal(area.x, x);
    assert_int_equal(area.y, y);
    assert_int_equal(area.width, width);
    assert_int_equal(area.height, height);
}

static void one_is_as_large_as_fits(void **state)
{
    (void)state;
    static const struct layout_size picture = { 640, 480 };
    struct layout_area area;
    place(&area, &picture, 1, 640, 480, GAP);
    assert_area(area, 0, 0, 640, 480);
    place(&area, &picture, 1, 1000, 480, GAP);
    assert_area(area, 180, 0, 640, 480);
    place(&area, &picture, 1, 400, 800, GAP);
    assert_area(area, 0, 250, 400, 300);
    place(&area, &picture, 1, 1, 1, GAP);
    assert_area(area, 0, 0, 1, 1);
}

static void two_lie_where_they_are_largest(void **state)
{
    (void)state;
    static const struct layout_size pictures[] = { { 1280, 720 }, { 1920, 1080 } };
    struct layout_area areas[2];
    place(areas, pictures, 2, 1284, 360, GAP); /* side by side */
    assert_area(areas[0], 0, 0, 640, 360);
    assert_area(areas[1], 644, 0, 640, 360);
    place(areas, pictures, 2, 640, 724, GAP); /* one below the other */
    assert_area(areas[0], 0, 0, 640, 360);
    assert_area(areas[1], 0, 364, 640, 360);
    place(areas, pictures, 2, 1280, 720, 0); /* it is the same: side by side */
    assert_area(areas[0], 0, 180, 640, 360);
    assert_area(areas[1], 640, 180, 640, 360);
}

static void pictures_of_one_row_are_equally_high(void **state)
{
    (void)state;
    static const struct layout_size pictures[] = { { 1600, 900 }, { 900, 1600 } };
    struct layout_area areas[2];
    place(areas, pictures, 2, 1300, 700, 0);
    assert_int_equal(areas[0].height, areas[1].height);
    assert_int_equal(areas[0].x, 0);
    assert_int_equal(areas[1].x, areas[0].width);
    assert_int_equal(areas[1].x + areas[1].width, 1300);
    assert_int_equal(areas[0].height, 555); /* 1300 / (16/9 + 9/16) */
}

static void three_lie_in_two_rows(void **state)
{
    (void)state;
    static const struct layout_size pictures[] = { { 1280, 720 }, { 1280, 720 }, { 1280, 720 } };
    struct layout_area areas[3];
    place(areas, pictures, 3, 1284, 724, GAP);
    assert_area(areas[0], 0, 0, 640, 360);
    assert_area(areas[1], 644, 0, 640, 360);
    assert_area(areas[2], 322, 364, 640, 360);
    place(areas, pictures, 3, 1928, 360, GAP);
    assert_area(areas[2], 1288, 0, 640, 360);
}

/* Rows are of similar width, not of similar number. */
static void narrow_ones_share_a_row(void **state)
{
    (void)state;
    static const struct layout_size pictures[] = {
        { 1600, 900 }, { 900, 1600 }, { 900, 1600 }, { 900, 1600 }
    };
    struct layout_area areas[4];
    place(areas, pictures, 4, 1000, 1100, 0);
    assert_area(areas[0], 11, 0, 978, 550);
    assert_area(areas[1], 36, 550, 309, 550);
    assert_int_equal(areas[2].y, 550);
    assert_int_equal(areas[3].y, 550);
}

/* What a wide row leaves of the height goes to the other one. */
static void no_height_is_left_over(void **state)
{
    (void)state;
    static const struct layout_size pictures[] = { { 4000, 1000 }, { 1000, 1000 } };
    struct layout_area areas[2];
    place(areas, pictures, 2, 1000, 1000, 0);
    assert_area(areas[0], 0, 0, 1000, 250);
    assert_area(areas[1], 125, 250, 750, 750);
}

static double aspect(int width, int height)
{
    return (double)width / height;
}

/* In any window, they lie within it, beside one another, in their order and with their aspects. */
static void whatever_the_window_nothing_overlaps(void **state)
{
    (void)state;
    struct layout_size pictures[LAYOUT_MAX];
    struct layout_area areas[LAYOUT_MAX];
    srand(1);
    for (unsigned round = 0; round < 2000; round++) {
        unsigned count = 1 + (unsigned)rand() % LAYOUT_MAX;
        int width = 1000 + rand() % 3000, height = 1000 + rand() % 3000;
        for (unsigned i = 0; i < count; i++)
            pictures[i] = (struct layout_size){ 300 + rand() % 1600, 300 + rand() % 900 };
        place(areas, pictures, count, width, height, GAP);
        for (unsigned i = 0; i < count; i++) {
            const struct layout_area *a = &areas[i];
            assert_true(a->x >= 0 && a->y >= 0 && a->width > 0 && a->height > 0);
            assert_true(a->x + a->width <= width && a->y + a->height <= height);
            double wanted = aspect(pictures[i].width, pictures[i].height);
            assert_true(aspect(a->width + 1, a->height - 1) >= wanted);
            assert_true(aspect(a->width - 1, a->height + 1) <= wanted);
            if (i == 0)
                continue;
            const struct layout_area *before = &areas[i - 1];
            bool same_row = a->y == before->y && a->x == before->x + before->width + GAP;
            bool next_row = a->y == before->y + before->height + GAP;
            assert_true(same_row || next_row);
        }
    }
}

static void a_tiny_window_has_a_pixel_for_each(void **state)
{
    (void)state;
    struct layout_size pictures[LAYOUT_MAX];
    struct layout_area areas[LAYOUT_MAX];
    for (unsigned i = 0; i < LAYOUT_MAX; i++)
        pictures[i] = (struct layout_size){ i % 2 ? 16383 : 1, i % 2 ? 1 : 16383 };
    place(areas, pictures, LAYOUT_MAX, 1, 1, GAP);
    for (unsigned i = 0; i < LAYOUT_MAX; i++)
        assert_true(areas[i].width >= 1 && areas[i].height >= 1);
}

static void assert_window(const struct layout_size *pictures, unsigned count, int max_width,
                          int max_height, int width, int height)
{
    struct layout_size size =
        layout_window(pictures, count, (struct layout_size){ max_width, max_height }, GAP);
    assert_int_equal(size.width, width);
    assert_int_equal(size.height, height);
}

static void the_window_fits_its_pictures(void **state)
{
    (void)state;
    static const struct layout_size same[] = { { 640, 480 }, { 640, 480 }, { 640, 480 } };
    static const struct layout_size other[] = { { 1280, 720 }, { 640, 480 } };
    assert_window(same, 1, 1920, 1080, 640, 480);
    assert_window(same, 1, 320, 1080, 320, 240);
    assert_window(same, 2, 1920, 1080, 1284, 480);
    assert_window(same, 2, 1000, 2000, 640, 964);
    assert_window(same, 3, 1920, 1080, 1284, 964);
    assert_window(other, 2, 4000, 1000, 1280 + GAP + 960, 720);
    assert_window(other, 1, 1920, 1080, 1280, 720);
    assert_window(other, 1, 960, 1080, 960, 540);
}

/* The pictures fill such a window: nothing but gaps is left. */
static void in_its_window_nothing_is_left(void **state)
{
    (void)state;
    static const struct layout_size pictures[] = { { 640, 480 }, { 1920, 1080 }, { 800, 600 } };
    struct layout_area areas[3];
    struct layout_size size = layout_window(pictures, 3, (struct layout_size){ 1900, 500 }, GAP);
    layout_place(areas, pictures, 3, size, GAP);
    assert_in_range(areas[0].x, 0, 1);
    assert_in_range(areas[0].y, 0, 1);
    assert_in_range(areas[2].x + areas[2].width, size.width - 1, size.width);
    assert_in_range(areas[2].height, size.height - 1, size.height);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_is_as_large_as_fits),
        cmocka_unit_test(two_lie_where_they_are_largest),
        cmocka_unit_test(pictures_of_one_row_are_equally_high),
        cmocka_unit_test(three_lie_in_two_rows),
        cmocka_unit_test(narrow_ones_share_a_row),
        cmocka_unit_test(no_height_is_left_over),
        cmocka_unit_test(whatever_the_window_nothing_overlaps),
        cmocka_unit_test(a_tiny_window_has_a_pixel_for_each),
        cmocka_unit_test(the_window_fits_its_pictures),
        cmocka_unit_test(in_its_window_nothing_is_left),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
