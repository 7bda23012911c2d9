/*
 * Two made-up clocks that drift apart, over minutes of made-up time: what is said of their offset
 * is always true, and close.
 */
#include "host/lib/clock_sync.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "shared/base/clock.h"

enum { BEGIN_S = 1000, SECONDS = 600, BURST = 8, STEPS = 10 /* a second */ };
#define US UINT64_C(1000)
#define MS CLOCK_MS

/* xorshift64*: the same numbers everywhere. */
static uint64_t random_state;

static uint64_t up_to(uint64_t most)
{
    random_state ^= random_state >> 12;
    random_state ^= random_state << 25;
    random_state ^= random_state >> 27;
    return random_state * UINT64_C(2685821657736338717) % (most + 1);
}

/* A way of `most` at most: quick, or with a queue of up to `queue` before it that is empty once in
 * `gap` times; 0: never. */
struct way {
    uint64_t least, most, queue;
    unsigned gap;
};

static uint64_t pass(const struct way *way)
{
    uint64_t delay = way->least + up_to(way->most - way->least);
    bool empty = way->queue == 0 || (way->gap && up_to(way->gap - 1) == 0);
    return empty ? delay : delay + up_to(way->queue);
}

struct simulation {
    struct clock_sync sync;
    struct way there, back;
    double drift, wander; /* ppm; the second is how far temperature takes it, and back again */
    double ramp;          /* by which the drift changes, ppm a second */
    double slew, slew_from, slew_until; /* ppm and s */
    uint64_t now;                       /* host time */

    uint64_t most_error;   /* stated since it was set to 0 */
    unsigned told, untrue; /* what was said, and what of it was not so */
};

/* Both clocks begin at different times; at most 0.02 ppm/s of wander for each ppm of it. */
static int64_t offset_at(const struct simulation *simulation, uint64_t host)
{
    double seconds = (double)host / 1e9;
    double ppm_seconds =
        simulation->drift * seconds + simulation->wander * 50 * (1 - cos(seconds / 50));
    double since = seconds - BEGIN_S;
    ppm_seconds += simulation->ramp * since * since / 2;
    if (simulation->slew != 0 && seconds > simulation->slew_from)
        ppm_seconds +=
            simulation->slew * (fmin(seconds, simulation->slew_until) - simulation->slew_from);
    return INT64_C(-123456789012) + (int64_t)(ppm_seconds * 1000);
}

static void exchange(struct simulation *simulation)
{
    uint64_t t1 = simulation->now, read = t1 + pass(&simulation->there);
    uint64_t written = read + up_to(200 * US), t4 = written + pass(&simulation->back);
    clock_sync_add(&simulation->sync, t1, read + (uint64_t)offset_at(simulation, read),
                   written + (uint64_t)offset_at(simulation, written), t4);
    simulation->now = t4;
}

/* What is said of a frame whose last byte is here now, and which took a while to get here. */
static void check(struct simulation *simulation)
{
    int64_t offset;
    uint64_t error;
    uint64_t earlier = simulation->now - up_to(150 * MS);
    assert_true(clock_sync_offset(&simulation->sync,
                                  earlier + (uint64_t)offset_at(simulation, earlier),
                                  simulation->now, &offset, &error));
    const uint64_t times[] = { earlier, simulation->now };
    for (int i = 0; i < 2; i++) {
        int64_t off = offset_at(simulation, times[i]) - offset;
        simulation->untrue += (uint64_t)(off < 0 ? -off : off) > error;
    }
    simulation->told++;
    if (error > simulation->most_error)
        simulation->most_error = error;
}

/* A PING a second, and frames before, between and after. */
static void run(struct simulation *simulation, unsigned seconds)
{
    uint64_t end = simulation->now + seconds * CLOCK_SECOND, due = simulation->now;
    while (simulation->now < end) {
        if (simulation->now >= due) {
            exchange(simulation);
            due += CLOCK_SECOND;
        }
        check(simulation);
        simulation->now += CLOCK_SECOND / STEPS;
    }
}

/* As it begins: a burst of PINGs over a way that nothing else uses yet. */
static void begin(struct simulation *simulation, uint64_t seed)
{
    random_state = seed * UINT64_C(0x9E3779B97F4A7C15) + 1;
    simulation->now = BEGIN_S * CLOCK_SECOND;
    struct way there = simulation->there, back = simulation->back;
    simulation->there.queue = simulation->back.queue = 0;
    for (unsigned i = 0; i < BURST; i++)
        exchange(simulation);
    simulation->there = there;
    simulation->back = back;
}

static const struct way quick = { 50 * US, 150 * US, 0, 0 };
/* The link is full: what waits before it takes up to 46 ms and more to leave, but for those moments
 * in which a frame has left and the next one has not begun. */
static const struct way full = { 50 * US, 150 * US, 60 * MS, 3 };
static const struct way never_empty = { 20 * MS, 21 * MS, 60 * MS, 0 };

static void a_quiet_link(void **state)
{
    (void)state;
    for (unsigned seed = 0; seed < 20; seed++) {
        struct simulation simulation = { .there = quick, .back = quick, .drift = 50, .wander = 2 };
        begin(&simulation, seed);
        run(&simulation, SECONDS / 2);
        simulation.most_error = 0;
        run(&simulation, SECONDS / 2);
        assert_int_equal(simulation.untrue, 0);
        assert_in_range(simulation.most_error, 0, 150 * US);
    }
}

/* 10 minutes over a link that is full in either direction, for clocks that drift either way. */
static void a_full_link(void **state)
{
    (void)state;
    static const double drifts[] = { 50, -50, 0, 95, -95 };
    for (unsigned seed = 0; seed < 40; seed++) {
        struct simulation simulation = { .there = seed % 2 ? full : quick,
                                         .back = seed % 2 ? quick : full,
                                         .drift = drifts[seed % 5],
                                         .wander = 2 };
        begin(&simulation, seed);
        run(&simulation, SECONDS / 2);
        assert_in_range(simulation.most_error, 0, MS);
        simulation.most_error = 0;
        run(&simulation, SECONDS / 2);
        assert_int_equal(simulation.untrue, 0);
        assert_in_range(simulation.most_error, 0, MS);
    }
}

/* Nothing tells a queue that is never empty from a clock that drifts: less and less is known, but
 * no less than from the PINGs alone. */
static void a_link_that_is_never_empty(void **state)
{
    (void)state;
    for (unsigned seed = 0; seed < 20; seed++) {
        struct simulation simulation = {
            .there = quick, .back = never_empty, .drift = 50, .wander = 2
        };
        begin(&simulation, seed);
        run(&simulation, SECONDS);
        assert_int_equal(simulation.untrue, 0);
        assert_in_range(simulation.most_error, MS, 45 * MS);
    }
}

/* The rate that was learned while the link was quiet is kept when it is full. */
static void what_was_learned_is_of_use(void **state)
{
    (void)state;
    for (unsigned seed = 0; seed < 20; seed++) {
        struct simulation simulation = { .there = quick, .back = quick, .drift = 50, .wander = 2 };
        begin(&simulation, seed);
        run(&simulation, SECONDS / 2);
        simulation.back = never_empty;
        simulation.most_error = 0;
        run(&simulation, 20);
        assert_int_equal(simulation.untrue, 0);
        assert_in_range(simulation.most_error, 0, 300 * US);
    }
}

/* Frames come, and no PONG: as long as the daemon is too busy to answer, say. */
static void run_without_pings(struct simulation *simulation, unsigned seconds)
{
    for (unsigned i = 0; i < seconds * STEPS; i++) {
        check(simulation);
        simulation->now += CLOCK_SECOND / STEPS;
    }
}

/* Measures for so long, and then no more for ten minutes. Returns the error at the end. */
static uint64_t stop_measuring(struct simulation *simulation, unsigned seconds, unsigned seed)
{
    begin(simulation, seed);
    run(simulation, seconds);
    simulation->most_error = 0;
    check(simulation);
    uint64_t first_error = simulation->most_error;
    run_without_pings(simulation, SECONDS);
    uint64_t last_error = simulation->most_error;
    assert_int_equal(simulation->untrue, 0);
    /* What the drift may change by in that time makes 9 ms alone. */
    assert_in_range(last_error, first_error + 9 * MS, first_error + 61 * MS);
    return last_error;
}

/* 10 minutes without a measurement, for a clock that is 50 ppm off either way and whose drift
 * changes as fast as it may, either way: what is stated stays true. */
static void measurements_that_stop(void **state)
{
    (void)state;
    static const double drifts[] = { 50, -50 }, ramps[] = { 0, 0.05, -0.05 };
    static const unsigned measured_s[] = { 0, 2, 10, 60, 300 };
    static const struct way *const ways[] = { &quick, &full, &never_empty };
    for (unsigned i = 0; i < 2 * 3 * 5 * 3 * 3; i++) {
        struct simulation simulation = { .there = quick,
                                         .back = *ways[i / 30 % 3],
                                         .drift = drifts[i % 2],
                                         .ramp = ramps[i / 2 % 3] };
        unsigned seconds = measured_s[i / 6 % 5];
        uint64_t error = stop_measuring(&simulation, seconds, i);
        if (seconds == 300 && simulation.back.queue == 0)
            assert_in_range(error, 0, 20 * MS); /* the drift is known by then */
        exchange(&simulation);
        simulation.most_error = 0;
        check(&simulation);
        assert_int_equal(simulation.untrue, 0);
        if (simulation.back.queue == 0)
            assert_in_range(simulation.most_error, 0, 200 * US);
    }
}

/* Every other minute there is a single answer, over a link that is full either way. */
static void measurements_that_are_rare(void **state)
{
    (void)state;
    for (unsigned seed = 0; seed < 40; seed++) {
        struct simulation simulation = { .there = seed % 2 ? full : quick,
                                         .back = seed % 2 ? quick : full,
                                         .drift = seed % 4 < 2 ? 50 : -50,
                                         .ramp = seed % 8 < 4 ? 0.05 : -0.05 };
        begin(&simulation, seed);
        for (unsigned minutes = 0; minutes < 10; minutes += 2) {
            run_without_pings(&simulation, 120);
            exchange(&simulation);
        }
        assert_int_equal(simulation.untrue, 0);
        assert_in_range(simulation.most_error, 2 * MS, 80 * MS);
    }
}

/* More than crystals do: found out, and allowed for before long. */
static void a_clock_that_is_slewed(void **state)
{
    (void)state;
    for (unsigned seed = 0; seed < 20; seed++) {
        struct simulation simulation = { .there = quick, .back = quick, .drift = 20, .wander = 2 };
        begin(&simulation, seed);
        run(&simulation, 100);
        assert_int_equal(simulation.untrue, 0);
        simulation.slew = seed % 2 ? 500 : -500;
        simulation.slew_from = (double)simulation.now / 1e9;
        simulation.slew_until = simulation.slew_from + 100;
        run(&simulation, 10);
        simulation.untrue = 0;
        run(&simulation, 85);
        assert_int_equal(simulation.untrue, 0);
        run(&simulation, 10);
        simulation.untrue = 0;
        run(&simulation, 100);
        assert_int_equal(simulation.untrue, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_quiet_link),
        cmocka_unit_test(a_full_link),
        cmocka_unit_test(a_link_that_is_never_empty),
        cmocka_unit_test(what_was_learned_is_of_use),
        cmocka_unit_test(measurements_that_stop),
        cmocka_unit_test(measurements_that_are_rare),
        cmocka_unit_test(a_clock_that_is_slewed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
