/*
 * The thread and the queue behind a sink, with ops that do as the test says.
 */
#include "host/sinks/sink.h"

#include "host_support.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/base/cancellable.h"
#include "shared/base/clock.h"

enum { WRITES_MAX = 1024, BOUND_MS = 20000, PATIENCE_MS = 100 };

/* A sink's state. */
struct fake {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    /* Under lock. */
    uint64_t ids[WRITES_MAX];
    unsigned writes, waits, closes, gone;
    bool gate;               /* write() waits while it is shut */
    bool door;               /* so does wait() */
    int results[WRITES_MAX]; /* by number of the call */
    int close_result;
    pthread_t thread;
    int pipe[2]; /* if it is to block on one; else -1 */
};

struct world {
    struct fake fake;
    struct frame_pool *pool;
    struct sink *sink;
};

static int fake_block(struct fake *fake)
{
    static const char bytes[4096];
    for (;;) {
        if (cancellable_abandoned())
            return -EINTR;
        if (write(fake->pipe[1], bytes, sizeof(bytes)) < 0 && errno != EINTR)
            return -errno;
    }
}

static int fake_wait(void *state)
{
    struct fake *fake = state;
    pthread_mutex_lock(&fake->lock);
    fake->waits++;
    pthread_cond_broadcast(&fake->changed);
    while (fake->door)
        pthread_cond_wait(&fake->changed, &fake->lock);
    pthread_mutex_unlock(&fake->lock);
    return 0;
}

static int fake_write(void *state, const struct pitether_frame *frame)
{
    struct fake *fake = state;
    pthread_mutex_lock(&fake->lock);
    unsigned number = fake->writes++;
    fake->ids[number] = frame->id;
    fake->thread = pthread_self();
    pthread_cond_broadcast(&fake->changed);
    while (fake->gate)
        pthread_cond_wait(&fake->changed, &fake->lock);
    int result = fake->results[number];
    pthread_mutex_unlock(&fake->lock);
    return fake->pipe[1] >= 0 ? fake_block(fake) : result;
}

static int fake_close(void *state)
{
    struct fake *fake = state;
    pthread_mutex_lock(&fake->lock);
    fake->closes++;
    int result = fake->close_result;
    pthread_mutex_unlock(&fake->lock);
    return result;
}

static const struct sink_ops fake_ops = { "fake", fake_wait, fake_write, fake_close };

static void on_gone(void *user, const struct sink *sink)
{
    struct fake *fake = user;
    (void)sink;
    pthread_mutex_lock(&fake->lock);
    fake->gone++;
    pthread_cond_broadcast(&fake->changed);
    pthread_mutex_unlock(&fake->lock);
}

static void fake_gate(struct fake *fake, bool shut)
{
    pthread_mutex_lock(&fake->lock);
    fake->gate = shut;
    pthread_cond_broadcast(&fake->changed);
    pthread_mutex_unlock(&fake->lock);
}

static void fake_door(struct fake *fake, bool shut)
{
    pthread_mutex_lock(&fake->lock);
    fake->door = shut;
    pthread_cond_broadcast(&fake->changed);
    pthread_mutex_unlock(&fake->lock);
}

static int setup(void **state, enum sink_policy policy)
{
    struct world *world = *state = calloc(1, sizeof(*world));
    struct fake *fake = &world->fake;
    pthread_mutex_init(&fake->lock, NULL);
    pthread_cond_init(&fake->changed, NULL);
    fake->pipe[0] = fake->pipe[1] = -1;
    world->pool = frame_pool_create(SINK_QUEUE, SIZE_MAX);
    assert_non_null(world->pool);
    assert_int_equal(sink_start(&world->sink, &fake_ops, fake, policy, on_gone, fake), 0);
    assert_non_null(world->sink);
    stderr_capture();
    return 0;
}

static int world_setup(void **state)
{
    return setup(state, SINK_LOSSLESS);
}

static int live_setup(void **state)
{
    return setup(state, SINK_LIVE);
}

static int world_teardown(void **state)
{
    struct world *world = *state;
    stderr_release();
    fake_gate(&world->fake, false);
    fake_door(&world->fake, false);
    struct grace grace = grace_of(CLOCK_MS);
    sink_finish(&world->sink, &grace, false);
    frame_pool_destroy(world->pool);
    for (int i = 0; i < 2; i++)
        if (world->fake.pipe[i] >= 0)
            close(world->fake.pipe[i]);
    pthread_cond_destroy(&world->fake.changed);
    pthread_mutex_destroy(&world->fake.lock);
    free(world);
    return 0;
}

/* Waits until one of the two has been called so often. */
static void wait_calls(struct fake *fake, const unsigned *calls, unsigned wanted)
{
    struct timespec until = clock_timespec(clock_monotonic() + BOUND_MS * CLOCK_MS);
    pthread_mutex_lock(&fake->lock);
    int error = 0;
    while (*calls < wanted && !error)
        error = pthread_cond_clockwait(&fake->changed, &fake->lock, CLOCK_MONOTONIC, &until);
    pthread_mutex_unlock(&fake->lock);
    assert_int_equal(error, 0);
}

static void wait_writes(struct fake *fake, unsigned writes)
{
    wait_calls(fake, &fake->writes, writes);
}

static bool push(struct world *world, uint64_t id, size_t size)
{
    struct pitether_frame *frame = frame_make(world->pool, id, size);
    bool more = sink_push(world->sink, frame);
    pitether_frame_release(frame);
    return more;
}

static struct sink_totals finish(struct world *world, uint64_t grace_ns)
{
    struct grace grace = grace_of(grace_ns);
    struct sink_totals totals = sink_finish(&world->sink, grace_ns ? &grace : NULL, false);
    assert_null(world->sink);
    assert_int_equal(world->fake.closes, 1);
    return totals;
}

/* A pool of n frames that gives all n has none of them lost. */
static void assert_all_back(struct world *world)
{
    struct pitether_frame *frames[SINK_QUEUE];
    for (unsigned i = 0; i < SINK_QUEUE; i++)
        assert_non_null(frames[i] = frame_pool_take(world->pool));
    for (unsigned i = 0; i < SINK_QUEUE; i++)
        pitether_frame_release(frames[i]);
}

static void frames_come_in_order(void **state)
{
    struct world *world = *state;
    for (uint64_t id = 0; id < 500; id++) {
        if (id >= SINK_QUEUE) /* the receiver has no more frames than that */
            wait_writes(&world->fake, (unsigned)(id - SINK_QUEUE / 2));
        push(world, id, id + 1);
    }
    struct sink_totals totals = finish(world, 0);
    assert_int_equal(totals.written, 500);
    assert_int_equal(totals.failed, 0);
    assert_int_equal(totals.bytes, 500 * 501 / 2);
    assert_int_equal(world->fake.writes, 500);
    for (uint64_t id = 0; id < 500; id++)
        assert_int_equal(world->fake.ids[id], id);
    assert_false(pthread_equal(world->fake.thread, pthread_self()));
    assert_string_equal(stderr_text(), "");
    assert_all_back(world);
}

/* As many as there can be frames wait while the sink is stuck, and pushing never blocks. */
static void a_full_queue(void **state)
{
    struct world *world = *state;
    fake_gate(&world->fake, true);
    for (uint64_t id = 0; id < SINK_QUEUE; id++)
        push(world, id, 1);
    wait_writes(&world->fake, 1);
    assert_null(frame_pool_take(world->pool));
    struct sink_totals totals = sink_totals(world->sink);
    assert_int_equal(totals.written + totals.failed, 0);
    fake_gate(&world->fake, false);
    totals = finish(world, 0);
    assert_int_equal(totals.written, SINK_QUEUE);
    for (uint64_t id = 0; id < SINK_QUEUE; id++)
        assert_int_equal(world->fake.ids[id], id);
    assert_all_back(world);
}

/* More frames than there should be are lost, and nothing else is. */
static void more_than_the_queue_holds(void **state)
{
    enum { MORE = 3 };
    struct world *world = *state;
    struct frame_pool *pool = world->pool;
    world->pool = frame_pool_create(2 * SINK_QUEUE, SIZE_MAX);
    fake_gate(&world->fake, true);
    push(world, 0, 1);
    wait_writes(&world->fake, 1);
    for (uint64_t id = 1; id <= SINK_QUEUE + MORE; id++)
        push(world, id, 1);
    assert_int_equal(sink_totals(world->sink).failed, MORE);
    fake_gate(&world->fake, false);
    assert_int_equal(finish(world, 0).written, 1 + SINK_QUEUE);
    for (uint64_t id = 0; id <= SINK_QUEUE; id++)
        assert_int_equal(world->fake.ids[id], id);
    frame_pool_destroy(world->pool);
    world->pool = pool;
}

/* One frame is being written, one waits: the newest. */
static void live_passes_over(void **state)
{
    struct world *world = *state;
    fake_gate(&world->fake, true);
    assert_true(push(world, 0, 10));
    wait_writes(&world->fake, 1);
    assert_true(push(world, 1, 20));
    for (uint64_t id = 2; id < 10; id++)
        assert_false(push(world, id, 30));
    fake_gate(&world->fake, false);
    struct sink_totals totals = finish(world, 0);
    assert_int_equal(world->fake.writes, 2);
    assert_int_equal(world->fake.ids[0], 0);
    assert_int_equal(world->fake.ids[1], 9);
    assert_int_equal(totals.written, 2);
    assert_int_equal(totals.bytes, 40);
    assert_int_equal(totals.passed_over, 8);
    assert_int_equal(totals.failed, 0);
    assert_all_back(world);
}

/* The frame is chosen when it can be written, not when it came. */
static void live_chooses_late(void **state)
{
    struct world *world = *state;
    fake_door(&world->fake, true);
    push(world, 0, 10);
    wait_calls(&world->fake, &world->fake.waits, 1);
    push(world, 1, 10);
    push(world, 2, 10);
    fake_door(&world->fake, false);
    struct sink_totals totals = finish(world, 0);
    assert_int_equal(world->fake.writes, 1);
    assert_int_equal(world->fake.ids[0], 2);
    assert_int_equal(totals.passed_over, 2);
}

/* Two episodes of failures: each is told once when it begins and once when it is over. */
static void failures_are_counted_and_told_once(void **state)
{
    struct world *world = *state;
    for (unsigned i = 0; i < 30; i++)
        world->fake.results[i] = i >= 5 && i < 15 ? -ENOSPC : i == 20 ? -EIO : 0;
    for (uint64_t id = 0; id < 30; id++)
        push(world, 100 + id, 10);
    struct sink_totals totals = finish(world, 0);
    assert_int_equal(totals.written, 19);
    assert_int_equal(totals.failed, 11);
    assert_int_equal(totals.bytes, 190);
    const char *text = stderr_text();
    assert_int_equal(count_text(text, "\n"), 4);
    assert_non_null(strstr(text, "fake: frame 105 could not be written: No space left on device"));
    assert_non_null(strstr(text, "fake: works again; 10 frames were lost"));
    assert_non_null(strstr(text, "fake: frame 120 could not be written: Input/output error"));
    assert_non_null(strstr(text, "fake: works again; 1 frame"));
    assert_int_equal(world->fake.gone, 0);
    assert_false(totals.gone);
    assert_all_back(world);
}

/* Works, fails, works, ...: most of the lines are held back, none of the counts. */
static void a_disk_that_fails_now_and_then(void **state)
{
    struct world *world = *state;
    for (unsigned i = 0; i < SINK_QUEUE; i++)
        world->fake.results[i] = i % 2 ? -EDQUOT : 0;
    for (uint64_t id = 0; id < SINK_QUEUE; id++)
        push(world, id, 10);
    struct sink_totals totals = finish(world, 0);
    assert_int_equal(totals.written, SINK_QUEUE / 2);
    assert_int_equal(totals.failed, SINK_QUEUE / 2);
    assert_int_equal(count_text(stderr_text(), "\n"), 20);
}

/* One line for each kind of error, not one a frame. */
static void another_error_is_told(void **state)
{
    struct world *world = *state;
    for (unsigned i = 0; i < 10; i++)
        world->fake.results[i] = i < 5 ? -ENOSPC : -EROFS;
    for (uint64_t id = 0; id < 10; id++)
        push(world, id, 10);
    assert_int_equal(finish(world, 0).failed, 10);
    assert_int_equal(count_text(stderr_text(), "\n"), 2);
    assert_non_null(strstr(stderr_text(), "frame 0 could not be written: No space left"));
    assert_non_null(strstr(stderr_text(), "frame 5 could not be written: Read-only"));
}

static void the_last_words_of_a_disk(void **state)
{
    struct world *world = *state;
    world->fake.close_result = -EIO;
    push(world, 0, 10);
    struct sink_totals totals = finish(world, 0);
    assert_int_equal(totals.written, 1);
    assert_int_equal(totals.close_error, -EIO);
}

/* Nobody reads any more: said once to the owner, and write is never called again. */
static void a_broken_pipe_is_final(void **state)
{
    struct world *world = *state;
    world->fake.results[3] = -EPIPE;
    for (uint64_t id = 0; id < 10; id++)
        push(world, id, 10);
    struct sink_totals totals = finish(world, 0);
    assert_int_equal(world->fake.gone, 1);
    assert_true(totals.gone);
    assert_int_equal(world->fake.writes, 4);
    assert_int_equal(totals.written, 3);
    assert_int_equal(totals.failed, 7);
    assert_null(strstr(stderr_text(), "could not be written"));
    assert_all_back(world);
}

/* A write that blocks for ever, on a pipe that nobody reads, is given up; so is all behind it. */
static void patience_ends(void **state)
{
    struct world *world = *state;
    assert_int_equal(pipe2(world->fake.pipe, O_CLOEXEC), 0);
    for (uint64_t id = 0; id < 10; id++)
        push(world, id, 10);
    wait_writes(&world->fake, 1);
    uint64_t begun = clock_monotonic();
    struct sink_totals totals = finish(world, PATIENCE_MS * CLOCK_MS);
    uint64_t took = clock_monotonic() - begun;
    assert_in_range(took, PATIENCE_MS * CLOCK_MS, BOUND_MS * CLOCK_MS);
    assert_int_equal(totals.written, 0);
    assert_int_equal(totals.failed, 10);
    assert_false(cancellable_abandoned()); /* said to the sink's thread alone */
    assert_all_back(world);
}

/* What can be written in time is, also with patience. */
static void patience_is_not_used_up(void **state)
{
    struct world *world = *state;
    for (uint64_t id = 0; id < 50; id++)
        push(world, id, 10);
    struct sink_totals totals = finish(world, BOUND_MS * CLOCK_MS);
    assert_int_equal(totals.written, 50);
    assert_int_equal(totals.failed, 0);
    assert_all_back(world);
}

/* An abandoned sink does not make the next one impatient. */
static void the_next_sink_is_patient(void **state)
{
    struct world *world = *state;
    patience_ends(state);
    close(world->fake.pipe[0]);
    close(world->fake.pipe[1]);
    world->fake.pipe[0] = world->fake.pipe[1] = -1;
    world->fake.closes = 0;
    assert_int_equal(
        sink_start(&world->sink, &fake_ops, &world->fake, SINK_LOSSLESS, on_gone, &world->fake), 0);
    push(world, 1, 10);
    assert_int_equal(finish(world, 0).written, 1);
}

static void totals_while_it_runs(void **state)
{
    struct world *world = *state;
    world->fake.results[0] = -EIO;
    push(world, 0, 10);
    push(world, 1, 20);
    push(world, 2, 30);
    wait_writes(&world->fake, 3); /* so the first two are done */
    struct sink_totals totals = sink_totals(world->sink);
    assert_int_equal(totals.failed, 1);
    assert_in_range(totals.written, 1, 2);
    assert_in_range(totals.bytes, 20, 50);
    assert_int_equal(finish(world, 0).bytes, 50);
}

static void nothing_to_finish(void **state)
{
    (void)state;
    struct sink *none = NULL;
    struct sink_totals totals = sink_finish(&none, NULL, false);
    assert_int_equal(totals.written + totals.failed + totals.bytes, 0);
    totals = sink_finish(NULL, NULL, false);
    assert_int_equal(totals.written + totals.failed + totals.bytes, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)
#define TEST_LIVE(name) cmocka_unit_test_setup_teardown(name, live_setup, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(frames_come_in_order),
        TEST(a_full_queue),
        TEST(more_than_the_queue_holds),
        TEST_LIVE(live_passes_over),
        TEST_LIVE(live_chooses_late),
        TEST(failures_are_counted_and_told_once),
        TEST(a_disk_that_fails_now_and_then),
        TEST(another_error_is_told),
        TEST(the_last_words_of_a_disk),
        TEST(a_broken_pipe_is_final),
        TEST(patience_ends),
        TEST(patience_is_not_used_up),
        TEST(the_next_sink_is_patient),
        TEST(totals_while_it_runs),
        cmocka_unit_test(nothing_to_finish),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
