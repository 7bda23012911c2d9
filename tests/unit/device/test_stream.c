#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "device/streams.h"
#include "fake_camera.h"
#include "shared/base/clock.h"
#include "shared/base/log.h"

enum { STREAMS = 2 };

/* Two streams with a camera each, which share the encoder's workers. */
struct fixture {
    struct camera cameras[STREAMS];
    struct streams streams;
    unsigned events[STREAMS][EVENT_FINISHED + 1]; /* taken, by kind */
};

static int setup(void **state)
{
    static struct fixture fixture;
    static const char *const names[STREAMS] = { "front", "rear" };
    static const char *const labels[STREAMS] = { "front: ", "rear: " };
    fixture = (struct fixture){ .streams = { .cameras = STREAMS, .count = STREAMS } };
    *state = &fixture;
    int error = encode_pool_create(&fixture.streams.pool, 1);
    for (unsigned i = 0; !error && i < STREAMS; i++) {
        fake_camera_init(&fixture.cameras[i]);
        fixture.streams.sources[i].ops = &fake_camera_ops; /* the camera is the stream's */
        struct stream_config config = { .number = i,
                                        .name = names[i],
                                        .source = "a source",
                                        .label = labels[i],
                                        .ops = &fake_camera_ops,
                                        .camera = &fixture.cameras[i],
                                        .encoder = { .slices = 1, .quality = 50 },
                                        .timeout_ns = 3600 * CLOCK_SECOND };
        error = stream_create(&fixture.streams.items[i], &config, fixture.streams.pool);
    }
    return error;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;
    for (unsigned i = 0; i < STREAMS; i++)
        stream_destroy(&fixture->streams.items[i]);
    encode_pool_destroy(&fixture->streams.pool);
    for (unsigned i = 0; i < STREAMS; i++) {
        assert_true(fixture->cameras[i].closed);
        fake_camera_destroy(&fixture->cameras[i]);
    }
    return 0;
}

static void take_all(struct fixture *fixture, unsigned number)
{
    struct stream_event event;
    struct stream *stream = fixture->streams.items[number];
    events_clear(&stream->events);
    while (stream_take(stream, &event)) {
        fixture->events[number][event.kind]++;
        if (event.kind != EVENT_FRAME)
            continue;
        assert_int_equal(event.frame->stream.stream, number);
        assert_int_equal(event.frame->stream.width, FAKE_SIDE);
        frame_release(event.frame);
    }
}

#define UNTIL(fixture, number, condition)                                                          \
    do {                                                                                           \
        take_all(fixture, number);                                                                 \
        while (!(condition)) {                                                                     \
            struct pollfd fd_ = { .fd = (fixture)->streams.items[number]->events.fd,               \
                                  .events = POLLIN };                                              \
            assert_int_equal(poll(&fd_, 1, FAKE_BOUND_MS), 1);                                     \
            take_all(fixture, number);                                                             \
        }                                                                                          \
    } while (0)

static void switch_on(struct fixture *fixture, unsigned number)
{
    stream_want(fixture->streams.items[number], true);
    UNTIL(fixture, number, fixture->streams.items[number]->running);
}

/* A frame that comes through. */
static void give(struct fixture *fixture, unsigned number, uint32_t sequence)
{
    unsigned frames = fixture->events[number][EVENT_FRAME];
    fake_camera_give(&fixture->cameras[number], sequence);
    UNTIL(fixture, number, fixture->events[number][EVENT_FRAME] > frames);
    encoder_drain(fixture->streams.items[number]->encoder);
}

/* The streams' clients. */
static void want_all(struct fixture *fixture, struct demand_entry *entry, unsigned number)
{
    *entry = (struct demand_entry){ 0 };
    decimation_init(&entry->decimation, 0, 1, 0);
    demand_add(&fixture->streams.items[number]->demand, entry);
}

static void what_is_known_of_it(void **state)
{
    struct fixture *fixture = *state;
    const struct stream *stream = fixture->streams.items[1];
    struct demand_entry entry;

    assert_int_equal(stream->format.stream, 1);
    assert_int_equal(stream->format.width, 0);
    assert_string_equal(stream->format.model, "a source");
    assert_false(stream->running);
    want_all(fixture, &entry, 1);
    switch_on(fixture, 1);
    assert_int_equal(stream->format.width, FAKE_SIDE);
    assert_int_equal(stream->format.height, FAKE_SIDE);
    assert_int_equal(stream->format.fps_mhz, 30000);
    assert_string_equal(stream->format.model, "fake");
    assert_int_equal(stream->status.state, WIRE_STREAM_RUNNING);
    assert_int_equal(stream->status.stream, 1);
    give(fixture, 1, 10);
    assert_int_equal(stream->next_id, 1);
    fake_camera_give_lost(&fixture->cameras[1], 12, WIRE_DROP_CAPTURE_ERROR);
    UNTIL(fixture, 1, stream->next_id == 3);
    assert_int_equal(stream->lost[WIRE_DROP_SENSOR_GAP], 1);
    assert_int_equal(stream->lost[WIRE_DROP_CAPTURE_ERROR], 1);
    fake_camera_give_end(&fixture->cameras[1], -ENODEV);
    UNTIL(fixture, 1, stream->status.state == WIRE_STREAM_LOST);
    assert_false(stream->running);
    assert_int_equal(stream->status.stream, 1);
    assert_int_equal(stream->format.width, FAKE_SIDE);
    UNTIL(fixture, 1, stream->running);
    stream_quit(fixture->streams.items[1]);
    UNTIL(fixture, 1, stream->finished);
    assert_false(stream->running);
    demand_remove(&fixture->streams.items[1]->demand, &entry);
}

/* Neither camera nor encoder has anything to do for a stream that nobody watches. */
static void a_stream_has_its_own_demand(void **state)
{
    struct fixture *fixture = *state;
    struct demand_entry entry;
    want_all(fixture, &entry, 1);
    switch_on(fixture, 0);
    switch_on(fixture, 1);
    fake_camera_give(&fixture->cameras[0], 0);
    give(fixture, 1, 0);
    /* Nobody is notified of a frame that was not wanted, but of what comes after it. */
    fake_camera_give_end(&fixture->cameras[0], -ENODEV);
    UNTIL(fixture, 0, fixture->streams.items[0]->status.state == WIRE_STREAM_LOST);
    assert_int_equal(fixture->streams.items[0]->lost[WIRE_DROP_RATE_LIMITED], 1);
    assert_int_equal(fixture->events[0][EVENT_FRAME], 0);
    demand_remove(&fixture->streams.items[1]->demand, &entry);
}

static void wait_for_starts(struct camera *camera, unsigned starts)
{
    pthread_mutex_lock(&camera->lock);
    while (camera->starts < starts)
        assert_true(fake_camera_wait(camera));
    pthread_mutex_unlock(&camera->lock);
}

/* start() does not return while the camera is held. */
static void hang(struct camera *camera)
{
    pthread_mutex_lock(&camera->lock);
    while (camera->held && fake_camera_wait(camera))
        ;
    pthread_mutex_unlock(&camera->lock);
}

static void a_camera_that_hangs_at_its_start(void **state)
{
    struct fixture *fixture = *state;
    struct demand_entry entry;
    fixture->cameras[0].early = hang;
    fixture->cameras[0].held = true;
    stream_want(fixture->streams.items[0], true);
    wait_for_starts(&fixture->cameras[0], 1);
    want_all(fixture, &entry, 1);
    switch_on(fixture, 1);
    for (uint32_t sequence = 0; sequence < 20; sequence++)
        give(fixture, 1, sequence);
    assert_int_equal(fixture->streams.items[1]->next_id, 20);
    take_all(fixture, 0);
    assert_false(fixture->streams.items[0]->running);
    fake_camera_hold(&fixture->cameras[0], false);
    UNTIL(fixture, 0, fixture->streams.items[0]->running);
    demand_remove(&fixture->streams.items[1]->demand, &entry);
}

static void a_camera_that_fails(void **state)
{
    struct fixture *fixture = *state;
    struct stream *failing = fixture->streams.items[0];
    struct demand_entry entry;
    want_all(fixture, &entry, 1);
    switch_on(fixture, 0);
    switch_on(fixture, 1);
    fixture->cameras[0].failures = 1000;
    for (uint32_t sequence = 0; sequence < 20; sequence++) {
        if (sequence == 10)
            fake_camera_give_end(&fixture->cameras[0], -ENODEV);
        give(fixture, 1, sequence);
    }
    wait_for_starts(&fixture->cameras[0], 2);
    give(fixture, 1, 20);
    UNTIL(fixture, 0, failing->status.state == WIRE_STREAM_LOST);
    assert_int_equal(fixture->streams.items[1]->next_id, 21);
    assert_int_equal(fixture->streams.items[1]->lost[WIRE_DROP_SENSOR_GAP], 0);
    assert_int_equal(fixture->cameras[1].starts, 1);
    demand_remove(&fixture->streams.items[1]->demand, &entry);
}

/* The others are taken apart, and the one that hangs is left alone. */
static void a_camera_that_hangs_at_the_end(void **state)
{
    struct fixture *fixture = *state;
    switch_on(fixture, 0);
    switch_on(fixture, 1);
    fake_camera_begin_call(&fixture->cameras[0]);
    assert_int_equal(streams_close(&fixture->streams), EXIT_CAMERA);
    assert_null(fixture->streams.items[1]);
    assert_true(fixture->cameras[1].closed);
    assert_false(fixture->cameras[1].running);
    assert_non_null(fixture->streams.items[0]);
    assert_non_null(fixture->streams.pool);
    assert_false(fixture->cameras[0].closed);
    assert_true(fixture->cameras[0].running);
    fake_camera_end_call(&fixture->cameras[0]);
    assert_int_equal(streams_close(&fixture->streams), EXIT_DONE);
    assert_null(fixture->streams.items[0]);
    assert_null(fixture->streams.pool);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(what_is_known_of_it),
        TEST(a_stream_has_its_own_demand),
        TEST(a_camera_that_hangs_at_its_start),
        TEST(a_camera_that_fails),
        TEST(a_camera_that_hangs_at_the_end),
    };
    log_setup("test_stream", LOG_LEVEL_ERROR);
    return cmocka_run_group_tests_name("stream", tests, NULL, NULL);
}
