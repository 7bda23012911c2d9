/*
 * The changes of a camera's controls that wait: requested, taken by the camera, shown, answered.
 */
#include "changes_fixture.h"

#include <string.h>

static void a_change_is_taken_shown_and_answered(void **state)
{
    struct fixture *fixture = *state;
    fixture_begin(fixture);
    assert_int_equal(fixture->given.count, 0);
    assert_false(fixture_take(fixture));
    fixture_show(fixture, 0, 0);
    fixture_set(fixture, "Brightness=0.25");
    assert_null(changes_decided(fixture->changes));
    fixture_show(fixture, 0, 0);
    assert_true(fixture_take(fixture));
    assert_int_equal(fixture->given.count, 1);
    assert_string_equal(fixture->given.items[0].name, "Brightness");
    assert_false(fixture_take(fixture));
    fixture_show(fixture, 0, 0);
    assert_false(fixture_notified(fixture));
    fixture_show(fixture, 0, 0.25f);
    assert_true(fixture_notified(fixture));
    fixture_decided(fixture, 1, 13, WIRE_SET_OK);
    assert_null(changes_decided(fixture->changes));
}

static void nothing_is_set_while_the_camera_is_off(void **state)
{
    struct fixture *fixture = *state;
    fixture_refused(fixture, "Brightness=0.25", WIRE_CHANGED_NO_CAMERA);
    fixture_begin(fixture);
    changes_stop(fixture->changes, false);
    fixture_refused(fixture, "Brightness=0.25", WIRE_CHANGED_NO_CAMERA);
    assert_false(fixture_take(fixture));
}

static void what_is_wrong_is_rejected_as_a_whole(void **state)
{
    struct fixture *fixture = *state;
    fixture_begin(fixture);
    fixture_refused(fixture, "Brightness=0.25,Nonsense=7", WIRE_CHANGED_REJECTED);
    fixture_refused(fixture, "", WIRE_CHANGED_REJECTED);
    fixture_refused(fixture, "Brightness", WIRE_CHANGED_REJECTED);
    fixture_refused(fixture, ",,,===,", WIRE_CHANGED_REJECTED);
    assert_false(fixture_take(fixture));
}

static void only_so_many_wait(void **state)
{
    struct fixture *fixture = *state;
    fixture_begin(fixture);
    for (int i = 0; i < CHANGES_MAX; i++)
        fixture_set(fixture, "Brightness=0.25");
    fixture_refused(fixture, "Brightness=0.25", WIRE_CHANGED_BUSY);
    assert_true(fixture_take(fixture));
    assert_true(fixture_notified(fixture));
    /* Those that were overwritten are decided, and still count until they are answered. */
    fixture_refused(fixture, "Brightness=0.25", WIRE_CHANGED_BUSY);
    for (uint32_t i = 1; i < CHANGES_MAX; i++)
        fixture_decided(fixture, i, CHANGE_NO_FRAME, WIRE_SET_REPLACED);
    assert_null(changes_decided(fixture->changes));
    fixture_set(fixture, "Brightness=0.3");
}

static void a_value_that_was_replaced_may_have_been_seen(void **state)
{
    struct fixture *fixture = *state;
    fixture_begin(fixture);
    fixture_show(fixture, 0, 0);
    fixture_set(fixture, "Brightness=0.25");
    assert_true(fixture_take(fixture));
    fixture_show(fixture, 0, 0);
    fixture_set(fixture, "Brightness=0.5");
    assert_true(fixture_take(fixture));
    fixture_show(fixture, 0, 0.25f);
    fixture_decided(fixture, 1, 12, WIRE_SET_OK);
    fixture_show(fixture, 0, 0.5f);
    fixture_decided(fixture, 2, 13, WIRE_SET_OK);
}

static void a_value_that_was_replaced_unseen(void **state)
{
    struct fixture *fixture = *state;
    fixture_begin(fixture);
    fixture_show(fixture, 0, 0);
    fixture_set(fixture, "Brightness=0.25");
    assert_true(fixture_take(fixture));
    fixture_set(fixture, "Brightness=0.5");
    assert_true(fixture_take(fixture));
    fixture_show(fixture, 0, 0);
    fixture_show(fixture, 0, 0.5f);
    /* The one that was seen decides on the other one, whichever is answered first. */
    struct change *change;
    unsigned results[3] = { 0 };
    while ((change = changes_decided(fixture->changes))) {
        results[change->request] = 1u + change->items[0].result;
        free(change);
    }
    assert_int_equal(results[1], 1 + WIRE_SET_REPLACED);
    assert_int_equal(results[2], 1 + WIRE_SET_OK);
}

/* Where a later change of the same control shows in part already, the earlier one was not limited
 * by the camera. */
static void a_value_that_was_replaced_when_the_rest_came(void **state)
{
    struct fixture *fixture = *state;
    fixture_begin(fixture);
    changes_started(fixture->changes, true);
    fixture_show(fixture, 0, 0);
    for (unsigned i = 0; i < 2; i++) {
        uint32_t number = fixture->requests + 1;
        fixture_set(fixture, i ? "Brightness=0.25" : "Brightness=0.25,Contrast=2");
        assert_true(fixture_take(fixture));
        uint64_t earlier = fixture->applied;
        fixture_set(fixture, "Brightness=0.5,Contrast=3");
        assert_true(fixture_take(fixture));
        fixture_show(fixture, earlier, 0.5f);
        fixture_decided(fixture, number, i ? CHANGE_NO_FRAME : fixture->id - 1, WIRE_SET_REPLACED);
        fixture_show(fixture, fixture->applied, 0.5f);
        fixture_decided(fixture, number + 1, fixture->id - 1, WIRE_SET_OK);
        fixture_show(fixture, 0, 0.5f);
    }
}

/* The frame before the request tells what it was, however soon the camera takes it. */
static void what_the_camera_ignores_at_once(void **state)
{
    struct fixture *fixture = *state;
    fixture_begin(fixture);
    fixture_show(fixture, 0, 0.1f);
    fixture_set(fixture, "Brightness=0.25");
    assert_true(fixture_take(fixture));
    for (int i = 0; i < 16; i++)
        fixture_show(fixture, 0, 0.1f);
    fixture_decided(fixture, 1, CHANGE_NO_FRAME, WIRE_SET_IGNORED);
}

/* Another value that lasts is one if it is known what it was before. */
static void what_the_camera_makes_of_it(void **state)
{
    struct fixture *fixture = *state;
    fixture_begin(fixture);
    fixture_show(fixture, 0, 0.1f);
    fixture_set(fixture, "Brightness=0.25");
    assert_true(fixture_take(fixture));
    for (int i = 0; i < 16; i++)
        fixture_show(fixture, 0, 0.2f);
    fixture_decided(fixture, 1, 11, WIRE_SET_CLAMPED);
}

/* Both were on their way, and the camera says that a frame shows the second one. */
static void what_is_shown_replaces_what_was_before(void **state)
{
    struct fixture *fixture = *state;
    fixture_begin(fixture);
    fixture_show(fixture, 0, 0);
    fixture_set(fixture, "Brightness=0.25");
    assert_true(fixture_take(fixture));
    fixture_set(fixture, "Brightness=0.5");
    assert_true(fixture_take(fixture));
    fixture_show(fixture, fixture->applied, 0.5f);
    fixture_decided(fixture, 1, CHANGE_NO_FRAME, WIRE_SET_REPLACED);
    fixture_decided(fixture, 2, 11, WIRE_SET_OK);
}

/* Exposure and then exposure's mode, in one request: the mode decides. */
static void what_is_given_back_at_once_is_replaced(void **state)
{
    struct fixture *fixture = *state;
    camera_controls_add_exposure_mode(&fixture->table);
    fixture_begin(fixture);
    fixture_set(fixture, "ExposureTime=5000");
    fixture_set(fixture, "ExposureTimeMode=Auto");
    assert_true(fixture_take(fixture));
    assert_int_equal(fixture->given.count, 1);
    assert_string_equal(fixture->given.items[0].name, "ExposureTimeMode");
    assert_int_equal(fixture->given.items[0].value.int32[0], 0);
    fixture_decided(fixture, 1, CHANGE_NO_FRAME, WIRE_SET_REPLACED);
    fixture_set(fixture, "ExposureTime=5000");
    assert_true(fixture_take(fixture));
    assert_int_equal(fixture->given.count, 2);
    assert_string_equal(fixture->given.items[0].name, "ExposureTimeMode");
    assert_int_equal(fixture->given.items[0].value.int32[0], 1);
    assert_string_equal(fixture->given.items[1].name, "ExposureTime");
}

static void a_camera_that_knows_is_believed(void **state)
{
    struct fixture *fixture = *state;
    fixture_begin(fixture);
    changes_started(fixture->changes, true);
    fixture_set(fixture, "Brightness=0.25");
    fixture_set(fixture, "Contrast=2");
    assert_true(fixture_take(fixture));
    fixture_show(fixture, 0, 0);
    assert_null(changes_decided(fixture->changes));
    fixture_show(fixture, fixture->applied, 0.25f);
    fixture_decided(fixture, 1, 11, WIRE_SET_OK);
    fixture_decided(fixture, 2, 11, WIRE_SET_UNREPORTED);
}

static void a_camera_that_turns_out_to_know_is_believed(void **state)
{
    struct fixture *fixture = *state;
    fixture_begin(fixture);
    fixture_set(fixture, "Brightness=0.25");
    assert_true(fixture_take(fixture));
    fixture_show(fixture, fixture->applied, 0.25f);
    fixture_decided(fixture, 1, 10, WIRE_SET_OK);
    fixture_set(fixture, "Contrast=3");
    assert_true(fixture_take(fixture));
    fixture_show(fixture, 0, 0.25f);
    assert_null(changes_decided(fixture->changes));
    fixture_show(fixture, fixture->applied, 0.25f);
    fixture_decided(fixture, 2, 12, WIRE_SET_UNREPORTED);
}

static void a_camera_that_stops_loses_what_waits(void **state)
{
    struct fixture *fixture = *state;
    fixture_begin(fixture);
    fixture_set(fixture, "Brightness=0.25");
    assert_true(fixture_take(fixture));
    fixture_set(fixture, "Contrast=2");
    changes_stop(fixture->changes, false);
    assert_true(fixture_notified(fixture));
    for (uint32_t i = 1; i <= 2; i++) {
        struct change *change = changes_decided(fixture->changes);
        assert_non_null(change);
        assert_int_equal(change->request, i);
        assert_int_equal(change->status, WIRE_CHANGED_LOST);
        free(change);
    }
    fixture_begin(fixture);
    assert_int_equal(fixture->given.count, 2); /* it is set again */
    assert_non_null(control_list_find(&fixture->given, "Brightness"));
    assert_non_null(control_list_find(&fixture->given, "Contrast"));
}

/* It is ignored, said why, and not set again; what came with another request is none of that. */
static void what_the_camera_refuses_is_forgotten(void **state)
{
    struct fixture *fixture = *state;
    fixture_begin(fixture);
    fixture_set(fixture, "Contrast=2");
    assert_true(fixture_take(fixture));
    fixture_set(fixture, "Brightness=0.25");
    assert_true(fixture_take(fixture));
    changes_refuse(fixture->changes, fixture->applied);
    struct change *change = changes_decided(fixture->changes);
    assert_non_null(change);
    assert_int_equal(change->request, 2);
    assert_int_equal(change->status, WIRE_CHANGED_DONE);
    assert_true(change->first_frame_id == CHANGE_NO_FRAME);
    assert_int_equal(change->items[0].result, WIRE_SET_IGNORED);
    assert_non_null(strstr(change->items[0].why, "refused"));
    free(change);
    changes_stop(fixture->changes, true);
    fixture_begin(fixture);
    assert_int_equal(fixture->given.count, 1);
    assert_non_null(control_list_find(&fixture->given, "Contrast"));
}

/* It is set to what it was before, and what was asked for since is none of that; of two that came
 * with one request, neither is set. */
static void what_the_camera_refuses_leaves_what_was_set(void **state)
{
    static const char *const later[][2] = { { "Contrast=2", "0.1" }, /* of another control */
                                            { "Brightness=0.5", "0.5" },
                                            { "Brightness=auto", "0" } };
    struct fixture *fixture = *state;
    fixture_begin(fixture);
    for (unsigned i = 0; i < sizeof(later) / sizeof(later[0]); i++) {
        fixture_set(fixture, "Brightness=0.1");
        assert_true(fixture_take(fixture));
        fixture_show(fixture, fixture->applied, 0.1f);
        fixture_set(fixture, "Brightness=0.2");
        fixture_set(fixture, "Brightness=0.3");
        assert_true(fixture_take(fixture));
        fixture_set(fixture, later[i][0]);
        changes_refuse(fixture->changes, fixture->applied);
        changes_stop(fixture->changes, false);
        fixture_begin(fixture);
        const struct control_setting *setting = control_list_find(&fixture->given, "Brightness");
        assert_non_null(setting);
        assert_true(setting->value.number[0] == strtof(later[i][1], NULL));
        assert_int_equal(setting->given_back, i == 2);
        for (struct change *change; (change = changes_decided(fixture->changes)); free(change))
            assert_int_equal(change->status,
                             change->request % 4 ? WIRE_CHANGED_DONE : WIRE_CHANGED_LOST);
    }
}

/* A mode takes the values of another one with it, which come back if it is refused. */
static void a_mode_that_the_camera_refuses(void **state)
{
    struct fixture *fixture = *state;
    camera_controls_add_exposure_mode(&fixture->table);
    fixture_begin(fixture);
    fixture_set(fixture, "ExposureTime=5000");
    assert_true(fixture_take(fixture));
    fixture_set(fixture, "ExposureTimeMode=Auto");
    assert_true(fixture_take(fixture));
    changes_refuse(fixture->changes, fixture->applied);
    changes_stop(fixture->changes, true);
    fixture_begin(fixture);
    assert_int_equal(fixture->given.count, 2);
    assert_int_equal(control_list_find(&fixture->given, "ExposureTimeMode")->value.int32[0], 1);
    assert_non_null(control_list_find(&fixture->given, "ExposureTime"));
}

/* As one does that is stopped for want of receivers just when another one comes. */
static void a_camera_that_runs_again_keeps_what_waits(void **state)
{
    struct fixture *fixture = *state;
    fixture_begin(fixture);
    fixture_set(fixture, "Brightness=0.25");
    assert_true(fixture_take(fixture));
    changes_stop(fixture->changes, true);
    assert_null(changes_decided(fixture->changes));
    fixture_set(fixture, "Contrast=2");
    fixture_begin(fixture);
    assert_int_equal(fixture->given.count, 2);
    assert_true(fixture_take(fixture)); /* the numbers of this run's requests are new */
    fixture_show(fixture, fixture->applied, 0.25f);
    fixture_decided(fixture, 1, fixture->id - 1, WIRE_SET_OK);
    fixture_decided(fixture, 2, fixture->id - 1, WIRE_SET_UNREPORTED);
}

/* What was seen of it in the run before is not counted: the camera is given it anew. */
static void a_camera_that_runs_again_is_looked_at_anew(void **state)
{
    struct fixture *fixture = *state;
    fixture_begin(fixture);
    fixture_show(fixture, 0, 0);
    fixture_set(fixture, "Brightness=0.25");
    assert_true(fixture_take(fixture));
    for (int i = 0; i < 12; i++)
        fixture_show(fixture, 0, 0);
    changes_stop(fixture->changes, true);
    fixture_begin(fixture);
    assert_true(fixture_take(fixture));
    for (int i = 0; i < 12; i++)
        fixture_show(fixture, 0, 0);
    assert_null(changes_decided(fixture->changes));
    fixture_show(fixture, 0, 0.25f);
    fixture_decided(fixture, 1, fixture->id - 1, WIRE_SET_OK);
}

static void a_requester_that_is_gone_is_forgotten(void **state)
{
    struct fixture *fixture = *state;
    fixture_begin(fixture);
    fixture_set(fixture, "Brightness=0.25");
    fixture_set(fixture, "Brightness=0.5");
    fixture_take(fixture);
    changes_forget(fixture->changes, fixture);
    changes_stop(fixture->changes, false);
    for (int i = 0; i < 2; i++) {
        struct change *change = changes_decided(fixture->changes);
        assert_non_null(change);
        assert_null(change->requester);
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
        TEST(a_value_that_was_replaced_when_the_rest_came),
        TEST(what_the_camera_ignores_at_once),
        TEST(what_the_camera_makes_of_it),
        TEST(what_is_shown_replaces_what_was_before),
        TEST(what_is_given_back_at_once_is_replaced),
        TEST(a_camera_that_knows_is_believed),
        TEST(a_camera_that_turns_out_to_know_is_believed),
        TEST(a_camera_that_stops_loses_what_waits),
        TEST(what_the_camera_refuses_is_forgotten),
        TEST(what_the_camera_refuses_leaves_what_was_set),
        TEST(a_mode_that_the_camera_refuses),
        TEST(a_camera_that_runs_again_keeps_what_waits),
        TEST(a_camera_that_runs_again_is_looked_at_anew),
        TEST(a_requester_that_is_gone_is_forgotten),
    };
    return cmocka_run_group_tests_name("changes", tests, NULL, NULL);
}
