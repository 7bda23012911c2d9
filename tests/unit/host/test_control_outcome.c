/*
 * What became of something that was set, as it is printed and logged, and the exit code of it.
 */
#include "view_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/controls/outcome.h"
#include "shared/base/log.h"

struct fixture {
    struct control_view view;
    struct pitether_change changes[2];
    struct pitether_changed changed;
};

static int set_up(void **state)
{
    struct fixture *fixture = *state = calloc(1, sizeof(*fixture));
    assert_non_null(fixture);
    view_fill(&fixture->view);
    strcpy(fixture->changes[0].name, "ExposureTime");
    fixture->changes[0].asked = int_value(10000);
    fixture->changes[0].now = int_value(9987);
    strcpy(fixture->changes[1].name, "AfMode");
    fixture->changes[1].asked = fixture->changes[1].now = int_value(2);
    fixture->changed =
        (struct pitether_changed){ .first_id = 4711, .changes = fixture->changes, .count = 2 };
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    control_view_clear(&fixture->view);
    free(fixture);
    return 0;
}

static void check(struct fixture *fixture, const char *wanted)
{
    FILE *file = text_begin();
    control_outcome_write(&fixture->view, &fixture->changed, file);
    char *text = text_of(file);
    assert_string_equal(text, wanted);
    free(text);
}

static void all_in_force(void **state)
{
    struct fixture *fixture = *state;
    check(fixture, "CONTROL       ASKED       IN FORCE    FROM FRAME  RESULT\n"
                   "ExposureTime  10000 µs    9987 µs     4711        ok\n"
                   "AfMode        Continuous  Continuous  4711        ok\n");
    assert_int_equal(control_outcome_code(&fixture->changed), EXIT_DONE);
}

static void back_to_the_camera(void **state)
{
    struct fixture *fixture = *state;
    fixture->changed.count = 1;
    fixture->changed.first_id = UINT64_MAX; /* not known */
    fixture->changes[0].asked.type = PITETHER_VALUE_NONE;
    check(fixture, "CONTROL       ASKED  IN FORCE  FROM FRAME  RESULT\n"
                   "ExposureTime  auto   9987 µs   -           ok\n");
}

static void in_part(void **state)
{
    struct fixture *fixture = *state;
    fixture->changes[0].result = PITETHER_SET_CLAMPED;
    strcpy(fixture->changes[0].why, "the maximum is 9987");
    fixture->changes[1].result = PITETHER_SET_UNREPORTED;
    assert_int_equal(control_outcome_code(&fixture->changed), EXIT_DONE);
    fixture->changes[1].result = PITETHER_SET_IGNORED;
    fixture->changes[1].now = int_value(0);
    check(fixture, "CONTROL       ASKED       IN FORCE  FROM FRAME  RESULT\n"
                   "ExposureTime  10000 µs    9987 µs   4711        clamped: the maximum is 9987\n"
                   "AfMode        Continuous  Manual    -           ignored\n");
    assert_int_equal(control_outcome_code(&fixture->changed), EXIT_CONTROL);
}

static void nothing_was_set(void **state)
{
    struct fixture *fixture = *state;
    fixture->changed.status = PITETHER_CHANGED_REJECTED;
    fixture->changed.first_id = UINT64_MAX;
    strcpy(fixture->changed.text, "nothing was set: Foo");
    strcpy(fixture->changes[0].name, "Foo");
    fixture->changes[0] = (struct pitether_change){ .name = "Foo", .result = PITETHER_SET_UNKNOWN };
    fixture->changes[1].result = PITETHER_SET_UNSET;
    fixture->changes[1].now.type = PITETHER_VALUE_NONE;
    stderr_capture();
    check(fixture, "CONTROL  ASKED       IN FORCE  FROM FRAME  RESULT\n"
                   "Foo      -           -         -           unknown\n"
                   "AfMode   Continuous  -         -           not set\n");
    assert_string_equal(
        stderr_text(),
        "unit: error: nothing was set: Foo (--controls lists what the camera has)\n");
    assert_int_equal(control_outcome_code(&fixture->changed), EXIT_CONTROL);
    fixture->changed.count = 0;
    fixture->changed.text[0] = '\0';
    fixture->changed.status = PITETHER_CHANGED_NOT_ALLOWED;
    check(fixture, "");
    assert_non_null(strstr(stderr_text(), "error: nothing was set: this key may only view\n"));
    assert_int_equal(control_outcome_code(&fixture->changed), EXIT_CONTROL);
    fixture->changed.status = PITETHER_CHANGED_CUT;
    assert_int_equal(control_outcome_code(&fixture->changed), EXIT_CONNECTION);
    fixture->changed.status = 77; /* of a later version */
    check(fixture, "");
    assert_int_equal(control_outcome_code(&fixture->changed), EXIT_CONTROL);
    fixture->changed.count = 1;
    fixture->changes[0].result = PITETHER_SET_OK;
    check(fixture, "CONTROL  ASKED  IN FORCE  FROM FRAME  RESULT\n"
                   "Foo      auto   -         -           not set\n");
}

static void in_the_log(void **state)
{
    struct fixture *fixture = *state;
    fixture->changes[1].result = PITETHER_SET_IGNORED;
    strcpy(fixture->changes[1].why, "it has no motor");
    stderr_capture();
    control_outcome_log(&fixture->view, &fixture->changed, "front");
    assert_string_equal(stderr_text(),
                        "unit: info: front: ExposureTime is 9987 µs from frame 4711 on (asked for: "
                        "10000 µs; ok)\n"
                        "unit: error: front: AfMode: ignored: it has no motor\n");
}

static void in_the_log_without_a_frame(void **state)
{
    struct fixture *fixture = *state;
    fixture->changes[0].result = PITETHER_SET_CLAMPED;
    strcpy(fixture->changes[0].why, "the maximum is 9987");
    fixture->changed.first_id = UINT64_MAX;
    stderr_capture();
    control_outcome_log(&fixture->view, &fixture->changed, "");
    assert_string_equal(stderr_text(),
                        "unit: warning: ExposureTime is 9987 µs (asked for: 10000 µs; clamped: the "
                        "maximum is 9987)\n"
                        "unit: info: AfMode is Continuous (asked for: Continuous; ok)\n");
}

/* It may be in force yet, but nobody has seen it. */
static void in_the_log_as_lost(void **state)
{
    struct fixture *fixture = *state;
    fixture->changed.status = PITETHER_CHANGED_LOST;
    fixture->changed.count = 1;
    fixture->changes[0].result = PITETHER_SET_UNREPORTED;
    strcpy(fixture->changes[0].why, "no frame showed it");
    stderr_capture();
    control_outcome_log(&fixture->view, &fixture->changed, "front");
    assert_string_equal(
        stderr_text(), "unit: error: front: the camera stopped before a frame showed what was set\n"
                       "unit: error: front: ExposureTime: not reported: no frame showed it\n");
}

static int release(void **state)
{
    stderr_release();
    return tear_down(state);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, release)
    const struct CMUnitTest tests[] = {
        TEST(all_in_force),       TEST(back_to_the_camera), TEST(in_part),
        TEST(nothing_was_set),    TEST(in_the_log),         TEST(in_the_log_without_a_frame),
        TEST(in_the_log_as_lost),
    };
    log_setup("unit", LOG_LEVEL_INFO);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
