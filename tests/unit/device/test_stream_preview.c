#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "device/stream/stream.h"
#include "fake_camera.h"
#include "shared/base/clock.h"

/* A camera with two outputs, and the streams of both. */
struct fixture {
    struct camera camera;
    struct encode_pool *pool;
    struct stream *stream, *preview;
    struct {
        unsigned events[EVENT_FINISHED + 1]; /* taken, by kind */
        uint64_t reported;                   /* ids [0, reported) */
    } taken[2];                              /* by output */
};

static int setup(void **state)
{
    static struct fixture fixture;
    fixture = (struct fixture){ .stream = NULL };
    *state = &fixture;
    fake_camera_init(&fixture.camera);
    fixture.camera.preview_side = FAKE_SIDE;
    struct stream_config config = { .number = 0,
                                    .name = "front",
                                    .source = "a source",
                                    .label = "",
                                    .ops = &fake_camera_ops,
                                    .camera = &fixture.camera,
                                    .encoder = { .slices = 1, .quality = 50 },
                                    .timeout_ns = 3600 * CLOCK_SECOND,
                                    .preview = { 1, "front/preview", "front/preview: " } };
    int error = encode_pool_create(&fixture.pool, 1);
    if (!error)
        error = stream_create(&fixture.stream, &config, fixture.pool);
    if (!error)
        fixture.preview = fixture.stream->preview;
    return error;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;
    stream_destroy(&fixture->stream);
    encode_pool_destroy(&fixture->pool);
    fake_camera_destroy(&fixture->camera);
    return 0;
}

static void take_all(struct fixture *fixture, struct stream *stream)
{
    struct stream_event event;
    unsigned output = stream->output;
    events_clear(&stream->events);
    while (stream_take(stream, &event)) {
        fixture->taken[output].events[event.kind]++;
        if (event.kind == EVENT_LOST) {
            assert_int_equal(event.lost.run.first, fixture->taken[output].reported);
            fixture->taken[output].reported += event.lost.run.count;
        }
        if (event.kind != EVENT_FRAME)
            continue;
        assert_int_equal(event.frame->stream.stream, stream->config.number);
        assert_int_equal(event.frame->head.frame_id, fixture->taken[output].reported++);
        frame_release(event.frame);
    }
}

#define UNTIL(fixture, stream, condition)                                                          \
    do {                                                                                           \
        take_all(fixture, stream);                                                                 \
        while (!(condition)) {                                                                     \
            struct pollfd fd_ = { .fd = (stream)->events.fd, .events = POLLIN };                   \
            assert_int_equal(poll(&fd_, 1, FAKE_BOUND_MS), 1);                                     \
            take_all(fixture, stream);                                                             \
        }                                                                                          \
    } while (0)

/* Until it has its id; frames that nobody wants are not notified of. */
static void wait_for_id(struct fixture *fixture, enum camera_output output, uint64_t before)
{
    while (fixture->taken[output].reported == before) {
        take_all(fixture, output == CAMERA_MAIN ? fixture->stream : fixture->preview);
        sched_yield();
    }
}

static void give(struct fixture *fixture, enum camera_output output, uint32_t sequence)
{
    struct camera *camera = &fixture->camera;
    uint64_t before = output < CAMERA_STILL ? fixture->taken[output].reported : 0;
    fake_camera_begin_call(camera);
    camera->sink.on_frame(camera->sink.user, fake_camera_lend_output(camera, output, sequence));
    fake_camera_end_call(camera);
    if (output < CAMERA_STILL)
        wait_for_id(fixture, output, before);
    encoder_drain(fixture->stream->encoder);
    encoder_drain(fixture->preview->encoder);
    take_all(fixture, fixture->stream);
    take_all(fixture, fixture->preview);
}

/* A client of the stream. */
static void watch(struct demand_entry *entry, struct stream *stream)
{
    *entry = (struct demand_entry){ 0 };
    decimation_init(&entry->decimation, 0, 1, 0);
    demand_add(&stream->demand, entry);
}

static void each_has_frames_of_its_own(void **state)
{
    struct fixture *fixture = *state;
    struct demand_entry entries[2];
    watch(&entries[0], fixture->stream);
    watch(&entries[1], fixture->preview);
    stream_want(fixture->stream, true);
    UNTIL(fixture, fixture->stream, fixture->stream->running);
    UNTIL(fixture, fixture->preview, fixture->preview->running);
    assert_int_equal(fixture->preview->format.stream, 1);
    assert_int_equal(fixture->preview->format.width, FAKE_SIDE);
    give(fixture, CAMERA_MAIN, 5);
    give(fixture, CAMERA_PREVIEW, 5);
    give(fixture, CAMERA_MAIN, 6);
    give(fixture, CAMERA_PREVIEW, 8); /* 6 and 7 are missing from it */
    assert_int_equal(fixture->taken[CAMERA_MAIN].events[EVENT_FRAME], 2);
    assert_int_equal(fixture->taken[CAMERA_MAIN].reported, 2);
    assert_int_equal(fixture->taken[CAMERA_PREVIEW].events[EVENT_FRAME], 2);
    assert_int_equal(fixture->taken[CAMERA_PREVIEW].reported, 4);
    assert_int_equal(fixture->preview->lost[WIRE_DROP_SENSOR_GAP], 2);
    assert_int_equal(fixture->stream->lost[WIRE_DROP_SENSOR_GAP], 0);
    demand_remove(&fixture->stream->demand, &entries[0]);
    demand_remove(&fixture->preview->demand, &entries[1]);
}

/* Raw frames that nobody wants go back, and an exposure that is lost is lost for both. */
static void what_nobody_wants_is_not_encoded(void **state)
{
    struct fixture *fixture = *state;
    struct camera *camera = &fixture->camera;
    struct demand_entry entry;
    watch(&entry, fixture->stream);
    stream_want(fixture->stream, true);
    UNTIL(fixture, fixture->stream, fixture->stream->running);
    UNTIL(fixture, fixture->preview, fixture->preview->running);
    give(fixture, CAMERA_MAIN, 0);
    give(fixture, CAMERA_PREVIEW, 0);
    assert_int_equal(camera->lent, 0);
    assert_int_equal(encoder_totals(fixture->stream->encoder).frames, 1);
    assert_int_equal(encoder_totals(fixture->preview->encoder).frames, 0);
    assert_int_equal(fixture->preview->lost[WIRE_DROP_RATE_LIMITED], 1);
    fake_camera_give_lost(camera, 1, WIRE_DROP_NO_BUFFER);
    UNTIL(fixture, fixture->stream, fixture->stream->lost[WIRE_DROP_NO_BUFFER] == 1);
    UNTIL(fixture, fixture->preview, fixture->preview->lost[WIRE_DROP_NO_BUFFER] == 1);
    demand_remove(&fixture->stream->demand, &entry);
}

static void the_camera_runs_for_either(void **state)
{
    struct fixture *fixture = *state;
    struct camera *camera = &fixture->camera;
    stream_want(fixture->preview, true);
    UNTIL(fixture, fixture->preview, fixture->preview->running);
    UNTIL(fixture, fixture->stream, fixture->stream->running);
    stream_want(fixture->stream, true);
    stream_want(fixture->preview, false);
    give(fixture, CAMERA_MAIN, 0);
    assert_int_equal(camera->stops, 0);
    stream_want(fixture->stream, false);
    UNTIL(fixture, fixture->preview, !fixture->preview->running);
    UNTIL(fixture, fixture->stream, !fixture->stream->running);
    assert_int_equal(camera->starts, 1);
    assert_int_equal(camera->stops, 1);
    assert_int_equal(fixture->preview->status.state, WIRE_STREAM_STARTING);
}

static void a_camera_that_is_lost(void **state)
{
    struct fixture *fixture = *state;
    stream_want(fixture->preview, true);
    UNTIL(fixture, fixture->preview, fixture->preview->running);
    fake_camera_give_end(&fixture->camera, -ENODEV);
    UNTIL(fixture, fixture->preview, fixture->preview->status.state == WIRE_STREAM_LOST);
    assert_int_equal(fixture->preview->status.stream, 1);
    UNTIL(fixture, fixture->preview, fixture->preview->running);
    UNTIL(fixture, fixture->stream, fixture->stream->running);
}

static void a_camera_without_a_second_output(void **state)
{
    struct fixture *fixture = *state;
    fixture->camera.preview_side = 0;
    stream_want(fixture->preview, true);
    UNTIL(fixture, fixture->preview, fixture->preview->status.state == WIRE_STREAM_LOST);
    assert_non_null(strstr(fixture->preview->status.text, "no second output"));
    assert_false(fixture->preview->running);
    UNTIL(fixture, fixture->stream, fixture->stream->running);
}

static void both_finish(void **state)
{
    struct fixture *fixture = *state;
    stream_want(fixture->stream, true);
    UNTIL(fixture, fixture->stream, fixture->stream->running);
    stream_quit(fixture->stream);
    UNTIL(fixture, fixture->stream, fixture->stream->finished);
    UNTIL(fixture, fixture->preview, fixture->preview->finished);
}

/* A source that gives what it was not asked for. */
static void other_outputs_go_back(void **state)
{
    struct fixture *fixture = *state;
    stream_want(fixture->stream, true);
    UNTIL(fixture, fixture->stream, fixture->stream->running);
    give(fixture, CAMERA_STILL, 0);
    give(fixture, CAMERA_OUTPUTS, 0);
    assert_int_equal(fixture->camera.lent, 0);
    assert_int_equal(fixture->taken[CAMERA_MAIN].reported, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(each_has_frames_of_its_own, setup, teardown),
        cmocka_unit_test_setup_teardown(what_nobody_wants_is_not_encoded, setup, teardown),
        cmocka_unit_test_setup_teardown(the_camera_runs_for_either, setup, teardown),
        cmocka_unit_test_setup_teardown(a_camera_that_is_lost, setup, teardown),
        cmocka_unit_test_setup_teardown(a_camera_without_a_second_output, setup, teardown),
        cmocka_unit_test_setup_teardown(both_finish, setup, teardown),
        cmocka_unit_test_setup_teardown(other_outputs_go_back, setup, teardown),
    };
    return cmocka_run_group_tests_name("stream_preview", tests, NULL, NULL);
}
