/*
 * rpicam's names: each with its values, and the controls that they set.
 */
#include "shared/controls/aliases.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "device/controls/assignments.h"
#include "pi_controls.h"

static const struct row {
    enum alias_index word;
    const char *value, *sets;
} rows[] = {
    { ALIAS_SHUTTER, "10ms", "ExposureTimeMode=1 ExposureTime=10000" },
    { ALIAS_SHUTTER, "1/100", "ExposureTimeMode=1 ExposureTime=10000" },
    { ALIAS_SHUTTER, "500", "ExposureTimeMode=1 ExposureTime=500" },
    { ALIAS_SHUTTER, "auto", "ExposureTimeMode=0" },
    { ALIAS_GAIN, "2", "AnalogueGainMode=1 AnalogueGain=2" },
    { ALIAS_ANALOGGAIN, "2.5", "AnalogueGainMode=1 AnalogueGain=2.5" },
    { ALIAS_EV, "-0.5", "ExposureValue=-0.5" },
    { ALIAS_METERING, "centre", "AeMeteringMode=0" },
    { ALIAS_METERING, "spot", "AeMeteringMode=1" },
    { ALIAS_METERING, "average", "AeMeteringMode=2" },
    { ALIAS_METERING, "matrix", "AeMeteringMode=2" },
    { ALIAS_METERING, "custom", "AeMeteringMode=3" },
    { ALIAS_EXPOSURE, "normal", "AeExposureMode=0" },
    { ALIAS_EXPOSURE, "sport", "AeExposureMode=1" },
    { ALIAS_EXPOSURE, "short", "AeExposureMode=1" },
    { ALIAS_EXPOSURE, "long", "AeExposureMode=2" },
    { ALIAS_EXPOSURE, "custom", "AeExposureMode=3" },
    { ALIAS_AWB, "auto", "AwbEnable=true AwbMode=0" },
    { ALIAS_AWB, "incandescent", "AwbEnable=true AwbMode=1" },
    { ALIAS_AWB, "tungsten", "AwbEnable=true AwbMode=2" },
    { ALIAS_AWB, "fluorescent", "AwbEnable=true AwbMode=3" },
    { ALIAS_AWB, "indoor", "AwbEnable=true AwbMode=4" },
    { ALIAS_AWB, "daylight", "AwbEnable=true AwbMode=5" },
    { ALIAS_AWB, "cloudy", "AwbEnable=true AwbMode=6" },
    { ALIAS_AWB, "custom", "AwbEnable=true AwbMode=7" },
    { ALIAS_AWBGAINS, "1.8,1.5", "AwbEnable=false ColourGains=1.8,1.5" },
    { ALIAS_AWBGAINS, "0,0", "AwbEnable=true" },
    { ALIAS_CCM, "1,0,0,0,1,0,0,0,1,AwbEnable=0",
      "AwbEnable=false ColourCorrectionMatrix=1,0,0,0,1,0,0,0,1" },
    { ALIAS_BRIGHTNESS, "0.5", "Brightness=0.5" },
    { ALIAS_CONTRAST, "15.99", "Contrast=15.99" },
    { ALIAS_SATURATION, "0", "Saturation=0" },
    { ALIAS_SHARPNESS, "2", "Sharpness=2" },
    { ALIAS_DENOISE, "off", "draft::NoiseReductionMode=0" },
    { ALIAS_DENOISE, "auto", "draft::NoiseReductionMode=1" },
    { ALIAS_DENOISE, "cdn_off", "draft::NoiseReductionMode=3" },
    { ALIAS_DENOISE, "cdn_fast", "draft::NoiseReductionMode=1" },
    { ALIAS_DENOISE, "cdn_hq", "draft::NoiseReductionMode=2" },
    { ALIAS_FLICKER_PERIOD, "10000us", "AeFlickerMode=1 AeFlickerPeriod=10000" },
    { ALIAS_FLICKER_PERIOD, "off", "AeFlickerMode=0" },
    { ALIAS_FLICKER_PERIOD, "0", "AeFlickerMode=0" },
    { ALIAS_ROI, "0.25,0.25,0.5,0.5", "ScalerCrop=1152,648,2304,1296" },
    { ALIAS_ROI, "0,0,1,1", "ScalerCrop=0,0,4608,2592" },
    { ALIAS_AUTOFOCUS_MODE, "default", "AfMode=2" },
    { ALIAS_AUTOFOCUS_MODE, "manual", "AfMode=0" },
    { ALIAS_AUTOFOCUS_MODE, "auto", "AfMode=1 AfTrigger=0" },
    { ALIAS_AUTOFOCUS_MODE, "continuous", "AfMode=2" },
    { ALIAS_AUTOFOCUS_RANGE, "normal", "AfRange=0" },
    { ALIAS_AUTOFOCUS_RANGE, "macro", "AfRange=1" },
    { ALIAS_AUTOFOCUS_RANGE, "full", "AfRange=2" },
    { ALIAS_AUTOFOCUS_SPEED, "normal", "AfSpeed=0" },
    { ALIAS_AUTOFOCUS_SPEED, "fast", "AfSpeed=1" },
    { ALIAS_AUTOFOCUS_WINDOW, "0.5,0.5,0.25,0.25", "AfMetering=1 AfWindows=2304,1296,1152,648" },
    { ALIAS_LENS_POSITION, "0", "AfMode=0 LensPosition=0" },
    { ALIAS_LENS_POSITION, "default", "AfMode=0 LensPosition=1" },
    { ALIAS_HDR, "off", "HdrMode=0" },
    { ALIAS_HDR, "single-exp", "HdrMode=3" },
    { ALIAS_HDR, "auto", "HdrMode=3" },
};

static void sets(const struct control_table *table, const char *text, const char *expected)
{
    static struct assignments read;
    char list[512] = "", value[VALUE_TEXT_SIZE];
    struct error error;
    size_t used = 0;
    if (assignments_read(&read, text, table, ASSIGNMENTS_REJECT)) {
        assignments_explain(&read, text, &error);
        fail_msg("%s", error.text);
    }
    for (unsigned i = 0; i < read.list.count; i++) {
        value_format(&read.list.items[i].value, value);
        used += (size_t)snprintf(list + used, sizeof(list) - used, "%s%s=%s", i ? " " : "",
                                 read.list.items[i].name, value);
        assert_true(used < sizeof(list));
    }
    if (strcmp(list, expected) != 0)
        fail_msg("'%s' sets '%s', not '%s'", text, list, expected);
}

static void every_word_and_value(void **state)
{
    (void)state;
    struct control_table table;
    bool tested[ALIAS_COUNT] = { false };
    pi_controls(&table);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char text[256];
        snprintf(text, sizeof(text), "%s=%s", control_aliases[rows[i].word].name, rows[i].value);
        sets(&table, text, rows[i].sets);
        tested[rows[i].word] = true;
    }
    for (unsigned i = 0; i < ALIAS_COUNT; i++)
        assert_true(tested[i]);
    control_table_clear(&table);
}

static void aliases_are_found_however_they_are_written(void **state)
{
    (void)state;
    struct control_table table;
    pi_controls(&table);
    sets(&table, "Lens_Position=2", "AfMode=0 LensPosition=2");
    sets(&table, "AWBGAINS=2,2", "AwbEnable=false ColourGains=2,2");
    sets(&table, "denoise=CDN_HQ", "draft::NoiseReductionMode=2");
    assert_ptr_equal(alias_find("roi", 3), &control_aliases[ALIAS_ROI]);
    assert_null(alias_find("ro", 2));
    assert_null(alias_find("rois", 4));
    control_table_clear(&table);
}

/* Another control takes a word's place where the camera has no such one. */
static void cameras_that_have_other_controls(void **state)
{
    (void)state;
    struct control_table table;
    pi_controls(&table);
    pi_controls_remove(&table, "AfTrigger");
    sets(&table, "autofocus-mode=auto", "AfMode=1");
    pi_controls_remove(&table, "ScalerCrop");
    sets(&table, "roi=0,0,640,480", "rpi::ScalerCrops=0,0,640,480");
    pi_controls_remove(&table, "AeFlickerMode");
    static struct assignments read;
    assert_int_equal(assignments_read(&read, "flicker-period=off", &table, ASSIGNMENTS_CLAMP),
                     -EINVAL);
    assert_int_equal(read.items[0].result, WIRE_SET_UNKNOWN);
    assert_string_equal(read.items[0].why, "the camera has no AeFlickerMode");
    control_table_clear(&table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_word_and_value),
        cmocka_unit_test(aliases_are_found_however_they_are_written),
        cmocka_unit_test(cameras_that_have_other_controls),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
