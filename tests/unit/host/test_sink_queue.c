/*
 * The queue behind a sink: what waits, what is replaced, and what is lost.
 */
#include "sink_fixture.h"

#include <pthread.h>
#include <sched.h>
#include <string.h>

static int newest_setup(void **state)
{
    static const struct sink_queue_config config = { .policy = SINK_NEWEST, .bound = { 2, 0 } };
    return setup(state, &config);
}

enum { DELAY = 8, BATCH = 4, LINES = 32 };

static int observer_setup(void **state)
{
    static const struct sink_queue_config config = {
        .policy = SINK_OBSERVER, .bound = { LINES, SIZE_MAX }, .delay = DELAY, .batch = BATCH
    };
    return setup(state, &config);
}

static void frames_come_in_order(void **state)
{
    struct fixture *fixture = *state;
    for (uint64_t id = 0; id < 500; id++) {
        if (id >= FRAMES)
            wait_writes(&fixture->fake, (unsigned)(id - FRAMES / 2));
        push(fixture, id, id + 1);
    }
    struct sink_totals totals = finish(fixture, 0);
    assert_int_equal(totals.written, 500);
    assert_int_equal(totals.failed, 0);
    assert_int_equal(totals.bytes, 500 * 501 / 2);
    assert_int_equal(fixture->fake.writes, 500);
    for (uint64_t id = 0; id < 500; id++)
        assert_int_equal(fixture->fake.ids[id], id);
    assert_false(pthread_equal(fixture->fake.thread, pthread_self()));
    assert_string_equal(stderr_text(), "");
    assert_all_back(fixture);
}

/* As many wait as the bound says while the sink is stuck, and giving never blocks. What finds it
 * full is lost, and nothing else is: one line, and one call when there is space again. */
static void a_full_queue(void **state)
{
    enum { MORE = 3 };
    struct fixture *fixture = *state;
    fake_gate(&fixture->fake, true);
    for (uint64_t id = 0; id < FRAMES; id++) {
        assert_false(is_full(fixture));
        assert_int_equal(push(fixture, id, 1), SINK_TAKEN);
    }
    wait_writes(&fixture->fake, 1);
    assert_true(is_full(fixture));
    for (uint64_t id = 0; id < MORE; id++)
        assert_int_equal(push(fixture, FRAMES + id, 1), SINK_LOST);
    assert_int_equal(sink_queue_totals(fixture->sink).failed, MORE);
    assert_int_equal(fixture->fake.spaces, 0);
    assert_int_equal(count_text(stderr_text(), "warning: fake: too slow\n"), 1);
    fake_gate(&fixture->fake, false);
    wait_calls(&fixture->fake, &fixture->fake.spaces, 1);
    wait_writes(&fixture->fake, FRAMES);
    struct sink_totals totals = finish(fixture, 0);
    assert_int_equal(totals.written, FRAMES);
    assert_int_equal(totals.failed, MORE);
    assert_int_equal(fixture->fake.spaces, 1);
    for (uint64_t id = 0; id < FRAMES; id++)
        assert_int_equal(fixture->fake.ids[id], id);
    assert_all_back(fixture);
}

/* It is said again once the queue was empty meanwhile. */
static void a_queue_that_is_full_again(void **state)
{
    struct fixture *fixture = *state;
    for (unsigned episode = 1; episode <= 2; episode++) {
        fake_gate(&fixture->fake, true);
        for (unsigned i = 0; i < FRAMES + 2; i++)
            push(fixture, i, 1);
        assert_int_equal(count_text(stderr_text(), "too slow"), episode);
        fake_gate(&fixture->fake, false);
        wait_writes(&fixture->fake, episode * FRAMES);
        while (sink_queue_totals(fixture->sink).written < episode * FRAMES)
            sched_yield();
    }
    assert_int_equal(finish(fixture, 0).failed, 4);
}

/* The bound in bytes holds, too; a frame that is longer than it is taken by an empty queue. */
static void a_queue_full_of_bytes(void **state)
{
    struct fixture *fixture = *state;
    fake_gate(&fixture->fake, true);
    assert_int_equal(push(fixture, 0, (1 << 20) - 1), SINK_TAKEN);
    assert_false(is_full(fixture));
    assert_int_equal(push(fixture, 1, (1 << 20) + 1), SINK_TAKEN);
    assert_true(is_full(fixture));
    assert_int_equal(push(fixture, 2, 1), SINK_LOST);
    fake_gate(&fixture->fake, false);
    wait_calls(&fixture->fake, &fixture->fake.spaces, 1);
    wait_writes(&fixture->fake, 2);
    assert_int_equal(finish(fixture, 0).written, 2);
}

/* One frame is being written, one waits: the newest. */
static void the_newest_wins(void **state)
{
    struct fixture *fixture = *state;
    fake_gate(&fixture->fake, true);
    assert_int_equal(push(fixture, 0, 10), SINK_TAKEN);
    wait_writes(&fixture->fake, 1);
    assert_int_equal(push(fixture, 1, 20), SINK_TAKEN);
    for (uint64_t id = 2; id < 10; id++)
        assert_int_equal(push(fixture, id, 30), SINK_REPLACED);
    fake_gate(&fixture->fake, false);
    struct sink_totals totals = finish(fixture, 0);
    assert_int_equal(fixture->fake.writes, 2);
    assert_int_equal(fixture->fake.ids[0], 0);
    assert_int_equal(fixture->fake.ids[1], 9);
    assert_int_equal(totals.written, 2);
    assert_int_equal(totals.bytes, 40);
    assert_int_equal(totals.passed_over, 8);
    assert_int_equal(totals.failed, 0);
    assert_all_back(fixture);
}

/* The frame is chosen when it can be written, not when it came. */
static void the_newest_is_chosen_late(void **state)
{
    struct fixture *fixture = *state;
    fake_door(&fixture->fake, true);
    push(fixture, 0, 10);
    wait_calls(&fixture->fake, &fixture->fake.waits, 1);
    push(fixture, 1, 10);
    push(fixture, 2, 10);
    fake_door(&fixture->fake, false);
    struct sink_totals totals = finish(fixture, 0);
    assert_int_equal(fixture->fake.writes, 1);
    assert_int_equal(fixture->fake.ids[0], 2);
    assert_int_equal(totals.passed_over, 2);
}

/* Entries are written in batches, but for the newest ones, which wait to be presented. */
static void observers_learn_what_was_presented(void **state)
{
    struct fixture *fixture = *state;
    const struct sink_ops *ops = fixture->sink->ops;
    for (uint64_t id = 0; id < DELAY + BATCH - 1; id++)
        push(fixture, id, 10);
    for (uint64_t id = 0; id < 2 * DELAY; id += 2) {
        struct pitether_frame *frame = frame_make(fixture->pool, id, 10);
        struct sink_presentation presentation = { id + 100, id + 200 };
        ops->presented(fixture->sink, frame, &presentation);
        pitether_frame_release(frame);
    }
    assert_all_back(fixture); /* no frame is kept */
    assert_int_equal(sink_queue_totals(fixture->sink).written, 0);
    push(fixture, DELAY + BATCH - 1, 10);
    wait_writes(&fixture->fake, BATCH);
    assert_int_equal(finish(fixture, 0).written, DELAY + BATCH);
    for (unsigned i = 0; i < DELAY + BATCH; i++) {
        bool presented = i % 2 == 0 && i < DELAY + BATCH - 1;
        assert_int_equal(fixture->fake.ids[i], i);
        assert_int_equal(fixture->fake.shown[i], presented ? i + 200 : 0);
        assert_false(fixture->fake.has_data[i]);
    }
}

static void an_observer_that_is_stuck(void **state)
{
    struct fixture *fixture = *state;
    fake_gate(&fixture->fake, true);
    assert_null(fixture->sink->ops->is_full);
    for (uint64_t id = 0; id < 100; id++)
        assert_int_equal(push(fixture, id, 10), id < LINES ? SINK_TAKEN : SINK_LOST);
    assert_int_equal(count_text(stderr_text(), "too slow"), 1);
    fake_gate(&fixture->fake, false);
    struct sink_totals totals = finish(fixture, 0);
    assert_int_equal(totals.written, LINES);
    assert_int_equal(totals.failed, 100 - LINES);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
#define TEST_NEWEST(name) cmocka_unit_test_setup_teardown(name, newest_setup, fixture_teardown)
#define TEST_OBSERVER(name) cmocka_unit_test_setup_teardown(name, observer_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(frames_come_in_order),
        TEST(a_full_queue),
        TEST(a_queue_that_is_full_again),
        TEST(a_queue_full_of_bytes),
        TEST_NEWEST(the_newest_wins),
        TEST_NEWEST(the_newest_is_chosen_late),
        TEST_OBSERVER(observers_learn_what_was_presented),
        TEST_OBSERVER(an_observer_that_is_stuck),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
