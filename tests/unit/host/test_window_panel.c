/*
 * The panel of controls: its rows, and what the keys set.
 */
#include "window_fixture.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "host/sinks/window/control_text.h"
#include "host/sinks/window/panel.h"
#include "shared/base/clock.h"

static void check_steps(struct pitether_control *control, double from, int steps, double wanted)
{
    double to = control_stepped(control, 0, from, steps);
    if (!(fabs(to - wanted) < 1e-6))
        fail_msg("%s from %g by %d is %g, not %g", control->name, from, steps, to, wanted);
}

static void steps_suit_the_range(void **state)
{
    static const char *const words[] = { "A", "B", "C", NULL };
    struct window_fixture *fixture = *state;
    struct pitether_control *control =
        window_add(fixture, "ExposureTime", PITETHER_VALUE_INT32, 30, 66666, 20000);
    check_steps(control, 10000, 3, 20000);
    check_steps(control, 10000, 1, 12600);
    check_steps(control, 9987, -3, 4990);
    check_steps(control, 60000, 3, 66666);
    check_steps(control, 31, -3, 30);
    check_steps(control, NAN, 3, 40000);
    control = window_add(fixture, "Small", PITETHER_VALUE_INT32, 1, 100, NAN);
    check_steps(control, 1, 1, 2);
    check_steps(control, 2, -1, 1);
    control = window_add(fixture, "Contrast", PITETHER_VALUE_FLOAT, 0, 32, 1);
    check_steps(control, 1, 1, 1.1);
    check_steps(control, 1.04, 1, 1.1);
    check_steps(control, 1.04, -1, 1.0);
    check_steps(control, 0, -1, 0);
    control = window_add(fixture, "Brightness", PITETHER_VALUE_FLOAT, -1, 1, 0);
    check_steps(control, 0, -3, -0.15);
    control = window_add(fixture, "Unlimited", PITETHER_VALUE_INT32, 134, 0, NAN); /* of a camera */
    check_steps(control, 10, 1, 11);
    control = window_add(fixture, "Switch", PITETHER_VALUE_BOOL, NAN, NAN, NAN);
    check_steps(control, 0, 1, 1);
    check_steps(control, 1, 1, 0);
    control = window_add(fixture, "Words", PITETHER_VALUE_INT32, NAN, NAN, NAN);
    window_add_words(control, words);
    check_steps(control, 2, 1, 0);
    check_steps(control, 0, -1, 2);
    check_steps(control, 7, 1, 0);
}

static void positions_follow_the_steps(void **state)
{
    struct window_fixture *fixture = *state;
    struct pitether_control *time =
        window_add(fixture, "ExposureTime", PITETHER_VALUE_INT32, 100, 10000, NAN);
    struct pitether_control *bright =
        window_add(fixture, "Brightness", PITETHER_VALUE_FLOAT, -1, 1, 0);
    assert_true(fabs(control_position(time, 0, 1000) - 0.5) < 1e-9);
    assert_true(fabs(control_position(bright, 0, 0.5) - 0.75) < 1e-9);
    assert_true(control_position(bright, 0, 3) == 1);
    assert_true(isnan(control_position(bright, 0, NAN)));
}

static void check_text(const struct pitether_control *control, struct value value, int element,
                       const char *wanted)
{
    char text[CONTROL_TEXT_MAX];
    struct pitether_value shown = value_to_public(value);
    control_text(control, &shown, element, text, sizeof(text));
    assert_string_equal(text, wanted);
}

static void values_are_shown_as_people_say_them(void **state)
{
    static const char *const modes[] = { "AfModeManual", "AfModeMacro", NULL };
    struct window_fixture *fixture = *state;
    struct pitether_control *control =
        window_add(fixture, "AfMode", PITETHER_VALUE_INT32, NAN, NAN, NAN);
    window_add_words(control, modes);
    check_text(control, value_of_int32(1), CONTROL_ALL_ELEMENTS, "Macro");
    check_text(control, value_of_int32(9), CONTROL_ALL_ELEMENTS, "9");
    control = window_add(fixture, "ExposureTime", PITETHER_VALUE_INT32, NAN, NAN, NAN);
    strcpy(control->unit, "µs");
    check_text(control, value_of_int32(9987), CONTROL_ALL_ELEMENTS, "9987 µs");
    check_text(NULL, value_of_floats((float[]){ 1.5F, 2.25F }, 2), CONTROL_ALL_ELEMENTS,
               "1.5, 2.25");
    check_text(NULL, value_of_floats((float[]){ 1.5F, 2.25F }, 2), 1, "2.25");
    check_text(NULL, value_of_bool(true), CONTROL_ALL_ELEMENTS, "on");
    check_text(NULL, value_of_rectangle((struct value_rectangle){ 1, 2, 3, 4 }),
               CONTROL_ALL_ELEMENTS, "1,2,3,4");
    check_text(NULL, (struct value){ 0 }, CONTROL_ALL_ELEMENTS, "-");
}

static struct panel_context begin(struct window_fixture *fixture, struct panel *panel)
{
    *panel = (struct panel){ .open = true };
    window_add_usual(fixture);
    window_list(fixture);
    panel_list(panel, &fixture->camera);
    return (struct panel_context){ &fixture->camera, NULL, CLOCK_SECOND };
}

static void check_line(const struct panel *panel, const struct panel_context *context, unsigned row,
                       const char *name, const char *value)
{
    struct panel_line line;
    panel_line(panel, context, row, &line);
    assert_string_equal(line.name, name);
    assert_string_equal(line.value, value);
}

static void short_arrays_have_a_row_for_each_element(void **state)
{
    struct window_fixture *fixture = *state;
    struct panel panel;
    struct panel_context context = begin(fixture, &panel);
    struct told told = { 0 };
    assert_int_equal(panel.count, 7);
    check_line(&panel, &context, 0, "ExposureTime", "20000 µs");
    check_line(&panel, &context, 4, "ColourGains red", "-");
    struct pitether_frame *frame = frame_make(fixture->pool, 1, 100);
    told_add(&told, "ColourGains", value_of_floats((float[]){ 1.5F, 2.5F }, 2));
    frame_tell(frame, &told);
    context.frame = frame;
    check_line(&panel, &context, 5, "ColourGains blue", "2.5");
    panel_move(&panel, 5);
    panel_step(&panel, &context, 1);
    assert_string_equal(fixture->sets[0], "ColourGains=1.5,3");
    pitether_frame_release(frame);
}

static void presses_go_on_from_what_was_asked_for(void **state)
{
    struct window_fixture *fixture = *state;
    struct panel panel;
    struct panel_context context = begin(fixture, &panel);
    panel_move(&panel, 6);
    panel_step(&panel, &context, 1);
    panel_step(&panel, &context, 1);
    assert_string_equal(fixture->sets[0], "Contrast=1.1");
    assert_string_equal(fixture->sets[1], "Contrast=1.2");
    check_line(&panel, &context, 6, "Contrast", "1.2");
    context.now_ns += 2 * CLOCK_SECOND; /* as long as the camera may still do it */
    check_line(&panel, &context, 6, "Contrast", "1.2");
    window_answer(fixture, 1, "Contrast", PITETHER_SET_IGNORED, value_of_float(1));
    check_line(&panel, &context, 6, "Contrast", "1.2");
    window_answer(fixture, 2, "Contrast", PITETHER_SET_IGNORED, value_of_float(1));
    check_line(&panel, &context, 6, "Contrast", "1"); /* it has not done it */
    panel_step(&panel, &context, 1);
    assert_string_equal(fixture->sets[2], "Contrast=1.1");
}

static void words_and_typed_values_are_sent_as_they_are(void **state)
{
    struct window_fixture *fixture = *state;
    struct panel panel;
    struct panel_context context = begin(fixture, &panel);
    panel_set_word(&panel, &context, "auto");
    assert_string_equal(fixture->sets[0], "ExposureTime=auto");
    panel_begin_edit(&panel, &context);
    panel_type(&panel, "1/10");
    panel_type(&panel, "µ");
    panel_erase(&panel);
    panel_type(&panel, "0");
    panel_end_edit(&panel, &context, true);
    assert_string_equal(fixture->sets[1], "ExposureTime=1/100");
    panel_begin_edit(&panel, &context);
    panel_type(&panel, "5");
    panel_end_edit(&panel, &context, false);
    panel_begin_edit(&panel, &context);
    panel_end_edit(&panel, &context, true);
    assert_int_equal(fixture->set_count, 2);
    panel_move(&panel, 4);
    panel_begin_edit(&panel, &context);
    panel_type(&panel, "2.5");
    panel_end_edit(&panel, &context, true);
    assert_string_equal(fixture->sets[2], "ColourGains=2.5,0");
    panel_begin_edit(&panel, &context);
    panel_type(&panel, "5ms"); /* the unit is the daemon's matter */
    panel_end_edit(&panel, &context, true);
    assert_string_equal(fixture->sets[3], "ColourGains=5ms,0");
    window_answer(fixture, 1, "ExposureTime", PITETHER_SET_OK, value_of_int32(1));
    panel_begin_edit(&panel, &context);
    panel_type(&panel, "1.5,2");
    panel_end_edit(&panel, &context, true);
    assert_string_equal(fixture->sets[4], "ColourGains=1.5,2");
}

static void a_list_that_shrinks_keeps_a_row_selected(void **state)
{
    struct window_fixture *fixture = *state;
    struct panel panel;
    struct panel_context context = begin(fixture, &panel);
    panel_move(&panel, PANEL_ROWS_MAX);
    assert_int_equal(panel.selected, 6);
    fixture->count = 1;
    window_list(fixture);
    panel_list(&panel, &fixture->camera);
    assert_int_equal(panel.count, 1);
    assert_int_equal(panel.selected, 0);
    fixture->count = 0;
    window_list(fixture);
    panel_list(&panel, &fixture->camera);
    panel_move(&panel, 1);
    panel_step(&panel, &context, 1);
    panel_begin_edit(&panel, &context);
    assert_false(panel.editing);
    assert_int_equal(fixture->set_count, 0);
}

/* Other controls before it, other limits, another camera. */
static void what_is_typed_is_for_no_other_control(void **state)
{
    struct window_fixture *fixture = *state;
    struct panel panel;
    struct panel_context context = begin(fixture, &panel);
    struct camera other = { .set = NULL };
    panel_move(&panel, 6);
    panel_begin_edit(&panel, &context);
    window_add(fixture, "AeEnable", PITETHER_VALUE_BOOL, NAN, NAN, NAN);
    window_list(fixture);
    panel_list(&panel, &fixture->camera);
    check_line(&panel, &context, panel.selected, "Contrast", "1");
    assert_int_not_equal(panel.selected, 6);
    assert_true(panel.editing);
    panel_list(&panel, &other);
    assert_false(panel.editing);
    panel_list(&panel, &fixture->camera);
    panel_begin_edit(&panel, &context);
    panel_move(&panel, -1);
    assert_false(panel.editing);
    panel_begin_edit(&panel, &context);
    strcpy(fixture->controls[0].name, "Another");
    fixture->count = 1;
    window_list(fixture);
    panel_list(&panel, &fixture->camera);
    assert_false(panel.editing);
}

/* Also of a list as long as lists may be, of which each control has rows for its elements. */
static void long_arrays_are_typed(void **state)
{
    struct window_fixture *fixture = *state;
    struct panel panel = { .open = true };
    struct pitether_control *matrix =
        window_add(fixture, "ColourCorrectionMatrix", PITETHER_VALUE_FLOAT, -16, 16, NAN);
    matrix->array = true;
    matrix->size = 9;
    window_list(fixture);
    panel_list(&panel, &fixture->camera);
    struct panel_context context = { &fixture->camera, NULL, CLOCK_SECOND };
    assert_int_equal(panel.count, 1);
    panel_step(&panel, &context, 1);
    assert_int_equal(fixture->set_count, 0);
    assert_non_null(strstr(fixture->camera.message, "press Enter"));
    assert_true(fixture->camera.failed);
}

static void the_longest_list_has_all_its_rows(void **state)
{
    static struct pitether_control many[CONTROLS_MAX];
    static struct panel panel;
    struct window_fixture *fixture = *state;
    for (unsigned i = 0; i < CONTROLS_MAX; i++) {
        many[i] = (struct pitether_control){ .type = PITETHER_VALUE_FLOAT,
                                             .array = true,
                                             .settable = true,
                                             .size = PANEL_ELEMENTS_MAX };
        snprintf(many[i].name, sizeof(many[i].name), "Control%03u", i);
    }
    const struct pitether_controls list = { many, CONTROLS_MAX };
    assert_int_equal(camera_take_controls(&fixture->camera, &list), 0);
    panel_list(&panel, &fixture->camera);
    assert_int_equal(panel.count, CONTROLS_MAX * PANEL_ELEMENTS_MAX);
    panel_move(&panel, PANEL_ROWS_MAX);
    assert_string_equal(panel.rows[panel.selected].name, "Control127");
}

#define TEST(test)                                                                                 \
    cmocka_unit_test_setup_teardown(test, window_fixture_setup, window_fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(steps_suit_the_range),
        TEST(positions_follow_the_steps),
        TEST(values_are_shown_as_people_say_them),
        TEST(short_arrays_have_a_row_for_each_element),
        TEST(presses_go_on_from_what_was_asked_for),
        TEST(words_and_typed_values_are_sent_as_they_are),
        TEST(a_list_that_shrinks_keeps_a_row_selected),
        TEST(what_is_typed_is_for_no_other_control),
        TEST(long_arrays_are_typed),
        TEST(the_longest_list_has_all_its_rows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
