/*
 * What texts set on a Pi's camera, and on cameras that have less.
 */
#include "device/controls/assignments.h"
#include "device/controls/limits.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "pi_controls.h"

/* The list as "NAME=VALUE NAME=VALUE". */
static void format_list(const struct control_list *list, char *text, size_t size)
{
    char value[VALUE_TEXT_SIZE];
    size_t used = 0;
    text[0] = '\0';
    for (unsigned i = 0; i < list->count; i++) {
        value_format(&list->items[i].value, value);
        used += (size_t)snprintf(text + used, size - used, "%s%s=%s", i ? " " : "",
                                 list->items[i].name, value);
        assert_true(used < size);
    }
}

static void sets(struct pi_fixture *fixture, const char *text, const char *expected)
{
    char list[2048];
    if (assignments_read(&fixture->read, text, &fixture->table, ASSIGNMENTS_REJECT)) {
        struct error error;
        assignments_explain(&fixture->read, text, &error);
        fail_msg("'%s': %s", text, error.text);
    }
    format_list(&fixture->read.list, list, sizeof(list));
    if (strcmp(list, expected) != 0)
        fail_msg("'%s' sets '%s', not '%s'", text, list, expected);
    for (unsigned i = 0; i < fixture->read.count; i++) {
        assert_int_equal(fixture->read.items[i].result, WIRE_SET_OK);
        assert_string_equal(fixture->read.items[i].why, "");
        assert_int_equal(fixture->read.items[i].now.type, VALUE_NONE);
    }
}

/* The item of that number is at fault; the text names it. */
static void rejects(struct pi_fixture *fixture, const char *text, unsigned item,
                    enum wire_set_result result, const char *why)
{
    const struct assignments *read = &fixture->read;
    if (assignments_read(&fixture->read, text, &fixture->table, ASSIGNMENTS_CLAMP) != -EINVAL)
        fail_msg("'%s' was taken", text);
    assert_true(item < read->count);
    if (read->items[item].result != result || !strstr(read->items[item].why, why))
        fail_msg("'%s': %u: %s", text, read->items[item].result, read->items[item].why);
    assert_int_equal(read->list.count, 0);
    for (unsigned i = 0; i < read->count; i++)
        if (i != item) {
            assert_int_equal(read->items[i].result, WIRE_SET_UNSET);
            assert_string_equal(read->items[i].why, "");
        }
}

/* What is set, and all that comes of it. */
static const char *const every_row[][2] = {
    { "AeEnable=false", "AeEnable=false" },
    { "aeenable=auto", "AeEnable=true" },
    { "ExposureTimeMode=Manual", "ExposureTimeMode=1" },
    { "ExposureTimeMode=auto", "ExposureTimeMode=0" },
    { "ExposureTime=10ms", "ExposureTimeMode=1 ExposureTime=10000" },
    { "ExposureTime=auto", "ExposureTimeMode=0" },
    { "ExposureTime=default", "ExposureTimeMode=1 ExposureTime=20000" },
    { "AnalogueGainMode=AnalogueGainModeManual", "AnalogueGainMode=1" },
    { "AnalogueGain=2.5", "AnalogueGainMode=1 AnalogueGain=2.5" },
    { "AnalogueGain=auto", "AnalogueGainMode=0" },
    { "AeMeteringMode=MeteringSpot", "AeMeteringMode=1" },
    { "AeMeteringMode=centre-weighted", "AeMeteringMode=0" },
    { "AeConstraintMode=highlight", "AeConstraintMode=1" },
    { "AeExposureMode=2", "AeExposureMode=2" },
    { "ExposureValue=-1.5", "ExposureValue=-1.5" },
    { "AeFlickerMode=Off", "AeFlickerMode=0" },
    { "AeFlickerPeriod=1/100", "AeFlickerMode=1 AeFlickerPeriod=10000" },
    { "AeFlickerPeriod=auto", "AeFlickerMode=0" },
    { "Brightness=-0.25", "Brightness=-0.25" },
    { "Brightness=auto", "Brightness=0" },
    { "Contrast=1.5", "Contrast=1.5" },
    { "Sharpness=0", "Sharpness=0" },
    { "HdrMode=night", "HdrMode=4" },
    { "ScalerCrop=100,200,640,480", "ScalerCrop=100,200,640,480" },
    { "ScalerCrop=0.25,0.25,0.5,0.5", "ScalerCrop=1152,648,2304,1296" },
    { "ScalerCrop=auto", "ScalerCrop=0,0,4608,2592" },
    { "rpi::ScalerCrops=0,0,64,64,0,0,128,128", "rpi::ScalerCrops=0,0,64,64,0,0,128,128" },
    { "ScalerCrops=0,0,1,1", "rpi::ScalerCrops=0,0,4608,2592" },
    { "FrameDurationLimits=0.1s,1/5", "FrameDurationLimits=100000,200000" },
    { "FrameDurationLimits=1/10", "FrameDurationLimits=100000,100000" },
    { "FrameDurationLimits=auto", "FrameDurationLimits=69669,69669" },
    { "draft::NoiseReductionMode=Fast", "draft::NoiseReductionMode=1" },
    { "NoiseReductionMode=minimal", "draft::NoiseReductionMode=3" },
    { "rpi::StatsOutputEnable=on", "rpi::StatsOutputEnable=true" },
    { "CnnEnableInputTensor=yes", "rpi::CnnEnableInputTensor=true" },
    { "rpi::SyncMode=Server", "rpi::SyncMode=1" },
    { "syncframes=100", "rpi::SyncFrames=100" },
    { "AwbEnable=0", "AwbEnable=false" },
    { "AwbMode=Daylight", "AwbEnable=true AwbMode=5" },
    { "ColourGains=1.8,1.5", "AwbEnable=false ColourGains=1.8,1.5" },
    { "ColourGains=0,0", "AwbEnable=true" },
    { "ColourGains=auto", "AwbEnable=true" },
    { "ColourTemperature=5000", "AwbEnable=false ColourTemperature=5000" },
    { "ColourTemperature=auto", "AwbEnable=true" },
    { "ColourCorrectionMatrix=1,0,0,0,1,0,0,0,1,ColourGains=2,1.5",
      "AwbEnable=false ColourGains=2,1.5 ColourCorrectionMatrix=1,0,0,0,1,0,0,0,1" },
    { "Saturation=0", "Saturation=0" },
    { "AfMode=continuous", "AfMode=2" },
    { "AfRange=macro", "AfRange=1" },
    { "AfSpeed=fast", "AfSpeed=1" },
    { "AfMetering=windows", "AfMetering=1" },
    { "AfWindows=0,0,100,100", "AfMetering=1 AfWindows=0,0,100,100" },
    { "AfWindows=0.5,0.5,0.25,0.25", "AfMetering=1 AfWindows=2304,1296,1152,648" },
    { "AfWindows=auto", "AfMetering=0" },
    { "AfTrigger=start", "AfMode=1 AfTrigger=0" },
    { "AfTrigger=Cancel", "AfMode=1 AfTrigger=1" },
    { "AfPause=Resume", "AfMode=2 AfPause=2" },
    { "LensPosition=2.5", "AfMode=0 LensPosition=2.5" },
    { "LensPosition=default", "AfMode=0 LensPosition=1" },
    { "LensPosition=auto", "AfMode=2" },
};

/* Every control of the Pi's list. */
static void every_control(void **state)
{
    struct pi_fixture *fixture = *state;
    bool named[CONTROLS_MAX] = { false };
    for (size_t i = 0; i < sizeof(every_row) / sizeof(every_row[0]); i++) {
        sets(fixture, every_row[i][0], every_row[i][1]);
        struct control_info *info = pi_control(&fixture->table, fixture->read.items[0].name);
        named[info - fixture->table.items] = true;
    }
    for (unsigned i = 0; i < fixture->table.count; i++)
        if (!named[i])
            fail_msg("%s has no row", fixture->table.items[i].name);
}

static void times_are_written_in_many_ways(void **state)
{
    static const char *const ten_ms[] = { "10000", "10ms",   "10 ms",   "0.01s",
                                          "1/100", "1/100s", "10000us", "10000µs",
                                          "1e4",   "10e6ns", "2/200" };
    static const char *const bad[] = { "",        "ms",  "10m", "1/0",     "1/",   "1/-100",
                                       "10ms ms", "nan", "inf", "1/100ms", "0x10", "10min" };
    struct pi_fixture *fixture = *state;
    char text[64];
    for (size_t i = 0; i < sizeof(ten_ms) / sizeof(ten_ms[0]); i++) {
        snprintf(text, sizeof(text), " ExposureTime = %s ", ten_ms[i]);
        sets(fixture, text, "ExposureTimeMode=1 ExposureTime=10000");
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        snprintf(text, sizeof(text), "ExposureTime=%s", bad[i]);
        rejects(fixture, text, 0, WIRE_SET_BAD, *bad[i] ? "is not a time" : "NAME=VALUE");
    }
}

static void several_at_once(void **state)
{
    struct pi_fixture *fixture = *state;
    sets(fixture, "ColourGains=1.8,1.5,Contrast=1.2, gain=2 ,ExposureTime=1/50",
         "ExposureTimeMode=1 AnalogueGainMode=1 AwbEnable=false ColourGains=1.8,1.5 Contrast=1.2 "
         "AnalogueGain=2 ExposureTime=20000");
    assert_int_equal(fixture->read.count, 4);
    assert_string_equal(fixture->read.items[2].name, "AnalogueGain");
    assert_int_equal(fixture->read.pieces[1].at, strlen("ColourGains=1.8,1.5,"));
    assert_int_equal(fixture->read.pieces[1].size, strlen("Contrast=1.2"));
    sets(fixture, "AfTrigger=start,AfMode=auto,AfRange=full", "AfMode=1 AfRange=2 AfTrigger=0");
    sets(fixture, "awb=daylight,awbgains=1.5,1.2", "AwbEnable=false AwbMode=5 ColourGains=1.5,1.2");
}

static void what_cannot_be_set(void **state)
{
    static const struct {
        const char *text;
        unsigned item;
        enum wire_set_result result;
        const char *why;
    } rows[] = {
        { "", 0, WIRE_SET_BAD, "NAME=VALUE" },
        { "Contrast", 0, WIRE_SET_BAD, "NAME=VALUE" },
        { "=1", 0, WIRE_SET_BAD, "NAME=VALUE" },
        { "Contrast=", 0, WIRE_SET_BAD, "NAME=VALUE" },
        { "Contrast=1,", 0, WIRE_SET_BAD, "a value is missing" },
        { "Contrast=1,2", 0, WIRE_SET_BAD, "takes one value, not several" },
        { "metering=centre,spot", 0, WIRE_SET_BAD, "takes one value, not several" },
        { "Contrast=high", 0, WIRE_SET_BAD, "'high' is not a number" },
        { "Contrast=nan", 0, WIRE_SET_BAD, "not a number" },
        { "Contrast=1e999", 0, WIRE_SET_BAD, "not a number" },
        { "Contrast=1.5.2", 0, WIRE_SET_BAD, "not a number" },
        { "SyncFrames=100.5", 0, WIRE_SET_BAD, "not a whole number" },
        { "AwbEnable=maybe", 0, WIRE_SET_BAD, "neither true nor false" },
        { "ColourGains=1", 0, WIRE_SET_BAD, "takes 2 numbers, not 1" },
        { "ColourGains=1,2,3", 0, WIRE_SET_BAD, "takes 2 numbers, not 3" },
        { "ScalerCrop=1,2,3", 0, WIRE_SET_BAD, "takes x,y,width,height" },
        { "ScalerCrop=0.5,2,100,100", 0, WIRE_SET_BAD, "whole pixels" },
        { "AfWindows=1,2,3,4,5", 0, WIRE_SET_BAD, "5 numbers" },
        { "FrameDurationLimits=1/10,1/30", 0, WIRE_SET_BAD, "the shortest frame first" },
        { "AfWindows=1,,3,4", 0, WIRE_SET_BAD, "missing" },
        { "AeMeteringMode=spots", 0, WIRE_SET_UNKNOWN, "CentreWeighted, Spot, Matrix, Custom" },
        { "AeMeteringMode=4", 0, WIRE_SET_UNKNOWN, "'4' is not one of" },
        { "AfTrigger=auto", 0, WIRE_SET_BAD, "trigger" },
        { "Contrst=1", 0, WIRE_SET_UNKNOWN, "no such control; did you mean Contrast?" },
        { "brightnes=1", 0, WIRE_SET_UNKNOWN, "did you mean Brightness" },
        { "AfMod=1,Contrast=1", 0, WIRE_SET_UNKNOWN, "did you mean AfMode?" },
        { "AfPose=1", 0, WIRE_SET_UNKNOWN, "did you mean AfMode or AfPause?" },
        { "lens=1", 0, WIRE_SET_UNKNOWN, "did you mean LensPosition?" },
        { "Contrast=1,Zoom=2", 1, WIRE_SET_UNKNOWN, "the camera has no such control" },
        { "Contrast=1,gain=2,contrast=2", 2, WIRE_SET_BAD, "twice" },
        { "shutter=1ms,ExposureTime=2ms", 1, WIRE_SET_BAD, "twice" },
        { "ExposureTimeMode=auto,shutter=1ms", 1, WIRE_SET_BAD, "combined" },
        { "shutter=1ms,ExposureTimeMode=auto", 0, WIRE_SET_BAD, "combined" },
        { "AfTrigger=start,LensPosition=1", 1, WIRE_SET_BAD, "given for AfMode" },
        { "ColourGains=1,1,ColourTemperature=5000", 1, WIRE_SET_BAD, "ColourGains" },
        { "ColourCorrectionMatrix=1,0,0,0,1,0,0,0,1", 0, WIRE_SET_BAD, "needs ColourGains" },
        { "hdr=sensor", 0, WIRE_SET_BAD, "when pitetherd starts" },
    };
    struct pi_fixture *fixture = *state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        rejects(fixture, rows[i].text, rows[i].item, rows[i].result, rows[i].why);
    pi_control(&fixture->table, "Contrast")->settable = false;
    rejects(fixture, "Contrast=1", 0, WIRE_SET_BAD, "only reports it");
}

static void out_of_range(void **state)
{
    static const char *const rows[][4] = {
        { "shutter=2s", "ExposureTime=66666", "2000000", "26 to 66666 µs" },
        { "shutter=1us", "ExposureTime=26", "1", "26 to 66666 µs" },
        { "shutter=99999999s", "ExposureTime=66666", "2147483647", "26 to 66666 µs" },
        { "gain=100", "AnalogueGain=16", "100", "1.125 to 16" },
        { "awbgains=1.5,40", "ColourGains=1.5,32", "1.5,40", "0 to 32" },
        { "FrameDurationLimits=1ms,100ms", "FrameDurationLimits=69669,100000", "1000,100000",
          "69669 to" },
        { "roi=0.75,0,0.5,1", "ScalerCrop=2304,0,2304,2592", "3456,0,2304,2592", "within 0,0," },
        { "ScalerCrop=-5,9000,10,10", "ScalerCrop=0,2528,64,64", "-5,9000,10,10", "4608,2592" },
        { "AfWindows=4600,0,9,9", "AfWindows=4599,0,9,9", "4600,0,9,9", "within" },
    };
    struct pi_fixture *fixture = *state;
    char list[256], asked[VALUE_TEXT_SIZE];
    struct error error;
    const struct wire_change *item = &fixture->read.items[0];
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *text = rows[i][0];
        assert_int_equal(assignments_read(&fixture->read, text, &fixture->table, ASSIGNMENTS_CLAMP),
                         0);
        assert_int_equal(item->result, WIRE_SET_CLAMPED);
        format_list(&fixture->read.list, list, sizeof(list));
        if (!strstr(list, rows[i][1]))
            fail_msg("'%s' sets '%s'", text, list);
        value_format(&item->asked, asked);
        assert_string_equal(asked, rows[i][2]);
        assert_non_null(strstr(item->why, rows[i][3]));
        assert_int_equal(
            assignments_read(&fixture->read, text, &fixture->table, ASSIGNMENTS_REJECT), -EINVAL);
        assert_int_equal(item->result, WIRE_SET_BAD);
        assert_int_equal(assignments_explain(&fixture->read, text, &error), -EINVAL);
        assert_memory_equal(error.text, text, strlen(text));
        assert_non_null(strstr(error.text, rows[i][3]));
    }
}

/* Of a camera whose arrays have more elements than a value holds. */
static void arrays_that_are_too_large(void **state)
{
    static const char *const names[] = { "rpi::ScalerCrops", "FrameDurationLimits", "ColourGains" };
    struct pi_fixture *fixture = *state;
    char text[64];
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        struct control_info *info = pi_control(&fixture->table, names[i]);
        info->size = UINT16_MAX;
        struct value value = limits_default(info);
        assert_true(value.count <= value_count_max(value.type));
        snprintf(text, sizeof(text), "%s=%s", names[i], i ? "70000" : "1,2,3,4");
        rejects(fixture, text, 0, WIRE_SET_BAD, "numbers");
    }
}

/* The search for the nearest ones takes long. */
static void only_some_unknown_names_are_explained(void **state)
{
    struct pi_fixture *fixture = *state;
    const char *text = "Contrst=1,Sharpnes=1,Saturaton=1,Brightnes=1,AfMod=1,LensPositon=1";
    assert_int_equal(assignments_read(&fixture->read, text, &fixture->table, ASSIGNMENTS_CLAMP),
                     -EINVAL);
    assert_int_equal(fixture->read.count, 6);
    for (unsigned i = 0; i < 6; i++) {
        assert_int_equal(fixture->read.items[i].result, WIRE_SET_UNKNOWN);
        assert_non_null(strstr(fixture->read.items[i].why,
                               i < 4 ? "did you mean" : "the camera has no such control"));
    }
}

/* A limit that makes no sense limits nothing (libcamera 0.1 on an OV5647: 134 to 0). */
static void limits_that_are_not_known(void **state)
{
    struct pi_fixture *fixture = *state;
    struct control_info *exposure = pi_control(&fixture->table, "ExposureTime");
    exposure->min = value_of_int32(134);
    exposure->max = value_of_int32(0);
    sets(fixture, "shutter=2s", "ExposureTimeMode=1 ExposureTime=2000000");
    exposure->max = exposure->def = (struct value){ .type = VALUE_NONE };
    sets(fixture, "shutter=2s", "ExposureTimeMode=1 ExposureTime=2000000");
    rejects(fixture, "shutter=default", 0, WIRE_SET_BAD, "not known");
    pi_control(&fixture->table, "ScalerCrop")->max.type = VALUE_NONE;
    sets(fixture, "ScalerCrop=1,2,30000,40000", "ScalerCrop=1,2,30000,40000");
    rejects(fixture, "roi=0,0,1,1", 0, WIRE_SET_BAD, "in pixels");
    pi_control(&fixture->table, "Contrast")->def.type = VALUE_NONE;
    rejects(fixture, "Contrast=auto", 0, WIRE_SET_BAD, "can't be automatic");
}

/* libcamera before 0.5, and what such cameras have of automatic exposure. */
static void cameras_without_modes(void **state)
{
    struct pi_fixture *fixture = *state;
    pi_controls_remove(&fixture->table, "ExposureTimeMode");
    pi_controls_remove(&fixture->table, "AnalogueGainMode");
    sets(fixture, "shutter=10ms", "AeEnable=false ExposureTime=10000");
    sets(fixture, "gain=2", "AeEnable=false AnalogueGain=2");
    sets(fixture, "shutter=10ms,gain=2", "AeEnable=false ExposureTime=10000 AnalogueGain=2");
    sets(fixture, "shutter=auto", "AeEnable=true");
    rejects(fixture, "shutter=auto,gain=2", 1, WIRE_SET_BAD, "AeEnable");
    pi_controls_remove(&fixture->table, "AeEnable");
    sets(fixture, "shutter=10ms", "ExposureTime=10000");
    pi_controls_remove(&fixture->table, "AwbEnable");
    sets(fixture, "awbgains=2,1.5", "ColourGains=2,1.5");
    sets(fixture, "awbgains=auto", "ColourGains=0,0");
    pi_controls_remove(&fixture->table, "AfMode");
    sets(fixture, "lens-position=3", "LensPosition=3");
}

static struct control_info *add(struct pi_fixture *fixture, const char *name, struct value max)
{
    struct control_info *info = control_table_add(&fixture->table, name);
    assert_non_null(info);
    info->type = max.type;
    info->settable = true;
    info->max = max;
    info->min = info->def = max.type == VALUE_BOOL ? value_of_bool(false) : value_of_int32(0);
    return info;
}

/* What is set beside libcamera has an automatic, too. */
static void the_focus_of_a_usb_camera(void **state)
{
    struct pi_fixture *fixture = *state;
    add(fixture, "v4l2::FocusAbsolute", value_of_int32(250));
    sets(fixture, "FocusAbsolute=50", "v4l2::FocusAbsolute=50");
    sets(fixture, "FocusAbsolute=auto", "v4l2::FocusAbsolute=0");
    add(fixture, "v4l2::FocusAuto", value_of_bool(true));
    sets(fixture, "FocusAbsolute=50", "v4l2::FocusAuto=false v4l2::FocusAbsolute=50");
    sets(fixture, "FocusAbsolute=auto", "v4l2::FocusAuto=true");
    sets(fixture, "FocusAuto=auto", "v4l2::FocusAuto=true");
    rejects(fixture, "FocusAuto=true,FocusAbsolute=5", 1, WIRE_SET_BAD, "combined");
    add(fixture, "v4l2::WhiteBalanceTemperature", value_of_int32(6500));
    add(fixture, "v4l2::WhiteBalanceAuto", value_of_bool(true));
    sets(fixture, "WhiteBalanceTemperature=auto", "v4l2::WhiteBalanceAuto=true");
}

/* A USB camera's gain has no automatic of its own. */
static void a_mode_of_one_alone(void **state)
{
    struct pi_fixture *fixture = *state;
    pi_controls_remove(&fixture->table, "AnalogueGainMode");
    sets(fixture, "gain=2", "AnalogueGain=2");
    sets(fixture, "shutter=1ms,gain=2", "ExposureTimeMode=1 ExposureTime=1000 AnalogueGain=2");
    pi_control(&fixture->table, "ExposureTimeMode")->enumerator_count = 1; /* Auto alone */
    rejects(fixture, "shutter=1ms", 0, WIRE_SET_BAD, "ExposureTimeMode has no mode");
    sets(fixture, "ExposureTimeMode=auto", "ExposureTimeMode=0");
}

/* The matrix, once gains are set. */
static void what_was_set_before_counts(void **state)
{
    static const float gains[] = { 2, 1.5f };
    struct pi_fixture *fixture = *state;
    pi_control(&fixture->table, "ColourGains")->set = value_of_floats(gains, 2);
    sets(fixture, "ccm=1,0,0,0,1,0,0,0,1",
         "AwbEnable=false ColourCorrectionMatrix=1,0,0,0,1,0,0,0,1");
}

static void what_the_camera_lacks(void **state)
{
    struct pi_fixture *fixture = *state;
    pi_controls_remove(&fixture->table, "LensPosition");
    pi_controls_remove(&fixture->table, "draft::NoiseReductionMode");
    rejects(fixture, "lens-position=2", 0, WIRE_SET_UNKNOWN, "the camera has no LensPosition");
    rejects(fixture, "LensPosition=2", 0, WIRE_SET_UNKNOWN, "the camera has no LensPosition");
    rejects(fixture, "denoise=off", 0, WIRE_SET_UNKNOWN, "the camera has no NoiseReductionMode");
    assert_string_equal(fixture->read.items[0].name, "denoise");
    control_table_clear(&fixture->table);
    rejects(fixture, "Contrast=2", 0, WIRE_SET_UNKNOWN, "the source has no controls");
}

/* A text of the network may be anything. */
static void texts_are_shown_safely(void **state)
{
    struct pi_fixture *fixture = *state;
    rejects(fixture, "\x1b[2J=1", 0, WIRE_SET_UNKNOWN, "no such control");
    assert_string_equal(fixture->read.items[0].name, "?[2J");
    rejects(fixture, "Contrast=\x1b[2Jäöüäöüäöüäöü", 0, WIRE_SET_BAD, "'?[2Jäöüäöü' is no");
    char text[4096];
    memset(text, '1', sizeof(text));
    memcpy(text, "Contrast=", 9);
    text[sizeof(text) - 1] = '\0';
    rejects(fixture, text, 0, WIRE_SET_BAD, "too long");
    for (size_t i = 10; i < sizeof(text) - 1; i += 2)
        text[i] = ',';
    rejects(fixture, text, 0, WIRE_SET_BAD, "too long");
}

static void too_many_at_once(void **state)
{
    struct pi_fixture *fixture = *state;
    char text[2048] = "";
    for (unsigned i = 0; i < CONTROL_LIST_MAX + 3; i++)
        strcat(text, i ? ",Zoom=1" : "Zoom=1");
    assert_int_equal(assignments_read(&fixture->read, text, &fixture->table, ASSIGNMENTS_CLAMP),
                     -EINVAL);
    assert_int_equal(fixture->read.count, CONTROL_LIST_MAX);
    assert_non_null(strstr(fixture->read.items[CONTROL_LIST_MAX - 1].why, "more than 48"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_control, pi_fixture_make, pi_fixture_clear),
        cmocka_unit_test_setup_teardown(times_are_written_in_many_ways, pi_fixture_make,
                                        pi_fixture_clear),
        cmocka_unit_test_setup_teardown(several_at_once, pi_fixture_make, pi_fixture_clear),
        cmocka_unit_test_setup_teardown(what_cannot_be_set, pi_fixture_make, pi_fixture_clear),
        cmocka_unit_test_setup_teardown(out_of_range, pi_fixture_make, pi_fixture_clear),
        cmocka_unit_test_setup_teardown(arrays_that_are_too_large, pi_fixture_make,
                                        pi_fixture_clear),
        cmocka_unit_test_setup_teardown(only_some_unknown_names_are_explained, pi_fixture_make,
                                        pi_fixture_clear),
        cmocka_unit_test_setup_teardown(limits_that_are_not_known, pi_fixture_make,
                                        pi_fixture_clear),
        cmocka_unit_test_setup_teardown(cameras_without_modes, pi_fixture_make, pi_fixture_clear),
        cmocka_unit_test_setup_teardown(the_focus_of_a_usb_camera, pi_fixture_make,
                                        pi_fixture_clear),
        cmocka_unit_test_setup_teardown(a_mode_of_one_alone, pi_fixture_make, pi_fixture_clear),
        cmocka_unit_test_setup_teardown(what_was_set_before_counts, pi_fixture_make,
                                        pi_fixture_clear),
        cmocka_unit_test_setup_teardown(what_the_camera_lacks, pi_fixture_make, pi_fixture_clear),
        cmocka_unit_test_setup_teardown(texts_are_shown_safely, pi_fixture_make, pi_fixture_clear),
        cmocka_unit_test_setup_teardown(too_many_at_once, pi_fixture_make, pi_fixture_clear),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
