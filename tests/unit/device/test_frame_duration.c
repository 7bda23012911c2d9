/*
 * Durations of frames that follow the exposure times that users set.
 */
#include "device/camera/frame_duration.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static const struct frame_rate_limits limits = { true, 16666, 100000000 };

/* The camera's own default. */
static const int64_t usual[2] = { 33333, 120000 };

static struct control_list settings;

static void set(const char *name, struct value value)
{
    assert_true(control_list_set(&settings, name, &value));
}

static void begin(struct frame_duration *duration, double fps, double min_fps)
{
    struct frame_rate rate = frame_rate_choose(fps, min_fps, limits);
    frame_duration_init(duration, &rate, limits, usual);
    settings.count = 0;
}

/* Gives the camera what was set since the last time. */
static void assert_range(struct frame_duration *duration, bool first, int64_t min_us,
                         int64_t max_us)
{
    frame_duration_update(duration, &settings, first);
    struct control_setting *range = control_list_find(&settings, "FrameDurationLimits");
    assert_int_equal(range != NULL, max_us != 0);
    if (range) {
        assert_int_equal(range->value.type, VALUE_INT64);
        assert_true(range->value.array);
        assert_int_equal(range->value.count, 2);
        assert_int_equal(range->value.int64[0], min_us);
        assert_int_equal(range->value.int64[1], max_us);
    }
    settings.count = 0;
}

static void without_a_rate_it_is_the_cameras(void **state)
{
    (void)state;
    struct frame_duration duration;
    begin(&duration, 0, 0);
    assert_range(&duration, true, 0, 0);
    set("ExposureTime", value_of_int32(100000)); /* fits */
    assert_range(&duration, false, 0, 0);
    set("ExposureTime", value_of_int32(2000000));
    assert_range(&duration, false, 33333, 2001000); /* not faster than before */
    set("Brightness", value_of_float(0));
    assert_range(&duration, false, 0, 0);
    set("ExposureTimeMode", value_of_int32(0));
    assert_range(&duration, false, 33333, 120000);
}

static void a_rate_gives_way_to_an_exposure(void **state)
{
    (void)state;
    struct frame_duration duration;
    begin(&duration, 30, 0);
    set("ExposureTimeMode", value_of_int32(1));
    set("ExposureTime", value_of_int32(50000));
    assert_range(&duration, true, 33333, 51000);
    set("ExposureTime", value_of_int32(10000));
    assert_range(&duration, false, 33333, 33333);
    set("ExposureTime", value_of_int32(2000000000)); /* more than the camera can */
    assert_range(&duration, false, 33333, 100000000);
    set("AeEnable", value_of_bool(true));
    assert_range(&duration, false, 33333, 33333);
}

/* Neither a mode that leaves the exposure to users, nor any other control. */
static void what_says_nothing_of_the_exposure(void **state)
{
    (void)state;
    struct frame_duration duration;
    begin(&duration, 30, 0);
    set("ExposureTime", value_of_int32(50000));
    assert_range(&duration, true, 33333, 51000);
    set("ExposureTimeMode", value_of_int32(1));
    set("AeEnable", value_of_bool(false));
    set("Brightness", value_of_float(0.5f));
    set("Contrast", value_of_float(0));
    assert_range(&duration, false, 0, 0);
}

/* Nor what nobody can expose for. */
static void limits_that_are_not_known(void **state)
{
    (void)state;
    static const int64_t unknown[2] = { 0, 0 };
    const struct frame_rate_limits none = { true, 0, 0 };
    struct frame_duration duration;
    struct frame_rate rate = frame_rate_choose(0, 0, none);
    frame_duration_init(&duration, &rate, none, unknown);
    settings.count = 0;
    set("ExposureTime", value_of_int32(-5));
    assert_range(&duration, true, 0, 0);
    set("ExposureTime", value_of_int32(2000000000));
    assert_range(&duration, false, 1, 2000001000);
}

static void a_range_of_rates(void **state)
{
    (void)state;
    struct frame_duration duration;
    begin(&duration, 30, 5);
    assert_range(&duration, true, 33333, 200000);
    set("ExposureTime", value_of_int32(150000));
    assert_range(&duration, false, 0, 0);
    set("ExposureTime", value_of_int32(1000000));
    assert_range(&duration, false, 33333, 1001000);
    begin(&duration, 0, 5);
    assert_range(&duration, true, 16666, 200000);
}

static void what_users_set_holds(void **state)
{
    (void)state;
    struct frame_duration duration;
    struct value range = {
        .type = VALUE_INT64, .array = true, .count = 2, .int64 = { 20000, 40000 }
    };
    begin(&duration, 30, 0);
    assert_int_equal(frame_duration_min_ns(&duration), 33333 * 900);
    set("FrameDurationLimits", range);
    set("ExposureTime", value_of_int32(100000));
    assert_range(&duration, true, 20000, 40000);
    assert_int_equal(frame_duration_min_ns(&duration), 20000 * 900);
    set("ExposureTime", value_of_int32(200000));
    assert_range(&duration, false, 0, 0);
}

static void what_users_give_back_follows_the_exposure(void **state)
{
    (void)state;
    struct frame_duration duration;
    struct value range = {
        .type = VALUE_INT64, .array = true, .count = 2, .int64 = { 20000, 40000 }
    };
    const struct {
        double fps, min_fps;
        int64_t min_us, max_us;
    } rows[] = { { 30, 0, 33333, 33333 }, { 30, 25, 33333, 40000 }, { 0, 0, 33333, 120000 } };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        begin(&duration, rows[i].fps, rows[i].min_fps);
        set("FrameDurationLimits", range);
        assert_range(&duration, true, 20000, 40000);
        set("FrameDurationLimits", range); /* whatever the camera's default is */
        settings.items[0].given_back = true;
        assert_range(&duration, false, rows[i].min_us, rows[i].max_us);
        set("ExposureTime", value_of_int32(200000));
        assert_range(&duration, false, rows[i].min_us, 201000);
    }
}

static void a_camera_without_a_rate_gets_none(void **state)
{
    (void)state;
    struct frame_duration duration;
    struct frame_rate rate = frame_rate_choose(30, 0, (struct frame_rate_limits){ 0 });
    frame_duration_init(&duration, &rate, (struct frame_rate_limits){ 0 }, (int64_t[2]){ 0 });
    set("ExposureTime", value_of_int32(100000));
    assert_range(&duration, true, 0, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_a_rate_it_is_the_cameras),
        cmocka_unit_test(a_rate_gives_way_to_an_exposure),
        cmocka_unit_test(what_says_nothing_of_the_exposure),
        cmocka_unit_test(limits_that_are_not_known),
        cmocka_unit_test(a_range_of_rates),
        cmocka_unit_test(what_users_set_holds),
        cmocka_unit_test(what_users_give_back_follows_the_exposure),
        cmocka_unit_test(a_camera_without_a_rate_gets_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
