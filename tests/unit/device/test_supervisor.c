#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "device/camera/watchdog.h"
#include "device/stream/supervisor.h"
#include "shared/base/clock.h"
#include "shared/base/log.h"

enum {
    BOUND_MS = 10000,
    QUIET_MS = 100,
    SHOTS_MAX = 256,
    SIDE = 16,
    KEPT_MAX = 64,
    STARTS_MAX = 4
};

/* How long a camera may say nothing, where that matters, and a good while longer. */
enum { PATIENCE_MS = 400, WHILE_MS = 1200 };

/* A picture that the camera lends. */
struct shot {
    struct raw_frame capture;
    struct camera *camera;
    bool out; /* under the camera's lock */
};

/* A camera whose every word comes from the test. The test's thread plays the source's thread; start
 * and stop are called by the thread under test, which must not assert: it counts faults. */
struct camera {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    /* Under lock. */
    struct camera_sink sink;
    struct shot shots[SHOTS_MAX];
    unsigned shot_count, lent, released, starts, stops, faults;
    uint64_t start_ns[STARTS_MAX]; /* of the first starts */
    bool running, in_call;
    bool held; /* release() does not return: the encoder is kept from going on */
    /* What start does; set while the camera is off. */
    unsigned failures;                    /* so many starts fail first */
    unsigned widths[2];                   /* of the first starts' modes; 0: SIDE */
    void (*early)(struct camera *camera); /* speaks before start returns */
};

struct fixture {
    struct camera camera;
    struct stream_events events;
    struct encode_pool *pool;
    struct encoder *encoder;
    struct supervisor *supervisor;
    /* What the event queue told. */
    uint64_t told; /* ids [0, told) */
    uint64_t frames, lost[WIRE_DROP_REASONS];
    unsigned streams, finished, statuses[3]; /* by state */
    struct wire_status status;               /* the last one */
    struct frame *kept[KEPT_MAX];            /* frames, by order, until teardown */
};

static const uint8_t pixels[SIDE * SIDE];

/* The camera. */

static bool wait_changed(struct camera *camera)
{
    struct timespec until = clock_timespec(clock_monotonic() + BOUND_MS * CLOCK_MS);
    return pthread_cond_clockwait(&camera->changed, &camera->lock, CLOCK_MONOTONIC, &until) == 0;
}

static void release(struct raw_frame *capture)
{
    struct shot *shot = capture->owner;
    struct camera *camera = shot->camera;
    pthread_mutex_lock(&camera->lock);
    camera->faults += !shot->out;
    shot->out = false;
    camera->lent--;
    camera->released++;
    pthread_cond_broadcast(&camera->changed);
    while (camera->held && wait_changed(camera))
        ;
    pthread_mutex_unlock(&camera->lock);
}

static struct raw_frame *lend(struct camera *camera, uint32_t sequence)
{
    pthread_mutex_lock(&camera->lock);
    struct shot *shot = &camera->shots[camera->shot_count++ % SHOTS_MAX];
    *shot = (struct shot){ .camera = camera, .out = true };
    shot->capture = (struct raw_frame){
        .picture = { .format = PIXEL_GREY,
                     .width = SIDE,
                     .height = SIDE,
                     .planes = { { pixels, SIDE, sizeof(pixels) } } },
        .sequence = sequence,
        .sensor_time_ns = clock_device(),
        .capture_time_ns = clock_device(),
        .release = release,
        .owner = shot,
    };
    camera->lent++;
    pthread_mutex_unlock(&camera->lock);
    return &shot->capture;
}

static int start(struct camera *camera, const struct camera_sink *sink, struct camera_mode *mode,
                 struct error *error)
{
    pthread_mutex_lock(&camera->lock);
    camera->faults += camera->running;
    camera->sink = *sink;
    if (camera->starts < STARTS_MAX)
        camera->start_ns[camera->starts] = clock_monotonic();
    camera->starts++;
    bool fails = camera->failures > 0;
    camera->failures -= fails;
    pthread_mutex_unlock(&camera->lock);
    if (camera->early)
        camera->early(camera);
    pthread_mutex_lock(&camera->lock);
    camera->running = !fails;
    pthread_cond_broadcast(&camera->changed);
    pthread_mutex_unlock(&camera->lock);
    error_set(error, 0, "the fake camera is busy");
    unsigned width = camera->starts <= 2 ? camera->widths[camera->starts - 1] : 0;
    *mode = (struct camera_mode){
        .width = width ? width : SIDE, .height = SIDE, .fps = 30, .model = "fake"
    };
    return fails ? -EBUSY : 0;
}

static void stop(struct camera *camera)
{
    pthread_mutex_lock(&camera->lock);
    camera->stops++;
    pthread_cond_broadcast(&camera->changed);
    camera->faults += !camera->running;
    while ((camera->lent > 0 || camera->in_call) && wait_changed(camera))
        ;
    camera->faults += camera->lent > 0 || camera->in_call;
    camera->running = false;
    pthread_cond_broadcast(&camera->changed);
    pthread_mutex_unlock(&camera->lock);
}

static const struct camera_ops fake_ops = { .start = start, .stop = stop };

/* The test's side. */

static int setup_with(void **state, uint64_t frame_limit, uint64_t timeout_ns)
{
    static struct fixture fixture;
    fixture = (struct fixture){ 0 };
    *state = &fixture;
    pthread_mutex_init(&fixture.camera.lock, NULL);
    pthread_cond_init(&fixture.camera.changed, NULL);
    struct encoder_config encoder = { .slices = 1, .quality = 50 };
    struct supervisor_config capture = { .ops = &fake_ops,
                                         .camera = &fixture.camera,
                                         .frame_limit = frame_limit,
                                         .timeout_ns = timeout_ns };
    int error = events_init(&fixture.events);
    if (!error)
        error = encode_pool_create(&fixture.pool, 1);
    if (!error)
        error = encoder_create(&fixture.encoder, &encoder, fixture.pool, &fixture.events);
    if (!error)
        error = supervisor_create(&fixture.supervisor, &capture, fixture.encoder, &fixture.events);
    return error;
}

static int setup(void **state)
{
    return setup_with(state, 0, 3600 * CLOCK_SECOND);
}

static int setup_impatient(void **state)
{
    return setup_with(state, 0, PATIENCE_MS * CLOCK_MS);
}

static int setup_five(void **state)
{
    return setup_with(state, 5, 3600 * CLOCK_SECOND);
}

static void take_event(struct fixture *fixture, struct stream_event *event)
{
    assert_int_equal(fixture->finished, 0); /* that is the last word */
    switch (event->kind) {
    case EVENT_FRAME:
        assert_int_equal(event->frame->head.frame_id, fixture->told);
        assert_true(fixture->streams > 0);
        assert_true(fixture->frames < KEPT_MAX);
        fixture->kept[fixture->frames++] = event->frame;
        fixture->told++;
        break;
    case EVENT_LOST:
        assert_int_equal(event->lost.run.first, fixture->told);
        assert_true(fixture->streams > 0);
        fixture->told += event->lost.run.count;
        fixture->lost[event->lost.run.reason] += event->lost.run.count;
        break;
    case EVENT_STREAM:
        assert_int_equal(event->mode.width, SIDE);
        assert_string_equal(event->mode.model, "fake");
        fixture->streams++;
        break;
    case EVENT_STATUS:
        fixture->status = event->status;
        fixture->statuses[event->status.state]++;
        break;
    case EVENT_FINISHED:
        fixture->finished++;
        for (uint64_t i = 0; i < fixture->frames; i++)
            assert_int_equal(frame_state(fixture->kept[i]), FRAME_WHOLE);
        break;
    }
}

static void pump(struct fixture *fixture)
{
    struct stream_event event;
    events_clear(&fixture->events);
    while (events_take(&fixture->events, &event))
        take_event(fixture, &event);
}

/* Waits for the event queue to tell what makes the condition true. */
#define WAIT_UNTIL(fixture, condition)                                                             \
    do {                                                                                           \
        pump(fixture);                                                                             \
        while (!(condition)) {                                                                     \
            struct pollfd fd_ = { .fd = (fixture)->events.fd, .events = POLLIN };                  \
            assert_int_equal(poll(&fd_, 1, BOUND_MS), 1);                                          \
            pump(fixture);                                                                         \
        }                                                                                          \
    } while (0)

static int teardown(void **state)
{
    struct fixture *fixture = *state;
    supervisor_destroy(&fixture->supervisor);
    assert_null(fixture->supervisor);
    pump(fixture);
    assert_int_equal(fixture->finished, 1);
    for (uint64_t i = 0; i < fixture->frames; i++)
        frame_release(fixture->kept[i]);
    encoder_destroy(&fixture->encoder);
    encode_pool_destroy(&fixture->pool);
    events_destroy(&fixture->events);
    assert_int_equal(fixture->camera.faults, 0);
    assert_int_equal(fixture->camera.lent, 0);
    assert_int_equal(fixture->camera.released, fixture->camera.shot_count);
    assert_false(fixture->camera.running);
    pthread_cond_destroy(&fixture->camera.changed);
    pthread_mutex_destroy(&fixture->camera.lock);
    return 0;
}

static void switch_on(struct fixture *fixture)
{
    unsigned streams = fixture->streams;
    supervisor_want(fixture->supervisor, true);
    WAIT_UNTIL(fixture, fixture->streams > streams);
}

/* Waits until the camera runs, and keeps it from being stopped. */
static void begin_call(struct camera *camera)
{
    pthread_mutex_lock(&camera->lock);
    while (!camera->running)
        assert_true(wait_changed(camera));
    camera->in_call = true;
    pthread_mutex_unlock(&camera->lock);
}

static void end_call(struct camera *camera)
{
    pthread_mutex_lock(&camera->lock);
    camera->in_call = false;
    pthread_cond_broadcast(&camera->changed);
    pthread_mutex_unlock(&camera->lock);
}

/* Waits until the frame that was just spoken of has its id and is encoded, so that the next one
 * finds the encoder free. The gate may still be closed when the event queue has told of the camera.
 */
static void settle(struct fixture *fixture, uint64_t told_before)
{
    end_call(&fixture->camera);
    WAIT_UNTIL(fixture, fixture->told > told_before);
    encoder_drain(fixture->encoder);
    pump(fixture);
}

static void give(struct fixture *fixture, uint32_t sequence)
{
    struct camera *camera = &fixture->camera;
    uint64_t told = fixture->told;
    begin_call(camera);
    camera->sink.on_capture(camera->sink.user, lend(camera, sequence));
    settle(fixture, told);
}

static void give_lost(struct fixture *fixture, uint32_t sequence, enum wire_drop_reason reason)
{
    uint64_t told = fixture->told;
    begin_call(&fixture->camera);
    fixture->camera.sink.on_lost(fixture->camera.sink.user, sequence, reason);
    settle(fixture, told);
}

static void give_end(struct fixture *fixture, int error)
{
    begin_call(&fixture->camera);
    fixture->camera.sink.on_end(fixture->camera.sink.user, error);
    end_call(&fixture->camera);
}

static void hold(struct camera *camera, bool held)
{
    pthread_mutex_lock(&camera->lock);
    camera->held = held;
    pthread_cond_broadcast(&camera->changed);
    pthread_mutex_unlock(&camera->lock);
}

static void expect_totals(struct fixture *fixture, uint64_t ids, uint64_t captures)
{
    struct sequencer_totals totals = supervisor_totals(fixture->supervisor);
    assert_int_equal(totals.ids, ids);
    assert_int_equal(totals.captures, captures);
    assert_int_equal(fixture->told, ids);
    assert_int_equal(fixture->frames, captures);
}

/* Ids. */

static void ids_follow_the_sequence(void **state)
{
    struct fixture *fixture = *state;
    switch_on(fixture);
    for (uint32_t sequence = 10; sequence < 15; sequence++)
        give(fixture, sequence);
    expect_totals(fixture, 5, 5);
    assert_int_equal(fixture->kept[3]->head.width, SIDE);
    assert_int_equal(fixture->camera.released, 5);
}

static void gaps_are_losses(void **state)
{
    struct fixture *fixture = *state;
    switch_on(fixture);
    give(fixture, 5);
    give(fixture, 8);
    give(fixture, 9);
    assert_int_equal(fixture->lost[WIRE_DROP_SENSOR_GAP], 2);
    assert_int_equal(fixture->kept[1]->head.frame_id, 3);
    expect_totals(fixture, 5, 3);
}

static void sequences_wrap(void **state)
{
    struct fixture *fixture = *state;
    switch_on(fixture);
    give(fixture, UINT32_MAX);
    give(fixture, 0);
    expect_totals(fixture, 2, 2);
    give(fixture, 2);
    expect_totals(fixture, 4, 3);
    assert_int_equal(fixture->lost[WIRE_DROP_SENSOR_GAP], 1);
}

static void losses_have_their_reasons(void **state)
{
    struct fixture *fixture = *state;
    switch_on(fixture);
    give(fixture, 0);
    give_lost(fixture, 1, WIRE_DROP_CAPTURE_ERROR);
    give_lost(fixture, 2, WIRE_DROP_NO_BUFFER);
    give_lost(fixture, 5, WIRE_DROP_NO_BUFFER);
    give(fixture, 6);
    assert_int_equal(fixture->lost[WIRE_DROP_CAPTURE_ERROR], 1);
    assert_int_equal(fixture->lost[WIRE_DROP_NO_BUFFER], 2);
    assert_int_equal(fixture->lost[WIRE_DROP_SENSOR_GAP], 2);
    expect_totals(fixture, 7, 2);
}

static void a_count_that_jumps_is_no_gap(void **state)
{
    struct fixture *fixture = *state;
    static const uint32_t sequences[] = { 100, 50, 51, 51, 52, 0, 3000000, 3000001 };
    switch_on(fixture);
    for (size_t i = 0; i < sizeof(sequences) / sizeof(sequences[0]); i++)
        give(fixture, sequences[i]);
    expect_totals(fixture, 8, 8);
    give(fixture, 3000001 + 1000);
    assert_int_equal(fixture->lost[WIRE_DROP_SENSOR_GAP], 999);
    expect_totals(fixture, 1008, 9);
}

static void broken_jpegs_are_losses(void **state)
{
    struct fixture *fixture = *state;
    struct camera *camera = &fixture->camera;
    static const uint8_t cut[] = { 0xFF, 0xD8, 0xFF, 0xDB, 0, 67 };
    switch_on(fixture);
    begin_call(camera);
    struct raw_frame *capture = lend(camera, 0);
    capture->picture.format = PIXEL_JPEG;
    capture->picture.planes[0] = (struct plane){ .data = cut, .size = sizeof(cut) };
    camera->sink.on_capture(camera->sink.user, capture);
    settle(fixture, 0);
    give(fixture, 1);
    assert_int_equal(fixture->lost[WIRE_DROP_CAPTURE_ERROR], 1);
    expect_totals(fixture, 2, 1);
}

static void broken_pictures_are_losses(void **state)
{
    struct fixture *fixture = *state;
    struct camera *camera = &fixture->camera;
    switch_on(fixture);
    begin_call(camera);
    struct raw_frame *capture = lend(camera, 0);
    capture->picture.planes[0].size--;
    camera->sink.on_capture(camera->sink.user, capture);
    settle(fixture, 0);
    give(fixture, 1);
    assert_int_equal(fixture->lost[WIRE_DROP_CAPTURE_ERROR], 1);
    expect_totals(fixture, 2, 1);
}

/* What comes before start has returned. */

static void early_four(struct camera *camera)
{
    camera->sink.on_lost(camera->sink.user, 6, WIRE_DROP_CAPTURE_ERROR);
    camera->sink.on_capture(camera->sink.user, lend(camera, 7));
    camera->sink.on_lost(camera->sink.user, 8, WIRE_DROP_CAPTURE_ERROR);
    camera->sink.on_lost(camera->sink.user, 10, WIRE_DROP_CAPTURE_ERROR);
}

static void early_reports_wait(void **state)
{
    struct fixture *fixture = *state;
    fixture->camera.early = early_four;
    switch_on(fixture); /* take_event() sees to it that the mode comes first */
    WAIT_UNTIL(fixture, fixture->told == 5);
    give(fixture, 11);
    assert_int_equal(fixture->lost[WIRE_DROP_CAPTURE_ERROR], 3);
    assert_int_equal(fixture->lost[WIRE_DROP_SENSOR_GAP], 1);
    expect_totals(fixture, 6, 2);
}

static void early_twenty(struct camera *camera)
{
    for (uint32_t sequence = 0; sequence < 20; sequence++)
        camera->sink.on_capture(camera->sink.user, lend(camera, sequence));
}

static void too_many_early_ones_are_a_gap(void **state)
{
    struct fixture *fixture = *state;
    fixture->camera.early = early_twenty;
    switch_on(fixture);
    WAIT_UNTIL(fixture, fixture->told == 16);
    give(fixture, 20);
    assert_int_equal(fixture->lost[WIRE_DROP_SENSOR_GAP], 4);
    assert_int_equal(fixture->frames + fixture->lost[WIRE_DROP_ENCODER_BUSY], 17);
    assert_int_equal(fixture->told, 21);
}

static void early_ones_of_a_failed_start(void **state)
{
    struct fixture *fixture = *state;
    fixture->camera.early = early_four;
    fixture->camera.failures = 1;
    supervisor_want(fixture->supervisor, true);
    WAIT_UNTIL(fixture, fixture->statuses[WIRE_STREAM_LOST] == 1);
    assert_int_equal(fixture->camera.released, 1);
    assert_int_equal(fixture->told, 0);
    assert_int_equal(supervisor_totals(fixture->supervisor).ids, 0);
}

static void early_end(struct camera *camera)
{
    camera->sink.on_end(camera->sink.user, -ENODEV);
    camera->early = NULL;
}

static void an_end_before_start_returns(void **state)
{
    struct fixture *fixture = *state;
    fixture->camera.early = early_end;
    switch_on(fixture);
    WAIT_UNTIL(fixture, fixture->statuses[WIRE_STREAM_LOST] == 1);
    WAIT_UNTIL(fixture, fixture->streams == 2); /* and it was taken up again */
    give(fixture, 0);
    expect_totals(fixture, 1, 1);
}

/* Cameras that fail. */

static void a_camera_that_cannot_start_is_tried_again(void **state)
{
    struct fixture *fixture = *state;
    fixture->camera.failures = 1;
    supervisor_want(fixture->supervisor, true);
    WAIT_UNTIL(fixture, fixture->statuses[WIRE_STREAM_LOST] == 1);
    assert_string_equal(fixture->status.text, "the fake camera is busy");
    WAIT_UNTIL(fixture, fixture->streams == 1);
    assert_int_equal(fixture->camera.starts, 2);
    assert_int_equal(fixture->camera.stops, 0);
    give(fixture, 0);
    expect_totals(fixture, 1, 1);
}

/* The protocol has no such size: nobody is told of it, and the camera is off until the next try. */
static void a_camera_of_an_impossible_size(void **state)
{
    struct fixture *fixture = *state;
    struct camera *camera = &fixture->camera;
    camera->early = early_four;
    camera->widths[0] = 8;
    camera->widths[1] = 65536 + SIDE;
    supervisor_want(fixture->supervisor, true);
    WAIT_UNTIL(fixture, fixture->statuses[WIRE_STREAM_LOST] == 1);
    assert_non_null(strstr(fixture->status.text, "the camera's pictures are 8x"));
    WAIT_UNTIL(fixture, fixture->streams == 1);
    assert_int_equal(fixture->statuses[WIRE_STREAM_LOST], 2);
    assert_int_equal(camera->stops, 2);
    WAIT_UNTIL(fixture, fixture->told == 5); /* of the last start; what came before went back */
    assert_true(camera->released >= 2);
    give(fixture, 11);
    expect_totals(fixture, 6, 2);
}

static void nobody_waits_for_a_retry(void **state)
{
    struct fixture *fixture = *state;
    fixture->camera.failures = 1000;
    supervisor_want(fixture->supervisor, true);
    WAIT_UNTIL(fixture, fixture->statuses[WIRE_STREAM_LOST] == 1);
    supervisor_quit(fixture->supervisor);
    WAIT_UNTIL(fixture, fixture->finished);
    assert_int_equal(fixture->camera.starts, 1);
}

static void an_unplugged_camera_comes_back(void **state)
{
    struct fixture *fixture = *state;
    switch_on(fixture);
    give(fixture, 40);
    give(fixture, 41);
    give_end(fixture, -ENODEV);
    WAIT_UNTIL(fixture, fixture->statuses[WIRE_STREAM_LOST] == 1);
    assert_non_null(strstr(fixture->status.text, "unplugged"));
    WAIT_UNTIL(fixture, fixture->streams == 2);
    assert_int_equal(fixture->camera.stops, 1);
    give(fixture, 500); /* it counts anew, the ids don't */
    give(fixture, 501);
    expect_totals(fixture, 4, 4);
    assert_int_equal(fixture->lost[WIRE_DROP_SENSOR_GAP], 0);
    /* This time it ends because it should. */
    unsigned starting = fixture->statuses[WIRE_STREAM_STARTING];
    supervisor_want(fixture->supervisor, false);
    WAIT_UNTIL(fixture, fixture->statuses[WIRE_STREAM_STARTING] > starting);
    assert_int_equal(fixture->statuses[WIRE_STREAM_LOST], 1);
}

static void look_on(struct fixture *fixture, uint64_t ms)
{
    uint64_t until = clock_monotonic() + ms * CLOCK_MS;
    struct pollfd fd = { .fd = fixture->events.fd, .events = POLLIN };
    while (clock_monotonic() < until)
        if (poll(&fd, 1, (int)ms) == 1)
            pump(fixture);
}

static void a_silent_camera_is_started_anew(void **state)
{
    struct fixture *fixture = *state;
    switch_on(fixture);
    give(fixture, 0);
    give(fixture, 1);
    WAIT_UNTIL(fixture, fixture->statuses[WIRE_STREAM_LOST] == 1);
    assert_non_null(strstr(fixture->status.text, "stalled: no frame for 0.4 s"));
    WAIT_UNTIL(fixture, fixture->streams == 2);
    give(fixture, 7);
    expect_totals(fixture, 3, 3);
}

/* All its pictures are lent: it can't give any. */
static void a_slow_encoder_is_no_silent_camera(void **state)
{
    struct fixture *fixture = *state;
    struct camera *camera = &fixture->camera;
    switch_on(fixture);
    hold(camera, true);
    begin_call(camera);
    camera->sink.on_capture(camera->sink.user, lend(camera, 0));
    end_call(camera);
    look_on(fixture, WHILE_MS);
    assert_int_equal(fixture->statuses[WIRE_STREAM_LOST], 0);
    hold(camera, false);
    WAIT_UNTIL(fixture, fixture->statuses[WIRE_STREAM_LOST] == 1);
}

/* One that starts well and is lost at once is no better than one that can't be started. */
static void retries_wait_longer_and_longer(void **state)
{
    struct fixture *fixture = *state;
    struct camera *camera = &fixture->camera;
    camera->failures = 1;
    switch_on(fixture);
    give_end(fixture, -ENODEV);
    WAIT_UNTIL(fixture, fixture->streams == 2);
    assert_int_equal(camera->starts, 3);
    assert_true(camera->start_ns[1] - camera->start_ns[0] >= CLOCK_SECOND / 2);
    assert_true(camera->start_ns[2] - camera->start_ns[1] >= CLOCK_SECOND);
}

static void nothing_counts_while_the_camera_is_off(void **state)
{
    struct fixture *fixture = *state;
    struct camera *camera = &fixture->camera;
    switch_on(fixture);
    give(fixture, 0);
    unsigned starting = fixture->statuses[WIRE_STREAM_STARTING];
    supervisor_want(fixture->supervisor, false);
    WAIT_UNTIL(fixture, fixture->statuses[WIRE_STREAM_STARTING] > starting);
    camera->sink.on_capture(camera->sink.user, lend(camera, 1));
    camera->sink.on_lost(camera->sink.user, 2, WIRE_DROP_CAPTURE_ERROR);
    camera->sink.on_end(camera->sink.user, -EIO);
    assert_int_equal(camera->released, 2);
    switch_on(fixture);
    give(fixture, 3);
    expect_totals(fixture, 2, 2);
    assert_int_equal(fixture->statuses[WIRE_STREAM_LOST], 0);
}

static void what_comes_during_stop_counts(void **state)
{
    struct fixture *fixture = *state;
    struct camera *camera = &fixture->camera;
    switch_on(fixture);
    give(fixture, 0);
    begin_call(camera); /* keeps stop from returning */
    supervisor_want(fixture->supervisor, false);
    pthread_mutex_lock(&camera->lock);
    while (camera->stops == 0)
        assert_true(wait_changed(camera));
    pthread_mutex_unlock(&camera->lock);
    camera->sink.on_capture(camera->sink.user, lend(camera, 1));
    settle(fixture, 1);
    expect_totals(fixture, 2, 2);
}

static void a_stop_that_hangs_is_not_waited_for(void **state)
{
    struct fixture *fixture = *state;
    switch_on(fixture);
    begin_call(&fixture->camera);
    assert_false(supervisor_wait(fixture->supervisor, 50 * CLOCK_MS));
    end_call(&fixture->camera);
    assert_true(supervisor_wait(fixture->supervisor, BOUND_MS * CLOCK_MS));
    WAIT_UNTIL(fixture, fixture->finished);
}

static void slow_cameras_are_given_time(void **state)
{
    (void)state;
    assert_int_equal(camera_timeout_ns(0), 3 * CLOCK_SECOND); /* not known */
    assert_int_equal(camera_timeout_ns(10000), 3 * CLOCK_SECOND);
    assert_int_equal(camera_timeout_ns(2), 3 * CLOCK_SECOND);
    assert_int_equal(camera_timeout_ns(1), 5 * CLOCK_SECOND);
    assert_int_equal(camera_timeout_ns(0.1), 50 * CLOCK_SECOND);
}

static void a_broken_camera_is_no_unplugged_one(void **state)
{
    struct fixture *fixture = *state;
    switch_on(fixture);
    give_end(fixture, -EIO);
    WAIT_UNTIL(fixture, fixture->statuses[WIRE_STREAM_LOST] == 1);
    assert_null(strstr(fixture->status.text, "unplugged"));
    assert_true(strlen(fixture->status.text) > 0);
}

/* On and off. */

static void ids_never_repeat(void **state)
{
    struct fixture *fixture = *state;
    for (unsigned run = 0; run < 5; run++) {
        switch_on(fixture);
        give(fixture, 3);
        give(fixture, 4 + run % 2);
        unsigned stops = fixture->camera.stops, starting = fixture->statuses[WIRE_STREAM_STARTING];
        supervisor_want(fixture->supervisor, false);
        WAIT_UNTIL(fixture, fixture->statuses[WIRE_STREAM_STARTING] > starting);
        assert_int_equal(fixture->camera.stops, stops + 1);
    }
    expect_totals(fixture, 12, 10); /* two runs had a gap */
    assert_int_equal(fixture->lost[WIRE_DROP_SENSOR_GAP], 2);
}

static void wanted_and_not_in_quick_succession(void **state)
{
    struct fixture *fixture = *state;
    for (int i = 0; i < 200; i++) {
        supervisor_want(fixture->supervisor, i % 2 == 0);
        pump(fixture);
    }
    supervisor_want(fixture->supervisor, true);
    give(fixture, 0);
    WAIT_UNTIL(fixture, fixture->frames == 1);
    supervisor_quit(fixture->supervisor);
    WAIT_UNTIL(fixture, fixture->finished);
    assert_int_equal(fixture->camera.starts, fixture->camera.stops);
}

/* Endings. */

static void limit_is_exact(void **state)
{
    struct fixture *fixture = *state;
    struct camera *camera = &fixture->camera;
    switch_on(fixture);
    give(fixture, 0);
    begin_call(camera); /* the source goes on until it is stopped */
    for (uint32_t sequence = 1; sequence < 10; sequence++) {
        /* Losses don't count. */
        if (sequence == 2)
            camera->sink.on_lost(camera->sink.user, sequence, WIRE_DROP_NO_BUFFER);
        else
            camera->sink.on_capture(camera->sink.user, lend(camera, sequence));
        encoder_drain(fixture->encoder);
    }
    end_call(camera);
    WAIT_UNTIL(fixture, fixture->finished);
    expect_totals(fixture, 6, 5);
    assert_int_equal(camera->stops, 1);
    assert_int_equal(camera->released, 9);
    supervisor_want(fixture->supervisor, false);
    supervisor_want(fixture->supervisor, true); /* for good: teardown sees that nothing follows */
}

static void limit_among_the_early_ones(void **state)
{
    struct fixture *fixture = *state;
    fixture->camera.early = early_twenty;
    supervisor_want(fixture->supervisor, true);
    WAIT_UNTIL(fixture, fixture->finished);
    assert_int_equal(fixture->told, 5);
    assert_int_equal(supervisor_totals(fixture->supervisor).captures, 5);
    assert_int_equal(fixture->camera.starts, 1);
}

/* take_event() sees to it that all frames are whole when it is told. */
static void quit_encodes_what_there_is(void **state)
{
    struct fixture *fixture = *state;
    struct camera *camera = &fixture->camera;
    switch_on(fixture);
    begin_call(camera);
    camera->sink.on_capture(camera->sink.user, lend(camera, 0));
    supervisor_quit(fixture->supervisor);
    camera->sink.on_capture(camera->sink.user, lend(camera, 1));
    end_call(camera);
    WAIT_UNTIL(fixture, fixture->finished);
    assert_int_equal(fixture->told, 2);
    assert_int_equal(fixture->frames + fixture->lost[WIRE_DROP_ENCODER_BUSY], 2);
    assert_int_equal(camera->stops, 1);
}

/* The camera has its picture back and is off, but the encoder is not done with the frame: nothing
 * is finished until it is. */
static void quit_waits_for_the_encoder(void **state)
{
    struct fixture *fixture = *state;
    struct camera *camera = &fixture->camera;
    switch_on(fixture);
    hold(camera, true);
    begin_call(camera);
    camera->sink.on_capture(camera->sink.user, lend(camera, 0));
    end_call(camera);
    pthread_mutex_lock(&camera->lock);
    while (camera->released ==
           0) /* by then the event queue has the frame, which it tells nobody yet */
        assert_true(wait_changed(camera));
    pthread_mutex_unlock(&camera->lock);
    pump(fixture);
    assert_int_equal(fixture->frames, 1);
    supervisor_quit(fixture->supervisor);
    pthread_mutex_lock(&camera->lock);
    while (camera->running)
        assert_true(wait_changed(camera));
    pthread_mutex_unlock(&camera->lock);
    struct pollfd fd = { .fd = fixture->events.fd, .events = POLLIN };
    while (poll(&fd, 1, QUIET_MS) == 1)
        pump(fixture);
    assert_int_equal(fixture->finished, 0);
    hold(camera, false);
    WAIT_UNTIL(fixture, fixture->finished);
}

static void quit_before_it_was_wanted(void **state)
{
    struct fixture *fixture = *state;
    supervisor_quit(fixture->supervisor);
    WAIT_UNTIL(fixture, fixture->finished);
    supervisor_want(fixture->supervisor, true);
    assert_int_equal(fixture->camera.starts, 0);
}

static void destroy_nothing(void **state)
{
    struct supervisor *none = NULL;
    (void)state;
    supervisor_destroy(NULL);
    supervisor_destroy(&none);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(ids_follow_the_sequence),
        TEST(gaps_are_losses),
        TEST(sequences_wrap),
        TEST(losses_have_their_reasons),
        TEST(a_count_that_jumps_is_no_gap),
        TEST(broken_pictures_are_losses),
        TEST(broken_jpegs_are_losses),
        TEST(early_reports_wait),
        TEST(too_many_early_ones_are_a_gap),
        TEST(early_ones_of_a_failed_start),
        TEST(an_end_before_start_returns),
        TEST(a_camera_that_cannot_start_is_tried_again),
        TEST(a_camera_of_an_impossible_size),
        TEST(nobody_waits_for_a_retry),
        TEST(an_unplugged_camera_comes_back),
        TEST(a_broken_camera_is_no_unplugged_one),
        cmocka_unit_test_setup_teardown(a_silent_camera_is_started_anew, setup_impatient, teardown),
        cmocka_unit_test_setup_teardown(a_slow_encoder_is_no_silent_camera, setup_impatient,
                                        teardown),
        TEST(retries_wait_longer_and_longer),
        TEST(nothing_counts_while_the_camera_is_off),
        TEST(what_comes_during_stop_counts),
        TEST(a_stop_that_hangs_is_not_waited_for),
        cmocka_unit_test(slow_cameras_are_given_time),
        TEST(ids_never_repeat),
        TEST(wanted_and_not_in_quick_succession),
        cmocka_unit_test_setup_teardown(limit_is_exact, setup_five, teardown),
        cmocka_unit_test_setup_teardown(limit_among_the_early_ones, setup_five, teardown),
        TEST(quit_encodes_what_there_is),
        TEST(quit_waits_for_the_encoder),
        TEST(quit_before_it_was_wanted),
        cmocka_unit_test(destroy_nothing),
    };
    log_setup("test_capture", LOG_LEVEL_ERROR);
    return cmocka_run_group_tests_name("capture", tests, NULL, NULL);
}
