#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "shared/base/clock.h"
#include "shared/protocol/decimation.h"

#define FRAME_30_NS (CLOCK_SECOND / 30)

/* Offers a frame; returns whether it was wanted, and then takes it. */
static bool offer(struct decimation *decimation, uint64_t id, uint64_t sensor_ns)
{
    bool wanted = decimation_wants(decimation, id, sensor_ns);
    if (wanted)
        decimation_take(decimation, id, sensor_ns);
    return wanted;
}

static void all_are_wanted(void **state)
{
    (void)state;
    struct decimation decimation;
    for (uint32_t every = 0; every < 2; every++) {
        decimation_init(&decimation, 0, every, 0);
        for (uint64_t id = 0; id < 100; id++)
            assert_true(offer(&decimation, id, 1));
    }
}

static void one_of_ten_by_id(void **state)
{
    (void)state;
    struct decimation decimation;
    decimation_init(&decimation, 0, 10, 0);
    for (uint64_t id = 42; id < 142; id++)
        assert_int_equal(offer(&decimation, id, 1), id % 10 == 2);
}

/* What is lost at a point is replaced by the next frame, and the points stay where they are. */
static void a_lost_frame_moves_no_point(void **state)
{
    (void)state;
    struct decimation decimation;
    decimation_init(&decimation, 0, 10, 0);
    assert_true(offer(&decimation, 0, 1));
    assert_true(decimation_wants(&decimation, 10, 1)); /* lost: it is not taken */
    assert_true(offer(&decimation, 13, 1));
    assert_false(offer(&decimation, 19, 1));
    assert_true(offer(&decimation, 20, 1));
    assert_int_equal(decimation_take(&decimation, 55, 1), 2); /* 40 and 50 have none */
    assert_false(offer(&decimation, 59, 1));
    assert_true(offer(&decimation, 60, 1));
}

/* A third of a frame a second, and frames that come at any time: each interval has one at least,
 * and after an hour the grid has not moved. */
static void times_keep_one_grid(void **state)
{
    (void)state;
    struct decimation decimation;
    const uint64_t step = UINT64_C(1000000000000) / 333, begin = 77 * CLOCK_SECOND;
    uint64_t taken = 0;
    decimation_init(&decimation, 333, 1, 0);
    for (uint64_t id = 0; id < 3600 * 30; id++) {
        uint64_t jitter = id * 7919 % 9 * CLOCK_MS, time = begin + id * FRAME_30_NS + jitter;
        if (!offer(&decimation, id, time))
            continue;
        uint64_t late = (time + 15 * CLOCK_MS - begin) % step;
        assert_in_range(late, 0, FRAME_30_NS + 25 * CLOCK_MS);
        taken++;
    }
    assert_int_equal(taken, 3600 * CLOCK_SECOND / step + 1);
}

/* What one connection took, and another goes on from, is what one alone would have taken. */
static void a_grid_goes_on_elsewhere(void **state)
{
    (void)state;
    for (uint32_t every = 0; every <= 10; every += 10) {
        uint32_t max_fps_mhz = every ? 0 : 3000;
        struct decimation whole, first, second;
        decimation_init(&whole, max_fps_mhz, every, 0);
        decimation_init(&first, max_fps_mhz, every, 0);
        for (uint64_t id = 5; id < 300; id++) {
            uint64_t time = CLOCK_SECOND + id * FRAME_30_NS;
            if (id == 137) {
                decimation_init(&second, max_fps_mhz, every, first.next);
                decimation_bound(&second, every ? id : time);
            }
            assert_int_equal(offer(id < 137 ? &first : &second, id, time), offer(&whole, id, time));
        }
    }
}

static void points_far_ahead_are_moved_back(void **state)
{
    (void)state;
    struct decimation decimation;
    decimation_init(&decimation, 1000, 1, 1000 * CLOCK_SECOND + 300 * CLOCK_MS);
    decimation_bound(&decimation, 7 * CLOCK_SECOND);
    assert_int_equal(decimation.next, 7 * CLOCK_SECOND + 300 * CLOCK_MS);
    decimation_bound(&decimation, 7 * CLOCK_SECOND); /* within a step: stays */
    assert_int_equal(decimation.next, 7 * CLOCK_SECOND + 300 * CLOCK_MS);
    decimation_bound(&decimation, 9 * CLOCK_SECOND); /* behind: stays */
    assert_int_equal(decimation.next, 7 * CLOCK_SECOND + 300 * CLOCK_MS);
    decimation_init(&decimation, 0, 10, UINT64_MAX);
    decimation_bound(&decimation, 100);
    assert_in_range(decimation.next, 100, 109);
    decimation_init(&decimation, 0, 1, UINT64_MAX); /* no grid */
    decimation_bound(&decimation, 100);
    assert_true(decimation_wants(&decimation, 0, 0));
}

/* Whatever a peer names, a step ends, and at the ends of the numbers too. */
static void extreme_numbers(void **state)
{
    (void)state;
    static const uint64_t numbers[] = { 0, 1, UINT32_MAX, UINT64_MAX - 1, UINT64_MAX };
    static const uint32_t limits[] = { 1, 2, UINT32_MAX };
    for (unsigned i = 0; i < 3; i++)
        for (unsigned k = 0; k < 5; k++)
            for (unsigned n = 0; n < 5; n++) {
                struct decimation decimation;
                decimation_init(&decimation, limits[i], 1, numbers[k]);
                offer(&decimation, numbers[n], numbers[n]);
                decimation_init(&decimation, 0, limits[i], numbers[k]);
                offer(&decimation, numbers[n], numbers[n]);
            }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_are_wanted),
        cmocka_unit_test(one_of_ten_by_id),
        cmocka_unit_test(a_lost_frame_moves_no_point),
        cmocka_unit_test(times_keep_one_grid),
        cmocka_unit_test(a_grid_goes_on_elsewhere),
        cmocka_unit_test(points_far_ahead_are_moved_back),
        cmocka_unit_test(extreme_numbers),
    };
    return cmocka_run_group_tests_name("decimation", tests, NULL, NULL);
}
