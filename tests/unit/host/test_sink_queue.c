/*
 * The thread and the queue behind a sink, with a writer that does as the test says.
 */
#include "host/sinks/queue.h"

#include "host_support.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/base/cancellable.h"
#include "shared/base/clock.h"

enum { WRITES_MAX = 1024, BOUND_MS = 20000, GRACE_MS = 100, FRAMES = 64 };

struct fake {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    /* Under lock. */
    uint64_t ids[WRITES_MAX];
    uint64_t shown[WRITES_MAX];
    bool has_data[WRITES_MAX];
    unsigned writes, waits, closes, gone, spaces, summaries;
    struct sink_totals totals; /* of summarize() */
    bool gate;                 /* write() waits while it is shut */
    bool door;                 /* so does wait() */
    int results[WRITES_MAX];   /* by number of the call */
    int close_result;
    pthread_t thread;
    int pipe[2]; /* if it is to block on one; else -1 */
};

struct fixture {
    struct fake fake;
    struct frame_pool *pool;
    struct sink *sink;
};

/* A writer's state, which is freed with the sink. */
struct state {
    struct fake *fake;
};

static struct fake *fake_of(const void *state)
{
    return ((const struct state *)state)->fake;
}

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
    struct fake *fake = fake_of(state);
    pthread_mutex_lock(&fake->lock);
    fake->waits++;
    pthread_cond_broadcast(&fake->changed);
    while (fake->door)
        pthread_cond_wait(&fake->changed, &fake->lock);
    pthread_mutex_unlock(&fake->lock);
    return 0;
}

static int fake_write(void *state, const struct pitether_frame *frame,
                      const struct sink_presentation *presentation)
{
    struct fake *fake = fake_of(state);
    pthread_mutex_lock(&fake->lock);
    unsigned number = fake->writes++;
    fake->ids[number] = frame->id;
    fake->shown[number] = presentation->shown_ns;
    fake->has_data[number] = frame->data;
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
    struct fake *fake = fake_of(state);
    pthread_mutex_lock(&fake->lock);
    fake->closes++;
    int result = fake->close_result;
    pthread_mutex_unlock(&fake->lock);
    return result;
}

static void fake_summarize(const void *state, const struct sink_totals *totals, FILE *out)
{
    struct fake *fake = fake_of(state);
    fake->summaries++;
    fake->totals = *totals;
    if (out)
        fprintf(out, "so many: %u\n", (unsigned)totals->written);
}

static const struct sink_writer writer = {
    .name = "the fake",
    .log_name = "fake",
    .unit = "frame",
    .units = "frames",
    .too_slow = "too slow",
    .wait = fake_wait,
    .write = fake_write,
    .close = fake_close,
    .summarize = fake_summarize,
};

static void count(struct fake *fake, unsigned *calls)
{
    pthread_mutex_lock(&fake->lock);
    (*calls)++;
    pthread_cond_broadcast(&fake->changed);
    pthread_mutex_unlock(&fake->lock);
}

static void on_gone(void *user, struct sink *sink, enum sink_gone how)
{
    struct fake *fake = user;
    assert_non_null(sink);
    assert_int_equal(how, SINK_BROKEN);
    count(fake, &fake->gone);
}

static void on_space(void *user)
{
    struct fake *fake = user;
    count(fake, &fake->spaces);
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

static int start(struct fixture *fixture, const struct sink_queue_config *config)
{
    struct sink_owner owner = { .gone = on_gone, .space = on_space, .user = &fixture->fake };
    struct state *state = malloc(sizeof(*state));
    state->fake = &fixture->fake;
    return sink_queue_start(&fixture->sink, &writer, state, config, &owner);
}

static int setup(void **state, const struct sink_queue_config *config)
{
    struct fixture *fixture = *state = calloc(1, sizeof(*fixture));
    struct fake *fake = &fixture->fake;
    pthread_mutex_init(&fake->lock, NULL);
    pthread_cond_init(&fake->changed, NULL);
    fake->pipe[0] = fake->pipe[1] = -1;
    fixture->pool = frame_pool_create(2 * FRAMES, SIZE_MAX);
    assert_non_null(fixture->pool);
    assert_int_equal(start(fixture, config), 0);
    assert_non_null(fixture->sink);
    stderr_capture();
    return 0;
}

static const struct sink_queue_config every = { .policy = SINK_EVERY_FRAME,
                                                .bound = { FRAMES, 1 << 20 } };

static int fixture_setup(void **state)
{
    return setup(state, &every);
}

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

static int fixture_teardown(void **state)
{
    struct fixture *fixture = *state;
    stderr_release();
    fake_gate(&fixture->fake, false);
    fake_door(&fixture->fake, false);
    struct grace grace = grace_of(CLOCK_MS);
    sink_close(&fixture->sink, &grace, NULL);
    frame_pool_destroy(fixture->pool);
    for (int i = 0; i < 2; i++)
        if (fixture->fake.pipe[i] >= 0)
            close(fixture->fake.pipe[i]);
    pthread_cond_destroy(&fixture->fake.changed);
    pthread_mutex_destroy(&fixture->fake.lock);
    free(fixture);
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

static enum sink_result push(struct fixture *fixture, uint64_t id, size_t size)
{
    struct pitether_frame *frame = frame_make(fixture->pool, id, size);
    enum sink_result result = fixture->sink->ops->frame(fixture->sink, frame);
    pitether_frame_release(frame);
    return result;
}

static struct sink_totals finish(struct fixture *fixture, uint64_t grace_ns)
{
    struct grace grace = grace_of(grace_ns);
    bool took_all = sink_close(&fixture->sink, grace_ns ? &grace : NULL, NULL);
    struct sink_totals totals = fixture->fake.totals;
    assert_null(fixture->sink);
    assert_int_equal(fixture->fake.closes, 1);
    assert_int_equal(fixture->fake.summaries, 1);
    assert_int_equal(took_all, totals.failed == 0 && !totals.gone && totals.close_error == 0);
    return totals;
}

static bool is_full(struct fixture *fixture)
{
    return fixture->sink->ops->is_full(fixture->sink);
}

/* A pool of n frames that gives all n has none of them lost. */
static void assert_all_back(struct fixture *fixture)
{
    struct pitether_frame *frames[2 * FRAMES];
    for (unsigned i = 0; i < 2 * FRAMES; i++)
        assert_non_null(frames[i] = frame_pool_take(fixture->pool));
    for (unsigned i = 0; i < 2 * FRAMES; i++)
        pitether_frame_release(frames[i]);
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

/* Two episodes of failures: each is told once when it begins and once when it is over. */
static void failures_are_counted_and_told_once(void **state)
{
    struct fixture *fixture = *state;
    for (unsigned i = 0; i < 30; i++)
        fixture->fake.results[i] = i >= 5 && i < 15 ? -ENOSPC : i == 20 ? -EIO : 0;
    for (uint64_t id = 0; id < 30; id++)
        push(fixture, 100 + id, 10);
    struct sink_totals totals = finish(fixture, 0);
    assert_int_equal(totals.written, 19);
    assert_int_equal(totals.failed, 11);
    assert_int_equal(totals.bytes, 190);
    const char *text = stderr_text();
    assert_int_equal(count_text(text, "\n"), 4);
    assert_non_null(strstr(text, "fake: frame 105 could not be written: No space left on device"));
    assert_non_null(strstr(text, "fake: works again; 10 frames were lost"));
    assert_non_null(strstr(text, "fake: frame 120 could not be written: Input/output error"));
    assert_non_null(strstr(text, "fake: works again; 1 frame"));
    assert_int_equal(fixture->fake.gone, 0);
    assert_false(totals.gone);
    assert_all_back(fixture);
}

/* Works, fails, works, ...: most of the lines are held back, none of the counts. */
static void a_disk_that_fails_now_and_then(void **state)
{
    struct fixture *fixture = *state;
    for (unsigned i = 0; i < FRAMES; i++)
        fixture->fake.results[i] = i % 2 ? -EDQUOT : 0;
    for (uint64_t id = 0; id < FRAMES; id++)
        push(fixture, id, 10);
    struct sink_totals totals = finish(fixture, 0);
    assert_int_equal(totals.written, FRAMES / 2);
    assert_int_equal(totals.failed, FRAMES / 2);
    assert_int_equal(count_text(stderr_text(), "\n"), 20);
}

/* One line for each kind of error, not one a frame. */
static void another_error_is_told(void **state)
{
    struct fixture *fixture = *state;
    for (unsigned i = 0; i < 10; i++)
        fixture->fake.results[i] = i < 5 ? -ENOSPC : -EROFS;
    for (uint64_t id = 0; id < 10; id++)
        push(fixture, id, 10);
    assert_int_equal(finish(fixture, 0).failed, 10);
    assert_int_equal(count_text(stderr_text(), "\n"), 2);
    assert_non_null(strstr(stderr_text(), "frame 0 could not be written: No space left"));
    assert_non_null(strstr(stderr_text(), "frame 5 could not be written: Read-only"));
}

static void the_last_words_of_a_disk(void **state)
{
    struct fixture *fixture = *state;
    fixture->fake.close_result = -EIO;
    push(fixture, 0, 10);
    struct sink_totals totals = finish(fixture, 0);
    assert_int_equal(totals.written, 1);
    assert_int_equal(totals.close_error, -EIO);
}

/* Nobody reads any more: said once to the owner, and write is never called again. */
static void a_broken_pipe_is_final(void **state)
{
    struct fixture *fixture = *state;
    fixture->fake.results[3] = -ESHUTDOWN;
    for (uint64_t id = 0; id < 10; id++)
        push(fixture, id, 10);
    struct sink_totals totals = finish(fixture, 0);
    assert_int_equal(fixture->fake.gone, 1);
    assert_true(totals.gone);
    assert_int_equal(fixture->fake.writes, 4);
    assert_int_equal(totals.written, 3);
    assert_int_equal(totals.failed, 7);
    assert_null(strstr(stderr_text(), "could not be written"));
    assert_all_back(fixture);
}

/* A write that blocks for ever, on a pipe that nobody reads, is given up; so is all behind it. */
static void the_grace_period_ends(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(pipe2(fixture->fake.pipe, O_CLOEXEC), 0);
    for (uint64_t id = 0; id < 10; id++)
        push(fixture, id, 10);
    wait_writes(&fixture->fake, 1);
    uint64_t begun = clock_monotonic();
    struct sink_totals totals = finish(fixture, GRACE_MS * CLOCK_MS);
    uint64_t took = clock_monotonic() - begun;
    assert_in_range(took, GRACE_MS * CLOCK_MS, BOUND_MS * CLOCK_MS);
    assert_int_equal(totals.written, 0);
    assert_int_equal(totals.failed, 10);
    assert_false(cancellable_abandoned()); /* said to the sink's thread alone */
    assert_all_back(fixture);
}

/* What can be written in time is, also with a grace period. */
static void no_longer_than_it_takes(void **state)
{
    struct fixture *fixture = *state;
    for (uint64_t id = 0; id < 50; id++)
        push(fixture, id, 10);
    struct sink_totals totals = finish(fixture, BOUND_MS * CLOCK_MS);
    assert_int_equal(totals.written, 50);
    assert_int_equal(totals.failed, 0);
    assert_all_back(fixture);
}

/* An abandoned sink leaves the next one its time. */
static void the_next_sink_has_time(void **state)
{
    struct fixture *fixture = *state;
    the_grace_period_ends(state);
    close(fixture->fake.pipe[0]);
    close(fixture->fake.pipe[1]);
    fixture->fake.pipe[0] = fixture->fake.pipe[1] = -1;
    fixture->fake.closes = fixture->fake.summaries = 0;
    assert_int_equal(start(fixture, &every), 0);
    push(fixture, 1, 10);
    assert_int_equal(finish(fixture, 0).written, 1);
}

static void totals_while_it_runs(void **state)
{
    struct fixture *fixture = *state;
    fixture->fake.results[0] = -EIO;
    push(fixture, 0, 10);
    push(fixture, 1, 20);
    push(fixture, 2, 30);
    wait_writes(&fixture->fake, 3); /* so the first two are done */
    struct sink_totals totals = sink_queue_totals(fixture->sink);
    assert_int_equal(totals.failed, 1);
    assert_in_range(totals.written, 1, 2);
    assert_in_range(totals.bytes, 20, 50);
    assert_int_equal(finish(fixture, 0).bytes, 50);
}

static void nothing_to_close(void **state)
{
    (void)state;
    struct sink *none = NULL;
    assert_true(sink_close(&none, NULL, NULL));
}

static void what_it_says_at_the_end(void **state)
{
    struct fixture *fixture = *state;
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    push(fixture, 1, 10);
    assert_true(sink_close(&fixture->sink, NULL, out));
    fclose(out);
    assert_string_equal(text, "so many: 1\n");
    free(text);
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

#define TEST_OBSERVER(name) cmocka_unit_test_setup_teardown(name, observer_setup, fixture_teardown)
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
#define TEST_NEWEST(name) cmocka_unit_test_setup_teardown(name, newest_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(frames_come_in_order),
        TEST(a_full_queue),
        TEST(a_queue_that_is_full_again),
        TEST(a_queue_full_of_bytes),
        TEST_NEWEST(the_newest_wins),
        TEST_NEWEST(the_newest_is_chosen_late),
        TEST(failures_are_counted_and_told_once),
        TEST(a_disk_that_fails_now_and_then),
        TEST(another_error_is_told),
        TEST(the_last_words_of_a_disk),
        TEST(a_broken_pipe_is_final),
        TEST(the_grace_period_ends),
        TEST(no_longer_than_it_takes),
        TEST(the_next_sink_has_time),
        TEST(totals_while_it_runs),
        TEST(what_it_says_at_the_end),
        TEST_OBSERVER(observers_learn_what_was_presented),
        TEST_OBSERVER(an_observer_that_is_stuck),
        cmocka_unit_test(nothing_to_close),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
