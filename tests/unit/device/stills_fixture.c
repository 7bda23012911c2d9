#include "stills_fixture.h"

static int setup_with(void **state, uint64_t timeout_ns)
{
    static struct fixture fixture;
    fixture = (struct fixture){ .stream = NULL };
    *state = &fixture;
    fake_camera_init(&fixture.camera);
    struct stream_config config = { .name = "front",
                                    .source = "a source",
                                    .label = "",
                                    .ops = &fake_camera_ops,
                                    .camera = &fixture.camera,
                                    .names = &fixture.names,
                                    .encoder = { .slices = 1, .quality = 50 },
                                    .timeout_ns = timeout_ns };
    int error = encode_pool_create(&fixture.pool, 1);
    if (!error)
        error = stream_create(&fixture.stream, &config, fixture.pool);
    if (!error)
        fixture.stills = fixture.stream->stills;
    return error;
}

int setup(void **state)
{
    return setup_with(state, 3600 * CLOCK_SECOND);
}

int setup_impatient(void **state)
{
    return setup_with(state, 200 * CLOCK_MS);
}

int teardown(void **state)
{
    struct fixture *fixture = *state;
    demand_remove(&fixture->stream->demand, &fixture->entry);
    stream_destroy(&fixture->stream);
    control_table_clear(&fixture->table);
    encode_pool_destroy(&fixture->pool);
    fake_camera_destroy(&fixture->camera);
    return 0;
}

void take_stream(struct fixture *fixture)
{
    struct stream_event event;
    events_clear(&fixture->stream->events);
    while (stream_take(fixture->stream, &event)) {
        fixture->events[event.kind]++;
        if (event.kind == EVENT_STATUS && event.status.state == WIRE_STREAM_RUNNING)
            fixture->switches++;
        if (event.kind == EVENT_LOST) {
            assert_int_equal(event.lost.run.first, fixture->reported);
            fixture->reported += event.lost.run.count;
        }
        if (event.kind != EVENT_FRAME)
            continue;
        assert_int_equal(event.frame->head.frame_id, fixture->reported++);
        frame_release(event.frame);
    }
}

void take_stills(struct fixture *fixture)
{
    struct stream_event event;
    events_clear(&fixture->stills->events);
    while (stream_take(fixture->stills, &event)) {
        fixture->still_events[event.kind]++;
        if (event.kind == EVENT_STATUS)
            strcpy(fixture->why, event.status.text);
        assert_false(fixture->stills->running);
        if (event.kind != EVENT_FRAME)
            continue;
        assert_int_equal(event.frame->stream.stream, 0);
        assert_string_equal(event.frame->stream.model, "fake");
        assert_int_equal(event.frame->head.frame_id, fixture->stills_reported++);
        fixture->still = event.frame->head;
        frame_release(event.frame);
    }
}

void give_frame(struct fixture *fixture, struct raw_frame *frame)
{
    struct camera *camera = &fixture->camera;
    camera->sink.on_frame(camera->sink.user, frame);
    fake_camera_end_call(camera);
    pthread_mutex_lock(&camera->lock);
    while (camera->lent > 0)
        assert_true(fake_camera_wait(camera));
    pthread_mutex_unlock(&camera->lock);
}

void give(struct fixture *fixture, enum camera_output output)
{
    fake_camera_begin_call(&fixture->camera);
    give_frame(fixture, fake_camera_lend_output(&fixture->camera, output,
                                                output == CAMERA_MAIN ? fixture->sequence++ : 0));
}

void watch(struct fixture *fixture)
{
    decimation_init(&fixture->entry.decimation, 0, 1, 0);
    demand_add(&fixture->stream->demand, &fixture->entry);
    stream_want(fixture->stream, true);
    UNTIL(fixture, fixture->stream->running);
}

void request(struct fixture *fixture, uint64_t settle_ns)
{
    stream_request_still(
        fixture->stills,
        &(struct still_request){ .quality = 90, .settle_ns = settle_ns, .may_switch = true });
}

void wait_for_run(struct fixture *fixture, bool still)
{
    struct camera *camera = &fixture->camera;
    pthread_mutex_lock(&camera->lock);
    while (!camera->running || camera->still_run != still)
        assert_true(fake_camera_wait(camera));
    pthread_mutex_unlock(&camera->lock);
}

/* In a still run the first frames may come before they are awaited. */
void give_until_taken(struct fixture *fixture)
{
    unsigned answers = fixture->still_events[EVENT_FRAME] + fixture->still_events[EVENT_STATUS];
    wait_for_run(fixture, true);
    for (;;) {
        struct camera *camera = &fixture->camera;
        pthread_mutex_lock(&camera->lock);
        bool on = camera->running && camera->still_run;
        camera->in_call = on;
        pthread_mutex_unlock(&camera->lock);
        if (!on)
            break;
        give_frame(fixture, fake_camera_lend_output(camera, CAMERA_STILL, 0));
    }
    UNTIL(fixture,
          fixture->still_events[EVENT_FRAME] + fixture->still_events[EVENT_STATUS] > answers);
}
