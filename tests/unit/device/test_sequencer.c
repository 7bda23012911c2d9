/*
 * The sequencer, under a supervisor: ids, losses, and what comes early.
 */
#include "shared/base/log.h"
#include "supervised.h"

/* Ids. */

static void ids_follow_the_sequence(void **state)
{
    struct supervised *fixture = *state;
    supervised_switch_on(fixture);
    for (uint32_t sequence = 10; sequence < 15; sequence++)
        supervised_give(fixture, sequence);
    supervised_expect_totals(fixture, 5, 5);
    assert_int_equal(fixture->kept[3]->head.width, FAKE_SIDE);
    assert_int_equal(fixture->camera.released, 5);
}

static void gaps_are_losses(void **state)
{
    struct supervised *fixture = *state;
    supervised_switch_on(fixture);
    supervised_give(fixture, 5);
    supervised_give(fixture, 8);
    supervised_give(fixture, 9);
    assert_int_equal(fixture->lost[WIRE_DROP_SENSOR_GAP], 2);
    assert_int_equal(fixture->kept[1]->head.frame_id, 3);
    supervised_expect_totals(fixture, 5, 3);
}

static void sequences_wrap(void **state)
{
    struct supervised *fixture = *state;
    supervised_switch_on(fixture);
    supervised_give(fixture, UINT32_MAX);
    supervised_give(fixture, 0);
    supervised_expect_totals(fixture, 2, 2);
    supervised_give(fixture, 2);
    supervised_expect_totals(fixture, 4, 3);
    assert_int_equal(fixture->lost[WIRE_DROP_SENSOR_GAP], 1);
}

static void losses_have_their_reasons(void **state)
{
    struct supervised *fixture = *state;
    supervised_switch_on(fixture);
    supervised_give(fixture, 0);
    supervised_give_lost(fixture, 1, WIRE_DROP_CAPTURE_ERROR);
    supervised_give_lost(fixture, 2, WIRE_DROP_NO_BUFFER);
    supervised_give_lost(fixture, 5, WIRE_DROP_NO_BUFFER);
    supervised_give(fixture, 6);
    assert_int_equal(fixture->lost[WIRE_DROP_CAPTURE_ERROR], 1);
    assert_int_equal(fixture->lost[WIRE_DROP_NO_BUFFER], 2);
    assert_int_equal(fixture->lost[WIRE_DROP_SENSOR_GAP], 2);
    supervised_expect_totals(fixture, 7, 2);
}

static void a_count_that_jumps_is_no_gap(void **state)
{
    struct supervised *fixture = *state;
    static const uint32_t sequences[] = { 100, 50, 51, 51, 52, 0, 3000000, 3000001 };
    supervised_switch_on(fixture);
    for (size_t i = 0; i < sizeof(sequences) / sizeof(sequences[0]); i++)
        supervised_give(fixture, sequences[i]);
    supervised_expect_totals(fixture, 8, 8);
    supervised_give(fixture, 3000001 + 1000);
    assert_int_equal(fixture->lost[WIRE_DROP_SENSOR_GAP], 999);
    supervised_expect_totals(fixture, 1008, 9);
}

static void broken_jpegs_are_losses(void **state)
{
    struct supervised *fixture = *state;
    struct camera *camera = &fixture->camera;
    static const uint8_t cut[] = { 0xFF, 0xD8, 0xFF, 0xDB, 0, 67 };
    supervised_switch_on(fixture);
    fake_camera_begin_call(camera);
    struct raw_frame *capture = fake_camera_lend(camera, 0);
    capture->picture.format = PIXEL_JPEG;
    capture->picture.planes[0] = (struct plane){ .data = cut, .size = sizeof(cut) };
    camera->sink.on_frame(camera->sink.user, capture);
    supervised_settle(fixture, 0);
    supervised_give(fixture, 1);
    assert_int_equal(fixture->lost[WIRE_DROP_CAPTURE_ERROR], 1);
    supervised_expect_totals(fixture, 2, 1);
}

static void broken_pictures_are_losses(void **state)
{
    struct supervised *fixture = *state;
    struct camera *camera = &fixture->camera;
    supervised_switch_on(fixture);
    fake_camera_begin_call(camera);
    struct raw_frame *capture = fake_camera_lend(camera, 0);
    capture->picture.planes[0].size--;
    camera->sink.on_frame(camera->sink.user, capture);
    supervised_settle(fixture, 0);
    supervised_give(fixture, 1);
    assert_int_equal(fixture->lost[WIRE_DROP_CAPTURE_ERROR], 1);
    supervised_expect_totals(fixture, 2, 1);
}

/* What comes before start has returned. */

static void early_four(struct camera *camera)
{
    camera->sink.on_lost(camera->sink.user, 6, WIRE_DROP_CAPTURE_ERROR);
    camera->sink.on_frame(camera->sink.user, fake_camera_lend(camera, 7));
    camera->sink.on_lost(camera->sink.user, 8, WIRE_DROP_CAPTURE_ERROR);
    camera->sink.on_lost(camera->sink.user, 10, WIRE_DROP_CAPTURE_ERROR);
}

static void early_reports_wait(void **state)
{
    struct supervised *fixture = *state;
    fixture->camera.early = early_four;
    supervised_switch_on(fixture); /* take_event() sees to it that the mode comes first */
    SUPERVISED_UNTIL(fixture, fixture->reported == 5);
    supervised_give(fixture, 11);
    assert_int_equal(fixture->lost[WIRE_DROP_CAPTURE_ERROR], 3);
    assert_int_equal(fixture->lost[WIRE_DROP_SENSOR_GAP], 1);
    supervised_expect_totals(fixture, 6, 2);
}

static void early_twenty(struct camera *camera)
{
    for (uint32_t sequence = 0; sequence < 20; sequence++)
        camera->sink.on_frame(camera->sink.user, fake_camera_lend(camera, sequence));
}

static void too_many_early_ones_are_a_gap(void **state)
{
    struct supervised *fixture = *state;
    fixture->camera.early = early_twenty;
    supervised_switch_on(fixture);
    SUPERVISED_UNTIL(fixture, fixture->reported == 16);
    supervised_give(fixture, 20);
    assert_int_equal(fixture->lost[WIRE_DROP_SENSOR_GAP], 4);
    assert_int_equal(fixture->frames + fixture->lost[WIRE_DROP_ENCODER_BUSY], 17);
    assert_int_equal(fixture->reported, 21);
}

static void early_ones_of_a_failed_start(void **state)
{
    struct supervised *fixture = *state;
    fixture->camera.early = early_four;
    fixture->camera.failures = 1;
    supervisor_want(fixture->supervisor, true);
    SUPERVISED_UNTIL(fixture, fixture->statuses[WIRE_STREAM_LOST] == 1);
    assert_int_equal(fixture->camera.released, 1);
    assert_int_equal(fixture->reported, 0);
    assert_int_equal(supervisor_totals(fixture->supervisor).ids, 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, supervised_setup, supervised_teardown)
    const struct CMUnitTest tests[] = {
        TEST(ids_follow_the_sequence),
        TEST(gaps_are_losses),
        TEST(sequences_wrap),
        TEST(losses_have_their_reasons),
        TEST(a_count_that_jumps_is_no_gap),
        TEST(broken_jpegs_are_losses),
        TEST(broken_pictures_are_losses),
        TEST(early_reports_wait),
        TEST(too_many_early_ones_are_a_gap),
        TEST(early_ones_of_a_failed_start),
    };
    log_setup("test_sequencer", LOG_LEVEL_ERROR);
    return cmocka_run_group_tests_name("sequencer", tests, NULL, NULL);
}
