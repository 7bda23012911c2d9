/*
 * Two made-up clocks, with a way between them whose delays are known.
 */
#include "host/clock_sync.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* A PING sent at host time t1: there in `there` ns, answered after `within`, back in `back`. */
static void exchange(struct clock_sync *sync, int64_t offset, uint64_t t1, uint64_t there,
                     uint64_t within, uint64_t back)
{
    uint64_t t2 = t1 + there + (uint64_t)offset;
    clock_sync_add(sync, t1, t2, t2 + within, t1 + there + within + back);
}

static void assert_clock(const struct clock_sync *sync, int64_t offset, uint64_t error)
{
    int64_t got_offset;
    uint64_t got_error;
    assert_true(clock_sync_offset(sync, &got_offset, &got_error));
    assert_true(got_offset == offset);
    assert_int_equal(got_error, error);
}

static void nothing_is_known_at_first(void **state)
{
    (void)state;
    struct clock_sync sync = { 0 };
    int64_t offset;
    uint64_t error;
    assert_false(clock_sync_offset(&sync, &offset, &error));
}

static void known_offsets_and_delays(void **state)
{
    (void)state;
    static const int64_t offsets[] = {
        0, 2, -2, 1000000, -1000000, INT64_C(1) << 60, -(INT64_C(1) << 60)
    };
    for (size_t i = 0; i < sizeof(offsets) / sizeof(offsets[0]); i++) {
        struct clock_sync sync = { 0 };
        exchange(&sync, offsets[i], UINT64_C(1) << 61, 500, 70, 500);
        assert_clock(&sync, offsets[i], 500);
    }
}

/* One way is slower than the other: the true offset lies within the error. */
static void lopsided_ways(void **state)
{
    (void)state;
    for (uint64_t there = 0; there <= 1000; there += 100) {
        struct clock_sync sync = { 0 };
        int64_t offset;
        uint64_t error;
        exchange(&sync, 12345678, 1000000000, there, 33, 1000 - there);
        assert_true(clock_sync_offset(&sync, &offset, &error));
        assert_int_equal(error, 500);
        assert_in_range(offset, 12345678 - (int64_t)error, 12345678 + (int64_t)error);
    }
}

static void the_smallest_delay_wins(void **state)
{
    (void)state;
    struct clock_sync sync = { 0 };
    exchange(&sync, 1000, 10000, 400, 5, 200);
    assert_clock(&sync, 1100, 300);
    exchange(&sync, 1000, 20000, 100, 900, 100); /* answering may take as long as it likes */
    assert_clock(&sync, 1000, 100);
    exchange(&sync, 1000, 30000, 100, 5, 300);
    assert_clock(&sync, 1000, 100);
}

/* The best of all is forgotten after seven more, not before. */
static void only_eight_are_kept(void **state)
{
    (void)state;
    struct clock_sync sync = { 0 };
    exchange(&sync, 500, 1000, 10, 0, 10);
    for (uint64_t i = 1; i < CLOCK_SYNC_SAMPLES; i++) {
        exchange(&sync, 900, 1000 * i, 100 * i, 0, 100 * i);
        assert_clock(&sync, 500, 10);
    }
    exchange(&sync, 900, 9000, 800, 0, 800);
    assert_clock(&sync, 900, 100);
    exchange(&sync, 700, 10000, 900, 0, 900);
    assert_clock(&sync, 900, 200);
    for (uint64_t i = 0; i < 100 * CLOCK_SYNC_SAMPLES; i++)
        exchange(&sync, 700, 10000 + i, 50, 0, 50);
    assert_clock(&sync, 700, 50);
}

static void nonsense_is_ignored(void **state)
{
    (void)state;
    static const uint64_t nonsense[][4] = {
        { 100, 0, 0, 99 },     /* read before it was sent */
        { 100, 51, 50, 200 },  /* answered before it was read */
        { 100, 50, 151, 200 }, /* answering took longer than all of it */
        { UINT64_MAX, 0, 0, 0 }, { 0, UINT64_MAX, 0, 1 }, { 0, 0, UINT64_MAX, UINT64_MAX - 1 },
    };
    struct clock_sync sync = { 0 };
    int64_t offset;
    uint64_t error;
    for (size_t i = 0; i < sizeof(nonsense) / sizeof(nonsense[0]); i++)
        clock_sync_add(&sync, nonsense[i][0], nonsense[i][1], nonsense[i][2], nonsense[i][3]);
    assert_false(clock_sync_offset(&sync, &offset, &error));
    exchange(&sync, 7, 1000, 50, 0, 50);
    for (size_t i = 0; i < sizeof(nonsense) / sizeof(nonsense[0]); i++)
        clock_sync_add(&sync, nonsense[i][0], nonsense[i][1], nonsense[i][2], nonsense[i][3]);
    assert_clock(&sync, 7, 50);
}

/* No delay at all can't be: the error is never 0. */
static void an_instant_answer(void **state)
{
    (void)state;
    struct clock_sync sync = { 0 };
    exchange(&sync, -40, 1000, 0, 10, 0);
    assert_clock(&sync, -40, 1);
}

/* Whatever the peer says, there is an answer and no undefined behaviour. */
static void huge_values(void **state)
{
    (void)state;
    static const uint64_t values[] = { 0, 1, INT64_MAX, (uint64_t)INT64_MAX + 1, UINT64_MAX };
    for (unsigned i = 0; i < 625; i++) {
        struct clock_sync sync = { 0 };
        int64_t offset;
        uint64_t error;
        clock_sync_add(&sync, values[i % 5], values[i / 5 % 5], values[i / 25 % 5],
                       values[i / 125]);
        if (clock_sync_offset(&sync, &offset, &error))
            assert_true(error > 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_known_at_first),
        cmocka_unit_test(known_offsets_and_delays),
        cmocka_unit_test(lopsided_ways),
        cmocka_unit_test(the_smallest_delay_wins),
        cmocka_unit_test(only_eight_are_kept),
        cmocka_unit_test(nonsense_is_ignored),
        cmocka_unit_test(an_instant_answer),
        cmocka_unit_test(huge_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
