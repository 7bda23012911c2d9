/*
 * What stays set over the runs of a camera.
 */
#include "device/controls/settings.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "pi_controls.h"

struct fixture {
    struct control_table table;
    struct settings settings;
    struct assignments read;
    struct control_list list;
};

static int make(void **state)
{
    static struct fixture fixture;
    memset(&fixture, 0xA5, sizeof(fixture));
    pi_controls(&fixture.table);
    settings_init(&fixture.settings, NULL);
    *state = &fixture;
    return 0;
}

static int clear(void **state)
{
    control_table_clear(&((struct fixture *)*state)->table);
    return 0;
}

/* A SET that is taken. */
static void set(struct fixture *fixture, const char *text)
{
    settings_fill(&fixture->settings, &fixture->table);
    assert_int_equal(assignments_read(&fixture->read, text, &fixture->table, ASSIGNMENTS_CLAMP), 0);
    assert_true(settings_merge(&fixture->settings, &fixture->read));
}

/* The camera starts, and is given this. */
static void begins_with(struct fixture *fixture, const char *expected)
{
    struct error error;
    char list[1024] = "", value[VALUE_TEXT_SIZE];
    size_t used = 0;
    assert_int_equal(
        settings_begin(&fixture->settings, "", &fixture->table, &fixture->list, &error), 0);
    for (unsigned i = 0; i < fixture->list.count; i++) {
        value_format(&fixture->list.items[i].value, value);
        used += (size_t)snprintf(list + used, sizeof(list) - used, "%s%s=%s", i ? " " : "",
                                 fixture->list.items[i].name, value);
        assert_true(used < sizeof(list));
    }
    assert_string_equal(list, expected);
}

static void nothing_is_set_at_first(void **state)
{
    struct fixture *fixture = *state;
    begins_with(fixture, "");
    settings_init(&fixture->settings, "");
    begins_with(fixture, "");
}

static void options_hold_for_all_runs(void **state)
{
    struct fixture *fixture = *state;
    settings_init(&fixture->settings, "shutter=10ms,awb=daylight,contrast=2");
    for (int run = 0; run < 3; run++)
        begins_with(fixture, "ExposureTimeMode=1 AwbEnable=true ExposureTime=10000 AwbMode=5 "
                             "Contrast=2");
}

/* Until they fit, each start fails. */
static void options_that_do_not_fit(void **state)
{
    struct fixture *fixture = *state;
    struct error error;
    settings_init(&fixture->settings, "contrast=2,shutter=5s");
    fixture->list.count = 7;
    for (int run = 0; run < 2; run++) {
        assert_int_equal(
            settings_begin(&fixture->settings, "", &fixture->table, &fixture->list, &error),
            -EINVAL);
        assert_string_equal(error.text, "shutter=5s: the range is 26 to 66666 µs");
        assert_int_equal(fixture->list.count, 0);
    }
    pi_control(&fixture->table, "ExposureTime")->max = value_of_int32(10000000);
    begins_with(fixture, "ExposureTimeMode=1 Contrast=2 ExposureTime=5000000");
}

static void later_values_replace_earlier_ones(void **state)
{
    struct fixture *fixture = *state;
    settings_init(&fixture->settings, "shutter=10ms,contrast=2");
    begins_with(fixture, "ExposureTimeMode=1 ExposureTime=10000 Contrast=2");
    set(fixture, "ExposureTime=5ms,gain=2");
    begins_with(fixture, "ExposureTimeMode=1 AnalogueGainMode=1 Contrast=2 ExposureTime=5000 "
                         "AnalogueGain=2");
    set(fixture, "contrast=auto");
    begins_with(fixture, "ExposureTimeMode=1 AnalogueGainMode=1 ExposureTime=5000 AnalogueGain=2 "
                         "Contrast=1");
    set(fixture, "shutter=auto");
    begins_with(fixture, "ExposureTimeMode=0 AnalogueGainMode=1 AnalogueGain=2 Contrast=1");
}

/* Cameras keep what they were given: also for a single picture. */
static void what_is_not_set_any_more_is_given_back(void **state)
{
    struct fixture *fixture = *state;
    struct control_list still = { .count = 0 };
    struct value off = value_of_bool(false), manual = value_of_int32(1), us = value_of_int32(5000);
    assert_true(control_list_set(&still, "AwbEnable", &off));
    assert_true(control_list_set(&still, "ExposureTimeMode", &manual));
    assert_true(control_list_set(&still, "ExposureTime", &us));
    set(fixture, "contrast=2,AfTrigger=start");
    begins_with(fixture, "AfMode=1 Contrast=2 AfTrigger=0");
    given_note(&fixture->settings.given, &still);
    begins_with(fixture, "ExposureTimeMode=0 AwbEnable=true AfMode=1 Contrast=2 AfTrigger=0");
    set(fixture, "contrast=auto,AfMode=continuous,AeEnable=false");
    begins_with(fixture, "AeEnable=false AwbEnable=true AfMode=2 Contrast=1");
    pi_controls_remove(&fixture->table, "Contrast");
    pi_control(&fixture->table, "AwbEnable")->settable = false;
    begins_with(fixture, "AeEnable=false AfMode=2");
}

/* A mode takes the values with it that have no effect in it. */
static void values_of_another_mode_go(void **state)
{
    static const char *const rows[][3] = {
        { "shutter=1ms", "ExposureTimeMode=auto", "ExposureTimeMode=0" },
        { "shutter=1ms,gain=2", "AeEnable=true", "AeEnable=true" },
        { "awbgains=2,1.5,ccm=1,0,0,0,1,0,0,0,1", "awb=auto", "AwbEnable=true AwbMode=0" },
        { "awbgains=2,1.5", "ColourTemperature=5000", "AwbEnable=false ColourTemperature=5000" },
        { "ColourTemperature=5000", "awbgains=2,1.5", "AwbEnable=false ColourGains=2,1.5" },
        { "lens-position=2", "autofocus-mode=continuous", "AfMode=2" },
        { "autofocus-mode=continuous", "lens-position=2", "AfMode=0 LensPosition=2" },
        { "AfWindows=0,0,9,9", "AfMetering=auto", "AfMetering=0" },
        { "flicker-period=1/100", "flicker-period=off", "AeFlickerMode=0" },
    };
    struct fixture *fixture = *state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        settings_init(&fixture->settings, rows[i][0]);
        struct error error;
        assert_int_equal(
            settings_begin(&fixture->settings, "", &fixture->table, &fixture->list, &error), 0);
        set(fixture, rows[i][1]);
        begins_with(fixture, rows[i][2]);
    }
}

static void a_matrix_goes_with_gains_of_before(void **state)
{
    struct fixture *fixture = *state;
    set(fixture, "awbgains=2,1.5");
    set(fixture, "ccm=1,0,0,0,1,0,0,0,1");
    begins_with(fixture,
                "AwbEnable=false ColourGains=2,1.5 ColourCorrectionMatrix=1,0,0,0,1,0,0,0,1");
}

/* They happen once; but a lens that is to focus once is told so at each start. */
static void triggers_are_not_kept(void **state)
{
    struct fixture *fixture = *state;
    set(fixture, "AfPause=immediate");
    begins_with(fixture, "AfMode=2");
    set(fixture, "AfTrigger=cancel");
    begins_with(fixture, "AfMode=1 AfTrigger=0");
    pi_control(&fixture->table, "AfTrigger")->settable = false;
    begins_with(fixture, "AfMode=1");
    pi_control(&fixture->table, "AfTrigger")->settable = true;
    pi_control(&fixture->table, "AfTrigger")->type = VALUE_BOOL;
    begins_with(fixture, "AfMode=1");
    pi_controls_remove(&fixture->table, "AfTrigger");
    begins_with(fixture, "AfMode=1");
}

/* It came back with another mode of the sensor, or is another one. */
static void what_a_camera_cannot_do_any_more(void **state)
{
    struct fixture *fixture = *state;
    settings_init(&fixture->settings, "shutter=50ms,contrast=2,lens-position=2,roi=0,0,0.5,0.5,"
                                      "metering=custom,awbgains=2,2,saturation=2");
    begins_with(fixture, "ExposureTimeMode=1 AwbEnable=false AfMode=0 ExposureTime=50000 "
                         "Contrast=2 LensPosition=2 ScalerCrop=0,0,2304,1296 AeMeteringMode=3 "
                         "ColourGains=2,2 Saturation=2");
    pi_control(&fixture->table, "ExposureTime")->max = value_of_int32(20000);
    pi_control(&fixture->table, "ScalerCrop")->max =
        value_of_rectangle((struct value_rectangle){ 0, 0, 640, 480 });
    pi_control(&fixture->table, "AeMeteringMode")->enumerator_count = 2;
    pi_control(&fixture->table, "ColourGains")->size = 3;
    pi_control(&fixture->table, "Saturation")->type = VALUE_INT32;
    pi_control(&fixture->table, "Contrast")->settable = false;
    pi_controls_remove(&fixture->table, "LensPosition");
    begins_with(fixture, "ExposureTimeMode=1 AwbEnable=false AfMode=0 ExposureTime=20000 "
                         "ScalerCrop=0,0,640,480");
    control_table_clear(&fixture->table);
    begins_with(fixture, "");
    pi_controls(&fixture->table);
    begins_with(fixture, "ExposureTimeMode=1 AwbEnable=false AfMode=0 ExposureTime=50000 "
                         "Contrast=2 LensPosition=2 ScalerCrop=0,0,2304,1296 AeMeteringMode=3 "
                         "ColourGains=2,2 Saturation=2");
}

/* An array of any size stays one, also the default of one. */
static void arrays_stay_arrays(void **state)
{
    struct fixture *fixture = *state;
    set(fixture, "AfWindows=1,2,30,40,5,6,70,80,FrameDurationLimits=default,sharpness=2");
    begins_with(fixture,
                "AfMetering=1 FrameDurationLimits=69669,69669 AfWindows=1,2,30,40,5,6,70,80 "
                "Sharpness=2");
    pi_control(&fixture->table, "Sharpness")->array = true;
    pi_control(&fixture->table, "AfMetering")->type = VALUE_FLOAT; /* so it has no mode */
    begins_with(fixture, "FrameDurationLimits=69669,69669 AfWindows=1,2,30,40,5,6,70,80");
}

static void modes_are_those_of_the_camera_that_is_there(void **state)
{
    struct fixture *fixture = *state;
    set(fixture, "shutter=10ms");
    pi_controls_remove(&fixture->table, "ExposureTimeMode");
    pi_controls_remove(&fixture->table, "AnalogueGainMode");
    begins_with(fixture, "AeEnable=false ExposureTime=10000");
}

static void what_is_set_is_in_the_table(void **state)
{
    struct fixture *fixture = *state;
    set(fixture, "shutter=10ms,AfTrigger=start");
    settings_fill(&fixture->settings, &fixture->table);
    assert_int_equal(pi_control(&fixture->table, "ExposureTime")->set.int32[0], 10000);
    assert_int_equal(pi_control(&fixture->table, "ExposureTimeMode")->set.int32[0], 1);
    assert_int_equal(pi_control(&fixture->table, "AfTrigger")->set.type, VALUE_NONE);
    assert_int_equal(pi_control(&fixture->table, "Contrast")->set.type, VALUE_NONE);
    set(fixture, "shutter=auto");
    settings_fill(&fixture->settings, &fixture->table);
    assert_int_equal(pi_control(&fixture->table, "ExposureTime")->set.type, VALUE_NONE);
}

static void no_more_than_a_list_holds(void **state)
{
    struct fixture *fixture = *state;
    control_table_clear(&fixture->table);
    for (unsigned i = 0; i <= CONTROL_LIST_MAX; i++) {
        char text[16];
        snprintf(text, sizeof(text), "C%u", i);
        struct control_info *info = control_table_add(&fixture->table, text);
        assert_non_null(info);
        info->type = VALUE_BOOL;
        info->settable = true;
    }
    for (unsigned i = 0; i < CONTROL_LIST_MAX; i++) {
        char text[16];
        snprintf(text, sizeof(text), "C%u=1", i);
        set(fixture, text);
    }
    assert_int_equal(
        assignments_read(&fixture->read, "C0=0,C48=1", &fixture->table, ASSIGNMENTS_CLAMP), 0);
    assert_false(settings_merge(&fixture->settings, &fixture->read));
    assert_int_equal(fixture->settings.kept.count, CONTROL_LIST_MAX);
    assert_int_equal(control_list_find(&fixture->settings.kept, "C0")->value.bytes[0], 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(nothing_is_set_at_first, make, clear),
        cmocka_unit_test_setup_teardown(options_hold_for_all_runs, make, clear),
        cmocka_unit_test_setup_teardown(options_that_do_not_fit, make, clear),
        cmocka_unit_test_setup_teardown(later_values_replace_earlier_ones, make, clear),
        cmocka_unit_test_setup_teardown(what_is_not_set_any_more_is_given_back, make, clear),
        cmocka_unit_test_setup_teardown(values_of_another_mode_go, make, clear),
        cmocka_unit_test_setup_teardown(a_matrix_goes_with_gains_of_before, make, clear),
        cmocka_unit_test_setup_teardown(triggers_are_not_kept, make, clear),
        cmocka_unit_test_setup_teardown(what_a_camera_cannot_do_any_more, make, clear),
        cmocka_unit_test_setup_teardown(arrays_stay_arrays, make, clear),
        cmocka_unit_test_setup_teardown(modes_are_those_of_the_camera_that_is_there, make, clear),
        cmocka_unit_test_setup_teardown(what_is_set_is_in_the_table, make, clear),
        cmocka_unit_test_setup_teardown(no_more_than_a_list_holds, make, clear),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
