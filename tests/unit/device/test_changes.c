/*
 * The changes of a camera's controls that wait: requested, taken by the camera, shown, answered.
 */
#include "changes_rig.h"

#include <string.h>

static void a_change_is_taken_shown_and_answered(void **state)
{
    struct rig *rig = *state;
    rig_begin(rig);
    assert_int_equal(rig->given.count, 0);
    assert_false(rig_take(rig));
    rig_show(rig, 0, 0);
    rig_set(rig, "Brightness=0.25");
    assert_null(changes_decided(rig->changes));
    rig_show(rig, 0, 0);
    assert_true(rig_take(rig));
    assert_int_equal(rig->given.count, 1);
    assert_string_equal(rig->given.items[0].name, "Brightness");
    assert_false(rig_take(rig));
    rig_show(rig, 0, 0);
    assert_false(rig_notified(rig));
    rig_show(rig, 0, 0.25f);
    assert_true(rig_notified(rig));
    rig_decided(rig, 1, 13, WIRE_SET_OK);
    assert_null(changes_decided(rig->changes));
}

static void nothing_is_set_while_the_camera_is_off(void **state)
{
    struct rig *rig = *state;
    rig_refused(rig, "Brightness=0.25", WIRE_CHANGED_NO_CAMERA);
    rig_begin(rig);
    changes_stop(rig->changes, false);
    rig_refused(rig, "Brightness=0.25", WIRE_CHANGED_NO_CAMERA);
    assert_false(rig_take(rig));
}

static void what_is_wrong_is_rejected_as_a_whole(void **state)
{
    struct rig *rig = *state;
    rig_begin(rig);
    rig_refused(rig, "Brightness=0.25,Nonsense=7", WIRE_CHANGED_REJECTED);
    rig_refused(rig, "", WIRE_CHANGED_REJECTED);
    rig_refused(rig, "Brightness", WIRE_CHANGED_REJECTED);
    rig_refused(rig, ",,,===,", WIRE_CHANGED_REJECTED);
    assert_false(rig_take(rig));
}

static void only_so_many_wait(void **state)
{
    struct rig *rig = *state;
    rig_begin(rig);
    for (int i = 0; i < CHANGES_MAX; i++)
        rig_set(rig, "Brightness=0.25");
    rig_refused(rig, "Brightness=0.25", WIRE_CHANGED_BUSY);
    assert_true(rig_take(rig));
    assert_true(rig_notified(rig));
    /* Those that were overwritten are decided, and still count until they are answered. */
    rig_refused(rig, "Brightness=0.25", WIRE_CHANGED_BUSY);
    for (uint32_t i = 1; i < CHANGES_MAX; i++)
        rig_decided(rig, i, CHANGE_NO_FRAME, WIRE_SET_REPLACED);
    assert_null(changes_decided(rig->changes));
    rig_set(rig, "Brightness=0.3");
}

static void a_value_that_was_replaced_may_have_been_seen(void **state)
{
    struct rig *rig = *state;
    rig_begin(rig);
    rig_show(rig, 0, 0);
    rig_set(rig, "Brightness=0.25");
    assert_true(rig_take(rig));
    rig_show(rig, 0, 0);
    rig_set(rig, "Brightness=0.5");
    assert_true(rig_take(rig));
    rig_show(rig, 0, 0.25f);
    rig_decided(rig, 1, 12, WIRE_SET_OK);
    rig_show(rig, 0, 0.5f);
    rig_decided(rig, 2, 13, WIRE_SET_OK);
}

static void a_value_that_was_replaced_unseen(void **state)
{
    struct rig *rig = *state;
    rig_begin(rig);
    rig_show(rig, 0, 0);
    rig_set(rig, "Brightness=0.25");
    assert_true(rig_take(rig));
    rig_set(rig, "Brightness=0.5");
    assert_true(rig_take(rig));
    rig_show(rig, 0, 0);
    rig_show(rig, 0, 0.5f);
    /* The one that was seen decides on the other one, whichever is answered first. */
    struct change *change;
    unsigned results[3] = { 0 };
    while ((change = changes_decided(rig->changes))) {
        results[change->request] = 1u + change->items[0].result;
        free(change);
    }
    assert_int_equal(results[1], 1 + WIRE_SET_REPLACED);
    assert_int_equal(results[2], 1 + WIRE_SET_OK);
}

/* The frame before the request tells what it was, however soon the camera takes it. */
static void what_the_camera_ignores_at_once(void **state)
{
    struct rig *rig = *state;
    rig_begin(rig);
    rig_show(rig, 0, 0.1f);
    rig_set(rig, "Brightness=0.25");
    assert_true(rig_take(rig));
    for (int i = 0; i < 16; i++)
        rig_show(rig, 0, 0.1f);
    rig_decided(rig, 1, CHANGE_NO_FRAME, WIRE_SET_IGNORED);
}

/* Exposure and then exposure's mode, in one request: the mode decides. */
static void what_is_given_back_at_once_is_replaced(void **state)
{
    struct rig *rig = *state;
    camera_controls_add_exposure_mode(&rig->table);
    rig_begin(rig);
    rig_set(rig, "ExposureTime=5000");
    rig_set(rig, "ExposureTimeMode=Auto");
    assert_true(rig_take(rig));
    assert_int_equal(rig->given.count, 1);
    assert_string_equal(rig->given.items[0].name, "ExposureTimeMode");
    assert_int_equal(rig->given.items[0].value.int32[0], 0);
    rig_decided(rig, 1, CHANGE_NO_FRAME, WIRE_SET_REPLACED);
    rig_set(rig, "ExposureTime=5000");
    assert_true(rig_take(rig));
    assert_int_equal(rig->given.count, 2);
    assert_string_equal(rig->given.items[0].name, "ExposureTimeMode");
    assert_int_equal(rig->given.items[0].value.int32[0], 1);
    assert_string_equal(rig->given.items[1].name, "ExposureTime");
}

static void a_camera_that_knows_is_believed(void **state)
{
    struct rig *rig = *state;
    rig_begin(rig);
    changes_started(rig->changes, true);
    rig_set(rig, "Brightness=0.25");
    rig_set(rig, "Contrast=2");
    assert_true(rig_take(rig));
    rig_show(rig, 0, 0);
    assert_null(changes_decided(rig->changes));
    rig_show(rig, rig->applied, 0.25f);
    rig_decided(rig, 1, 11, WIRE_SET_OK);
    rig_decided(rig, 2, 11, WIRE_SET_UNREPORTED);
}

static void a_camera_that_turns_out_to_know_is_believed(void **state)
{
    struct rig *rig = *state;
    rig_begin(rig);
    rig_set(rig, "Brightness=0.25");
    assert_true(rig_take(rig));
    rig_show(rig, rig->applied, 0.25f);
    rig_decided(rig, 1, 10, WIRE_SET_OK);
    rig_set(rig, "Contrast=3");
    assert_true(rig_take(rig));
    rig_show(rig, 0, 0.25f);
    assert_null(changes_decided(rig->changes));
    rig_show(rig, rig->applied, 0.25f);
    rig_decided(rig, 2, 12, WIRE_SET_UNREPORTED);
}

static void a_camera_that_stops_loses_what_waits(void **state)
{
    struct rig *rig = *state;
    rig_begin(rig);
    rig_set(rig, "Brightness=0.25");
    assert_true(rig_take(rig));
    rig_set(rig, "Contrast=2");
    changes_stop(rig->changes, false);
    assert_true(rig_notified(rig));
    for (uint32_t i = 1; i <= 2; i++) {
        struct change *change = changes_decided(rig->changes);
        assert_non_null(change);
        assert_int_equal(change->request, i);
        assert_int_equal(change->status, WIRE_CHANGED_LOST);
        free(change);
    }
    rig_begin(rig);
    assert_int_equal(rig->given.count, 2); /* it is set again */
    assert_non_null(control_list_find(&rig->given, "Brightness"));
    assert_non_null(control_list_find(&rig->given, "Contrast"));
}

/* It is ignored, said why, and not set again; what came with another request is none of that. */
static void what_the_camera_refuses_is_forgotten(void **state)
{
    struct rig *rig = *state;
    rig_begin(rig);
    rig_set(rig, "Contrast=2");
    assert_true(rig_take(rig));
    rig_set(rig, "Brightness=0.25");
    assert_true(rig_take(rig));
    changes_refuse(rig->changes, rig->applied);
    struct change *change = changes_decided(rig->changes);
    assert_non_null(change);
    assert_int_equal(change->request, 2);
    assert_int_equal(change->status, WIRE_CHANGED_DONE);
    assert_true(change->first_frame_id == CHANGE_NO_FRAME);
    assert_int_equal(change->items[0].result, WIRE_SET_IGNORED);
    assert_non_null(strstr(change->items[0].why, "refused"));
    free(change);
    changes_stop(rig->changes, true);
    rig_begin(rig);
    assert_int_equal(rig->given.count, 1);
    assert_non_null(control_list_find(&rig->given, "Contrast"));
}

/* As one does that is stopped for want of receivers just when another one comes. */
static void a_camera_that_runs_again_keeps_what_waits(void **state)
{
    struct rig *rig = *state;
    rig_begin(rig);
    rig_set(rig, "Brightness=0.25");
    assert_true(rig_take(rig));
    changes_stop(rig->changes, true);
    assert_null(changes_decided(rig->changes));
    rig_set(rig, "Contrast=2");
    rig_begin(rig);
    assert_int_equal(rig->given.count, 2);
    assert_true(rig_take(rig)); /* the numbers of this run's requests are new */
    rig_show(rig, rig->applied, 0.25f);
    rig_decided(rig, 1, rig->id - 1, WIRE_SET_OK);
    rig_decided(rig, 2, rig->id - 1, WIRE_SET_UNREPORTED);
}

static void an_asker_that_is_gone_is_forgotten(void **state)
{
    struct rig *rig = *state;
    rig_begin(rig);
    rig_set(rig, "Brightness=0.25");
    rig_set(rig, "Brightness=0.5");
    rig_take(rig);
    changes_forget(rig->changes, rig);
    changes_stop(rig->changes, false);
    for (int i = 0; i < 2; i++) {
        struct change *change = changes_decided(rig->changes);
        assert_non_null(change);
        assert_null(change->asker);
        free(change);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_change_is_taken_shown_and_answered),
        TEST(nothing_is_set_while_the_camera_is_off),
        TEST(what_is_wrong_is_rejected_as_a_whole),
        TEST(only_so_many_wait),
        TEST(a_value_that_was_replaced_may_have_been_seen),
        TEST(a_value_that_was_replaced_unseen),
        TEST(what_the_camera_ignores_at_once),
        TEST(what_is_given_back_at_once_is_replaced),
        TEST(a_camera_that_knows_is_believed),
        TEST(a_camera_that_turns_out_to_know_is_believed),
        TEST(a_camera_that_stops_loses_what_waits),
        TEST(what_the_camera_refuses_is_forgotten),
        TEST(a_camera_that_runs_again_keeps_what_waits),
        TEST(an_asker_that_is_gone_is_forgotten),
    };
    return cmocka_run_group_tests_name("changes", tests, NULL, NULL);
}
