/*
 * Our libcamera source with what looks like a Pi's camera to it (pi_shim.cpp): settings given at
 * the start and live, and what frames report of them. Run by run.sh, once plainly and once with
 * PI_ATOMIC=1, where each frame that shows a change says so.
 */
#include "tests/libcamera/pi_run.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

static bool is_atomic(void)
{
    return getenv("PI_ATOMIC") != NULL;
}

static void the_camera_lists_its_controls(void **state)
{
    (void)state;
    struct error error = { "" };
    struct camera_request request = { .width = 1296, .height = 972 };
    struct camera_description description;
    assert_int_equal(camera_libcamera.open(&pi.camera, "bars", &request, &error), 0);
    assert_int_equal(camera_libcamera.describe(pi.camera, &description, &error), 0);
    pi.table = description.controls;
    assert_non_null(info_of("exposuretime"));
    assert_int_equal(info_of("ExposureTime")->max.int32[0], 112015096);
    assert_int_equal(info_of("ScalerCropMaximum")->def.rectangle[0].width, 4608);
    assert_false(info_of("ScalerCropMaximum")->settable);
    assert_int_equal(info_of("AwbMode")->enumerator_count, 8);
    assert_int_equal(info_of("ScalerCrops")->array, true);
    assert_int_equal(info_of("ScalerCrops")->def.count, 2);
    assert_int_equal(description.mode.width, 1296);
}

static void the_first_frame_has_what_the_start_was_given(void **state)
{
    (void)state;
    start("ExposureTime=10ms,AnalogueGain=2,AwbMode=Daylight,LensPosition=2.5,Contrast=1.5", 30, 0);
    wait_for(1);
    assert_reported(0, "ExposureTime", "9998");
    assert_reported(0, "AnalogueGain", "2");
    assert_reported(0, "AwbMode", "5");
    assert_reported(0, "LensPosition", "2.5");
    assert_reported(0, "Contrast", "1.5");
    assert_reported(0, "FrameDuration", "33333");
    assert_reported(0, "Lux", "nan");
    assert_int_equal(pi.shots[0].applied, 0);
    assert_int_equal(pi.shots[0].shown, 0);
}

/* Each control of a Pi that shows in the metadata: what is set, and what is reported. */
static const struct {
    const char *text, *name, *before, *after;
    bool sensor; /* takes the sensor's delay, even where others don't */
} rows[] = {
    { "ExposureTime=1/200", "ExposureTime", "14997", "4999", true },
    { "AnalogueGain=4.03", "AnalogueGain", "1.5", "4", true },
    { "AeMeteringMode=spot", "AeMeteringMode", "nothing", "1", false },
    { "AeConstraintMode=highlight", "AeConstraintMode", "nothing", "1", false },
    { "AeExposureMode=short", "AeExposureMode", "nothing", "1", false },
    { "ExposureValue=-1.5", "ExposureValue", "nothing", "-1.5", false },
    { "AeFlickerPeriod=10ms", "AeFlickerPeriod", "nothing", "10000", false },
    { "AwbMode=cloudy", "AwbMode", "nothing", "6", false },
    { "ColourGains=1.5,2", "ColourGains", "1.75,2.25", "1.5,2", false },
    { "Brightness=0.25", "Brightness", "nothing", "0.25", false },
    { "Contrast=1.25", "Contrast", "nothing", "1.25", false },
    { "Saturation=0.5", "Saturation", "nothing", "0.5", false },
    { "Sharpness=2", "Sharpness", "nothing", "2", false },
    { "HdrMode=SingleExposure", "HdrMode", "nothing", "3", false },
    { "NoiseReductionMode=fast", "draft::NoiseReductionMode", "nothing", "1", false },
    { "AfRange=macro", "AfRange", "nothing", "1", false },
    { "AfSpeed=fast", "AfSpeed", "nothing", "1", false },
    { "LensPosition=3.5", "LensPosition", "1", "3.5", false },
    { "AfMode=continuous", "AfMode", "0", "2", false },
    { "ScalerCrop=100,200,2000,1000", "ScalerCrop", "0,0,4608,2592", "100,200,2000,1000", false },
    { "ScalerCrops=0,0,0.5,0.5", "rpi::ScalerCrops", "nothing", "0,0,2304,1296", false },
    { "AfPause=immediate", "AfPause", "nothing", "0", false },
    { "AfWindows=0.25,0.25,0.5,0.5", "AfWindows", "nothing", "1152,648,2304,1296", false },
    { "AfMetering=auto", "AfMetering", "1", "0", false },
    { "AeFlickerMode=off", "AeFlickerMode", "1", "0", false },
    { "AwbEnable=on", "AwbEnable", "false", "true", false },
    { "ColourTemperature=5000", "ColourTemperature", "nothing", "5000", false },
    { "ColourGains=2,2,ColourCorrectionMatrix=1,0,0,0,1,0,0,0,1", "ColourCorrectionMatrix",
      "nothing", "1,0,0,0,1,0,0,0,1", false },
    { "ExposureTimeMode=auto", "ExposureTimeMode", "1", "0", true },
    { "AnalogueGainMode=auto", "AnalogueGainMode", "1", "0", true },
};

static void each_change_shows_when_it_is_due(void **state)
{
    (void)state;
    start(NULL, 0, 0);
    wait_for(1);
    assert_int_equal(pi.mode.shows_changes, is_atomic());
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        unsigned delay = rows[i].sensor || is_atomic() ? SENSOR_DELAY : 0;
        if (!info_of(rows[i].name)) /* this release does not know it */
            continue;
        unsigned given = set(rows[i].text, 100 + i);
        wait_for(given + delay + 2);
        assert_reported(given + delay, rows[i].name, rows[i].after);
        if (given + delay > 0)
            assert_reported(given + delay - 1, rows[i].name, rows[i].before);
        for (unsigned shot = given; shot < given + delay + 2; shot++)
            assert_int_equal(pi.shots[shot].shown,
                             is_atomic() && shot == given + delay ? 100 + i : 0);
    }
}

static void an_exposure_makes_room_for_itself(void **state)
{
    (void)state;
    start(NULL, 30, 0);
    wait_for(1);
    assert_reported(0, "FrameDurationLimits", "33333,33333");
    unsigned given = set("ExposureTime=100ms", 1);
    wait_for(given + SENSOR_DELAY + 1);
    assert_reported(given + SENSOR_DELAY, "ExposureTime", "99999");
    assert_reported(given + SENSOR_DELAY, "FrameDurationLimits", "33333,101000");
    given = set("ExposureTime=auto", 2);
    wait_for(given + SENSOR_DELAY + 1);
    assert_reported(given + SENSOR_DELAY, "FrameDurationLimits", "33333,33333");
}

/* Nobody asked for a rate, so it stays as it is, and automatic exposure keeps the room it had. */
static void an_exposure_makes_the_camera_no_faster(void **state)
{
    (void)state;
    start(NULL, 0, 0);
    wait_for(1);
    unsigned given = set("ExposureTime=100ms", 1);
    wait_for(given + SENSOR_DELAY + 1);
    assert_reported(given + SENSOR_DELAY, "ExposureTime", "99999");
    assert_reported(given + SENSOR_DELAY, "FrameDuration", "100399");
    given = set("ExposureTime=5ms", 2);
    wait_for(given + SENSOR_DELAY + 1);
    assert_reported(given + SENSOR_DELAY, "ExposureTime", "4999");
    assert_reported(given + SENSOR_DELAY, "FrameDuration", "33333");
    assert_reported(given + SENSOR_DELAY, "FrameDurationLimits", "33333,112015444");
}

/* R8 is what the sensor sends, so it is grey of another format that is taken. */
static void a_monochrome_sensor_gives_grey(void **state)
{
    static const char *const kinds[] = { "pisp", "vc4" };
    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        setenv("PI_GREY", kinds[i], 1);
        pi.any_size = true; /* not larger than the sensor */
        start(NULL, 0, 0);
        wait_for(1);
        assert_int_equal(pi.mode.format, PIXEL_GREY);
        assert_int_equal(pi.mode.width, 1296);
        finish(NULL);
    }
}

/* One that the sensor's mode is too small for would only be an enlarged one. */
static void a_still_beside_the_stream_is_of_full_size(void **state)
{
    (void)state;
    start(NULL, 0, 0);
    assert_int_equal(pi.mode.still_width, 1920);
    finish(NULL);
    pi.sensor_mode = "4608:2592";
    start(NULL, 0, 0);
    assert_int_equal(pi.mode.still_width, 1920);
    finish(NULL);
    pi.sensor_mode = "1296:972";
    start(NULL, 0, 0);
    assert_int_equal(pi.mode.still_width, 0);
}

static void without_memory_for_stills_the_stream_goes_on(void **state)
{
    (void)state;
    setenv("PI_SMALL", "1", 1);
    start(NULL, 0, 0);
    assert_int_equal(pi.mode.still_width, 0);
    wait_for(1);
}

/* run.sh looks whether the log says that the camera has no rate of its own. */
static void users_may_set_a_faster_rate(void **state)
{
    (void)state;
    start(NULL, 30, 0);
    wait_for(1);
    unsigned given = set("FrameDurationLimits=16667,16667", 1);
    wait_for(given + 60);
    assert_reported(given + 60 - 1, "FrameDuration", "16667");
}

static void a_rate_may_be_a_range(void **state)
{
    (void)state;
    start(NULL, 30, 5);
    wait_for(1);
    assert_reported(0, "FrameDurationLimits", "33333,200000");
}

static void the_camera_starts_again_with_other_settings(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        start(i == 1 ? "ExposureTime=20ms" : "ExposureTime=5ms", 0, 0);
        wait_for(2);
        assert_reported(1, "ExposureTime", i == 1 ? "19996" : "4999");
        finish(NULL);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(the_camera_lists_its_controls, finish),
        cmocka_unit_test_teardown(the_first_frame_has_what_the_start_was_given, finish),
        cmocka_unit_test_teardown(each_change_shows_when_it_is_due, finish),
        cmocka_unit_test_teardown(an_exposure_makes_room_for_itself, finish),
        cmocka_unit_test_teardown(an_exposure_makes_the_camera_no_faster, finish),
        cmocka_unit_test_teardown(users_may_set_a_faster_rate, finish),
        cmocka_unit_test_teardown(a_rate_may_be_a_range, finish),
        cmocka_unit_test_teardown(a_monochrome_sensor_gives_grey, finish),
        cmocka_unit_test_teardown(a_still_beside_the_stream_is_of_full_size, finish),
        cmocka_unit_test_teardown(without_memory_for_stills_the_stream_goes_on, finish),
        cmocka_unit_test_teardown(the_camera_starts_again_with_other_settings, finish),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
