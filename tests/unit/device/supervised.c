#include "supervised.h"

static int setup_with(void **state, uint64_t frame_limit, uint64_t timeout_ns)
{
    static struct supervised fixture;
    fixture = (struct supervised){ 0 };
    *state = &fixture;
    fake_camera_init(&fixture.camera);
    struct encoder_config encoder = { .slices = 1, .quality = 50 };
    struct supervisor_config capture = { .ops = &fake_camera_ops,
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

int supervised_setup(void **state)
{
    return setup_with(state, 0, 3600 * CLOCK_SECOND);
}

int supervised_setup_impatient(void **state)
{
    return setup_with(state, 0, SUPERVISED_TIMEOUT_MS * CLOCK_MS);
}

int supervised_setup_five(void **state)
{
    return setup_with(state, 5, 3600 * CLOCK_SECOND);
}

static void take_event(struct supervised *fixture, struct stream_event *event)
{
    assert_int_equal(fixture->finished, 0); /* that is the last word */
    switch (event->kind) {
    case EVENT_FRAME:
        assert_int_equal(event->frame->head.frame_id, fixture->reported);
        assert_true(fixture->streams > 0);
        assert_true(fixture->frames < SUPERVISED_KEPT_MAX);
        fixture->kept[fixture->frames++] = event->frame;
        fixture->reported++;
        break;
    case EVENT_LOST:
        assert_int_equal(event->lost.run.first, fixture->reported);
        assert_true(fixture->streams > 0);
        fixture->reported += event->lost.run.count;
        fixture->lost[event->lost.run.reason] += event->lost.run.count;
        break;
    case EVENT_STREAM:
        assert_int_equal(event->mode.width, FAKE_SIDE);
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

void supervised_pump(struct supervised *fixture)
{
    struct stream_event event;
    events_clear(&fixture->events);
    while (events_take(&fixture->events, &event))
        take_event(fixture, &event);
}

int supervised_teardown(void **state)
{
    struct supervised *fixture = *state;
    supervisor_destroy(&fixture->supervisor);
    assert_null(fixture->supervisor);
    supervised_pump(fixture);
    assert_int_equal(fixture->finished, 1);
    for (uint64_t i = 0; i < fixture->frames; i++)
        frame_release(fixture->kept[i]);
    encoder_destroy(&fixture->encoder);
    encode_pool_destroy(&fixture->pool);
    events_destroy(&fixture->events);
    fake_camera_destroy(&fixture->camera);
    return 0;
}

void supervised_switch_on(struct supervised *fixture)
{
    unsigned streams = fixture->streams;
    supervisor_want(fixture->supervisor, true);
    SUPERVISED_UNTIL(fixture, fixture->streams > streams);
}

void supervised_settle(struct supervised *fixture, uint64_t before)
{
    fake_camera_end_call(&fixture->camera);
    SUPERVISED_UNTIL(fixture, fixture->reported > before);
    encoder_drain(fixture->encoder);
    supervised_pump(fixture);
}

void supervised_give(struct supervised *fixture, uint32_t sequence)
{
    struct camera *camera = &fixture->camera;
    uint64_t told = fixture->reported;
    fake_camera_begin_call(camera);
    camera->sink.on_frame(camera->sink.user, fake_camera_lend(camera, sequence));
    supervised_settle(fixture, told);
}

void supervised_give_lost(struct supervised *fixture, uint32_t sequence,
                          enum wire_drop_reason reason)
{
    uint64_t told = fixture->reported;
    fake_camera_begin_call(&fixture->camera);
    fixture->camera.sink.on_lost(fixture->camera.sink.user, sequence, reason);
    supervised_settle(fixture, told);
}

void supervised_give_end(struct supervised *fixture, int error)
{
    fake_camera_begin_call(&fixture->camera);
    fixture->camera.sink.on_end(fixture->camera.sink.user, error);
    fake_camera_end_call(&fixture->camera);
}

void supervised_expect_totals(struct supervised *fixture, uint64_t ids, uint64_t captures)
{
    struct sequencer_totals totals = supervisor_totals(fixture->supervisor);
    assert_int_equal(totals.ids, ids);
    assert_int_equal(totals.captures, captures);
    assert_int_equal(fixture->reported, ids);
    assert_int_equal(fixture->frames, captures);
}
