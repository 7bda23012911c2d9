/*
 * The bit rate: made-up pictures whose size follows a law that is not the model's own.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "device/encode/rate_control.h"
#include "device/serve/adapt.h"
#include "shared/base/clock.h"

enum { FPS = 30 };

/* Bytes of a picture at a quality: twice as many at 90 as at 75, half as many at 40. */
static uint32_t size_at(double complexity, int quality)
{
    double scale = quality < 50 ? 5000.0 / quality : fmax(200 - 2 * quality, 1);
    return (uint32_t)(complexity * 150000 * pow(scale / 50, -0.6) + 3000);
}

/* Encodes frames for so many seconds, each as complex as the function says, and returns the bits in
 * the last one. */
static double run(struct rate_control *control, unsigned seconds, double (*complexity)(unsigned))
{
    double bits = 0;
    for (unsigned i = 0; i < seconds * FPS; i++) {
        int quality = rate_control_quality(control);
        uint32_t bytes = size_at(complexity(i), quality);
        rate_control_frame(control, quality, bytes, CLOCK_SECOND + i * CLOCK_SECOND / FPS);
        if (i >= (seconds - 1) * FPS)
            bits += bytes * 8.0;
    }
    return bits;
}

static double steady(unsigned frame)
{
    (void)frame;
    return 1;
}

static double alternating(unsigned frame)
{
    static const double cycle[] = { 0.6, 1.0, 1.7, 0.8, 0.9 };
    return cycle[frame % 5];
}

static double changing(unsigned frame)
{
    return frame < 3 * FPS ? 0.5 : 1.5;
}

static void keeps(uint64_t rate, unsigned seconds, double (*complexity)(unsigned))
{
    struct rate_control control;
    rate_control_init(&control, 1, 95, rate);
    double bits = run(&control, seconds, complexity);
    if (fabs(bits - (double)rate) > 0.1 * (double)rate)
        fail_msg("%.0f bits in a second where %.0f are asked for", bits, (double)rate);
}

static void rates_are_kept(void **state)
{
    (void)state;
    for (uint64_t rate = 11000000; rate <= 50000000; rate += 3000000) {
        keeps(rate, 3, steady);
        keeps(rate, 4, alternating);
        keeps(rate, 6, changing);
    }
}

static void quality_does_not_tremble(void **state)
{
    (void)state;
    struct rate_control control;
    rate_control_init(&control, 10, 95, 20000000);
    run(&control, 4, steady);
    int quality = rate_control_quality(&control);
    for (unsigned i = 4 * FPS; i < 6 * FPS; i++) {
        rate_control_frame(&control, rate_control_quality(&control),
                           size_at(1, rate_control_quality(&control)),
                           CLOCK_SECOND + i * CLOCK_SECOND / FPS);
        assert_in_range(rate_control_quality(&control), quality - 2, quality + 2);
    }
}

static void quality_stays_in_its_bounds(void **state)
{
    (void)state;
    struct rate_control control;
    rate_control_init(&control, 40, 70, 100000);
    run(&control, 3, steady);
    assert_int_equal(rate_control_quality(&control), 40);
    rate_control_set(&control, 1000000000);
    run(&control, 3, steady);
    assert_int_equal(rate_control_quality(&control), 70);
}

static void no_rate_is_the_best_quality(void **state)
{
    (void)state;
    struct rate_control control;
    rate_control_init(&control, 10, 83, 0);
    run(&control, 2, alternating);
    assert_int_equal(rate_control_quality(&control), 83);
    rate_control_set(&control, 5000000);
    run(&control, 3, steady);
    assert_true(rate_control_quality(&control) < 60);
    rate_control_set(&control, 0);
    assert_int_equal(rate_control_quality(&control), 83);
}

static void adapts_to_the_slowest(void **state)
{
    (void)state;
    struct adapt adapt = { 0 };
    assert_int_equal(adapt_update(&adapt, 0, 50000000), 0);
    assert_int_equal(adapt_update(&adapt, 20000000, 50000000), 18000000);
    assert_int_equal(adapt_update(&adapt, 10000000, 18000000), 9000000);
}

static void recovers(void **state)
{
    (void)state;
    struct adapt adapt = { 0 };
    uint64_t rate = adapt_update(&adapt, 10000000, 50000000);
    unsigned updates = 0;
    /* The stream follows the rate until the pictures need no more than 40 Mbit/s. */
    for (; rate > 0 && updates < 100; updates++)
        rate = adapt_update(&adapt, 0, rate < 40000000 ? rate : 40000000);
    assert_int_equal(rate, 0);
    assert_true(updates < 40);
}

static void never_exceeds_the_bit_rate(void **state)
{
    (void)state;
    struct adapt adapt = { .max = 15000000 };
    assert_int_equal(adapt_update(&adapt, 0, 10000000), 15000000);
    assert_int_equal(adapt_update(&adapt, 30000000, 10000000), 15000000);
    assert_int_equal(adapt_update(&adapt, 10000000, 15000000), 9000000);
    for (unsigned i = 0; i < 50; i++)
        assert_true(adapt_update(&adapt, 0, 14000000) <= 15000000);
    assert_int_equal(adapt.rate, 15000000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rates_are_kept),
        cmocka_unit_test(quality_does_not_tremble),
        cmocka_unit_test(quality_stays_in_its_bounds),
        cmocka_unit_test(no_rate_is_the_best_quality),
        cmocka_unit_test(adapts_to_the_slowest),
        cmocka_unit_test(recovers),
        cmocka_unit_test(never_exceeds_the_bit_rate),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
