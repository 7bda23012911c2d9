/*
 * Quantiles against those of the sorted durations.
 */
#include "host/report/histogram.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#define TOLERANCE 0.045

static const double longest_ms = 1e-3 * 2147483648.0; /* 2^31 µs */

static void assert_close(double got, double wanted)
{
    if (fabs(got - wanted) > TOLERANCE * wanted)
        fail_msg("%g ms instead of %g", got, wanted);
}

static void empty(void **state)
{
    (void)state;
    struct histogram histogram = { 0 };
    assert_true(histogram_quantile(&histogram, 0) == 0);
    assert_true(histogram_quantile(&histogram, 0.5) == 0);
    assert_true(histogram_quantile(&histogram, 1) == 0);
}

/* Each duration alone, over the whole range, gives itself. */
static void single_durations(void **state)
{
    (void)state;
    for (double ns = 1000; ns < longest_ms * 1e6; ns *= 1.01) {
        struct histogram histogram = { 0 };
        histogram_add(&histogram, (int64_t)ns);
        assert_int_equal(histogram.total, 1);
        for (double share = 0; share <= 1; share += 0.25)
            assert_close(histogram_quantile(&histogram, share), ns / 1e6);
    }
}

static int compare(const void *one, const void *other)
{
    int64_t a = *(const int64_t *)one, b = *(const int64_t *)other;
    return (a > b) - (a < b);
}

static void many_durations(void **state)
{
    (void)state;
    enum { MANY = 10007 };
    static int64_t durations[MANY];
    static const double shares[] = { 0.001, 0.25, 0.5, 0.9, 0.95, 0.99, 0.999, 1 };
    struct histogram histogram = { 0 };
    uint32_t random = 1;
    for (size_t i = 0; i < MANY; i++) {
        random = random * 1664525 + 1013904223;
        durations[i] = (int64_t)(1e6 * exp(random / 4294967296.0 * 8));
        histogram_add(&histogram, durations[i]);
    }
    qsort(durations, MANY, sizeof(durations[0]), compare);
    for (size_t i = 0; i < sizeof(shares) / sizeof(shares[0]); i++) {
        size_t at = (size_t)ceil(shares[i] * MANY) - 1;
        assert_close(histogram_quantile(&histogram, shares[i]), (double)durations[at] / 1e6);
    }
    assert_int_equal(histogram.total, MANY);
}

static void exact_shares(void **state)
{
    (void)state;
    struct histogram histogram = { 0 };
    for (int i = 0; i < 50; i++) {
        histogram_add(&histogram, 1000000);
        histogram_add(&histogram, 100000000);
    }
    assert_close(histogram_quantile(&histogram, 0), 1);
    assert_close(histogram_quantile(&histogram, 0.5), 1); /* half are not longer than that */
    assert_close(histogram_quantile(&histogram, 0.51), 100);
    assert_close(histogram_quantile(&histogram, 1), 100);
}

/* Below 1 µs, 0 and below: about nothing. */
static void no_time_at_all(void **state)
{
    (void)state;
    static const int64_t durations[] = { 999, 1, 0, -1, -1000000000, INT64_MIN };
    struct histogram histogram = { 0 };
    for (size_t i = 0; i < sizeof(durations) / sizeof(durations[0]); i++)
        histogram_add(&histogram, durations[i]);
    assert_int_equal(histogram.total, 6);
    assert_int_equal(histogram.counts[0], 6);
    assert_true(histogram_quantile(&histogram, 1) < 0.0011);
}

static void very_long(void **state)
{
    (void)state;
    static const int64_t durations[] = { INT64_C(1) << 42, INT64_C(1) << 60, INT64_MAX };
    struct histogram histogram = { 0 };
    for (size_t i = 0; i < sizeof(durations) / sizeof(durations[0]); i++)
        histogram_add(&histogram, durations[i]);
    assert_int_equal(histogram.total, 3);
    assert_int_equal(histogram.counts[HISTOGRAM_BUCKETS - 1], 3);
    assert_close(histogram_quantile(&histogram, 0.5), longest_ms);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(empty),          cmocka_unit_test(single_durations),
        cmocka_unit_test(many_durations), cmocka_unit_test(exact_shares),
        cmocka_unit_test(no_time_at_all), cmocka_unit_test(very_long),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
