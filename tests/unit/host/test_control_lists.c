/*
 * --controls, as a table and as JSON, and what is found by a name.
 */
#include "view_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/base/columns.h"
#include "host/controls/document.h"
#include "host/controls/format.h"
#include "host/controls/table.h"

struct fixture {
    struct control_view view;
    struct frame_pool *pool;
};

static int set_up(void **state)
{
    struct fixture *fixture = *state = calloc(1, sizeof(*fixture));
    assert_non_null(fixture);
    fixture->pool = frame_pool_create(2, SIZE_MAX);
    assert_non_null(fixture->pool);
    view_fill(&fixture->view);
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    control_view_clear(&fixture->view);
    frame_pool_destroy(fixture->pool);
    free(fixture);
    return 0;
}

static void check_table(const struct control_view *view, const char *wanted)
{
    FILE *file = text_begin();
    controls_write_table(view, file);
    char *text = text_of(file);
    assert_string_equal(text, wanted);
    free(text);
}

static void a_table(void **state)
{
    struct fixture *fixture = *state;
    view_add_frame(&fixture->view, fixture->pool, 7, true);
    check_table(&fixture->view,
                "NAME           TYPE      RANGE        DEFAULT  SET        NOW\n"
                "ExposureTime   int32     1..66666 µs  -        9000 µs    9987 µs\n"
                "AfMode         int32                  Manual   -          Manual\n"
                "    Manual, Auto, Continuous\n"
                "ColourGains    float[2]  0..32        -        -          -\n"
                "vendor::Words  int32                  -        read only  -\n");
}

/* Without a frame, what was set is in force as far as one can tell. */
static void a_table_without_a_frame(void **state)
{
    struct fixture *fixture = *state;
    fixture->view.count = 1;
    check_table(&fixture->view, "NAME          TYPE   RANGE        DEFAULT  SET      NOW\n"
                                "ExposureTime  int32  1..66666 µs  -        9000 µs  9000 µs\n");
}

/* Of numbers whose limits are both known. */
static void ranges_in_a_table(void **state)
{
    struct fixture *fixture = *state;
    struct control_view *view = &fixture->view;
    view->controls[1].min = int_value(0);
    view->controls[1].max = int_value(2);
    struct pitether_control *control = view_add(view, "Flag", PITETHER_VALUE_BOOL);
    control->min = control->max =
        (struct pitether_value){ PITETHER_VALUE_BOOL, false, 1, .bytes = { 1 } };
    view_add(view, "Least", PITETHER_VALUE_INT32)->min = int_value(1);
    view_add(view, "Most", PITETHER_VALUE_INT32)->max = int_value(1);
    check_table(view, "NAME           TYPE      RANGE        DEFAULT  SET        NOW\n"
                      "ExposureTime   int32     1..66666 µs  -        9000 µs    9000 µs\n"
                      "AfMode         int32                  Manual   -          Manual\n"
                      "    Manual, Auto, Continuous\n"
                      "ColourGains    float[2]  0..32        -        -          -\n"
                      "vendor::Words  int32                  -        read only  -\n"
                      "Flag           bool                   -        -          -\n"
                      "Least          int32                  -        -          -\n"
                      "Most           int32                  -        -          -\n");
}

/* Whatever a camera has: no line is longer, and each has its columns below those of the head. */
static void long_values_are_cut(void **state)
{
    struct fixture *fixture = *state;
    struct pitether_control *control =
        view_add(&fixture->view, "ColourCorrectionMatrix", PITETHER_VALUE_FLOAT);
    control->array = true;
    control->set = (struct pitether_value){ PITETHER_VALUE_FLOAT, true, 64, .number = { 0.123f } };
    control->def = control->set;
    control = view_add(&fixture->view, "Words", PITETHER_VALUE_INT32);
    control->enumerator_count = 24;
    for (int i = 0; i < 24; i++) {
        control->enumerators[i].value = i;
        snprintf(control->enumerators[i].name, 32, "%cWordOfSomeLength%d", 'A' + i, i);
    }
    FILE *file = text_begin();
    controls_write_table(&fixture->view, file);
    char *text = text_of(file);
    unsigned lines = 0, cut = 0;
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
        assert_in_range(column_width(line), 1, CONTROLS_LINE_MAX);
        lines++;
        cut += strstr(line, "…") != NULL;
    }
    assert_in_range(lines, 12, 16);
    assert_int_equal(cut, 1);
    free(text);
}

/* As long as a daemon can make them: no byte behind the text is touched. */
static void long_words(void **state)
{
    struct fixture *fixture = *state;
    enum { BEHIND = 4096 };
    struct pitether_control *control = view_add(&fixture->view, "Words", PITETHER_VALUE_INT32);
    char text[CONTROL_TEXT_SIZE + BEHIND], untouched[BEHIND];
    memset(text, '!', sizeof(text));
    memset(untouched, '!', sizeof(untouched));
    control->array = true;
    strcpy(control->unit, "parsecs");
    control->enumerator_count = 1;
    memset(control->enumerators[0].name, 'w', 31);
    control->def = (struct pitether_value){ PITETHER_VALUE_INT32, true, 64, .int32 = { 0 } };
    control_value_text(&control->def, control, text);
    assert_memory_equal(text + CONTROL_TEXT_SIZE, untouched, BEHIND);
    assert_in_range(strlen(text), CONTROL_TEXT_SIZE - 32, CONTROL_TEXT_SIZE - 1);
    assert_string_equal(text + strlen(text) - 9, "w parsecs");
    control_whole_text(&control->def, control, text); /* what can be set again */
    assert_memory_equal(text + CONTROL_TEXT_SIZE, untouched, BEHIND);
    assert_int_equal(strlen(text), 64 * 2 - 1);
    control->def.count = 2;
    control_whole_text(&control->def, control, text);
    assert_int_equal(strlen(text), 31 * 2 + 1);
}

static void a_document(void **state)
{
    struct fixture *fixture = *state;
    view_add_frame(&fixture->view, fixture->pool, 7, true);
    FILE *file = text_begin();
    controls_write_json(&fixture->view, file);
    char *text = text_of(file);
    assert_string_equal(
        text,
        "{\"camera\":\"imx708\",\"stream\":\"front\",\"frame\":7,\"controls\":[\n"
        "{\"name\":\"ExposureTime\",\"type\":\"int32\",\"unit\":\"µs\",\"settable\":true,"
        "\"min\":1,\"max\":66666,\"default\":null,\"set\":9000,\"now\":9987,\"enumerators\":[]},\n"
        "{\"name\":\"AfMode\",\"type\":\"int32\",\"unit\":\"\",\"settable\":true,\"min\":null,"
        "\"max\":null,\"default\":0,\"set\":null,\"now\":0,\"enumerators\":["
        "{\"name\":\"AfModeManual\",\"value\":0},{\"name\":\"AfModeAuto\",\"value\":1},"
        "{\"name\":\"AfModeContinuous\",\"value\":2}]},\n"
        "{\"name\":\"ColourGains\",\"type\":\"float[2]\",\"unit\":\"\",\"settable\":true,"
        "\"min\":0,\"max\":32,\"default\":null,\"set\":null,\"now\":null,\"enumerators\":[]},\n"
        "{\"name\":\"vendor::Words\",\"type\":\"int32\",\"unit\":\"\",\"settable\":false,"
        "\"min\":null,\"max\":null,\"default\":null,\"set\":null,\"now\":null,"
        "\"enumerators\":[]}],\n"
        "\"metadata\":{\"ExposureTime\":9987,\"SensorTemperature\":41.25}}\n");
    free(text);
}

static void a_document_without_anything(void **state)
{
    (void)state;
    struct control_view view = { .known = true };
    FILE *file = text_begin();
    controls_write_json(&view, file);
    char *text = text_of(file);
    assert_string_equal(text, "{\"camera\":\"\",\"stream\":\"\",\"frame\":null,\"controls\":[],\n"
                              "\"metadata\":{}}\n");
    free(text);
}

static void names_are_found(void **state)
{
    struct fixture *fixture = *state;
    struct control_view *view = &fixture->view;
    struct pitether_value value;
    view_add_frame(view, fixture->pool, 7, true);
    assert_string_equal(control_view_find(view, "exposuretime")->name, "ExposureTime");
    assert_string_equal(control_view_find(view, "WORDS")->name, "vendor::Words");
    assert_string_equal(control_view_find(view, "Shutter")->name, "ExposureTime");
    assert_null(control_view_find(view, "Exposure")); /* rpicam's, of a control that is not there */
    assert_null(control_view_find(view, "vendor"));
    view_add(view, "other::Words", PITETHER_VALUE_INT32);
    assert_null(control_view_find(view, "Words")); /* which one? */
    assert_string_equal(control_view_find(view, "Other::words")->name, "other::Words");
    view_add(view, "Words", PITETHER_VALUE_INT32);
    assert_string_equal(control_view_find(view, "words")->name, "Words");
    assert_string_equal(control_view_reported(view, "sensortemperature", &value),
                        "SensorTemperature");
    assert_true(value.number[0] == 41.25f);
    assert_null(control_view_reported(view, "Lux", &value));
    assert_true(control_view_now(view, control_view_find(view, "AfMode"), &value));
    assert_int_equal(value.int32[0], 0);
    assert_false(control_view_now(view, control_view_find(view, "ColourGains"), &value));
}

static void types_by_name(void **state)
{
    (void)state;
    char text[32];
    control_type_text(PITETHER_VALUE_POINT, true, 0, text, sizeof(text));
    assert_string_equal(text, "point[]");
    control_type_text(PITETHER_VALUE_BOOL, false, 0, text, sizeof(text));
    assert_string_equal(text, "bool");
    control_type_text(99, true, 9, text, sizeof(text));
    assert_string_equal(text, "?[9]");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_table),           TEST(a_table_without_a_frame),
        TEST(ranges_in_a_table), TEST(long_values_are_cut),
        TEST(a_document),        TEST(a_document_without_anything),
        TEST(names_are_found),   TEST(types_by_name),
        TEST(long_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
