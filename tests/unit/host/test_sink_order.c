/*
 * The queue behind a sink: formats and losses, in order with the frames.
 */
#include "sink_fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "host/sinks/gap.h"

static const enum pitether_drop_reason superseded = PITETHER_DROP_SUPERSEDED;
static const enum pitether_drop_reason limited = PITETHER_DROP_RATE_LIMITED;

static int newest_setup(void **state)
{
    static const struct sink_queue_config config = { .policy = SINK_NEWEST, .bound = { 2, 0 } };
    return setup(state, &config);
}

enum { DELAY = 8, BATCH = 4 };

static int observer_setup(void **state)
{
    static const struct sink_queue_config config = {
        .policy = SINK_OBSERVER, .bound = { 32, SIZE_MAX }, .delay = DELAY, .batch = BATCH
    };
    return setup(state, &config);
}

/* Frame 0 is being written, and is so until the gate opens; what is given meanwhile waits. */
static void make_busy(struct fixture *fixture)
{
    fake_gate(&fixture->fake, true);
    push(fixture, 0, 1);
    wait_writes(&fixture->fake, 1);
}

static void let_go(struct fixture *fixture)
{
    fake_gate(&fixture->fake, false);
    finish(fixture, 0);
}

static void all_in_order(void **state)
{
    struct fixture *fixture = *state;
    make_busy(fixture);
    push_format(fixture, 8, 6);
    push(fixture, 1, 1);
    push(fixture, 2, 1);
    push_drops(fixture, 3, 2, superseded);
    push_drops(fixture, 5, 1, limited);
    push_format(fixture, 16, 12);
    push_drops(fixture, 6, 1, limited);
    push(fixture, 7, 1);
    push_drops(fixture, 8, 1, limited);
    let_go(fixture);
    assert_string_equal(fixture->fake.given, "0 8x6 1 2 3+2:6 5+1:7 16x12 6+1:7 7 8+1:7 ");
    assert_false(pthread_equal(fixture->fake.thread, pthread_self()));
}

/* The first format comes before any frame; a camera that is lost gives losses and no frames. */
static void without_a_frame(void **state)
{
    struct fixture *fixture = *state;
    push_format(fixture, 8, 6);
    wait_calls(&fixture->fake, &fixture->fake.formats, 1);
    push_drops(fixture, 1, 1, superseded);
    wait_calls(&fixture->fake, &fixture->fake.drops, 1);
    push_drops(fixture, 2, 1, superseded);
    wait_calls(&fixture->fake, &fixture->fake.drops, 2);
    assert_int_equal(fixture->fake.waits, 0); /* for frames alone */
    assert_int_equal(finish(fixture, 0).written, 0);
    assert_string_equal(fixture->fake.given, "8x6 1+1:6 2+1:6 ");
}

static void joined_while_they_wait(void **state)
{
    struct fixture *fixture = *state;
    make_busy(fixture);
    for (unsigned i = 1; i < 10000; i++) {
        push_drops(fixture, i, 1, superseded);
        push_format(fixture, i, i);
    }
    let_go(fixture);
    assert_string_equal(fixture->fake.given, "0 1+9999:6 9999x9999 ");
}

/* A queue full of frames, each between losses: all are counted, at their place. */
static void a_full_queue_with_losses(void **state)
{
    struct fixture *fixture = *state;
    char wanted[GIVEN_SIZE];
    make_busy(fixture);
    int size = snprintf(wanted, sizeof(wanted), "0 ");
    for (unsigned i = 1; i < FRAMES; i++) {
        push_format(fixture, i, i);
        push_drops(fixture, 10 * i, 9, superseded);
        push(fixture, 10 * i + 9, 1);
        size += snprintf(wanted + size, sizeof(wanted) - (size_t)size, "%ux%u %u+9:6 %u ", i, i,
                         10 * i, 10 * i + 9);
    }
    assert_true(is_full(fixture));
    for (unsigned i = FRAMES; i < 1000; i++) {
        push_drops(fixture, 10 * i, 9, superseded);
        assert_int_equal(push(fixture, 10 * i + 9, 1), SINK_LOST);
    }
    let_go(fixture);
    assert_memory_equal(fixture->fake.given, wanted, (size_t)size);
    assert_int_equal(fixture->fake.drops, FRAMES - 1 + GAP_DROPS_MAX);
    assert_non_null(strstr(fixture->fake.given + size, "640+8361:6 9930+9:6 "));
    assert_non_null(strstr(fixture->fake.given + size, " 9990+9:6 "));
    assert_int_equal(fixture->fake.totals.failed, 1000 - FRAMES);
}

/* What is before a frame that is passed over is before the one in its place. */
static void the_newest_frame_keeps_all_losses(void **state)
{
    struct fixture *fixture = *state;
    make_busy(fixture);
    push_drops(fixture, 1, 1, superseded);
    push_format(fixture, 8, 6);
    push(fixture, 2, 1);
    push_drops(fixture, 3, 1, limited);
    push(fixture, 4, 1);
    push_format(fixture, 16, 12);
    push(fixture, 5, 1);
    push_drops(fixture, 6, 1, limited);
    let_go(fixture);
    assert_string_equal(fixture->fake.given, "0 1+1:6 3+1:7 16x12 5 6+1:7 ");
    assert_int_equal(fixture->fake.totals.passed_over, 2);
    assert_all_back(fixture);
}

/* Losses behind frames that are delayed wait with them. */
static void an_observer_has_the_same_order(void **state)
{
    struct fixture *fixture = *state;
    for (unsigned id = 0; id < DELAY + BATCH - 1; id++)
        push(fixture, id, 1);
    push_drops(fixture, DELAY + BATCH - 1, 1, superseded);
    push(fixture, DELAY + BATCH, 1);
    wait_writes(&fixture->fake, BATCH);
    assert_string_equal(fixture->fake.given, "0 1 2 3 ");
    finish(fixture, 0);
    assert_string_equal(fixture->fake.given, "0 1 2 3 4 5 6 7 8 9 10 11+1:6 12 ");
}

static void after_the_last_write(void **state)
{
    struct fixture *fixture = *state;
    fixture->fake.results[0] = -ESHUTDOWN;
    make_busy(fixture);
    push_drops(fixture, 1, 1, superseded);
    push(fixture, 2, 1);
    push_format(fixture, 8, 6);
    let_go(fixture);
    assert_string_equal(fixture->fake.given, "0 ");
}

/* A sink that is given up is given nothing more to do. */
static void after_the_grace_period(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(pipe2(fixture->fake.pipe, O_CLOEXEC), 0);
    push(fixture, 0, 1);
    wait_writes(&fixture->fake, 1);
    push_drops(fixture, 1, 1, superseded);
    finish(fixture, GRACE_MS * CLOCK_MS);
    assert_string_equal(fixture->fake.given, "0 ");
}

/* What a sink has no function for is not queued for it. */
static void what_is_of_no_interest(void **state)
{
    struct fixture *fixture = *state;
    finish(fixture, 0);
    fixture->fake.closes = fixture->fake.summaries = 0;
    fixture->writer.format = NULL;
    assert_int_equal(start(fixture, &fixture_every), 0);
    assert_null(fixture->sink->ops->format);
    push_drops(fixture, 0, 1, superseded);
    push(fixture, 1, 1);
    finish(fixture, 0);
    assert_string_equal(fixture->fake.given, "0+1:6 1 ");
    fixture->fake.closes = fixture->fake.summaries = 0;
    fixture->writer.drops = NULL;
    assert_int_equal(start(fixture, &fixture_every), 0);
    assert_null(fixture->sink->ops->format);
    assert_null(fixture->sink->ops->drops);
    push(fixture, 2, 1);
    finish(fixture, 0);
    assert_string_equal(fixture->fake.given, "0+1:6 1 2 ");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
#define TEST_NEWEST(name) cmocka_unit_test_setup_teardown(name, newest_setup, fixture_teardown)
#define TEST_OBSERVER(name) cmocka_unit_test_setup_teardown(name, observer_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(all_in_order),
        TEST(without_a_frame),
        TEST(joined_while_they_wait),
        TEST(a_full_queue_with_losses),
        TEST_NEWEST(the_newest_frame_keeps_all_losses),
        TEST_OBSERVER(an_observer_has_the_same_order),
        TEST(after_the_last_write),
        TEST(after_the_grace_period),
        TEST(what_is_of_no_interest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
