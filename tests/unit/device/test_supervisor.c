#include "device/camera/watchdog.h"
#include "shared/base/log.h"
#include "supervised.h"

enum { QUIET_MS = 100 };

/* What comes before start has returned. */

static void early_four(struct camera *camera)
{
    camera->sink.on_lost(camera->sink.user, 6, WIRE_DROP_CAPTURE_ERROR);
    camera->sink.on_frame(camera->sink.user, fake_camera_lend(camera, 7));
    camera->sink.on_lost(camera->sink.user, 8, WIRE_DROP_CAPTURE_ERROR);
    camera->sink.on_lost(camera->sink.user, 10, WIRE_DROP_CAPTURE_ERROR);
}

static void early_twenty(struct camera *camera)
{
    for (uint32_t sequence = 0; sequence < 20; sequence++)
        camera->sink.on_frame(camera->sink.user, fake_camera_lend(camera, sequence));
}

static void early_end(struct camera *camera)
{
    camera->sink.on_end(camera->sink.user, -ENODEV);
    camera->early = NULL;
}

static void an_end_before_start_returns(void **state)
{
    struct supervised *fixture = *state;
    fixture->camera.early = early_end;
    supervised_switch_on(fixture);
    SUPERVISED_UNTIL(fixture, fixture->statuses[WIRE_STREAM_LOST] == 1);
    SUPERVISED_UNTIL(fixture, fixture->streams == 2); /* and it was taken up again */
    supervised_give(fixture, 0);
    supervised_expect_totals(fixture, 1, 1);
}

/* Cameras that fail. */

static void a_camera_that_cannot_start_is_tried_again(void **state)
{
    struct supervised *fixture = *state;
    fixture->camera.failures = 1;
    supervisor_want(fixture->supervisor, true);
    SUPERVISED_UNTIL(fixture, fixture->statuses[WIRE_STREAM_LOST] == 1);
    assert_string_equal(fixture->status.text, "the fake camera is busy");
    SUPERVISED_UNTIL(fixture, fixture->streams == 1);
    assert_int_equal(fixture->camera.starts, 2);
    assert_int_equal(fixture->camera.stops, 0);
    supervised_give(fixture, 0);
    supervised_expect_totals(fixture, 1, 1);
}

/* The protocol has no such size: nobody is told of it, and the camera is off until the next try. */
static void a_camera_of_an_impossible_size(void **state)
{
    struct supervised *fixture = *state;
    struct camera *camera = &fixture->camera;
    camera->early = early_four;
    camera->widths[0] = 8;
    camera->widths[1] = 65536 + FAKE_SIDE;
    supervisor_want(fixture->supervisor, true);
    SUPERVISED_UNTIL(fixture, fixture->statuses[WIRE_STREAM_LOST] == 1);
    assert_non_null(strstr(fixture->status.text, "the camera's pictures are 8x"));
    SUPERVISED_UNTIL(fixture, fixture->streams == 1);
    assert_int_equal(fixture->statuses[WIRE_STREAM_LOST], 2);
    assert_int_equal(camera->stops, 2);
    SUPERVISED_UNTIL(fixture,
                     fixture->reported == 5); /* of the last start; what came before went back */
    assert_true(camera->released >= 2);
    supervised_give(fixture, 11);
    supervised_expect_totals(fixture, 6, 2);
}

static void nobody_waits_for_a_retry(void **state)
{
    struct supervised *fixture = *state;
    fixture->camera.failures = 1000;
    supervisor_want(fixture->supervisor, true);
    SUPERVISED_UNTIL(fixture, fixture->statuses[WIRE_STREAM_LOST] == 1);
    supervisor_quit(fixture->supervisor);
    SUPERVISED_UNTIL(fixture, fixture->finished);
    assert_int_equal(fixture->camera.starts, 1);
}

static void an_unplugged_camera_comes_back(void **state)
{
    struct supervised *fixture = *state;
    supervised_switch_on(fixture);
    supervised_give(fixture, 40);
    supervised_give(fixture, 41);
    supervised_give_end(fixture, -ENODEV);
    SUPERVISED_UNTIL(fixture, fixture->statuses[WIRE_STREAM_LOST] == 1);
    assert_non_null(strstr(fixture->status.text, "unplugged"));
    SUPERVISED_UNTIL(fixture, fixture->streams == 2);
    assert_int_equal(fixture->camera.stops, 1);
    supervised_give(fixture, 500); /* it counts anew, the ids don't */
    supervised_give(fixture, 501);
    supervised_expect_totals(fixture, 4, 4);
    assert_int_equal(fixture->lost[WIRE_DROP_SENSOR_GAP], 0);
    /* This time it ends because it should. */
    unsigned starting = fixture->statuses[WIRE_STREAM_STARTING];
    supervisor_want(fixture->supervisor, false);
    SUPERVISED_UNTIL(fixture, fixture->statuses[WIRE_STREAM_STARTING] > starting);
    assert_int_equal(fixture->statuses[WIRE_STREAM_LOST], 1);
}

static void look_on(struct supervised *fixture, uint64_t ms)
{
    uint64_t until = clock_monotonic() + ms * CLOCK_MS;
    struct pollfd fd = { .fd = fixture->events.fd, .events = POLLIN };
    while (clock_monotonic() < until)
        if (poll(&fd, 1, (int)ms) == 1)
            supervised_pump(fixture);
}

static void a_silent_camera_is_restarted(void **state)
{
    struct supervised *fixture = *state;
    supervised_switch_on(fixture);
    supervised_give(fixture, 0);
    supervised_give(fixture, 1);
    SUPERVISED_UNTIL(fixture, fixture->statuses[WIRE_STREAM_LOST] == 1);
    assert_non_null(strstr(fixture->status.text, "stalled: no frame for 0.4 s"));
    SUPERVISED_UNTIL(fixture, fixture->streams == 2);
    supervised_give(fixture, 7);
    supervised_expect_totals(fixture, 3, 3);
}

/* All its pictures are lent: it can't give any. */
static void a_slow_encoder_is_no_silent_camera(void **state)
{
    struct supervised *fixture = *state;
    struct camera *camera = &fixture->camera;
    supervised_switch_on(fixture);
    fake_camera_hold(camera, true);
    fake_camera_begin_call(camera);
    camera->sink.on_frame(camera->sink.user, fake_camera_lend(camera, 0));
    fake_camera_end_call(camera);
    look_on(fixture, SUPERVISED_WHILE_MS);
    assert_int_equal(fixture->statuses[WIRE_STREAM_LOST], 0);
    fake_camera_hold(camera, false);
    SUPERVISED_UNTIL(fixture, fixture->statuses[WIRE_STREAM_LOST] == 1);
}

/* One that starts well and is lost at once is no better than one that can't be started. */
static void retries_wait_longer_and_longer(void **state)
{
    struct supervised *fixture = *state;
    struct camera *camera = &fixture->camera;
    camera->failures = 1;
    supervised_switch_on(fixture);
    supervised_give_end(fixture, -ENODEV);
    SUPERVISED_UNTIL(fixture, fixture->streams == 2);
    assert_int_equal(camera->starts, 3);
    assert_true(camera->start_ns[1] - camera->start_ns[0] >= CLOCK_SECOND / 2);
    assert_true(camera->start_ns[2] - camera->start_ns[1] >= CLOCK_SECOND);
}

static void nothing_counts_while_the_camera_is_off(void **state)
{
    struct supervised *fixture = *state;
    struct camera *camera = &fixture->camera;
    supervised_switch_on(fixture);
    supervised_give(fixture, 0);
    unsigned starting = fixture->statuses[WIRE_STREAM_STARTING];
    supervisor_want(fixture->supervisor, false);
    SUPERVISED_UNTIL(fixture, fixture->statuses[WIRE_STREAM_STARTING] > starting);
    camera->sink.on_frame(camera->sink.user, fake_camera_lend(camera, 1));
    camera->sink.on_lost(camera->sink.user, 2, WIRE_DROP_CAPTURE_ERROR);
    camera->sink.on_end(camera->sink.user, -EIO);
    assert_int_equal(camera->released, 2);
    supervised_switch_on(fixture);
    supervised_give(fixture, 3);
    supervised_expect_totals(fixture, 2, 2);
    assert_int_equal(fixture->statuses[WIRE_STREAM_LOST], 0);
}

static void what_comes_during_stop_counts(void **state)
{
    struct supervised *fixture = *state;
    struct camera *camera = &fixture->camera;
    supervised_switch_on(fixture);
    supervised_give(fixture, 0);
    fake_camera_begin_call(camera); /* keeps stop from returning */
    supervisor_want(fixture->supervisor, false);
    pthread_mutex_lock(&camera->lock);
    while (camera->stops == 0)
        assert_true(fake_camera_wait(camera));
    pthread_mutex_unlock(&camera->lock);
    camera->sink.on_frame(camera->sink.user, fake_camera_lend(camera, 1));
    supervised_settle(fixture, 1);
    supervised_expect_totals(fixture, 2, 2);
}

static void a_stop_that_hangs_is_not_waited_for(void **state)
{
    struct supervised *fixture = *state;
    supervised_switch_on(fixture);
    fake_camera_begin_call(&fixture->camera);
    assert_false(supervisor_wait(fixture->supervisor, 50 * CLOCK_MS));
    fake_camera_end_call(&fixture->camera);
    assert_true(supervisor_wait(fixture->supervisor, FAKE_BOUND_MS * CLOCK_MS));
    SUPERVISED_UNTIL(fixture, fixture->finished);
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
    struct supervised *fixture = *state;
    supervised_switch_on(fixture);
    supervised_give_end(fixture, -EIO);
    SUPERVISED_UNTIL(fixture, fixture->statuses[WIRE_STREAM_LOST] == 1);
    assert_null(strstr(fixture->status.text, "unplugged"));
    assert_true(strlen(fixture->status.text) > 0);
}

/* On and off. */

static void ids_never_repeat(void **state)
{
    struct supervised *fixture = *state;
    for (unsigned run = 0; run < 5; run++) {
        supervised_switch_on(fixture);
        supervised_give(fixture, 3);
        supervised_give(fixture, 4 + run % 2);
        unsigned stops = fixture->camera.stops, starting = fixture->statuses[WIRE_STREAM_STARTING];
        supervisor_want(fixture->supervisor, false);
        SUPERVISED_UNTIL(fixture, fixture->statuses[WIRE_STREAM_STARTING] > starting);
        assert_int_equal(fixture->camera.stops, stops + 1);
    }
    supervised_expect_totals(fixture, 12, 10); /* two runs had a gap */
    assert_int_equal(fixture->lost[WIRE_DROP_SENSOR_GAP], 2);
}

static void wanted_and_not_in_quick_succession(void **state)
{
    struct supervised *fixture = *state;
    for (int i = 0; i < 200; i++) {
        supervisor_want(fixture->supervisor, i % 2 == 0);
        supervised_pump(fixture);
    }
    supervisor_want(fixture->supervisor, true);
    supervised_give(fixture, 0);
    SUPERVISED_UNTIL(fixture, fixture->frames == 1);
    supervisor_quit(fixture->supervisor);
    SUPERVISED_UNTIL(fixture, fixture->finished);
    assert_int_equal(fixture->camera.starts, fixture->camera.stops);
}

/* Endings. */

static void limit_is_exact(void **state)
{
    struct supervised *fixture = *state;
    struct camera *camera = &fixture->camera;
    supervised_switch_on(fixture);
    supervised_give(fixture, 0);
    fake_camera_begin_call(camera); /* the source goes on until it is stopped */
    for (uint32_t sequence = 1; sequence < 10; sequence++) {
        /* Losses don't count. */
        if (sequence == 2)
            camera->sink.on_lost(camera->sink.user, sequence, WIRE_DROP_NO_BUFFER);
        else
            camera->sink.on_frame(camera->sink.user, fake_camera_lend(camera, sequence));
        encoder_drain(fixture->encoder);
    }
    fake_camera_end_call(camera);
    SUPERVISED_UNTIL(fixture, fixture->finished);
    supervised_expect_totals(fixture, 6, 5);
    assert_int_equal(camera->stops, 1);
    assert_int_equal(camera->released, 9);
    supervisor_want(fixture->supervisor, false);
    supervisor_want(fixture->supervisor,
                    true); /* for good: supervised_teardown sees that nothing follows */
}

static void limit_among_the_early_ones(void **state)
{
    struct supervised *fixture = *state;
    fixture->camera.early = early_twenty;
    supervisor_want(fixture->supervisor, true);
    SUPERVISED_UNTIL(fixture, fixture->finished);
    assert_int_equal(fixture->reported, 5);
    assert_int_equal(supervisor_totals(fixture->supervisor).captures, 5);
    assert_int_equal(fixture->camera.starts, 1);
}

/* take_event() sees to it that all frames are whole when it is told. */
static void quit_encodes_what_there_is(void **state)
{
    struct supervised *fixture = *state;
    struct camera *camera = &fixture->camera;
    supervised_switch_on(fixture);
    fake_camera_begin_call(camera);
    camera->sink.on_frame(camera->sink.user, fake_camera_lend(camera, 0));
    supervisor_quit(fixture->supervisor);
    camera->sink.on_frame(camera->sink.user, fake_camera_lend(camera, 1));
    fake_camera_end_call(camera);
    SUPERVISED_UNTIL(fixture, fixture->finished);
    assert_int_equal(fixture->reported, 2);
    assert_int_equal(fixture->frames + fixture->lost[WIRE_DROP_ENCODER_BUSY], 2);
    assert_int_equal(camera->stops, 1);
}

/* The camera has its picture back and is off, but the encoder is not done with the frame: nothing
 * is finished until it is. */
static void quit_waits_for_the_encoder(void **state)
{
    struct supervised *fixture = *state;
    struct camera *camera = &fixture->camera;
    supervised_switch_on(fixture);
    fake_camera_hold(camera, true);
    fake_camera_begin_call(camera);
    camera->sink.on_frame(camera->sink.user, fake_camera_lend(camera, 0));
    fake_camera_end_call(camera);
    pthread_mutex_lock(&camera->lock);
    while (camera->released ==
           0) /* by then the event queue has the frame, which it tells nobody yet */
        assert_true(fake_camera_wait(camera));
    pthread_mutex_unlock(&camera->lock);
    supervised_pump(fixture);
    assert_int_equal(fixture->frames, 1);
    supervisor_quit(fixture->supervisor);
    pthread_mutex_lock(&camera->lock);
    while (camera->running)
        assert_true(fake_camera_wait(camera));
    pthread_mutex_unlock(&camera->lock);
    struct pollfd fd = { .fd = fixture->events.fd, .events = POLLIN };
    while (poll(&fd, 1, QUIET_MS) == 1)
        supervised_pump(fixture);
    assert_int_equal(fixture->finished, 0);
    fake_camera_hold(camera, false);
    SUPERVISED_UNTIL(fixture, fixture->finished);
}

static void quit_before_it_was_wanted(void **state)
{
    struct supervised *fixture = *state;
    supervisor_quit(fixture->supervisor);
    SUPERVISED_UNTIL(fixture, fixture->finished);
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
#define TEST(name) cmocka_unit_test_setup_teardown(name, supervised_setup, supervised_teardown)
    const struct CMUnitTest tests[] = {
        TEST(an_end_before_start_returns),
        TEST(a_camera_that_cannot_start_is_tried_again),
        TEST(a_camera_of_an_impossible_size),
        TEST(nobody_waits_for_a_retry),
        TEST(an_unplugged_camera_comes_back),
        cmocka_unit_test_setup_teardown(a_silent_camera_is_restarted, supervised_setup_impatient,
                                        supervised_teardown),
        cmocka_unit_test_setup_teardown(a_slow_encoder_is_no_silent_camera,
                                        supervised_setup_impatient, supervised_teardown),
        TEST(retries_wait_longer_and_longer),
        TEST(nothing_counts_while_the_camera_is_off),
        TEST(what_comes_during_stop_counts),
        TEST(a_stop_that_hangs_is_not_waited_for),
        cmocka_unit_test(slow_cameras_are_given_time),
        TEST(a_broken_camera_is_no_unplugged_one),
        TEST(ids_never_repeat),
        TEST(wanted_and_not_in_quick_succession),
        cmocka_unit_test_setup_teardown(limit_is_exact, supervised_setup_five, supervised_teardown),
        cmocka_unit_test_setup_teardown(limit_among_the_early_ones, supervised_setup_five,
                                        supervised_teardown),
        TEST(quit_encodes_what_there_is),
        TEST(quit_waits_for_the_encoder),
        TEST(quit_before_it_was_wanted),
        cmocka_unit_test(destroy_nothing),
    };
    log_setup("test_supervisor", LOG_LEVEL_ERROR);
    return cmocka_run_group_tests_name("supervisor", tests, NULL, NULL);
}
