/*
 * Requested rates, cameras' limits, and what comes of them.
 */
#include "device/camera/frame_rate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "shared/base/clock.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void cameras_that_can_be_told_a_rate(void **state)
{
    (void)state;
    static const struct {
        double fps;
        int64_t min_us, max_us;
        struct frame_rate rate;
    } cases[] = {
        /* Within the limits, at them, and beyond them. */
        { 30, 16666, 1000000, { 33333, 33333, 1e6 / 33333, false, 33333 * 900, 33333000 } },
        { 60, 16666, 1000000, { 16667, 16667, 1e6 / 16667, false, 16667 * 900, 16667000 } },
        { 60, 16668, 1000000, { 16668, 16668, 1e6 / 16668, false, 16668 * 900, 16668000 } },
        { 90, 16666, 1000000, { 16666, 16666, 1e6 / 16666, true, 16666 * 900, 16666000 } },
        { 0.5, 16666, 1000000, { 1000000, 1000000, 1, true, 1000000 * 900, 1000000000 } },
        /* No rate is requested. */
        { 0, 16666, 1000000, { 0, 0, 0, false, 16666 * 900, CLOCK_SECOND / 30 } },
        /* Limits that are not given, or that make no sense. */
        { 30, 0, 0, { 33333, 33333, 1e6 / 33333, false, 33333 * 900, 33333000 } },
        { 1000, 0, 0, { 4166, 4166, 1e6 / 4166, true, 4166 * 900, 4166000 } },
        { 0, 0, 0, { 0, 0, 0, false, 4166 * 900, CLOCK_SECOND / 30 } },
        { 30, 134, -5, { 33333, 33333, 1e6 / 33333, false, 33333 * 900, 33333000 } },
        { 30, 50000, 10, { 50000, 50000, 20, true, 50000 * 900, 50000000 } },
        { 10, 50000, 10, { 100000, 100000, 10, false, 100000 * 900, 100000000 } },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct frame_rate rate = frame_rate_choose(
            cases[i].fps, 0, (struct frame_rate_limits){ true, cases[i].min_us, cases[i].max_us });
        if (rate.duration_us != cases[i].rate.duration_us ||
            rate.longest_us != cases[i].rate.longest_us || rate.fps != cases[i].rate.fps ||
            rate.adjusted != cases[i].rate.adjusted || rate.min_ns != cases[i].rate.min_ns ||
            rate.period_ns != cases[i].rate.period_ns)
            fail_msg("case %zu: %lld us, %g fps, %d, %llu ns, %llu ns", i,
                     (long long)rate.duration_us, rate.fps, rate.adjusted,
                     (unsigned long long)rate.min_ns, (unsigned long long)rate.period_ns);
    }
}

static void cameras_that_can_not(void **state)
{
    (void)state;
    struct frame_rate rate = frame_rate_choose(12.5, 0, (struct frame_rate_limits){ 0 });
    assert_int_equal(rate.duration_us, 0);
    assert_true(rate.fps == 12.5);
    assert_int_equal(rate.period_ns, 80 * CLOCK_MS);
    assert_int_equal(rate.min_ns, CLOCK_SECOND / FRAME_RATE_MAX);
    rate = frame_rate_choose(0, 0, (struct frame_rate_limits){ 0 });
    assert_true(rate.fps == 0);
    assert_false(rate.adjusted);
    assert_int_equal(rate.period_ns, CLOCK_SECOND / 30);
}

static void ranges(void **state)
{
    (void)state;
    static const struct {
        double fps, min_fps;
        int64_t shortest_us, longest_us;
    } cases[] = {
        { 30, 5, 33333, 200000 },
        { 30, 30, 33333, 33333 },
        { 30, 0.1, 33333, 1000000 }, /* the camera's limit */
        { 30, 60, 33333, 33333 },
        { 0, 5, 16666, 200000 },
        { 0, 0, 0, 0 },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct frame_rate rate = frame_rate_choose(
            cases[i].fps, cases[i].min_fps, (struct frame_rate_limits){ true, 16666, 1000000 });
        if (rate.duration_us != cases[i].shortest_us || rate.longest_us != cases[i].longest_us)
            fail_msg("case %zu: %lld to %lld us", i, (long long)rate.duration_us,
                     (long long)rate.longest_us);
        assert_true((rate.fps > 0) == (cases[i].fps > 0));
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(cameras_that_can_be_told_a_rate),
        cmocka_unit_test(cameras_that_can_not),
        cmocka_unit_test(ranges),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
