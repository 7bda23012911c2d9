/*
 * What the test pattern's sensor decides by itself: exposure, white balance and focus, the length
 * of its frames, and what part of the view is shown.
 */
#include "sensor_fixture.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { SETTLED = 40 };

/* Whatever the rate, the card is what it is, while exposure, gain and states settle. */
static void defaults_change_nothing_in_the_picture(void **state)
{
    (void)state;
    static const double rates[] = { 0.5, 5, 29.97, 30, 60, 120, 500, 1000, 10000 };
    for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
        struct sensor *sensor = make_sensor(rates[i], 0, NULL);
        for (uint32_t frame = 0; frame < 30; frame++) {
            assert_int_equal(sensor_expose(sensor, frame), 0);
            assert_true(is_plain(sensor));
            assert_int_equal(sensor->state.duration_us, lround(1e6 / rates[i]));
            assert_int_equal(sensor->state.ae_state, frame < 6 ? AE_SEARCHING : AE_CONVERGED);
            assert_int_equal(sensor->state.awb_locked, frame >= 5);
        }
        free(sensor);
    }
}

static void exposure_follows_what_is_wanted(void **state)
{
    (void)state;
    struct sensor *sensor = make_sensor(30, 0, NULL);
    struct control_list list = { .count = 0 };
    set(&list, "ExposureValue", value_of_float(1));
    expose_to(sensor, 0, SETTLED);
    assert_true(sensor_send(sensor, SETTLED + 1, 1, &list));
    expose_to(sensor, SETTLED + 1, SETTLED + 1);
    assert_int_equal(sensor->state.ae_state, AE_SEARCHING);
    assert_true(light(sensor) < 1.9 * SCENE_EXPOSURE_US);
    expose_to(sensor, SETTLED + 2, 2 * SETTLED);
    assert_int_equal(sensor->state.ae_state, AE_CONVERGED);
    assert_true(fabs(light(sensor) / SCENE_EXPOSURE_US - 2) < 1e-3);
    /* A fixed exposure is made up for by the gain, and the spot is the dark dial. */
    list.count = 0;
    set(&list, "ExposureTimeMode", value_of_int32(MODE_MANUAL));
    set(&list, "ExposureTime", value_of_int32(2000));
    set(&list, "ExposureValue", value_of_float(0));
    set(&list, "AeMeteringMode", value_of_int32(METERING_SPOT));
    assert_true(sensor_send(sensor, 100, 2, &list));
    expose_to(sensor, 100, 100 + SETTLED);
    assert_int_equal(sensor->state.exposure_us, 1998);
    assert_true(sensor->state.gain > 9 && sensor->state.gain < 11);
    assert_true(fabs(light(sensor) / SCENE_EXPOSURE_US - 2) < 1e-3);
    assert_true(sensor->state.ae);
    free(sensor);
}

/* Both keep what they were, until a value is set; and again after they were the camera's. */
static void what_is_no_longer_decided_stays(void **state)
{
    (void)state;
    struct sensor *sensor = make_sensor(100, 0, NULL);
    struct control_list list = { .count = 0 };
    set(&list, "ExposureValue", value_of_float(1));
    assert_true(sensor_send(sensor, 0, 1, &list));
    expose_to(sensor, 0, SETTLED);
    for (uint32_t round = 1; round < 3; round++) {
        int32_t us = sensor->state.exposure_us;
        float gain = sensor->state.gain;
        list.count = 0;
        set(&list, "AeEnable", value_of_bool(false));
        assert_true(sensor_send(sensor, 100 * round, 2 * round, &list));
        expose_to(sensor, 100 * round, 100 * round + SETTLED);
        assert_int_equal(sensor->state.ae_state, AE_IDLE);
        assert_int_equal(sensor->state.exposure_us, us);
        assert_true(sensor->state.gain == gain);
        assert_int_equal(sensor->state.duration_us, 10000);
        list.count = 0;
        set(&list, "AeEnable", value_of_bool(true));
        set(&list, "ExposureValue", value_of_float(0));
        assert_true(sensor_send(sensor, 100 * round + 50, 2 * round + 1, &list));
        expose_to(sensor, 100 * round + 50, 100 * round + 50 + SETTLED);
        assert_int_equal(sensor->state.ae_state, AE_CONVERGED);
    }
    free(sensor);
}

/* One that is set does, unless the frame's limits are set, too; the camera's own goes down to the
 * least rate. */
static void long_exposures_lengthen_the_frame(void **state)
{
    (void)state;
    for (int slow = 0; slow < 2; slow++) {
        struct sensor *sensor = make_sensor(30, slow ? 2 : 0, NULL);
        struct control_list list = { .count = 0 };
        set(&list, "ExposureValue", value_of_float(8));
        assert_true(sensor_send(sensor, 0, 1, &list));
        expose_to(sensor, 0, 2 * SETTLED);
        assert_int_equal(sensor->state.exposure_us, slow ? 499878 : 33210);
        assert_int_equal(sensor->state.duration_us, slow ? 499986 : 33333);
        list = exposure(100000, 1);
        assert_true(sensor_send(sensor, 100, 2, &list));
        assert_int_equal(expose_to(sensor, 100, 102), 2);
        assert_int_equal(sensor->state.exposure_us, 99981);
        assert_int_equal(sensor->state.duration_us, 99981 + SENSOR_MARGIN_US);
        list = exposure(9000000, 1);
        assert_true(sensor_send(sensor, 103, 3, &list));
        expose_to(sensor, 103, 105);
        assert_int_equal(sensor->state.exposure_us, 8999991);
        const int64_t limits[2] = { 33333, 50000 };
        struct value value = { .type = VALUE_INT64, .array = true, .count = 2 };
        memcpy(value.int64, limits, sizeof(limits));
        set(&list, "FrameDurationLimits", value);
        assert_true(sensor_send(sensor, 106, 4, &list));
        expose_to(sensor, 106, 108);
        assert_int_equal(sensor->state.exposure_us, 49869);
        assert_true(sensor->state.duration_us <= 50000);
        free(sensor);
    }
}

static void white_balance_and_focus_find_their_place(void **state)
{
    (void)state;
    struct sensor *sensor = make_sensor(30, 0, NULL);
    const float gains[2] = { 1, 3 };
    struct control_list list = { .count = 0 };
    set(&list, "ColourGains", value_of_floats(gains, 2));
    set(&list, "LensPosition", value_of_float(5));
    assert_true(sensor_send(sensor, 0, 1, &list));
    assert_int_equal(expose_to(sensor, 0, 0), 1);
    assert_memory_equal(sensor->state.colour_gains, gains, sizeof(gains));
    assert_int_equal(sensor->state.temperature, 2500);
    assert_true(sensor->state.lens == 5);
    struct card_look look;
    sensor_look(sensor, &look);
    assert_false(look.tone.neutral || look.tone.separate);
    assert_true(look.blur > 0);

    list.count = 0;
    set(&list, "AwbEnable", value_of_bool(true));
    set(&list, "AfMode", value_of_int32(AF_AUTO));
    assert_true(sensor_send(sensor, 1, 2, &list));
    expose_to(sensor, 1, 1);
    assert_false(sensor->state.awb_locked);
    expose_to(sensor, 2, SETTLED);
    assert_true(sensor->state.awb_locked);
    assert_int_equal(sensor->state.temperature, SCENE_TEMPERATURE);
    assert_int_equal(sensor->state.af_state, AF_IDLE);
    assert_true(sensor->state.lens == 5); /* nobody has triggered it */
    list.count = 0;
    set(&list, "AfTrigger", value_of_int32(AF_TRIGGER_START));
    assert_true(sensor_send(sensor, 50, 3, &list));
    expose_to(sensor, 50, 50);
    assert_int_equal(sensor->state.af_state, AF_SCANNING);
    expose_to(sensor, 51, 50 + SETTLED);
    assert_int_equal(sensor->state.af_state, AF_FOCUSED);
    assert_true(is_plain(sensor));
    list.count = 0;
    set(&list, "AwbMode", value_of_int32(5)); /* daylight */
    assert_true(sensor_send(sensor, 100, 4, &list));
    expose_to(sensor, 100, 100 + SETTLED);
    assert_int_equal(sensor->state.temperature, 5500);
    free(sensor);
}

static void crops_stay_on_the_sensor(void **state)
{
    (void)state;
    static const struct {
        struct value_rectangle asked, got;
    } crops[] = {
        { { 1014, 760, 2028, 1520 }, { 1014, 760, 2028, 1520 } },
        { { 1015, 761, 2029, 1521 }, { 1014, 760, 2030, 1522 } },
        { { -100, -100, 4256, 200 }, { 0, 0, 4056, 100 } },
        { { 5000, 5000, 10, 10 }, { 3992, 2976, 64, 64 } },
        { { 100, 100, 0, 0 }, { 100, 100, 64, 64 } },
        { { INT32_MIN, INT32_MAX, UINT32_MAX, UINT32_MAX }, { 0, 2976, 2147483646, 64 } },
    };
    for (size_t i = 0; i < sizeof(crops) / sizeof(crops[0]); i++) {
        struct sensor *sensor = make_sensor(30, 0, NULL);
        struct control_list list = { .count = 0 };
        set(&list, "ScalerCrop", value_of_rectangle(crops[i].asked));
        assert_true(sensor_send(sensor, 0, 1, &list));
        assert_int_equal(expose_to(sensor, 0, 0), 1);
        struct value_rectangle got = sensor->state.now.crop, want = crops[i].got;
        if (want.width > SENSOR_WIDTH)
            want.width = SENSOR_WIDTH;
        assert_int_equal(got.x, want.x);
        assert_int_equal(got.y, want.y);
        assert_int_equal(got.width, want.width);
        assert_int_equal(got.height, want.height);
        free(sensor);
    }
}

static void modes_have_their_view(void **state)
{
    (void)state;
    static const struct {
        struct camera_request request;
        unsigned mode_width, view;
    } cases[] = {
        { { .width = 640, .height = 480, .fps = 30 }, 2028, 9993 },
        { { .width = 1920, .height = 1080, .fps = 30 }, 2028, 7500 },
        { { .width = 1920, .height = 1080, .fps = 60 }, 1332, 3236 },
        { { .width = 640, .height = 480, .fps = 60, .full_view = true }, 2028, 9993 },
        { { .width = 640, .height = 480, .fps = 30, .sensor_mode = "1332:990" }, 1332, 4239 },
        { { .width = 4056, .height = 3040, .sensor_mode = "4056:3040:12" }, 4056, 10000 },
    };
    struct error error = { "" };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct camera_request *request = &cases[i].request;
        const struct sensor_mode *mode = sensor_mode_choose(request, &error);
        assert_non_null(mode);
        assert_int_equal(mode->width, cases[i].mode_width);
        unsigned view = sensor_view(sensor_mode_crop(mode, request->width, request->height));
        assert_in_range(view, cases[i].view - 5, cases[i].view + 5);
    }
    static const char *const none[] = {
        "", "2028", "2028:1520:8", "2028:15200", "1:1", "1332:991"
    };
    for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
        const struct camera_request request = { .sensor_mode = none[i] };
        error.text[0] = '\0';
        assert_null(sensor_mode_choose(&request, &error));
        assert_non_null(strstr(error.text, "4056:3040:12"));
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_change_nothing_in_the_picture),
        cmocka_unit_test(exposure_follows_what_is_wanted),
        cmocka_unit_test(what_is_no_longer_decided_stays),
        cmocka_unit_test(long_exposures_lengthen_the_frame),
        cmocka_unit_test(white_balance_and_focus_find_their_place),
        cmocka_unit_test(crops_stay_on_the_sensor),
        cmocka_unit_test(modes_have_their_view),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
