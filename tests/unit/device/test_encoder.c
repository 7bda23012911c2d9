/*
 * One stream: raw frames go in, frames and losses come out, in order and exactly counted.
 */
#include "device/stream/encoder.h"

#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "encoder_fixture.h"
#include "shared/protocol/crc32c.h"

static struct fixture *set_up(unsigned threads, unsigned slices)
{
    struct encode_pool *pool;
    assert_int_equal(encode_pool_create(&pool, threads), 0);
    return fixture_create(pool, slices);
}

static void tear_down(struct fixture *fixture)
{
    struct encode_pool *pool = fixture->pool;
    fixture_destroy(fixture);
    encode_pool_destroy(&pool);
    assert_null(pool);
}

/* Submitted one by one, nothing is lost, and the frames are the pictures. */
static void frames_are_the_pictures(void **state)
{
    (void)state;
    struct fixture *fixture;
    for (unsigned threads = 1; threads <= 4; threads++)
        for (unsigned slices = 0; slices <= 5; slices += 5) {
            fixture = set_up(threads, slices);
            for (int i = 0; i < 40; i++) {
                fixture_submit(fixture);
                encoder_drain(fixture->encoder);
                fixture_take_all(fixture);
                assert_int_equal(fixture->fates[i], FATE_WHOLE);
            }
            fixture_finish(fixture);
            assert_int_equal(fixture->whole, 40);
            tear_down(fixture);
        }
}

/* Everything mixed up: whatever is lost, the accounts are right. */
static void accounts_are_exact(void **state)
{
    (void)state;
    struct fixture *fixture;
    for (unsigned threads = 1; threads <= 4; threads++) {
        uint32_t seed = 1234 + threads;
        fixture = set_up(threads, 3);
        for (int i = 0; i < 500; i++) {
            uint32_t dice = random_next(&seed) % 100;
            if (dice < 20)
                fixture_lose(fixture, 1 + random_next(&seed) % 3, 1 + random_next(&seed) % 3);
            if (dice >= 95)
                fixture_submit_broken(fixture);
            else
                fixture_submit(fixture);
            if (dice % 7 == 0)
                encoder_drain(fixture->encoder);
            fixture_take_all(fixture);
        }
        fixture_finish(fixture);
        assert_true(fixture->whole > 50);
        tear_down(fixture);
    }
}

/* A loop that does not run for a long time: frames give way in the events, ids do not. */
static void accounts_are_exact_when_nobody_takes(void **state)
{
    (void)state;
    struct fixture *fixture;
    uint32_t seed = 5;
    fixture = set_up(2, 2);
    for (int i = 0; i < 300; i++) {
        fixture_submit(fixture);
        if (i % 3 == 0)
            fixture_lose(fixture, 1, 1 + random_next(&seed) % 3);
        if (i % 2 == 0)
            encoder_drain(fixture->encoder);
    }
    /* What the event queue gave up was encoded all the same, so the encoder's totals are larger. */
    encoder_drain(fixture->encoder);
    fixture_take_all(fixture);
    assert_int_equal(fixture->expected, fixture->next_id);
    assert_int_equal(fixture->pending_count, 0);
    assert_int_equal(atomic_load(&fixture->released), 300);
    tear_down(fixture);
}

/* With its only worker held up, the encoder keeps the newest capture and gives up the others. */
static void newer_raw_frames_replace_older_ones(void **state)
{
    (void)state;
    struct fixture *fixture;
    fixture = set_up(1, 1);
    fixture->gated = true;
    fixture_submit(fixture); /* 0 */
    gate_wait(&fixture->gate);
    struct lent *first = fixture_submit(fixture);  /* 1 */
    fixture_lose(fixture, 2, WIRE_DROP_NO_BUFFER); /* 2, 3 */
    fixture_lose(fixture, 1, WIRE_DROP_NO_BUFFER); /* 4: joins them */
    assert_int_equal(atomic_load(&first->releases), 0);
    fixture_submit(fixture); /* 5 */
    assert_int_equal(atomic_load(&first->releases), 1);
    for (int i = 0; i < 10; i++)
        fixture_submit(fixture); /* 6..15 */
    fixture_take_all(fixture);
    assert_int_equal(fixture->expected, 15);
    gate_open(&fixture->gate);
    fixture_finish(fixture);
    assert_int_equal(fixture->fates[0], FATE_WHOLE);
    assert_int_equal(fixture->fates[1], WIRE_DROP_ENCODER_BUSY);
    for (int id = 2; id < 5; id++)
        assert_int_equal(fixture->fates[id], WIRE_DROP_NO_BUFFER);
    for (int id = 5; id < 15; id++)
        assert_int_equal(fixture->fates[id], WIRE_DROP_ENCODER_BUSY);
    assert_int_equal(fixture->fates[15], FATE_WHOLE);
    tear_down(fixture);
}

/* More losses behind a waiting capture than are remembered: the capture gives way, not a count. */
static void many_losses_behind_a_waiting_raw_frame(void **state)
{
    (void)state;
    struct fixture *fixture;
    fixture = set_up(1, 1);
    fixture->gated = true;
    fixture_submit(fixture); /* 0 */
    gate_wait(&fixture->gate);
    fixture_submit(fixture); /* 1 */
    for (int i = 0; i < 40; i++)
        fixture_lose(fixture, 1 + (uint32_t)i, 1 + i % 3);
    fixture_submit(fixture);
    gate_open(&fixture->gate);
    fixture_finish(fixture);
    uint64_t id = 2;
    for (int i = 0; i < 40; i++)
        for (int k = 0; k <= i; k++)
            assert_int_equal(fixture->fates[id++], 1 + i % 3);
    assert_int_equal(fixture->fates[id], FATE_WHOLE);
    tear_down(fixture);
}

static void broken_raw_frames_abort_their_frames(void **state)
{
    (void)state;
    struct fixture *fixture;
    fixture = set_up(2, 4);
    for (int i = 0; i < 20; i++) {
        if (i % 2)
            fixture_submit_broken(fixture);
        else
            fixture_submit(fixture);
        encoder_drain(fixture->encoder);
        fixture_take_all(fixture);
        assert_int_equal(fixture->fates[i], i % 2 ? FATE_ABORTED : FATE_WHOLE);
    }
    fixture_finish(fixture);
    tear_down(fixture);
}

/* A reader beside the workers, as the loop is: it copies each slice as soon as it is published. */
struct reader {
    struct fixture *fixture;
    unsigned frames; /* to be read */
    const char *problem;
};

static void copy_published(struct frame *frame, unsigned *have, struct bytes *copy)
{
    unsigned published = frame_published(frame);
    for (; *have < published; ++*have) {
        const struct slice *slice = &frame->slices[*have];
        copy->data = realloc(copy->data, copy->size + slice->size);
        assert_non_null(copy->data);
        memcpy(copy->data + copy->size, slice->data, slice->size);
        copy->size += slice->size;
    }
}

static bool wait_for_events(struct stream_events *events)
{
    struct pollfd fd = { .fd = events->fd, .events = POLLIN };
    bool ready = poll(&fd, 1, WAIT_MS) == 1;
    events_clear(events);
    return ready;
}

static const char *read_frame(struct stream_events *events)
{
    struct stream_event event;
    struct bytes copy = { 0 };
    unsigned have = 0;
    enum frame_state state;
    while (!events_take(events, &event))
        if (!wait_for_events(events))
            return "no notification of a frame that begins";
    if (event.kind != EVENT_FRAME)
        return "an event that is no frame";
    for (;;) {
        state = frame_state(event.frame);
        copy_published(event.frame, &have, &copy);
        if (state != FRAME_GROWING)
            break;
        if (!wait_for_events(events))
            return "no notification of a frame that grew or ended";
    }
    bool same = state == FRAME_WHOLE && copy.size == event.frame->length &&
                crc32c_portable(0, copy.data, copy.size) == event.frame->crc32c;
    bytes_free(&copy);
    frame_release(event.frame);
    return same ? NULL : "the published slices are not the frame";
}

static void *run_reader(void *user)
{
    struct reader *reader = user;
    while (reader->frames-- > 0 && !reader->problem)
        reader->problem = read_frame(&reader->fixture->events);
    if (reader->problem)
        events_close(&reader->fixture->events); /* nobody makes room there any more */
    return NULL;
}

static void growing_frames_can_be_read(void **state)
{
    (void)state;
    struct fixture *fixture;
    for (unsigned threads = 1; threads <= 4; threads++) {
        pthread_t thread;
        fixture = set_up(threads, 5);
        static struct reader reader; /* its thread outlives a test that fails */
        reader = (struct reader){ .fixture = fixture, .frames = 100 };
        assert_int_equal(pthread_create(&thread, NULL, run_reader, &reader), 0);
        for (int i = 0; i < 100; i++) {
            /* So that none is displaced, neither here nor in the encoder. */
            events_wait_for_space(&fixture->events);
            fixture_submit(fixture);
            encoder_drain(fixture->encoder);
        }
        pthread_join(thread, NULL);
        assert_string_equal(reader.problem ? reader.problem : "", "");
        tear_down(fixture);
    }
}

/* With workers idle, busy or never used; frames live in the encoder's pool, so the events' are
 * given back first. */
static void encoders_end(void **state)
{
    (void)state;
    struct fixture *fixture;
    for (unsigned threads = 0; threads <= ENCODE_THREADS_MAX; threads += 16)
        for (int captures = 0; captures < 3; captures++) {
            struct stream_event event;
            fixture = set_up(threads, 2);
            for (int i = 0; i < captures; i++)
                fixture_submit(fixture);
            encoder_drain(fixture->encoder);
            while (events_take(&fixture->events, &event))
                if (event.kind == EVENT_FRAME)
                    frame_release(event.frame);
            assert_int_equal(atomic_load(&fixture->released), captures);
            tear_down(fixture);
        }
    encoder_destroy(NULL);
    struct encoder *none = NULL;
    encoder_destroy(&none);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(frames_are_the_pictures),
        cmocka_unit_test(accounts_are_exact),
        cmocka_unit_test(accounts_are_exact_when_nobody_takes),
        cmocka_unit_test(newer_raw_frames_replace_older_ones),
        cmocka_unit_test(many_losses_behind_a_waiting_raw_frame),
        cmocka_unit_test(broken_raw_frames_abort_their_frames),
        cmocka_unit_test(growing_frames_can_be_read),
        cmocka_unit_test(encoders_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
