/*
 * What lies between two frames: which losses become one, and what is kept where there are too many.
 */
#include "host/sinks/gap.h"

#include "host_support.h"

#include <string.h>

static const enum pitether_drop_reason superseded = PITETHER_DROP_SUPERSEDED;
static const enum pitether_drop_reason limited = PITETHER_DROP_RATE_LIMITED;

static void add_of_epoch(struct gap *gap, uint64_t epoch, uint64_t first_id, uint64_t count,
                         enum pitether_drop_reason reason)
{
    struct pitether_drops drops = { epoch, first_id, count, reason, count - 1 };
    gap_add_drops(gap, &drops);
}

static void add(struct gap *gap, uint64_t first_id, uint64_t count,
                enum pitether_drop_reason reason)
{
    add_of_epoch(gap, 1, first_id, count, reason);
}

static void set_width(struct gap *gap, unsigned width)
{
    struct pitether_stream stream = { .width = width };
    gap_set_format(gap, &stream);
}

static void assert_run(const struct gap *gap, unsigned at, uint64_t first_id, uint64_t count,
                       enum pitether_drop_reason reason)
{
    assert_true(at < gap->drops_count);
    assert_int_equal(gap->drops[at].first_id, first_id);
    assert_int_equal(gap->drops[at].count, count);
    assert_int_equal(gap->drops[at].reason, reason);
}

static uint64_t count_all(const struct gap *gap)
{
    uint64_t count = 0;
    for (unsigned i = 0; i < gap->drops_count; i++)
        count += gap->drops[i].count;
    return count;
}

static void what_continues_a_run(void **state)
{
    struct gap gap = { 0 };
    (void)state;
    assert_true(gap_is_empty(&gap));
    add(&gap, 5, 2, superseded);
    add(&gap, 7, 3, superseded);
    assert_false(gap_is_empty(&gap));
    assert_int_equal(gap.drops_count, 1);
    assert_run(&gap, 0, 5, 5, superseded);
    assert_int_equal(gap.drops[0].overdue, 3);
    gap_clear(&gap);
    assert_true(gap_is_empty(&gap));
}

/* Another reason, another epoch, and an id between them. */
static void what_does_not(void **state)
{
    struct gap gap = { 0 };
    (void)state;
    add(&gap, 5, 2, superseded);
    add(&gap, 7, 1, limited);
    add_of_epoch(&gap, 2, 8, 1, limited);
    add_of_epoch(&gap, 2, 10, 1, limited);
    assert_int_equal(gap.drops_count, 4);
    assert_run(&gap, 0, 5, 2, superseded);
    assert_run(&gap, 1, 7, 1, limited);
    assert_int_equal(gap.drops[1].epoch, 1);
    assert_run(&gap, 2, 8, 1, limited);
    assert_int_equal(gap.drops[2].epoch, 2);
    assert_run(&gap, 3, 10, 1, limited);
}

/* The newest format is kept, at its place among the losses; it alone keeps losses apart. */
static void the_newest_format(void **state)
{
    struct gap gap = { 0 };
    (void)state;
    add(&gap, 1, 1, superseded);
    set_width(&gap, 10);
    add(&gap, 2, 1, superseded);
    assert_int_equal(gap.drops_count, 2);
    assert_int_equal(gap.format_at, 1);
    set_width(&gap, 20);
    assert_int_equal(gap.drops_count, 1);
    assert_run(&gap, 0, 1, 2, superseded);
    assert_int_equal(gap.format_at, 1);
    assert_int_equal(gap.format.width, 20);
    add(&gap, 3, 1, superseded);
    assert_run(&gap, 1, 3, 1, superseded);
    gap_clear(&gap);
    assert_true(gap_is_empty(&gap));
}

/* Those with one reason are joined before others, and those of one epoch before the rest. */
static void too_many_runs(void **state)
{
    struct gap gap = { 0 };
    (void)state;
    for (unsigned i = 0; i < GAP_DROPS_MAX; i++)
        add(&gap, 10 * i, 1, i % 2 || i == 4 ? limited : superseded);
    assert_int_equal(gap.drops_count, GAP_DROPS_MAX);
    add_of_epoch(&gap, 2, 0, 7, superseded);
    assert_int_equal(gap.drops_count, GAP_DROPS_MAX);
    assert_run(&gap, 3, 30, 2, limited); /* and 40, though not 31 */
    assert_run(&gap, 4, 50, 1, limited);
    add_of_epoch(&gap, 3, 0, 1, superseded);
    assert_run(&gap, 3, 30, 3, limited);
    add_of_epoch(&gap, 3, 9, 1, limited);
    assert_run(&gap, 0, 0, 2, superseded);
    assert_int_equal(gap.drops[GAP_DROPS_MAX - 3].epoch, 2);
    assert_int_equal(count_all(&gap), GAP_DROPS_MAX + 9);
}

/* Nothing moves across the format, however much there is. */
static void too_many_runs_around_a_format(void **state)
{
    enum { MANY = 1000 };
    struct gap gap = { 0 };
    (void)state;
    for (unsigned i = 0; i < MANY; i++)
        add_of_epoch(&gap, i, i, 1, i % 2 ? limited : superseded);
    set_width(&gap, 10);
    for (unsigned i = 0; i < 2 * MANY; i++)
        add_of_epoch(&gap, i, i, 1, i % 2 ? limited : superseded);
    assert_true(gap.drops_count <= GAP_DROPS_MAX);
    uint64_t before = 0;
    for (unsigned i = 0; i < gap.format_at; i++)
        before += gap.drops[i].count;
    assert_int_equal(before, MANY);
    assert_int_equal(count_all(&gap), 3 * MANY);
}

static void one_after_another(void **state)
{
    struct gap gap = { 0 }, next = { 0 };
    (void)state;
    set_width(&gap, 10);
    add(&gap, 1, 1, superseded);
    add(&next, 2, 1, superseded);
    set_width(&next, 20);
    add(&next, 3, 1, superseded);
    gap_append(&gap, &next);
    assert_int_equal(gap.drops_count, 2);
    assert_run(&gap, 0, 1, 2, superseded);
    assert_run(&gap, 1, 3, 1, superseded);
    assert_int_equal(gap.format_at, 1);
    assert_int_equal(gap.format.width, 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_continues_a_run),
        cmocka_unit_test(what_does_not),
        cmocka_unit_test(the_newest_format),
        cmocka_unit_test(too_many_runs),
        cmocka_unit_test(too_many_runs_around_a_format),
        cmocka_unit_test(one_after_another),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
