/*
 * What the window asks of a camera, and what it tells the user of the answers.
 */
#include "window_fixture.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "host/sinks/window/inbox.h"
#include "shared/base/clock.h"

static void controls_are_listed_in_the_order_people_look_for(void **state)
{
    static const char *const order[] = { "ExposureTime", "AnalogueGain", "ExposureValue",
                                         "AwbMode",      "ColourGains",  "Contrast" };
    struct window_fixture *fixture = *state;
    window_add_usual(fixture);
    window_list(fixture);
    assert_int_equal(fixture->camera.count, 6); /* without the one that can't be set */
    for (unsigned i = 0; i < 6; i++)
        assert_string_equal(fixture->camera.controls[i].name, order[i]);
    assert_non_null(camera_find(&fixture->camera, "Contrast"));
    assert_null(camera_find(&fixture->camera, "AwbLocked"));
    assert_true(camera_has_word(&fixture->camera, "AwbMode", "Daylight"));
    assert_false(camera_has_word(&fixture->camera, "AwbMode", "Cloudy"));
    assert_false(camera_has_word(&fixture->camera, "AfMode", "Auto"));
}

static void sets_are_merged_while_the_camera_is_busy(void **state)
{
    struct window_fixture *fixture = *state;
    char value[16];
    window_add_usual(fixture);
    window_list(fixture);
    for (int i = 0; i < 10; i++) {
        snprintf(value, sizeof(value), "%d", i);
        camera_set(&fixture->camera, "Contrast", value);
    }
    camera_set(&fixture->camera, "AnalogueGain", "2");
    assert_int_equal(fixture->set_count, OUTGOING_UNANSWERED);
    assert_string_equal(fixture->sets[0], "Contrast=0");
    assert_string_equal(fixture->sets[3], "Contrast=3");
    window_answer(fixture, 2, "Contrast", PITETHER_SET_OK, value_of_float(1));
    assert_int_equal(fixture->set_count, 5);
    assert_string_equal(fixture->sets[4], "Contrast=9,AnalogueGain=2");
    window_answer(fixture, 1, "Contrast", PITETHER_SET_OK, value_of_float(1));
    assert_int_equal(fixture->set_count, 5);
}

static void what_the_receiver_does_not_take_waits_or_is_told(void **state)
{
    struct window_fixture *fixture = *state;
    window_add_usual(fixture);
    window_list(fixture);
    fixture->answer = -EBUSY;
    camera_set(&fixture->camera, "Contrast", "2");
    assert_string_equal(fixture->camera.message, "");
    fixture->answer = 0;
    window_answer(fixture, 0, "AnalogueGain", PITETHER_SET_OK, value_of_float(3));
    assert_string_equal(fixture->sets[0], "Contrast=2");
    fixture->answer = -ESHUTDOWN;
    camera_set(&fixture->camera, "Contrast", "3");
    assert_true(fixture->camera.failed);
    fixture->answer = 0;
    camera_set(&fixture->camera, "Contrast", "4");
    assert_string_equal(fixture->sets[1], "Contrast=4");
}

static void a_camera_that_does_not_answer_is_told_once(void **state)
{
    struct window_fixture *fixture = *state;
    struct camera *camera = &fixture->camera;
    window_add_usual(fixture);
    window_list(fixture);
    camera_check(camera, 1 * CLOCK_SECOND);
    camera_set(camera, "Contrast", "2");
    camera_set(camera, "Contrast", "3");
    camera_check(camera, 2 * CLOCK_SECOND);
    camera_check(camera, 4 * CLOCK_SECOND);
    assert_int_equal(camera->messages, 0);
    window_answer(fixture, 1, "Contrast", PITETHER_SET_OK, value_of_float(2));
    camera_check(camera, 5 * CLOCK_SECOND); /* the other one's wait begins */
    camera_check(camera, 7 * CLOCK_SECOND);
    assert_int_equal(camera->messages, 1);
    camera_check(camera, 8 * CLOCK_SECOND);
    assert_int_equal(camera->messages, 2);
    assert_true(camera->failed);
    assert_non_null(strstr(camera->message, "has not been answered yet"));
    camera_check(camera, 20 * CLOCK_SECOND);
    assert_int_equal(camera->messages, 2);
    window_answer(fixture, 2, "Contrast", PITETHER_SET_OK, value_of_float(3));
    camera_check(camera, 30 * CLOCK_SECOND);
    assert_int_equal(camera->messages, 3);
}

static void what_can_not_be_sent_is_told(void **state)
{
    struct window_fixture *fixture = *state;
    fixture->answer = -EINVAL;
    camera_set(&fixture->camera, "Contrast", "\u200b");
    assert_non_null(strstr(fixture->camera.message, "a character that can't be seen"));
    fixture->answer = -ESHUTDOWN;
    camera_set_together(&fixture->camera, "AfTrigger=Start");
    assert_non_null(strstr(fixture->camera.message, "the stream has ended"));
    assert_false(camera_waits(&fixture->camera));
}

static void answers_are_told(void **state)
{
    struct window_fixture *fixture = *state;
    const struct camera *camera = &fixture->camera;
    window_add_usual(fixture);
    window_list(fixture);
    camera_set(&fixture->camera, "AnalogueGain", "2");
    window_answer(fixture, 1, "AnalogueGain", PITETHER_SET_OK, value_of_float(2));
    assert_string_equal(camera->message, "AnalogueGain 2 from frame 47 on");
    assert_false(camera->failed);
    assert_true(camera_value(camera_find(camera, "AnalogueGain"), NULL).number[0] == 2);
    window_answer(fixture, 0, "AnalogueGain", PITETHER_SET_OK, value_of_float(3));
    assert_string_equal(camera->message, "AnalogueGain 3 from frame 47 on, by lab");
    window_answer(fixture, 2, "AnalogueGain", PITETHER_SET_CLAMPED, value_of_float(16));
    assert_string_equal(camera->message, "AnalogueGain: because of a test");
    assert_true(camera->failed);
    assert_true(camera_value(camera_find(camera, "AnalogueGain"), NULL).number[0] == 16);
    window_answer(fixture, 3, "AnalogueGain", PITETHER_SET_OK, (struct value){ 0 });
    assert_string_equal(camera->message, "AnalogueGain auto from frame 47 on");
    assert_int_equal(camera_find(camera, "AnalogueGain")->set.type, PITETHER_VALUE_NONE);
    struct pitether_change change = { .name = "AnalogueGain", .asked.type = PITETHER_VALUE_NONE };
    struct pitether_changed changed = { .first_id = UINT64_MAX, .changes = &change, .count = 1 };
    camera_take_changed(&fixture->camera, &changed); /* a preview's frames have other ids */
    assert_string_equal(camera->message, "AnalogueGain auto");
}

static void a_key_that_may_only_view_is_told_so(void **state)
{
    struct window_fixture *fixture = *state;
    window_add_usual(fixture);
    window_list(fixture);
    camera_set(&fixture->camera, "AnalogueGain", "2");
    window_refuse(fixture, 1, "key lab may only view");
    assert_string_equal(fixture->camera.message, "key lab may only view");
    assert_true(fixture->camera.failed && fixture->camera.refused);
    window_answer(fixture, 2, "AnalogueGain", PITETHER_SET_OK, value_of_float(2));
    assert_false(fixture->camera.refused);
}

static void the_frame_says_what_is_in_force(void **state)
{
    struct window_fixture *fixture = *state;
    struct told told = { 0 };
    window_add_usual(fixture);
    window_list(fixture);
    const struct pitether_control *gain = camera_find(&fixture->camera, "AnalogueGain");
    struct pitether_frame *frame = frame_make(fixture->pool, 1, 100);
    assert_true(camera_value(gain, frame).number[0] == 1);
    told_add(&told, "AnalogueGain", value_of_float(5));
    frame_tell(frame, &told);
    assert_true(camera_value(gain, frame).number[0] == 5);
    assert_true(camera_value(gain, NULL).number[0] == 1);
    pitether_frame_release(frame);
}

static void the_inbox_keeps_the_newest_list_and_all_answers(void **state)
{
    struct window_fixture *fixture = *state;
    struct inbox inbox;
    struct pitether_controls controls = { fixture->controls, 0 };
    inbox_init(&inbox);
    window_add_usual(fixture);
    inbox_put_controls(&inbox, &controls);
    controls.count = fixture->count;
    inbox_put_controls(&inbox, &controls);
    struct pitether_change change = { .name = "Contrast" };
    struct pitether_changed changed = { .request = 1, .changes = &change, .count = 1 };
    camera_set(&fixture->camera, "Contrast", "2");
    inbox_put_changed(&inbox, &changed);
    changed.request = 0;
    for (int i = 0; i < 2 * INBOX_CHANGES; i++) /* of others: the oldest go */
        inbox_put_changed(&inbox, &changed);
    inbox_take(&inbox, &fixture->camera);
    assert_int_equal(fixture->camera.count, 6);
    assert_int_equal(fixture->camera.outgoing.unanswered_count, 0);
    assert_int_equal(fixture->camera.messages, INBOX_CHANGES);
    inbox_take(&inbox, &fixture->camera);
    assert_int_equal(fixture->camera.messages, INBOX_CHANGES);
    inbox_put_changed(&inbox, &changed);
    inbox_put_controls(&inbox, &controls);
    inbox_destroy(&inbox);
}

#define TEST(test)                                                                                 \
    cmocka_unit_test_setup_teardown(test, window_fixture_setup, window_fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(controls_are_listed_in_the_order_people_look_for),
        TEST(sets_are_merged_while_the_camera_is_busy),
        TEST(what_the_receiver_does_not_take_waits_or_is_told),
        TEST(a_camera_that_does_not_answer_is_told_once),
        TEST(what_can_not_be_sent_is_told),
        TEST(answers_are_told),
        TEST(a_key_that_may_only_view_is_told_so),
        TEST(the_frame_says_what_is_in_force),
        TEST(the_inbox_keeps_the_newest_list_and_all_answers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
