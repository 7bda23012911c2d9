/*
 * Zooming, panning, and what a click asks of a camera.
 */
#include "window_fixture.h"

#include <math.h>
#include <string.h>

#include "host/sinks/window/aim.h"
#include "shared/base/clock.h"

static const struct zoom_rect smallest = { 0, 0, 0.0625, 0.0625 };

static void assert_near(double value, double wanted)
{
    if (!(fabs(value - wanted) < 1e-9))
        fail_msg("%g, not %g", value, wanted);
}

static void assert_rect(struct zoom_rect rect, double x, double y, double width, double height)
{
    assert_near(rect.x, x);
    assert_near(rect.y, y);
    assert_near(rect.width, width);
    assert_near(rect.height, height);
}

static void what_is_under_the_pointer_stays_there(void **state)
{
    const struct zoom_point at = { 0.25, 0.75 };
    (void)state;
    struct zoom_rect shown = zoom_at(zoom_whole, zoom_whole, smallest, at, 2);
    assert_rect(shown, 0.125, 0.375, 0.5, 0.5);
    struct zoom_point before = zoom_place(shown, at);
    shown = zoom_at(shown, zoom_whole, smallest, at, 1.7);
    assert_near(zoom_place(shown, at).x, before.x);
    assert_near(zoom_place(shown, at).y, before.y);
    assert_near(zoom_factor(shown, zoom_whole), 3.4);
    /* Out again, up to the whole. */
    shown = zoom_at(shown, zoom_whole, smallest, at, 0.1);
    assert_rect(shown, 0, 0, 1, 1);
    assert_near(zoom_factor(shown, zoom_whole), 1);
}

static void no_part_is_smaller_than_the_least(void **state)
{
    (void)state;
    struct zoom_rect shown =
        zoom_at(zoom_whole, zoom_whole, smallest, (struct zoom_point){ 0, 0 }, 1000);
    assert_rect(shown, 0, 0, 0.0625, 0.0625);
    /* A camera that reports a smaller part than it says it can. */
    shown = zoom_at((struct zoom_rect){ 0.5, 0.5, 0.01, 0.01 }, zoom_whole, smallest,
                    (struct zoom_point){ 0.5, 0.5 }, 1.2);
    assert_near(shown.width, 0.0625);
}

static void dragging_ends_at_the_edges(void **state)
{
    (void)state;
    struct zoom_rect shown = { 0.25, 0.25, 0.5, 0.5 };
    assert_rect(zoom_drag(shown, zoom_whole, (struct zoom_point){ 0.2, -0.1 }), 0.15, 0.3, 0.5,
                0.5);
    assert_rect(zoom_drag(shown, zoom_whole, (struct zoom_point){ 3, -3 }), 0, 0.5, 0.5, 0.5);
}

static void places_are_found_in_the_picture_only(void **state)
{
    const struct layout_area area = { 100, 50, 200, 100 };
    struct zoom_point point;
    (void)state;
    assert_true(zoom_point_in(area, 199, 99, &point));
    assert_near(point.x, 0.4975);
    assert_near(point.y, 0.495);
    assert_false(zoom_point_in(area, 99, 60, &point));
    assert_false(zoom_point_in(area, 300, 60, &point));
    assert_false(zoom_point_in(area, 200, 150, &point));
    assert_false(zoom_point_in((struct layout_area){ 0 }, 0, 0, &point));
}

static void add_autofocus(struct window_fixture *fixture)
{
    static const char *const modes[] = { "AfModeManual", "AfModeAuto", NULL };
    static const char *const metering[] = { "AfMeteringAuto", "AfMeteringWindows", NULL };
    static const char *const trigger[] = { "AfTriggerStart", "AfTriggerCancel", NULL };
    enum pitether_value_type type = PITETHER_VALUE_INT32;
    window_add_words(window_add(fixture, "AfMode", type, NAN, NAN, NAN), modes);
    window_add_words(window_add(fixture, "AfMetering", type, NAN, NAN, NAN), metering);
    window_add_words(window_add(fixture, "AfTrigger", type, NAN, NAN, NAN), trigger);
    window_add(fixture, "AfWindows", PITETHER_VALUE_RECTANGLE, NAN, NAN, NAN)->array = true;
}

static void a_click_focuses_in_the_sensors_pixels(void **state)
{
    struct window_fixture *fixture = *state;
    struct told told = { 0 };
    char text[AIM_TEXT_MAX];
    add_autofocus(fixture);
    window_add_crop(fixture);
    window_list(fixture);
    const struct zoom_point point = { 0.5, 0.25 };
    assert_int_equal(aim_at(&fixture->camera, NULL, point, text), AIM_FOCUS);
    assert_string_equal(text, "AfMode=Auto,AfMetering=Windows,AfWindows=1758,516,500,500,"
                              "AfTrigger=Start");
    /* The camera shows its view's lower right quarter. */
    struct pitether_frame *frame = frame_make(fixture->pool, 1, 100);
    told_add(&told, "ScalerCrop",
             value_of_rectangle((struct value_rectangle){ 2008, 1516, 2000, 1500 }));
    frame_tell(frame, &told);
    aim_at(&fixture->camera, frame, point, text);
    assert_string_equal(text, "AfMode=Auto,AfMetering=Windows,AfWindows=2883,1766,250,250,"
                              "AfTrigger=Start");
    /* At an edge the window stays within the picture. */
    aim_at(&fixture->camera, NULL, (struct zoom_point){ 1, 0 }, text);
    assert_non_null(strstr(text, "AfWindows=3508,16,500,500,"));
    assert_true(aim_focus(&fixture->camera, text));
    assert_string_equal(text, "AfMode=Auto,AfTrigger=Start");
    pitether_frame_release(frame);
}

static void without_autofocus_a_click_meters(void **state)
{
    static const char *const metering[] = { "MeteringCentreWeighted", "MeteringSpot", NULL };
    struct window_fixture *fixture = *state;
    char text[AIM_TEXT_MAX] = "";
    window_list(fixture);
    assert_int_equal(aim_kind(&fixture->camera), AIM_NONE);
    assert_false(aim_focus(&fixture->camera, text));
    window_add_words(window_add(fixture, "AeMeteringMode", PITETHER_VALUE_INT32, NAN, NAN, NAN),
                     metering);
    window_list(fixture);
    assert_int_equal(aim_at(&fixture->camera, NULL, (struct zoom_point){ 0.5, 0.5 }, text),
                     AIM_METER);
    assert_string_equal(text, "Spot");
}

static void crops_are_whole_and_within_the_limits(void **state)
{
    struct window_fixture *fixture = *state;
    char text[AIM_TEXT_MAX];
    window_list(fixture);
    assert_false(aim_can_crop(&fixture->camera));
    window_add_crop(fixture);
    window_list(fixture);
    assert_true(aim_can_crop(&fixture->camera));
    struct aim_crop crop = aim_crop(&fixture->camera, NULL);
    assert_rect(crop.shown, 8, 16, 4000, 3000);
    crop.shown = zoom_at(crop.shown, crop.whole, crop.min, (struct zoom_point){ 0.3, 0.6 }, 1.2);
    aim_write_crop(crop, text);
    assert_string_equal(text, "208,316,3332,2500");
    crop.shown = zoom_at(crop.shown, crop.whole, crop.min, (struct zoom_point){ 1, 1 }, 1000);
    aim_write_crop(crop, text);
    assert_string_equal(text, "3476,2768,64,48");
    window_refuse(fixture, 1, "key lab may only view");
    assert_false(aim_can_crop(&fixture->camera));
}

static void exposure_goes_by_the_aim_or_the_time(void **state)
{
    struct window_fixture *fixture = *state;
    const struct camera *camera = &fixture->camera;
    struct aim_exposure last = { 0 };
    window_list(fixture);
    assert_null(aim_expose(camera, NULL, 1, &last, 1));
    window_add_usual(fixture);
    window_list(fixture);
    assert_string_equal(aim_expose(camera, NULL, 1, &last, 1)->name, "ExposureValue");
    assert_near(last.number, 1.0 / 3);
    (void)aim_expose(camera, NULL, 1, &last, 1);
    assert_near(last.number, 2.0 / 3);
    (void)aim_expose(camera, NULL, -1, &last, 2 * CLOCK_SECOND); /* the camera's own again */
    assert_near(last.number, -1.0 / 3);
    window_answer(fixture, 0, "ExposureTime", PITETHER_SET_OK, value_of_int32(10000));
    assert_string_equal(aim_expose(camera, NULL, -1, &last, 1)->name, "ExposureTime");
    assert_near(last.number, 7940);
}

static void a_turned_place_is_where_it_was(void **state)
{
    static const struct {
        struct zoom_turn turn;
        double x, y, dx, dy; /* of the place 0.25,0.125 and the movement 1,2 */
    } cases[] = {
        { { false, false, false }, 0.25, 0.125, 1, 2 },
        { { true, false, false }, 0.75, 0.125, -1, 2 },
        { { false, true, false }, 0.25, 0.875, 1, -2 },
        { { false, false, true }, 0.125, 0.25, 2, 1 },
        { { false, true, true }, 0.125, 0.75, 2, -1 }, /* by 90 degrees */
        { { true, false, true }, 0.875, 0.25, -2, 1 }, /* by 270 degrees */
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct zoom_point place = zoom_turn_back(cases[i].turn, (struct zoom_point){ 0.25, 0.125 });
        struct zoom_point by = zoom_turn_move_back(cases[i].turn, (struct zoom_point){ 1, 2 });
        assert_true(fabs(place.x - cases[i].x) < 1e-9 && fabs(place.y - cases[i].y) < 1e-9);
        assert_true(fabs(by.x - cases[i].dx) < 1e-9 && fabs(by.y - cases[i].dy) < 1e-9);
    }
}

#define TEST(test)                                                                                 \
    cmocka_unit_test_setup_teardown(test, window_fixture_setup, window_fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_under_the_pointer_stays_there),
        cmocka_unit_test(no_part_is_smaller_than_the_least),
        cmocka_unit_test(dragging_ends_at_the_edges),
        cmocka_unit_test(places_are_found_in_the_picture_only),
        TEST(a_click_focuses_in_the_sensors_pixels),
        TEST(without_autofocus_a_click_meters),
        TEST(crops_are_whole_and_within_the_limits),
        TEST(exposure_goes_by_the_aim_or_the_time),
        TEST(a_turned_place_is_where_it_was),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
