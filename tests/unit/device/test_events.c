#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "device/stream/events.h"
#include "frames.h"

enum { BOUND_MS = 10000, ALTERNATIONS = 1000, HAMMER_ROUNDS = 20000, RANDOM_STEPS = 20000 };

struct fixture {
    struct stream_events events;
    struct frames frames;
    uint64_t published; /* ids [0, published) went in */
    uint64_t told;      /* ids [0, told) came out */
    uint64_t delivered, lost[WIRE_DROP_REASONS];
    unsigned statuses, streams, finished;
};

static int setup(void **state)
{
    static struct fixture fixture;
    fixture = (struct fixture){ 0 };
    frames_init(&fixture.frames);
    *state = &fixture;
    return events_init(&fixture.events);
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;
    events_destroy(&fixture->events);
    frames_destroy(&fixture->frames);
    return 0;
}

static void put_frame(struct fixture *fixture)
{
    events_publish(&fixture->events, frames_whole(&fixture->frames, fixture->published++, 1, 1));
}

static void put_lost(struct fixture *fixture, uint64_t count, enum wire_drop_reason reason)
{
    events_lost(&fixture->events,
                &(struct lost_run){ .run = { fixture->published, count, reason } });
    fixture->published += count;
}

/* Takes one event; its ids must begin where the last one's ended. */
static bool take(struct fixture *fixture, struct stream_event *event)
{
    if (!events_take(&fixture->events, event))
        return false;
    switch (event->kind) {
    case EVENT_FRAME:
        assert_int_equal(event->frame->head.frame_id, fixture->told);
        fixture->told++;
        fixture->delivered++;
        frame_release(event->frame);
        break;
    case EVENT_LOST:
        assert_int_equal(event->lost.run.first, fixture->told);
        assert_true(event->lost.run.count > 0);
        fixture->told += event->lost.run.count;
        fixture->lost[event->lost.run.reason] += event->lost.run.count;
        break;
    case EVENT_STREAM:
        fixture->streams++;
        break;
    case EVENT_STATUS:
        fixture->statuses++;
        break;
    case EVENT_FINISHED:
        fixture->finished++;
        break;
    }
    return true;
}

static void take_all(struct fixture *fixture)
{
    struct stream_event event;
    while (take(fixture, &event))
        ;
    assert_int_equal(fixture->told, fixture->published);
}

static void expect(struct fixture *fixture, enum stream_event_kind kind)
{
    struct stream_event event;
    assert_true(take(fixture, &event));
    assert_int_equal(event.kind, kind);
}

static void expect_lost(struct fixture *fixture, uint64_t count, enum wire_drop_reason reason)
{
    struct stream_event event;
    assert_true(take(fixture, &event));
    assert_int_equal(event.kind, EVENT_LOST);
    assert_int_equal(event.lost.run.count, count);
    assert_int_equal(event.lost.run.reason, reason);
}

static bool readable(struct stream_events *events, int timeout_ms)
{
    struct pollfd fd = { .fd = events->fd, .events = POLLIN };
    return poll(&fd, 1, timeout_ms) == 1 && (fd.revents & POLLIN);
}

static void order_is_kept(void **state)
{
    struct fixture *fixture = *state;
    struct camera_mode mode = { .width = 640, .height = 480, .model = "a model" };
    struct stream_event event;
    events_stream(&fixture->events, &mode);
    put_frame(fixture);
    put_lost(fixture, 2, WIRE_DROP_SENSOR_GAP);
    events_status(&fixture->events, WIRE_STREAM_LOST, "unplugged");
    put_frame(fixture);
    events_finished(&fixture->events);
    assert_true(events_take(&fixture->events, &event));
    assert_int_equal(event.kind, EVENT_STREAM);
    assert_string_equal(event.mode.model, "a model");
    expect(fixture, EVENT_FRAME);
    expect_lost(fixture, 2, WIRE_DROP_SENSOR_GAP);
    assert_true(events_take(&fixture->events, &event));
    assert_int_equal(event.kind, EVENT_STATUS);
    assert_int_equal(event.status.state, WIRE_STREAM_LOST);
    assert_string_equal(event.status.text, "unplugged");
    expect(fixture, EVENT_FRAME);
    expect(fixture, EVENT_FINISHED);
    assert_false(events_take(&fixture->events, &event));
}

static void losses_merge(void **state)
{
    struct fixture *fixture = *state;
    put_lost(fixture, 1, WIRE_DROP_ENCODER_BUSY);
    put_lost(fixture, 2, WIRE_DROP_ENCODER_BUSY);
    put_lost(fixture, 1, WIRE_DROP_SENSOR_GAP);
    events_status(&fixture->events, WIRE_STREAM_LOST, "");
    put_lost(fixture, 1, WIRE_DROP_SENSOR_GAP);
    put_frame(fixture);
    put_lost(fixture, 1, WIRE_DROP_SENSOR_GAP);
    expect_lost(fixture, 3, WIRE_DROP_ENCODER_BUSY);
    expect_lost(fixture, 1, WIRE_DROP_SENSOR_GAP);
    expect(fixture, EVENT_STATUS);
    expect_lost(fixture, 1, WIRE_DROP_SENSOR_GAP);
    expect(fixture, EVENT_FRAME);
    expect_lost(fixture, 1, WIRE_DROP_SENSOR_GAP);
}

static void huge_losses_are_joined(void **state)
{
    struct fixture *fixture = *state;
    put_lost(fixture, UINT32_MAX - 1, WIRE_DROP_SENSOR_GAP);
    put_lost(fixture, 2, WIRE_DROP_SENSOR_GAP);
    expect_lost(fixture, UINT64_C(1) + UINT32_MAX, WIRE_DROP_SENSOR_GAP);
}

static void long_status_is_cut(void **state)
{
    struct fixture *fixture = *state;
    char text[2 * WIRE_BLOB_TEXT_MAX];
    struct stream_event event;
    memset(text, 'x', sizeof(text));
    text[sizeof(text) - 1] = '\0';
    events_status(&fixture->events, WIRE_STREAM_LOST, text);
    assert_true(events_take(&fixture->events, &event));
    assert_int_equal(strlen(event.status.text), WIRE_BLOB_TEXT_MAX);
}

static void poke_and_answer(void **state)
{
    struct fixture *fixture = *state;
    assert_false(readable(&fixture->events, 0));
    assert_false(events_pending(&fixture->events));
    for (int i = 0; i < 3; i++)
        events_notify(&fixture->events);
    assert_true(readable(&fixture->events, 0));
    assert_true(events_pending(&fixture->events));
    assert_true(events_clear(&fixture->events));
    assert_false(readable(&fixture->events, 0));
    assert_false(events_pending(&fixture->events));
    assert_false(events_clear(&fixture->events)); /* never blocks */
    put_frame(fixture);                           /* that is no news before it has a slice */
    assert_false(readable(&fixture->events, 0));
    assert_false(events_pending(&fixture->events));
    put_lost(fixture, 1, WIRE_DROP_SENSOR_GAP);
    assert_true(readable(&fixture->events, 0));
    assert_true(events_pending(&fixture->events));
    assert_true(events_clear(&fixture->events));
    assert_false(readable(&fixture->events, 0));
    expect(fixture, EVENT_FRAME);
    expect(fixture, EVENT_LOST);
}

static void *wait_for_room(void *user)
{
    events_wait_for_space(user);
    return NULL;
}

/* Who can wait is let in once the event queue is half empty again, or nobody takes any more. */
static void patience(void **state)
{
    struct fixture *fixture = *state;
    pthread_t thread;
    events_wait_for_space(&fixture->events);
    for (int i = 0; i <= STREAM_EVENTS_MAX / 2; i++)
        put_frame(fixture);
    assert_int_equal(pthread_create(&thread, NULL, wait_for_room, &fixture->events), 0);
    expect(fixture, EVENT_FRAME);
    pthread_join(thread, NULL);
    put_frame(fixture);
    assert_int_equal(pthread_create(&thread, NULL, wait_for_room, &fixture->events), 0);
    events_close(&fixture->events);
    pthread_join(thread, NULL);
    for (int i = 0; i <= STREAM_EVENTS_MAX / 2; i++)
        expect(fixture, EVENT_FRAME);
}

/* The producer pokes twice for each number, then waits for the consumer to have seen it, so that
 * any wake-up that gets lost is missed. */
struct hammer {
    struct stream_events *events;
    atomic_uint made, seen;
    atomic_bool giving_up;
};

static void *hammer(void *user)
{
    struct hammer *self = user;
    for (unsigned i = 1; i <= HAMMER_ROUNDS; i++) {
        events_notify(self->events);
        atomic_store_explicit(&self->made, i, memory_order_release);
        events_notify(self->events);
        /* Every other number goes on at once. */
        while (i % 2 == 0 && atomic_load(&self->seen) < i && !atomic_load(&self->giving_up))
            sched_yield();
    }
    return NULL;
}

static void no_poke_is_lost(void **state)
{
    struct fixture *fixture = *state;
    struct hammer self = { .events = &fixture->events };
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, hammer, &self), 0);
    unsigned seen = 0;
    while (seen < HAMMER_ROUNDS && readable(&fixture->events, BOUND_MS)) {
        events_clear(&fixture->events);
        seen = atomic_load_explicit(&self.made, memory_order_acquire);
        atomic_store(&self.seen, seen);
    }
    atomic_store(&self.giving_up, true);
    pthread_join(thread, NULL);
    assert_int_equal(seen, HAMMER_ROUNDS);
}

static void *produce(void *user)
{
    struct fixture *fixture = user;
    uint64_t random = 1;
    for (int i = 0; i < HAMMER_ROUNDS; i++) {
        if (pseudo_random(&random, 2))
            put_frame(fixture);
        else
            put_lost(fixture, 1, WIRE_DROP_ENCODER_BUSY);
    }
    events_finished(&fixture->events);
    return NULL;
}

static void events_cross_threads(void **state)
{
    struct fixture *fixture = *state;
    struct stream_event event;
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, produce, fixture), 0);
    while (!fixture->finished && readable(&fixture->events, BOUND_MS)) {
        events_clear(&fixture->events);
        while (take(fixture, &event))
            ;
    }
    pthread_join(thread, NULL);
    assert_int_equal(fixture->finished, 1);
    assert_int_equal(fixture->told, HAMMER_ROUNDS);
}

static void full_of_frames(void **state)
{
    struct fixture *fixture = *state;
    for (int i = 0; i < 5 * STREAM_EVENTS_MAX; i++)
        put_frame(fixture);
    take_all(fixture);
    assert_int_equal(fixture->delivered + fixture->lost[WIRE_DROP_SUPERSEDED],
                     5 * STREAM_EVENTS_MAX);
    /* The oldest are one loss, the newest are all there. */
    assert_int_equal(fixture->delivered, STREAM_EVENTS_MAX - 1);
}

/* No two losses are neighbours, so room is made by joining what lies around the oldest frame: the
 * newer ones stay. */
static void full_of_both(void **state)
{
    struct fixture *fixture = *state;
    for (int i = 0; i < STREAM_EVENTS_MAX / 2; i++) {
        put_frame(fixture);
        put_lost(fixture, 3, i % 2 ? WIRE_DROP_SENSOR_GAP : WIRE_DROP_ENCODER_BUSY);
    }
    put_frame(fixture);
    take_all(fixture);
    assert_in_range(fixture->delivered, STREAM_EVENTS_MAX / 2 - 1, STREAM_EVENTS_MAX / 2);
}

static void long_full_of_both(void **state)
{
    struct fixture *fixture = *state;
    for (int i = 0; i < 5 * STREAM_EVENTS_MAX; i++) {
        put_frame(fixture);
        put_lost(fixture, 3, i % 2 ? WIRE_DROP_SENSOR_GAP : WIRE_DROP_ENCODER_BUSY);
    }
    take_all(fixture);
    assert_in_range(fixture->delivered, 1, STREAM_EVENTS_MAX / 2);
}

/* No frame to give up: the reasons give way, the count stays. */
static void full_of_losses(void **state)
{
    struct fixture *fixture = *state;
    for (int i = 0; i < ALTERNATIONS; i++)
        put_lost(fixture, 1, i % 2 ? WIRE_DROP_SENSOR_GAP : WIRE_DROP_ENCODER_BUSY);
    take_all(fixture);
    assert_int_equal(fixture->lost[WIRE_DROP_SENSOR_GAP] + fixture->lost[WIRE_DROP_ENCODER_BUSY],
                     ALTERNATIONS);
    assert_int_equal(fixture->delivered, 0);
}

static void some_statuses_between(void **state)
{
    struct fixture *fixture = *state;
    struct camera_mode mode = { .width = 640, .height = 480 };
    for (int i = 0; i < 5 * STREAM_EVENTS_MAX; i++) {
        if (i % 80 == 40)
            events_status(&fixture->events, WIRE_STREAM_LOST, "");
        if (i % 80 == 60)
            events_stream(&fixture->events, &mode);
        if (i % 3)
            put_frame(fixture);
        else
            put_lost(fixture, 2, WIRE_DROP_ENCODER_BUSY);
    }
    events_finished(&fixture->events);
    take_all(fixture);
    /* The newest ones matter; those that were overtaken may be left out. */
    assert_in_range(fixture->statuses, 1, 4);
    assert_in_range(fixture->streams, 1, 4);
    assert_int_equal(fixture->finished, 1);
}

/* However often the camera came and went while the loop stood still. */
static void statuses_cost_no_ids(void **state)
{
    struct fixture *fixture = *state;
    for (int i = 0; i < 2 * STREAM_EVENTS_MAX; i++) {
        events_status(&fixture->events, i % 2 ? WIRE_STREAM_LOST : WIRE_STREAM_STARTING, "");
        put_frame(fixture);
    }
    events_finished(&fixture->events);
    take_all(fixture);
    assert_in_range(fixture->statuses, 1, STREAM_EVENTS_MAX);
    assert_int_equal(fixture->finished, 1);
}

static void any_sequence(void **state)
{
    struct fixture *fixture = *state;
    static const enum wire_drop_reason reasons[] = { WIRE_DROP_SENSOR_GAP, WIRE_DROP_ENCODER_BUSY,
                                                     WIRE_DROP_SUPERSEDED };
    struct stream_event event;
    uint64_t random = 7;
    for (int i = 0; i < RANDOM_STEPS; i++) {
        unsigned step = pseudo_random(&random, 100);
        if (step < 50)
            put_frame(fixture);
        else if (step < 98)
            put_lost(fixture, 1 + pseudo_random(&random, 4), reasons[pseudo_random(&random, 3)]);
        /* The loop stands still for long, then takes many. */
        for (unsigned n = step == 99 ? pseudo_random(&random, STREAM_EVENTS_MAX) : 0; n > 0; n--)
            take(fixture, &event);
    }
    take_all(fixture);
    assert_in_range(fixture->delivered, 1, RANDOM_STEPS);
}

static void destroy_releases_frames(void **state)
{
    struct fixture *fixture = *state;
    for (int i = 0; i < 5; i++)
        put_frame(fixture);
    /* teardown looks at the references */
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(order_is_kept),          TEST(losses_merge),
        TEST(huge_losses_are_joined), TEST(long_status_is_cut),
        TEST(poke_and_answer),        TEST(patience),
        TEST(no_poke_is_lost),        TEST(events_cross_threads),
        TEST(full_of_frames),         TEST(full_of_both),
        TEST(long_full_of_both),      TEST(full_of_losses),
        TEST(some_statuses_between),  TEST(statuses_cost_no_ids),
        TEST(any_sequence),           TEST(destroy_releases_frames),
    };
    return cmocka_run_group_tests_name("events", tests, NULL, NULL);
}
