/*
 * Stills: beside the stream, by a switch of the camera, and those that fail.
 */
#include "stills_fixture.h"

static void one_beside_the_stream(void **state)
{
    struct fixture *fixture = *state;
    struct camera *camera = &fixture->camera;
    camera->takes_stills = true;
    watch(fixture);
    give(fixture, CAMERA_MAIN);
    UNTIL(fixture, fixture->reported == 1);
    give(fixture, CAMERA_STILL); /* nobody asked for it */
    for (unsigned i = 1; i <= 3; i++) {
        request(fixture, 0);
        give(fixture, CAMERA_MAIN);
        pthread_mutex_lock(&camera->lock);
        while (camera->stills < i)
            assert_true(fake_camera_wait(camera));
        pthread_mutex_unlock(&camera->lock);
        give(fixture, CAMERA_STILL);
        give(fixture, CAMERA_STILL); /* one is enough */
        UNTIL(fixture, fixture->still_events[EVENT_FRAME] == i);
    }
    assert_int_equal(fixture->still_events[EVENT_STREAM], 3);
    assert_int_equal(fixture->still.frame_id, 2);
    assert_int_equal(fixture->still.width, FAKE_SIDE);
    UNTIL(fixture, fixture->reported == 4);
    assert_int_equal(camera->starts, 1);
    assert_int_equal(fixture->switches, 0);
    assert_int_equal(fixture->stream->lost[WIRE_DROP_MODE_SWITCH], 0);
    assert_int_equal(fixture->still_events[EVENT_STATUS], 0);
}

/* Beside the stream there is one size only. */
/* The camera is not stopped, nor is the stream destroyed, before the encoder is done with it. */
static void one_that_is_encoded_is_waited_for(void **state)
{
    struct fixture *fixture = *state;
    struct camera *camera = &fixture->camera;
    camera->takes_stills = true;
    watch(fixture);
    request(fixture, 0);
    give(fixture, CAMERA_MAIN);
    pthread_mutex_lock(&camera->lock);
    while (camera->stills < 1)
        assert_true(fake_camera_wait(camera));
    pthread_mutex_unlock(&camera->lock);
    encoder_drain(fixture->stream->encoder);
    fake_camera_hold(camera, true);
    give(fixture, CAMERA_STILL);
    stream_quit(fixture->stream);
    assert_false(stream_wait(fixture->stream, clock_monotonic() + CLOCK_SECOND / 10));
    fake_camera_hold(camera, false);
}

static void one_of_another_size(void **state)
{
    struct fixture *fixture = *state;
    struct camera *camera = &fixture->camera;
    struct still_request sized = { .quality = 90, .width = FAKE_SIDE, .height = FAKE_SIDE };
    camera->takes_stills = true;
    watch(fixture);
    stream_request_still(fixture->stills, &sized); /* the one that there is */
    give(fixture, CAMERA_MAIN);
    pthread_mutex_lock(&camera->lock);
    while (camera->stills < 1)
        assert_true(fake_camera_wait(camera));
    pthread_mutex_unlock(&camera->lock);
    give(fixture, CAMERA_STILL);
    UNTIL(fixture, fixture->still_events[EVENT_FRAME] == 1);
    sized.height++;
    sized.may_switch = true;
    stream_request_still(fixture->stills, &sized);
    give(fixture, CAMERA_MAIN);
    give_until_taken(fixture);
    wait_for_run(fixture, false);
    assert_int_equal(camera->starts, 3);
    assert_int_equal(camera->stills, 1);
}

/* It is for those who may set controls to interrupt what others watch. */
static void who_may_not_interrupt(void **state)
{
    struct fixture *fixture = *state;
    struct camera *camera = &fixture->camera;
    const struct still_request modest = { .quality = 90 };
    watch(fixture);
    stream_request_still(fixture->stills, &modest);
    give(fixture, CAMERA_MAIN);
    UNTIL(fixture, fixture->still_events[EVENT_STATUS] == 1);
    assert_non_null(strstr(fixture->why, "interrupt the stream"));
    give(fixture, CAMERA_MAIN);
    UNTIL(fixture, fixture->reported == 2);
    assert_int_equal(camera->starts, 1);
    stream_want(fixture->stream, false);
    UNTIL(fixture, !fixture->stream->running);
    stream_request_still(fixture->stills, &modest);
    give_until_taken(fixture);
    assert_int_equal(fixture->still_events[EVENT_FRAME], 1);
}

static void a_camera_that_takes_none(void **state)
{
    struct fixture *fixture = *state;
    struct camera *camera = &fixture->camera;
    camera->takes_stills = true;
    camera->still_error = -EBUSY;
    watch(fixture);
    request(fixture, 0);
    give(fixture, CAMERA_MAIN);
    UNTIL(fixture, fixture->still_events[EVENT_STATUS] == 1);
    assert_string_equal(fixture->why, strerror(EBUSY));
    camera->still_error = 0;
    request(fixture, 0);
    give(fixture, CAMERA_MAIN);
    pthread_mutex_lock(&camera->lock);
    while (camera->stills < 2)
        assert_true(fake_camera_wait(camera));
    pthread_mutex_unlock(&camera->lock);
    camera->sink.on_still_lost(camera->sink.user);
    UNTIL(fixture, fixture->still_events[EVENT_STATUS] == 2);
    assert_string_equal(fixture->why, "the camera could not take it");
    assert_int_equal(camera->starts, 1);
    UNTIL(fixture, fixture->reported == 2);
}

/* It is asked, goes on with the stream, and gives no still. */
static void one_that_does_not_come(void **state)
{
    struct fixture *fixture = *state;
    struct camera *camera = &fixture->camera;
    camera->takes_stills = true;
    watch(fixture);
    request(fixture, 0);
    while (!fixture->still_events[EVENT_STATUS]) {
        give(fixture, CAMERA_MAIN);
        take_stream(fixture);
        take_stills(fixture);
    }
    assert_non_null(strstr(fixture->why, "took no still"));
}

static void a_switch_is_accounted_for(void **state)
{
    struct fixture *fixture = *state;
    struct camera *camera = &fixture->camera;
    watch(fixture);
    give(fixture, CAMERA_MAIN);
    UNTIL(fixture, fixture->reported == 1);
    request(fixture, 0);
    give(fixture, CAMERA_MAIN);
    give_until_taken(fixture);
    assert_int_equal(fixture->still_events[EVENT_FRAME], 1);
    wait_for_run(fixture, false);
    assert_int_equal(camera->starts, 3);
    assert_int_equal(camera->stops, 2);
    assert_int_equal(fixture->switches, 1);
    assert_true(fixture->stream->running); /* all the time, for who subscribes */
    UNTIL(fixture, fixture->events[EVENT_STREAM] == 2);
    assert_string_equal(fixture->stream->status.text, "");
    /* 30 frames a second, and the next one is a second later. */
    fake_camera_begin_call(camera);
    struct raw_frame *frame = fake_camera_lend(camera, 7);
    frame->sensor_time_ns += CLOCK_SECOND;
    give_frame(fixture, frame);
    UNTIL(fixture, fixture->events[EVENT_FRAME] == 3);
    uint64_t lost = fixture->stream->lost[WIRE_DROP_MODE_SWITCH];
    assert_true(lost >= 29);
    assert_int_equal(fixture->reported, 3 + lost);
    /* And from then on all is as before. */
    fake_camera_begin_call(camera);
    give_frame(fixture, fake_camera_lend(camera, 9));
    UNTIL(fixture, fixture->events[EVENT_FRAME] == 4);
    assert_int_equal(fixture->stream->lost[WIRE_DROP_MODE_SWITCH], lost);
    assert_int_equal(fixture->stream->lost[WIRE_DROP_SENSOR_GAP], 1);
}

static void nobody_watches(void **state)
{
    struct fixture *fixture = *state;
    struct camera *camera = &fixture->camera;
    request(fixture, 0);
    give_until_taken(fixture);
    assert_int_equal(fixture->still_events[EVENT_FRAME], 1);
    assert_int_equal(camera->starts, 1);
    assert_int_equal(camera->stops, 1);
    assert_int_equal(fixture->events[EVENT_STREAM], 0);
    watch(fixture);
    give(fixture, CAMERA_MAIN);
    UNTIL(fixture, fixture->reported == 1);
    assert_int_equal(fixture->stream->lost[WIRE_DROP_MODE_SWITCH], 0);
}

/* The viewer leaves while the still is taken. */
static void the_stream_does_not_go_on(void **state)
{
    struct fixture *fixture = *state;
    watch(fixture);
    request(fixture, 0);
    give(fixture, CAMERA_MAIN);
    wait_for_run(fixture, true);
    stream_want(fixture->stream, false);
    give_until_taken(fixture);
    UNTIL(fixture, !fixture->stream->running);
    assert_int_equal(fixture->stream->status.state, WIRE_STREAM_STARTING);
    assert_int_equal(fixture->camera.starts, 2);
    watch(fixture);
    give(fixture, CAMERA_MAIN);
    UNTIL(fixture, fixture->reported == 2);
    assert_int_equal(fixture->stream->lost[WIRE_DROP_MODE_SWITCH], 0);
}

static void a_camera_that_fails_in_the_middle(void **state)
{
    struct fixture *fixture = *state;
    struct camera *camera = &fixture->camera;
    watch(fixture);
    request(fixture, 0);
    give(fixture, CAMERA_MAIN);
    wait_for_run(fixture, true);
    fake_camera_give_end(camera, -ENODEV);
    UNTIL(fixture, fixture->still_events[EVENT_STATUS] == 1);
    assert_string_equal(fixture->why, "the camera was unplugged");
    wait_for_run(fixture, false); /* the stream goes on */
    UNTIL(fixture, fixture->events[EVENT_STREAM] == 2);
    request(fixture, 0);
    fake_camera_give_end(camera, -EIO); /* and the same before it is switched */
    UNTIL(fixture, fixture->still_events[EVENT_STATUS] == 2);
    assert_non_null(strstr(fixture->why, "the camera stopped"));
    UNTIL(fixture, fixture->events[EVENT_STREAM] == 3);
}

static void a_camera_that_can_not_be_switched(void **state)
{
    struct fixture *fixture = *state;
    struct camera *camera = &fixture->camera;
    watch(fixture);
    pthread_mutex_lock(&camera->lock);
    camera->failures = 2; /* for the still, and for going on */
    pthread_mutex_unlock(&camera->lock);
    request(fixture, 0);
    give(fixture, CAMERA_MAIN);
    UNTIL(fixture, fixture->still_events[EVENT_STATUS] == 1);
    assert_string_equal(fixture->why, "the fake camera is busy");
    UNTIL(fixture, fixture->stream->status.state == WIRE_STREAM_LOST);
    UNTIL(fixture, fixture->stream->running);
    give(fixture, CAMERA_MAIN);
    UNTIL(fixture, fixture->events[EVENT_FRAME] == 2);
    assert_int_equal(fixture->stream->lost[WIRE_DROP_MODE_SWITCH], 0);
}

static void a_camera_that_stalls_in_the_middle(void **state)
{
    struct fixture *fixture = *state;
    watch(fixture);
    request(fixture, 0);
    give(fixture, CAMERA_MAIN);
    wait_for_run(fixture, true);
    UNTIL(fixture, fixture->still_events[EVENT_STATUS] == 1);
    assert_non_null(strstr(fixture->why, "stalled"));
    UNTIL(fixture, fixture->events[EVENT_STREAM] == 2);
}

static void a_broken_picture(void **state)
{
    struct fixture *fixture = *state;
    request(fixture, 0);
    wait_for_run(fixture, true);
    while (!fixture->still_events[EVENT_STATUS]) {
        struct camera *camera = &fixture->camera;
        pthread_mutex_lock(&camera->lock);
        camera->in_call = camera->running;
        bool on = camera->running;
        pthread_mutex_unlock(&camera->lock);
        if (on) {
            struct raw_frame *frame = fake_camera_lend_output(camera, CAMERA_STILL, 0);
            frame->picture.planes[0].size = 1;
            give_frame(fixture, frame);
        }
        take_stills(fixture);
    }
    assert_string_equal(fixture->why, "the camera gave a broken picture");
}

static void one_is_given_up(void **state)
{
    struct fixture *fixture = *state;
    watch(fixture);
    request(fixture, 60 * CLOCK_SECOND);
    stream_cancel_still(fixture->stills);
    stream_cancel_still(fixture->stills); /* there is nothing any more */
    UNTIL(fixture, fixture->still_events[EVENT_STATUS] == 1);
    give(fixture, CAMERA_MAIN);
    UNTIL(fixture, fixture->reported == 1);
    /* While the camera is off, and while it is switched. */
    request(fixture, 0);
    give(fixture, CAMERA_MAIN);
    wait_for_run(fixture, true);
    stream_cancel_still(fixture->stills);
    UNTIL(fixture, fixture->still_events[EVENT_STATUS] == 2);
    wait_for_run(fixture, false);
    assert_int_equal(fixture->still_events[EVENT_FRAME], 0);
}

static void the_end_answers(void **state)
{
    struct fixture *fixture = *state;
    watch(fixture);
    request(fixture, 60 * CLOCK_SECOND);
    stream_quit(fixture->stream);
    UNTIL(fixture, fixture->stills->finished);
    assert_int_equal(fixture->still_events[EVENT_STATUS], 1);
    assert_string_equal(fixture->why, "the stream has ended");
}

static void add_state(struct fixture *fixture, struct raw_frame *frame, int state)
{
    int number = metadata_names_add(&fixture->names, "AeState", VALUE_INT32, false);
    struct value value = value_of_int32(state);
    assert_true(number >= 0 && metadata_add(&frame->metadata, (unsigned)number, &value));
}

/* The stream's pictures show when all has settled, and then to what. Cameras keep what they are set
 * to: the stream is given its automatic exposure back. */
static void it_settles_first(void **state)
{
    struct fixture *fixture = *state;
    struct camera *camera = &fixture->camera;
    fixture->camera.table = &fixture->table;
    struct control_info *info = control_table_add(&fixture->table, "ExposureTime");
    assert_non_null(info);
    info->type = VALUE_INT32;
    info->settable = true;
    info->min = value_of_int32(1);
    info->max = value_of_int32(66666);
    info = control_table_add(&fixture->table, "ExposureTimeMode");
    assert_non_null(info);
    info->type = VALUE_INT32;
    info->settable = true;
    info->def = value_of_int32(0);
    watch(fixture);
    assert_int_equal(camera->stream_list.count, 0);
    request(fixture, 60 * CLOCK_SECOND);
    for (unsigned i = 0; i < 5; i++) {
        fake_camera_begin_call(camera);
        struct raw_frame *frame = fake_camera_lend(camera, i);
        add_state(fixture, frame, i < 4 ? 1 : 2); /* searching, then converged */
        int number = metadata_names_add(&fixture->names, "ExposureTime", VALUE_INT32, false);
        struct value exposure = value_of_int32((int32_t)(1000 + i));
        assert_true(metadata_add(&frame->metadata, (unsigned)number, &exposure));
        assert_int_equal(camera->starts, 1);
        give_frame(fixture, frame);
    }
    give_until_taken(fixture);
    assert_int_equal(fixture->still_events[EVENT_FRAME], 1);
    wait_for_run(fixture, false);
    UNTIL(fixture, fixture->reported >= 5);
    const struct control_setting *exposure = control_list_find(&camera->list, "ExposureTime");
    assert_non_null(exposure);
    assert_int_equal(exposure->value.int32[0], 1004);
    assert_int_equal(control_list_find(&camera->list, "ExposureTimeMode")->value.int32[0], 1);
    assert_int_equal(camera->stream_list.count, 1);
    assert_string_equal(camera->stream_list.items[0].name, "ExposureTimeMode");
    assert_int_equal(camera->stream_list.items[0].value.int32[0], 0);
    assert_null(control_list_find(&camera->list, "AnalogueGain")); /* the camera has none */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(one_beside_the_stream, setup, teardown),
        cmocka_unit_test_setup_teardown(one_that_is_encoded_is_waited_for, setup, teardown),
        cmocka_unit_test_setup_teardown(one_of_another_size, setup, teardown),
        cmocka_unit_test_setup_teardown(who_may_not_interrupt, setup, teardown),
        cmocka_unit_test_setup_teardown(a_camera_that_takes_none, setup, teardown),
        cmocka_unit_test_setup_teardown(one_that_does_not_come, setup_impatient, teardown),
        cmocka_unit_test_setup_teardown(a_switch_is_accounted_for, setup, teardown),
        cmocka_unit_test_setup_teardown(nobody_watches, setup, teardown),
        cmocka_unit_test_setup_teardown(the_stream_does_not_go_on, setup, teardown),
        cmocka_unit_test_setup_teardown(a_camera_that_fails_in_the_middle, setup, teardown),
        cmocka_unit_test_setup_teardown(a_camera_that_can_not_be_switched, setup, teardown),
        cmocka_unit_test_setup_teardown(a_camera_that_stalls_in_the_middle, setup_impatient,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_broken_picture, setup, teardown),
        cmocka_unit_test_setup_teardown(one_is_given_up, setup, teardown),
        cmocka_unit_test_setup_teardown(the_end_answers, setup, teardown),
        cmocka_unit_test_setup_teardown(it_settles_first, setup, teardown),
    };
    return cmocka_run_group_tests_name("stream_stills", tests, NULL, NULL);
}
