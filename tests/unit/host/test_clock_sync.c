/*
 * Two made-up clocks, with a way between them whose delays are known. See also test_clock_drift.c.
 */
#include "host/lib/clock_sync.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "shared/base/clock.h"

/* A PING sent at host time t1: there in `there` ns, answered after `within`, back in `back`. */
static void exchange(struct clock_sync *sync, int64_t offset, uint64_t t1, uint64_t there,
                     uint64_t within, uint64_t back)
{
    uint64_t t2 = t1 + there + (uint64_t)offset;
    clock_sync_add(sync, t1, t2, t2 + within, t1 + there + within + back);
}

/* At host time now, for what happened at the device at that moment, which is itself known within
 * the error. What the clocks drift within an exchange is rounded up, each way. */
static void assert_clock_at(const struct clock_sync *sync, uint64_t now, int64_t offset,
                            uint64_t error)
{
    int64_t got_offset;
    uint64_t got_error;
    assert_true(clock_sync_offset(sync, now + (uint64_t)offset, now, &got_offset, &got_error));
    assert_true(got_offset - offset >= -2 && got_offset - offset <= 2);
    assert_in_range(got_error, error, error + 4 + error / 5000);
}

static void assert_clock(const struct clock_sync *sync, int64_t offset, uint64_t error)
{
    assert_clock_at(sync, sync->now.at, offset, error);
}

static void nothing_is_known_at_first(void **state)
{
    (void)state;
    struct clock_sync sync = { 0 };
    int64_t offset;
    uint64_t error;
    assert_false(clock_sync_offset(&sync, 0, 0, &offset, &error));
}

static void known_offsets_and_delays(void **state)
{
    (void)state;
    static const int64_t offsets[] = {
        0, 2, -2, 1000000, -1000000, INT64_C(1) << 60, -(INT64_C(1) << 60), INT64_MAX, INT64_MIN
    };
    for (size_t i = 0; i < sizeof(offsets) / sizeof(offsets[0]); i++) {
        struct clock_sync sync = { 0 };
        exchange(&sync, offsets[i], UINT64_C(1) << 61, 500, 70, 500);
        int64_t got_offset;
        uint64_t got_error;
        uint64_t device = sync.now.at + (uint64_t)offsets[i];
        assert_true(clock_sync_offset(&sync, device, sync.now.at, &got_offset, &got_error));
        assert_true((uint64_t)got_offset - (uint64_t)offsets[i] + 1 <= 2);
        assert_in_range(got_error, 500, 502);
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
        assert_true(clock_sync_offset(&sync, sync.now.at + 12345678, sync.now.at, &offset, &error));
        assert_in_range(error, 500, 502);
        assert_in_range(offset, 12345678 - (int64_t)error, 12345678 + (int64_t)error);
    }
}

/* Each PONG bounds the offset from both sides, and the closest bound of either side is kept. */
static void the_closest_bounds_are_kept(void **state)
{
    (void)state;
    struct clock_sync sync = { 0 };
    exchange(&sync, 1000, 10000, 400, 5, 200);
    assert_clock(&sync, 1100, 300);
    exchange(&sync, 1000, 20000, 100, 900, 300); /* answering may take as long as it likes */
    assert_clock(&sync, 950, 150);
    exchange(&sync, 1000, 30000, 100, 5, 200);
    assert_clock(&sync, 950, 150);
    exchange(&sync, 1000, 40000, 5000, 5, 100);
    assert_clock(&sync, 1000, 100);
}

/* What is known is worth less with time: by 100 ppm of it, as long as no more is known. */
static void the_error_grows(void **state)
{
    (void)state;
    struct clock_sync sync = { 0 };
    exchange(&sync, 500, 1000, 1000, 0, 1000);
    uint64_t begin = sync.now.at;
    assert_clock_at(&sync, begin, 500, 1000);
    assert_clock_at(&sync, begin + CLOCK_SECOND, 500, 101000);
    assert_clock_at(&sync, begin + 60 * CLOCK_SECOND, 500, 6001000);
    /* A worse exchange changes nothing of that, a better one takes its place. */
    exchange(&sync, 500, begin + CLOCK_SECOND, CLOCK_SECOND, 0, CLOCK_SECOND);
    assert_clock_at(&sync, begin + 60 * CLOCK_SECOND, 500, 6001000);
    exchange(&sync, 500, begin + 60 * CLOCK_SECOND, 10000, 0, 10000);
    assert_clock(&sync, 500, 10000);
}

/* A frame's times are older than its last byte: the error holds for them, too. */
static void older_times_are_known_less_well(void **state)
{
    (void)state;
    struct clock_sync sync = { 0 };
    exchange(&sync, 500, 100 * CLOCK_SECOND, 1000, 0, 1000);
    uint64_t now = sync.now.at;
    int64_t offset;
    uint64_t error;
    assert_true(clock_sync_offset(&sync, now + 500 - CLOCK_SECOND, now, &offset, &error));
    assert_in_range(error, 101000, 101004);
    /* A time that is yet to come tells nothing. */
    assert_true(clock_sync_offset(&sync, now + 500 + CLOCK_SECOND, now, &offset, &error));
    assert_in_range(error, 1000, 1002);
}

static void another_epoch_begins_anew(void **state)
{
    (void)state;
    struct clock_sync sync = { 0 };
    int64_t offset;
    uint64_t error;
    clock_sync_begin(&sync, 7);
    exchange(&sync, 500, 1000, 10, 0, 10);
    clock_sync_begin(&sync, 7); /* the connection was cut, and the daemon is the same one */
    assert_clock(&sync, 500, 10);
    clock_sync_begin(&sync, 8);
    assert_false(clock_sync_offset(&sync, 0, 1020, &offset, &error));
}

/* This machine was suspended, or a clock was set. */
static void a_jump_is_noticed(void **state)
{
    (void)state;
    static const int64_t jumps[] = { INT64_C(3600000000000), INT64_C(-3600000000000), 30000,
                                     -30000 };
    for (size_t i = 0; i < sizeof(jumps) / sizeof(jumps[0]); i++) {
        struct clock_sync sync = { 0 };
        for (uint64_t second = 1; second <= 200; second++)
            exchange(&sync, 500, second * CLOCK_SECOND, 10000, 0, 10000);
        exchange(&sync, 500 + jumps[i], 201 * CLOCK_SECOND, 10000, 0, 10000);
        assert_clock(&sync, 500 + jumps[i], 10000);
    }
}

static void a_machine_that_was_suspended(void **state)
{
    (void)state;
    struct clock_sync sync = { 0 };
    int64_t offset;
    uint64_t error;
    clock_sync_asleep(&sync, 3000, 9000); /* a slow look at the two clocks */
    exchange(&sync, 500, 1000, 10, 0, 10);
    clock_sync_asleep(&sync, 3500, 4000);
    clock_sync_asleep(&sync, 100, 90000);
    clock_sync_asleep(&sync, 3900, 4100);
    assert_clock(&sync, 500, 10);
    clock_sync_asleep(&sync, 4001, 4200);
    assert_false(clock_sync_offset(&sync, 0, 1020, &offset, &error));
    exchange(&sync, 900, 2000, 10, 0, 10);
    clock_sync_asleep(&sync, 4100, 4300);
    assert_clock(&sync, 900, 10);
}

static void nonsense_is_ignored(void **state)
{
    (void)state;
    static const uint64_t nonsense[][4] = {
        { 100, 0, 0, 99 },     /* read before it was sent */
        { 100, 51, 50, 200 },  /* answered before it was read */
        { 100, 50, 151, 200 }, /* answering took longer than all of it */
        { UINT64_MAX, 0, 0, 0 }, { 0, UINT64_MAX, 0, 1 }, { 0, 0, UINT64_MAX, UINT64_MAX - 1 },
        { 0, 0, 0, UINT64_MAX }, /* an exchange of 585 years */
    };
    struct clock_sync sync = { 0 };
    int64_t offset;
    uint64_t error;
    for (size_t i = 0; i < sizeof(nonsense) / sizeof(nonsense[0]); i++)
        clock_sync_add(&sync, nonsense[i][0], nonsense[i][1], nonsense[i][2], nonsense[i][3]);
    assert_false(clock_sync_offset(&sync, 0, 0, &offset, &error));
    exchange(&sync, 7, 1000, 50, 0, 50);
    for (size_t i = 0; i < sizeof(nonsense) / sizeof(nonsense[0]); i++)
        clock_sync_add(&sync, nonsense[i][0], nonsense[i][1], nonsense[i][2], nonsense[i][3]);
    exchange(&sync, 1000000, 500, 50, 0, 50); /* read before the last one */
    assert_clock(&sync, 7, 50);
}

/* No delay at all can't be: the error is never 0. */
static void an_instant_answer(void **state)
{
    (void)state;
    struct clock_sync sync = { 0 };
    int64_t offset;
    uint64_t error;
    exchange(&sync, -40, 1000, 0, 0, 0);
    assert_true(clock_sync_offset(&sync, 960, 1000, &offset, &error));
    assert_true(offset == -40);
    assert_int_equal(error, 1);
}

/* Whatever the peer says, there is an answer and no undefined behaviour. */
static void huge_values(void **state)
{
    (void)state;
    static const uint64_t values[] = { 0, 1, INT64_MAX, (uint64_t)INT64_MAX + 1, UINT64_MAX };
    struct clock_sync kept = { 0 };
    for (unsigned i = 0; i < 3125; i++) {
        struct clock_sync fresh = { 0 };
        struct clock_sync *both[] = { &fresh, &kept };
        for (unsigned j = 0; j < 2; j++) {
            int64_t offset;
            uint64_t error;
            clock_sync_add(both[j], values[i % 5], values[i / 5 % 5], values[i / 25 % 5],
                           values[i / 125 % 5]);
            if (clock_sync_offset(both[j], values[i / 625], values[i % 5], &offset, &error))
                assert_true(error > 0);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_known_at_first),
        cmocka_unit_test(known_offsets_and_delays),
        cmocka_unit_test(lopsided_ways),
        cmocka_unit_test(the_closest_bounds_are_kept),
        cmocka_unit_test(the_error_grows),
        cmocka_unit_test(older_times_are_known_less_well),
        cmocka_unit_test(another_epoch_begins_anew),
        cmocka_unit_test(a_jump_is_noticed),
        cmocka_unit_test(a_machine_that_was_suspended),
        cmocka_unit_test(nonsense_is_ignored),
        cmocka_unit_test(an_instant_answer),
        cmocka_unit_test(huge_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
