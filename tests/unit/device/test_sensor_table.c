/*
 * The test pattern's sensor: the whole table of what can be set, and that each of it is taken and
 * reported.
 */
#include "sensor_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "device/camera/sensor/report.h"
#include "device/camera/sensor/table.h"

/* "NAME TYPE[SIZE] UNIT MIN..MAX DEFAULT", and a line of its words. */
static size_t describe(const struct control_info *info, char *text, size_t size)
{
    char min[VALUE_TEXT_SIZE], max[VALUE_TEXT_SIZE], def[VALUE_TEXT_SIZE], count[8] = "";
    value_format(&info->min, min);
    value_format(&info->max, max);
    value_format(&info->def, def);
    assert_true(info->def.type == VALUE_NONE || info->def.type == info->type);
    assert_true(info->min.type == VALUE_NONE || info->min.type == info->type);
    assert_int_equal(info->max.type, info->type);
    if (info->array)
        snprintf(count, sizeof(count), "[%u]", info->size);
    int used =
        snprintf(text, size, "%s %u%s %s %s..%s %s%s\n", info->name, info->type, count,
                 *info->unit ? info->unit : "-", min, max, def, info->settable ? "" : " read only");
    for (unsigned i = 0; i < info->enumerator_count; i++) {
        assert_int_equal(info->enumerators[i].value, i);
        used += snprintf(text + used, size - (size_t)used, " %s", info->enumerators[i].name);
    }
    if (info->enumerator_count > 0)
        used += snprintf(text + used, size - (size_t)used, "\n");
    assert_true((size_t)used < size);
    return (size_t)used;
}

/* "auto" stands for what is not known, or not there. */
static const char whole_table[] =
    "AeEnable 1 - false..true true\n"
    "ExposureTimeMode 3 - 0..1 0\n"
    " ExposureTimeModeAuto ExposureTimeModeManual\n"
    "ExposureTime 3 µs 27..10000000 20000\n"
    "AnalogueGainMode 3 - 0..1 0\n"
    " AnalogueGainModeAuto AnalogueGainModeManual\n"
    "AnalogueGain 5 - 1..16 1\n"
    "AeMeteringMode 3 - 0..2 0\n"
    " MeteringCentreWeighted MeteringSpot MeteringMatrix\n"
    "ExposureValue 5 EV -8..8 0\n"
    "Brightness 5 - -1..1 0\n"
    "Contrast 5 - 0..32 1\n"
    "Saturation 5 - 0..32 1\n"
    "AwbEnable 1 - false..true true\n"
    "AwbMode 3 - 0..6 0\n"
    " AwbAuto AwbIncandescent AwbTungsten AwbFluorescent AwbIndoor AwbDaylight AwbCloudy\n"
    "ColourTemperature 3 K 2000..10000 5000\n"
    "AfMode 3 - 0..2 0\n"
    " AfModeManual AfModeAuto AfModeContinuous\n"
    "AfMetering 3 - 0..1 0\n"
    " AfMeteringAuto AfMeteringWindows\n"
    "AfTrigger 3 - 0..1 auto\n"
    " AfTriggerStart AfTriggerCancel\n"
    "LensPosition 5 dioptres 0..15 1\n"
    "ColourGains 5[2] - 0..32 auto\n"
    "FrameDurationLimits 4[2] µs 25000..10000108 33333,200000\n"
    "ScalerCrop 7 - 0,0,64,64..0,0,4056,3040 2,0,4052,3040\n"
    "ScalerCropMaximum 7 - auto..0,0,4056,3040 0,0,4056,3040 read only\n"
    "AfWindows 7[0] - auto..0,0,4056,3040 auto\n";

static void the_whole_table(void **state)
{
    (void)state;
    static char text[8192];
    struct sensor *sensor = make_sensor(30, 5, NULL);
    struct control_table table;
    size_t used = 0;
    assert_int_equal(sensor_table_make(&table, sensor->mode, &sensor->asked), 0);
    for (unsigned i = 0; i < table.count; i++)
        used += describe(&table.items[i], text + used, sizeof(text) - used);
    assert_string_equal(text, whole_table);
    control_table_clear(&table);
    free(sensor);
}

/* A camera that is faster than its mode usually is has that as its shortest frame. */
static void the_shortest_frame(void **state)
{
    (void)state;
    static const struct {
        double fps;
        int64_t min_us;
    } rates[] = { { 30, 25000 }, { 40, 25000 }, { 50, 8333 }, { 200, 5000 } };
    for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
        struct sensor *sensor = make_sensor(rates[i].fps, 0, NULL);
        struct control_table table;
        assert_int_equal(sensor_table_make(&table, sensor->mode, &sensor->asked), 0);
        const struct control_info *info = control_table_find(&table, "FrameDurationLimits", 19);
        assert_int_equal(info->min.int64[0], rates[i].min_us);
        control_table_clear(&table);
        free(sensor);
    }
}

/* Sets it at the start of a run; the value that the first frame reports of it is this one. */
static void check_reported(const struct control_list *list, const char *name, struct value value)
{
    struct sensor *sensor = make_sensor(30, 0, NULL);
    struct metadata_names *names = calloc(1, sizeof(*names));
    struct sensor_report report;
    struct metadata metadata;
    struct value read;
    char shown[VALUE_TEXT_SIZE], wanted[VALUE_TEXT_SIZE];
    assert_non_null(names);
    sensor_begin(sensor, list);
    sensor_expose(sensor, 0);
    sensor_report_init(&report, names);
    sensor_report_pack(&report, &sensor->state, false, &metadata);
    assert_true(metadata_find(&metadata, names, name, &read));
    value_format(&read, shown);
    value_format(&value, wanted);
    if (strcmp(shown, wanted) != 0)
        fail_msg("%s: %s, not %s", name, shown, wanted);
    free(names);
    free(sensor);
}

/* "NAME TYPE COUNT" of each value that a frame reports. */
static void describe_report(bool unreported, char *text, size_t size)
{
    struct sensor *sensor = make_sensor(30, 0, NULL);
    struct metadata_names *names = calloc(1, sizeof(*names));
    struct sensor_report report;
    struct metadata metadata;
    struct value value;
    unsigned number;
    size_t used = 0;
    assert_non_null(names);
    sensor_expose(sensor, 0);
    sensor_report_init(&report, names);
    sensor_report_pack(&report, &sensor->state, unreported, &metadata);
    for (size_t at = 0; metadata_next(&metadata, names, &at, &number, &value) > 0;) {
        used +=
            (size_t)snprintf(text + used, size - used, "%s %u %u%s\n", names->items[number].name,
                             value.type, value.count, value.array ? " array" : "");
        assert_true(used < size);
    }
    free(names);
    free(sensor);
}

static const char whole_report[] = "ExposureTime 3 1\n"
                                   "AnalogueGain 5 1\n"
                                   "DigitalGain 5 1\n"
                                   "FrameDuration 4 1\n"
                                   "FrameDurationLimits 4 2 array\n"
                                   "AeEnable 1 1\n"
                                   "AeState 3 1\n"
                                   "ExposureTimeMode 3 1\n"
                                   "AnalogueGainMode 3 1\n"
                                   "AeMeteringMode 3 1\n"
                                   "ExposureValue 5 1\n"
                                   "Brightness 5 1\n"
                                   "Contrast 5 1\n"
                                   "Saturation 5 1\n"
                                   "AwbEnable 1 1\n"
                                   "AwbMode 3 1\n"
                                   "AwbLocked 1 1\n"
                                   "ColourGains 5 2 array\n"
                                   "ColourTemperature 3 1\n"
                                   "ColourCorrectionMatrix 5 9 array\n"
                                   "SensorBlackLevels 3 4 array\n"
                                   "ScalerCrop 7 1\n"
                                   "AfMode 3 1\n"
                                   "AfMetering 3 1\n"
                                   "AfState 3 1\n"
                                   "AfPauseState 3 1\n"
                                   "LensPosition 5 1\n"
                                   "FocusFoM 3 1\n"
                                   "Lux 5 1\n"
                                   "SensorTemperature 5 1\n";
/* What can't be set. */
static const char fixed_report[] = "DigitalGain 5 1\n"
                                   "FrameDuration 4 1\n"
                                   "AeState 3 1\n"
                                   "AwbLocked 1 1\n"
                                   "ColourCorrectionMatrix 5 9 array\n"
                                   "SensorBlackLevels 3 4 array\n"
                                   "AfState 3 1\n"
                                   "AfPauseState 3 1\n"
                                   "FocusFoM 3 1\n"
                                   "Lux 5 1\n"
                                   "SensorTemperature 5 1\n";

static void the_whole_report(void **state)
{
    (void)state;
    static char text[2048];
    describe_report(false, text, sizeof(text));
    assert_string_equal(text, whole_report);
    describe_report(true, text, sizeof(text));
    assert_string_equal(text, fixed_report);
}

static void check(const char *name, struct value value)
{
    struct control_list list = { .count = 0 };
    set(&list, name, value);
    check_reported(&list, name, value);
}

static struct value boxes(unsigned count)
{
    struct value value = { .type = VALUE_RECTANGLE, .array = true, .count = (uint16_t)count };
    for (unsigned i = 0; i < count; i++)
        value.rectangle[i] = (struct value_rectangle){ (int32_t)i, 2, 30, 40 };
    return value;
}

static void what_is_set_is_reported(void **state)
{
    (void)state;
    check("Brightness", value_of_float(0.25f));
    check("Contrast", value_of_float(2));
    check("Saturation", value_of_float(3));
    check("ExposureValue", value_of_float(-1));
    check("AeMeteringMode", value_of_int32(2));
    check("AwbMode", value_of_int32(3));
    check("AfMetering", value_of_int32(1));
    check("AfMode", value_of_int32(2));
    check("ExposureTimeMode", value_of_int32(1));
    check("AnalogueGainMode", value_of_int32(1));
    check("AeEnable", value_of_bool(false));
    check("AwbEnable", value_of_bool(false));
    check("LensPosition", value_of_float(5));
    check("ScalerCrop", value_of_rectangle((struct value_rectangle){ 100, 200, 640, 480 }));
    check("AfWindows", boxes(1));
    check("AfWindows", boxes(AF_WINDOWS_MAX));
    check("ColourGains", value_of_floats((float[]){ 3, 1.25f }, 2));
}

/* Which value holds of two, and what is no value. */
static void what_goes_together(void **state)
{
    (void)state;
    struct control_list list = { .count = 0 };
    struct value gains = value_of_floats((float[]){ 3, 1.25f }, 2), none = gains, limits;
    struct value scene = value_of_floats((float[]){ 2, 1.5f }, 2);
    set(&list, "AwbEnable", value_of_bool(false));
    set(&list, "ColourTemperature", value_of_int32(2500));
    check_reported(&list, "ColourTemperature", value_of_int32(2500));
    check_reported(&list, "ColourGains", value_of_floats((float[]){ 1, 3 }, 2));
    set(&list, "ColourGains", gains); /* later, so it replaces the temperature */
    check_reported(&list, "ColourGains", gains);
    list.count = 0;
    set(&list, "ColourTemperature", value_of_int32(2500)); /* while it is automatic */
    check_reported(&list, "ColourGains", scene);
    none.count = 1; /* not as many as it takes */
    set(&list, "ColourGains", none);
    check_reported(&list, "ColourGains", scene);
    none.count = 2;
    none.number[0] = none.number[1] = 0;
    set(&list, "ColourGains", none);
    check_reported(&list, "ColourGains", scene);
    none.number[1] = 1;
    set(&list, "ColourGains", none);
    check_reported(&list, "ColourGains", none);
    limits = (struct value){ VALUE_INT64, true, 2, .int64 = { 40000, 200000 } };
    set(&list, "FrameDurationLimits", limits);
    check_reported(&list, "FrameDurationLimits", limits);
    const struct value usual = { VALUE_INT64, true, 2, .int64 = { 33333, 33333 } };
    limits.int64[1] = 39999;
    set(&list, "FrameDurationLimits", limits);
    check_reported(&list, "FrameDurationLimits", usual);
    limits.int64[0] = 0;
    set(&list, "FrameDurationLimits", limits);
    check_reported(&list, "FrameDurationLimits", usual);
    limits.int64[0] = 40000;
    limits.count = 1; /* for both */
    set(&list, "FrameDurationLimits", limits);
    limits = (struct value){ VALUE_INT64, true, 2, .int64 = { 40000, 40000 } };
    check_reported(&list, "FrameDurationLimits", limits);
    struct value nothing = { .type = VALUE_FLOAT };
    set(&list, "Contrast", nothing);
    check_reported(&list, "Contrast", value_of_float(1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_whole_table),    cmocka_unit_test(the_shortest_frame),
        cmocka_unit_test(the_whole_report),   cmocka_unit_test(what_is_set_is_reported),
        cmocka_unit_test(what_goes_together),
    };
    return cmocka_run_group_tests_name("sensor_table", tests, NULL, NULL);
}
