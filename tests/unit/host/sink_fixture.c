#include "sink_fixture.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/base/cancellable.h"
#include "shared/base/attributes.h"
#include "shared/base/clock.h"

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

/* Under the lock. */
PRINTF_LIKE(2, 3) static void note_given(struct fake *fake, const char *format, ...)
{
    size_t size = strlen(fake->given);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(fake->given + size, sizeof(fake->given) - size, format, arguments);
    va_end(arguments);
}

static void fake_format(void *state, const struct pitether_stream *stream)
{
    struct fake *fake = fake_of(state);
    pthread_mutex_lock(&fake->lock);
    fake->formats++;
    fake->thread = pthread_self();
    note_given(fake, "%ux%u ", stream->width, stream->height);
    pthread_cond_broadcast(&fake->changed);
    pthread_mutex_unlock(&fake->lock);
}

static void fake_drops(void *state, const struct pitether_drops *drops)
{
    struct fake *fake = fake_of(state);
    pthread_mutex_lock(&fake->lock);
    fake->drops++;
    fake->thread = pthread_self();
    note_given(fake, "%u+%u:%d ", (unsigned)drops->first_id, (unsigned)drops->count, drops->reason);
    pthread_cond_broadcast(&fake->changed);
    pthread_mutex_unlock(&fake->lock);
}

static int fake_write(void *state, const struct pitether_frame *frame,
                      const struct sink_details *details)
{
    struct fake *fake = fake_of(state);
    pthread_mutex_lock(&fake->lock);
    unsigned number = fake->writes++;
    fake->ids[number] = frame->id;
    note_given(fake, "%u ", (unsigned)frame->id);
    fake->shown[number] = details->presentation.shown_ns;
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
    .format = fake_format,
    .drops = fake_drops,
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

void fake_gate(struct fake *fake, bool shut)
{
    pthread_mutex_lock(&fake->lock);
    fake->gate = shut;
    pthread_cond_broadcast(&fake->changed);
    pthread_mutex_unlock(&fake->lock);
}

void fake_door(struct fake *fake, bool shut)
{
    pthread_mutex_lock(&fake->lock);
    fake->door = shut;
    pthread_cond_broadcast(&fake->changed);
    pthread_mutex_unlock(&fake->lock);
}

int start(struct fixture *fixture, const struct sink_queue_config *config)
{
    struct sink_owner owner = { .gone = on_gone, .space = on_space, .user = &fixture->fake };
    struct state *state = malloc(sizeof(*state));
    assert_non_null(state);
    state->fake = &fixture->fake;
    return sink_queue_start(&fixture->sink, &fixture->writer, state, config, &owner);
}

int setup(void **state, const struct sink_queue_config *config)
{
    struct fixture *fixture = *state = calloc(1, sizeof(*fixture));
    assert_non_null(fixture);
    struct fake *fake = &fixture->fake;
    assert_non_null(fixture);
    pthread_mutex_init(&fake->lock, NULL);
    pthread_cond_init(&fake->changed, NULL);
    fake->pipe[0] = fake->pipe[1] = -1;
    fixture->pool = frame_pool_create(2 * FRAMES, SIZE_MAX);
    assert_non_null(fixture->pool);
    fixture->writer = writer;
    assert_int_equal(start(fixture, config), 0);
    assert_non_null(fixture->sink);
    stderr_capture();
    return 0;
}

const struct sink_queue_config fixture_every = { .policy = SINK_EVERY_FRAME,
                                                 .bound = { FRAMES, 1 << 20 } };

int fixture_setup(void **state)
{
    return setup(state, &fixture_every);
}

int fixture_teardown(void **state)
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
void wait_calls(struct fake *fake, const unsigned *calls, unsigned wanted)
{
    struct timespec until = clock_timespec(clock_monotonic() + BOUND_MS * CLOCK_MS);
    pthread_mutex_lock(&fake->lock);
    int error = 0;
    while (*calls < wanted && !error)
        error = pthread_cond_clockwait(&fake->changed, &fake->lock, CLOCK_MONOTONIC, &until);
    pthread_mutex_unlock(&fake->lock);
    assert_int_equal(error, 0);
}

void wait_writes(struct fake *fake, unsigned writes)
{
    wait_calls(fake, &fake->writes, writes);
}

enum sink_result push(struct fixture *fixture, uint64_t id, size_t size)
{
    struct pitether_frame *frame = frame_make(fixture->pool, id, size);
    enum sink_result result = fixture->sink->ops->frame(fixture->sink, frame);
    pitether_frame_release(frame);
    return result;
}

void push_format(struct fixture *fixture, unsigned width, unsigned height)
{
    struct pitether_stream stream = { .width = width, .height = height };
    fixture->sink->ops->format(fixture->sink, &stream);
}

void push_drops(struct fixture *fixture, uint64_t first_id, uint64_t count,
                enum pitether_drop_reason reason)
{
    struct pitether_drops drops = { SCRIPT_EPOCH, first_id, count, reason, 0 };
    fixture->sink->ops->drops(fixture->sink, &drops);
}

struct sink_totals finish(struct fixture *fixture, uint64_t grace_ns)
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

bool is_full(struct fixture *fixture)
{
    return fixture->sink->ops->is_full(fixture->sink);
}

/* A pool of n frames that gives all n has none of them lost. */
void assert_all_back(struct fixture *fixture)
{
    struct pitether_frame *frames[2 * FRAMES];
    for (unsigned i = 0; i < 2 * FRAMES; i++)
        assert_non_null(frames[i] = frame_pool_take(fixture->pool));
    for (unsigned i = 0; i < 2 * FRAMES; i++)
        pitether_frame_release(frames[i]);
}
