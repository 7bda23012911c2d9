/*
 * The limits of controls, the regions that lie in an area, the modes that go with values, and the
 * nearest names: where cameras differ from a Pi's.
 */
#include "device/controls/assignments.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "pi_controls.h"

static struct control_info *control(struct pi_fixture *fixture, const char *name)
{
    return pi_control(&fixture->table, name);
}

/* The list that comes of the text, "NAME=VALUE NAME=VALUE"; or why there is none. */
static void sets(struct pi_fixture *fixture, const char *text, const char *expected)
{
    const struct control_list *list = &fixture->read.list;
    char shown[1024] = "", value[VALUE_TEXT_SIZE];
    struct error error;
    size_t used = 0;
    if (assignments_read(&fixture->read, text, &fixture->table, ASSIGNMENTS_CLAMP)) {
        assignments_explain(&fixture->read, text, &error);
        snprintf(shown, sizeof(shown), "%s", strstr(error.text, ": ") + 2);
    }
    for (unsigned i = 0; i < list->count; i++) {
        value_format(&list->items[i].value, value);
        used += (size_t)snprintf(shown + used, sizeof(shown) - used, "%s%s=%s", i ? " " : "",
                                 list->items[i].name, value);
        assert_true(used < sizeof(shown));
    }
    if (strcmp(shown, expected) != 0)
        fail_msg("'%s': '%s', not '%s'", text, shown, expected);
}

static void limits_of_each_element(void **state)
{
    struct pi_fixture *fixture = *state;
    struct control_info *gains = control(fixture, "ColourGains");
    gains->min = value_of_floats((float[]){ 0.5f, 1 }, 2);
    gains->max = value_of_floats((float[]){ 4, 8 }, 2);
    sets(fixture, "ColourGains=0,0.75", "AwbEnable=false ColourGains=0.5,1");
    sets(fixture, "ColourGains=9,9", "AwbEnable=false ColourGains=4,8");
    sets(fixture, "ColourGains=1,0", "AwbEnable=false ColourGains=1,1");
}

/* Limits of another type than the values have are none. */
static void limits_of_another_type(void **state)
{
    struct pi_fixture *fixture = *state;
    struct control_info *exposure = control(fixture, "ExposureTime");
    exposure->max = value_of_float(1);
    sets(fixture, "ExposureTime=5", "ExposureTimeMode=1 ExposureTime=5");
    *exposure = *control(fixture, "Contrast");
    snprintf(exposure->name, sizeof(exposure->name), "ExposureTime");
    exposure->min = value_of_int32(7);
    sets(fixture, "ExposureTime=5", "ExposureTimeMode=1 ExposureTime=5");
    control(fixture, "Contrast")->min = control(fixture, "Contrast")->max = value_of_float(2);
    sets(fixture, "Contrast=1", "Contrast=2");
}

static void limits_of_each_type(void **state)
{
    struct pi_fixture *fixture = *state;
    struct control_info *info = control(fixture, "Contrast");
    struct value low = { VALUE_BYTE, false, 1, .bytes = { 10 } }, high = low;
    high.bytes[0] = 20;
    info->type = VALUE_BYTE;
    info->min = low;
    info->max = high;
    sets(fixture, "Contrast=9", "Contrast=10");
    sets(fixture, "Contrast=21", "Contrast=20");
    info->type = VALUE_INT64;
    info->min = value_of_int64(-(INT64_C(1) << 40));
    info->max = value_of_int64(INT64_C(1) << 40);
    sets(fixture, "Contrast=-1e15", "Contrast=-1099511627776");
    sets(fixture, "Contrast=1e15", "Contrast=1099511627776");
    info = control(fixture, "AeEnable"); /* which needs no limits */
    info->min = info->max = value_of_bool(true);
    sets(fixture, "AeEnable=false", "AeEnable=false");
}

static void a_number_that_no_field_holds(void **state)
{
    struct pi_fixture *fixture = *state;
    control(fixture, "ExposureTime")->max.type = VALUE_NONE;
    sets(fixture, "shutter=99999999s", "ExposureTimeMode=1 ExposureTime=2147483647");
    assert_int_equal(fixture->read.items[0].result, WIRE_SET_CLAMPED);
    assert_string_equal(fixture->read.items[0].why, "the number is too large");
    assert_int_equal(
        assignments_read(&fixture->read, "shutter=99999999s", &fixture->table, ASSIGNMENTS_REJECT),
        -EINVAL);
}

static void regions(void **state)
{
    static const char pixels[] = "give x,y,width,height in pixels";
    struct pi_fixture *fixture = *state;
    struct control_info *crop = control(fixture, "ScalerCrop");
    sets(fixture, "AfWindows=0,0,0,0", "AfMetering=1 AfWindows=0,0,1,1");
    sets(fixture, "AfWindows=9,9,-1,-1", "AfMetering=1 AfWindows=9,9,1,1");
    sets(fixture, "ScalerCrop=0,0,1,1", "ScalerCrop=0,0,4608,2592");
    sets(fixture, "ScalerCrop=0,0,1,2", "ScalerCrop=0,0,64,64");
    sets(fixture, "ScalerCrop=-0.5,0,1,1", "give whole pixels, or fractions from 0 to 1");
    sets(fixture, "ScalerCrop=0,0,1,0.5", "ScalerCrop=0,0,4608,1296");
    crop->max.rectangle[0].height = 0;
    sets(fixture, "ScalerCrop=0,0,1,0.5", pixels);
    crop->max = crop->def;
    crop->max.rectangle[0].width = 0;
    sets(fixture, "ScalerCrop=0,0,1,0.5", pixels);
    crop->max = crop->def;
    crop->max.type = VALUE_INT32;
    sets(fixture, "AfWindows=0,0,1,0.5", pixels);
    pi_controls_remove(&fixture->table, "ScalerCrop");
    sets(fixture, "AfWindows=0,0,1,0.5", pixels);
}

/* The automatic, where a camera has less of it, or says less. */
static void modes_of_other_cameras(void **state)
{
    struct pi_fixture *fixture = *state;
    sets(fixture, "ColourGains=0,1", "AwbEnable=false ColourGains=0,1");
    sets(fixture, "ColourGains=1,0", "AwbEnable=false ColourGains=1,0");
    control(fixture, "AeEnable")->def.type = control(fixture, "AwbEnable")->def.type = VALUE_NONE;
    sets(fixture, "AeEnable=auto,AwbEnable=auto", "AeEnable=true AwbEnable=true");
    control(fixture, "AfMode")->settable = false;
    sets(fixture, "lens-position=2", "LensPosition=2");
    struct control_info *mode = control(fixture, "ExposureTimeMode");
    mode->enumerators[0] = mode->enumerators[1]; /* Manual alone */
    mode->enumerator_count = 1;
    sets(fixture, "shutter=auto", "ExposureTime=20000");
    pi_controls_remove(&fixture->table, "ExposureTimeMode");
    sets(fixture, "shutter=1ms", "ExposureTime=1000");
    pi_controls_remove(&fixture->table, "AwbEnable");
    sets(fixture, "awb=daylight", "AwbMode=5");
    control(fixture, "AfTrigger")->settable = false;
    sets(fixture, "autofocus-mode=auto", "it can't be set: the camera only reports it");
    control(fixture, "AfMode")->settable = true;
    sets(fixture, "autofocus-mode=auto", "AfMode=1");
}

static void what_a_matrix_goes_with(void **state)
{
    struct pi_fixture *fixture = *state;
    static const char matrix[] = "ccm=1,0,0,0,1,0,0,0,1";
    sets(fixture, matrix, "it needs ColourGains with it");
    control(fixture, "ColourTemperature")->set = value_of_int32(5000);
    sets(fixture, matrix, "AwbEnable=false ColourCorrectionMatrix=1,0,0,0,1,0,0,0,1");
    control(fixture, "ColourTemperature")->set.type = VALUE_NONE;
    pi_controls_remove(&fixture->table, "ColourTemperature");
    sets(fixture, matrix, "it needs ColourGains with it");
    pi_controls_remove(&fixture->table, "ColourGains");
    sets(fixture, matrix, "AwbEnable=false ColourCorrectionMatrix=1,0,0,0,1,0,0,0,1");
}

/* Of two, the second is of another control than the first. */
static void nearest_names(void **state)
{
    static const char *const rows[][2] = {
        { "shuter=1", "no such control; did you mean shutter?" },
        { "awbgain=1", "no such control; did you mean awbgains?" },
        { "SyncMod=1", "no such control; did you mean SyncMode?" },
        { "rpi::SyncMod=1", "no such control; did you mean rpi::SyncMode?" },
        { "rpi::SyncMods=1", "no such control; did you mean rpi::SyncMode?" },
        { "brightnes=1", "no such control; did you mean Brightness?" },
        { "AfPose=1", "no such control; did you mean AfMode or AfPause?" },
    };
    struct pi_fixture *fixture = *state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        sets(fixture, rows[i][0], rows[i][1]);
}

/* The name is a control's, so it is not the alias of another one. */
static void a_control_called_like_an_alias(void **state)
{
    struct pi_fixture *fixture = *state;
    sets(fixture, "hdr=auto", "HdrMode=3");
    struct control_info *info = control_table_add(&fixture->table, "vendor::Hdr");
    assert_non_null(info);
    info->type = VALUE_INT32;
    info->settable = true;
    info->def = value_of_int32(7);
    sets(fixture, "hdr=auto", "vendor::Hdr=7");
}

static void too_much_of_it(void **state)
{
    struct pi_fixture *fixture = *state;
    char text[VALUE_TEXT_SIZE + 100] = "", name[8];
    struct error error;
    for (unsigned i = 0; i < CONTROL_LIST_MAX - 1; i++) {
        snprintf(name, sizeof(name), "C%u", i);
        struct control_info *info = control_table_add(&fixture->table, name);
        assert_non_null(info);
        info->type = VALUE_BOOL;
        info->settable = true;
        strcat(text, name);
        strcat(text, "=1,");
    }
    strcat(text, "shutter=1ms"); /* and its mode */
    sets(fixture, text, "more than 48 values at once");
    snprintf(text, sizeof(text), "ColourGains=1.5%*s,2", VALUE_TEXT_SIZE, "");
    sets(fixture, text, "the value is too long");
    snprintf(text, sizeof(text), "shutter=2s,Zoom=2");
    sets(fixture, text, "the camera has no such control");
    assert_int_equal(fixture->read.items[0].result, WIRE_SET_UNSET);
    assert_string_equal(fixture->read.items[0].why, "");
    memset(text, 'N', 150);
    snprintf(text + 150, sizeof(text) - 150, "=1");
    assert_int_equal(assignments_read(&fixture->read, text, &fixture->table, ASSIGNMENTS_CLAMP),
                     -EINVAL);
    assert_int_equal(assignments_explain(&fixture->read, text, &error), -EINVAL);
    assert_int_equal(strspn(error.text, "N"), 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(limits_of_each_element, pi_fixture_make, pi_fixture_clear),
        cmocka_unit_test_setup_teardown(limits_of_another_type, pi_fixture_make, pi_fixture_clear),
        cmocka_unit_test_setup_teardown(limits_of_each_type, pi_fixture_make, pi_fixture_clear),
        cmocka_unit_test_setup_teardown(a_number_that_no_field_holds, pi_fixture_make,
                                        pi_fixture_clear),
        cmocka_unit_test_setup_teardown(regions, pi_fixture_make, pi_fixture_clear),
        cmocka_unit_test_setup_teardown(modes_of_other_cameras, pi_fixture_make, pi_fixture_clear),
        cmocka_unit_test_setup_teardown(what_a_matrix_goes_with, pi_fixture_make, pi_fixture_clear),
        cmocka_unit_test_setup_teardown(nearest_names, pi_fixture_make, pi_fixture_clear),
        cmocka_unit_test_setup_teardown(a_control_called_like_an_alias, pi_fixture_make,
                                        pi_fixture_clear),
        cmocka_unit_test_setup_teardown(too_much_of_it, pi_fixture_make, pi_fixture_clear),
    };
    return cmocka_run_group_tests_name("control_limits", tests, NULL, NULL);
}
