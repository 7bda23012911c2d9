/*
 * From which frame on a change is in force, by what the frames report.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "device/stream/decision.h"

enum { ITEMS = 3 };

struct fixture {
    struct metadata_names names;
    struct change *change;
    uint64_t id; /* of the next frame */
    bool exact;
};

static struct change *new_change(uint64_t number)
{
    struct change *change = calloc(1, sizeof(*change) + ITEMS * sizeof(change->items[0]));
    assert_non_null(change);
    change->number = number;
    return change;
}

static int setup(void **state)
{
    static struct fixture fixture;
    fixture = (struct fixture){ .id = 100 };
    fixture.change = new_change(5);
    *state = &fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;
    free(fixture->change);
    return 0;
}

static struct change_item *add(struct change *change, const char *name, struct value given)
{
    struct change_item *item = &change->items[change->count++];
    snprintf(item->name, sizeof(item->name), "%s", name);
    item->asked = item->given = given;
    return item;
}

/* What a frame is to report. */
struct report {
    const char *name;
    struct value value;
};

static void show(struct fixture *fixture, uint64_t applied, uint64_t shown,
                 const struct report *reports, unsigned count)
{
    struct metadata metadata = { .size = 0 };
    for (unsigned i = 0; i < count; i++) {
        const struct value *value = &reports[i].value;
        int number =
            metadata_names_add(&fixture->names, reports[i].name, value->type, value->array);
        assert_true(number >= 0 && metadata_add(&metadata, (unsigned)number, value));
    }
    assert_false(fixture->change->decided);
    decision_look(fixture->change, &(struct decision_frame){ .id = fixture->id++,
                                                             .applied = applied,
                                                             .shown = shown,
                                                             .metadata = &metadata,
                                                             .names = &fixture->names,
                                                             .exact = fixture->exact });
}

static void show_exposure(struct fixture *fixture, uint64_t applied, int32_t us)
{
    show(fixture, applied, 0, &(struct report){ "ExposureTime", value_of_int32(us) }, 1);
}

static void expect(const struct fixture *fixture, uint64_t first, enum wire_set_result result)
{
    assert_true(fixture->change->decided);
    assert_int_equal(fixture->change->items[0].result, result);
    assert_int_equal(fixture->change->first_frame_id, first);
    assert_int_equal(fixture->change->items[0].why[0] == '\0', result == WIRE_SET_OK);
}

static void the_first_frame_that_reports_it(void **state)
{
    struct fixture *fixture = *state;
    add(fixture->change, "ExposureTime", value_of_int32(10000));
    show_exposure(fixture, 0, 20000);
    show_exposure(fixture, 4, 10000); /* an earlier change's */
    show_exposure(fixture, 5, 20000);
    show_exposure(fixture, 6, 20000);
    assert_false(fixture->change->decided);
    show_exposure(fixture, 6, 9987);
    expect(fixture, 104, WIRE_SET_OK);
    assert_int_equal(fixture->change->items[0].now.int32[0], 9987);
}

/* As a Pi does with most settings: only the frames of the requests that bring them have them. */
static void what_is_reported_once_holds(void **state)
{
    struct fixture *fixture = *state;
    const struct report first[] = { { "Contrast", value_of_float(1.5f) },
                                    { "ExposureTime", value_of_int32(20000) } };
    add(fixture->change, "Contrast", value_of_float(1.5f));
    add(fixture->change, "ExposureTime", value_of_int32(10000));
    show(fixture, 4, 0, &(struct report){ "Contrast", value_of_float(1.25f) }, 1);
    show(fixture, 5, 0, first, 2);
    show_exposure(fixture, 5, 20000);
    show_exposure(fixture, 5, 10000);
    expect(fixture, 103, WIRE_SET_OK);
    assert_true(fixture->change->items[0].now.number[0] == 1.5f);
    assert_int_equal(fixture->change->items[1].result, WIRE_SET_OK);
}

static void the_frame_that_the_camera_names(void **state)
{
    struct fixture *fixture = *state;
    add(fixture->change, "ExposureTime", value_of_int32(10000));
    show_exposure(fixture, 5, 20000);
    show(fixture, 5, 5, &(struct report){ "ExposureTime", value_of_int32(10000) }, 1);
    expect(fixture, 101, WIRE_SET_OK);
}

static void a_later_change_that_is_shown_counts(void **state)
{
    struct fixture *fixture = *state;
    add(fixture->change, "Contrast", value_of_float(1.5f));
    show(fixture, 7, 7, NULL, 0);
    expect(fixture, 100, WIRE_SET_UNREPORTED);
    assert_int_equal(fixture->change->items[0].now.type, VALUE_NONE);
}

static void an_exact_camera_is_waited_for(void **state)
{
    struct fixture *fixture = *state;
    fixture->exact = true;
    add(fixture->change, "ExposureTime", value_of_int32(10000));
    show_exposure(fixture, 5, 10000);
    show_exposure(fixture, 5, 10000);
    assert_false(fixture->change->decided);
    show(fixture, 5, 5, &(struct report){ "ExposureTime", value_of_int32(10000) }, 1);
    expect(fixture, 102, WIRE_SET_OK);
}

static void an_exact_camera_that_says_nothing(void **state)
{
    struct fixture *fixture = *state;
    fixture->exact = true;
    add(fixture->change, "ExposureTime", value_of_int32(10000));
    for (int i = 0; i < DECISION_LOOKS; i++)
        show_exposure(fixture, 5, i < 3 ? 20000 : 10000);
    expect(fixture, 103, WIRE_SET_OK);
}

static void all_of_it_counts(void **state)
{
    struct fixture *fixture = *state;
    struct report reports[] = { { "ExposureTime", value_of_int32(20000) },
                                { "Contrast", value_of_float(1) } };
    add(fixture->change, "ExposureTime", value_of_int32(10000));
    add(fixture->change, "Contrast", value_of_float(1.5f));
    show(fixture, 0, 0, reports, 2);
    reports[1].value = value_of_float(1.5f);
    show(fixture, 5, 0, reports, 2);
    show(fixture, 5, 0, reports, 2);
    assert_false(fixture->change->decided);
    reports[0].value = value_of_int32(10010);
    show(fixture, 5, 0, reports, 2);
    expect(fixture, 103, WIRE_SET_OK);
    assert_int_equal(fixture->change->items[1].result, WIRE_SET_OK);
}

static void what_is_not_reported_counts_at_once(void **state)
{
    struct fixture *fixture = *state;
    add(fixture->change, "Sharpness", value_of_float(2));
    show_exposure(fixture, 4, 1);
    show_exposure(fixture, 5, 1);
    expect(fixture, 101, WIRE_SET_UNREPORTED);
}

/* The name is known from other frames. */
static void what_is_not_reported_any_more_counts_at_once(void **state)
{
    struct fixture *fixture = *state;
    add(fixture->change, "ExposureTime", value_of_int32(10000));
    show_exposure(fixture, 0, 20000);
    show(fixture, 0, 0, NULL, 0);
    show(fixture, 5, 0, NULL, 0);
    expect(fixture, 102, WIRE_SET_UNREPORTED);
}

/* How long a frame lasts then, the requested rate says, and not the camera's default. */
static void what_is_given_back_counts_at_once(void **state)
{
    struct fixture *fixture = *state;
    const struct report reports[] = { { "ExposureTime", value_of_int32(777) },
                                      { "FrameDuration", value_of_int64(100000) } };
    add(fixture->change, "ExposureTime", (struct value){ .type = VALUE_NONE });
    struct change_item *item = add(fixture->change, "FrameDurationLimits", value_of_int64(33333));
    item->named = true;
    item->asked.type = VALUE_NONE;
    show(fixture, 5, 0, reports, 2);
    expect(fixture, 100, WIRE_SET_OK);
    assert_int_equal(fixture->change->items[0].now.int32[0], 777);
    assert_int_equal(item->result, WIRE_SET_OK);
}

static void show_to_the_end(struct fixture *fixture, int32_t before, int32_t after)
{
    show_exposure(fixture, 0, before);
    show_exposure(fixture, 5, before);
    for (int i = 1; i < DECISION_LOOKS; i++) {
        assert_false(fixture->change->decided);
        show_exposure(fixture, 5, after);
    }
}

static void what_stays_is_ignored(void **state)
{
    struct fixture *fixture = *state;
    add(fixture->change, "ExposureTime", value_of_int32(10000));
    show_to_the_end(fixture, 20000, 20000);
    expect(fixture, CHANGE_NO_FRAME, WIRE_SET_IGNORED);
    assert_int_equal(fixture->change->items[0].now.int32[0], 20000);
}

static void what_comes_near_is_clamped(void **state)
{
    struct fixture *fixture = *state;
    add(fixture->change, "ExposureTime", value_of_int32(10000));
    show_to_the_end(fixture, 20000, 12000);
    expect(fixture, 102, WIRE_SET_CLAMPED);
    assert_int_equal(fixture->change->items[0].now.int32[0], 12000);
}

static void what_goes_elsewhere_and_stays_is_clamped(void **state)
{
    struct fixture *fixture = *state;
    add(fixture->change, "ExposureTime", value_of_int32(10000));
    show_to_the_end(fixture, 9000, 5000);
    expect(fixture, 102, WIRE_SET_CLAMPED);
}

static void what_goes_on_changing_is_ignored(void **state)
{
    struct fixture *fixture = *state;
    add(fixture->change, "ExposureTime", value_of_int32(10000));
    show_exposure(fixture, 0, 20000);
    for (int i = 0; i < DECISION_LOOKS; i++)
        show_exposure(fixture, 5, 20000 + 100 * i);
    expect(fixture, CHANGE_NO_FRAME, WIRE_SET_IGNORED);
}

/* The daemon has clamped it before the camera had it. */
static void what_was_limited_is_clamped(void **state)
{
    struct fixture *fixture = *state;
    struct change_item *item = add(fixture->change, "ExposureTime", value_of_int32(10000));
    item->asked = value_of_int32(99999);
    item->limited = true;
    strcpy(item->why, "at most 10000");
    show_exposure(fixture, 5, 10000);
    expect(fixture, 100, WIRE_SET_CLAMPED);
    assert_string_equal(item->why, "at most 10000");
}

/* 50 us are a tolerance; on the way from 100 to 160 they must not be met too early. */
static void a_small_step_is_seen(void **state)
{
    struct fixture *fixture = *state;
    add(fixture->change, "ExposureTime", value_of_int32(160));
    show_exposure(fixture, 0, 100);
    show_exposure(fixture, 5, 115);
    assert_false(fixture->change->decided);
    show_exposure(fixture, 5, 155);
    expect(fixture, 102, WIRE_SET_OK);
}

static void what_is_near_already_counts_at_once(void **state)
{
    struct fixture *fixture = *state;
    add(fixture->change, "ExposureTime", value_of_int32(10000));
    show_exposure(fixture, 0, 9987);
    show_exposure(fixture, 5, 9987);
    expect(fixture, 101, WIRE_SET_OK);
}

struct tolerance {
    const char *name;
    struct value given, near, far;
};

static void tolerances(void **state)
{
    struct fixture *fixture = *state;
    const struct value_rectangle crop = { 10, 20, 640, 480 }, other = { 10, 20, 640, 482 };
    const struct value frame_durations[] = { value_of_int64(33300), value_of_int64(32900) };
    struct value limits = { .type = VALUE_INT64, .array = true, .count = 2 };
    limits.int64[0] = limits.int64[1] = 33333;
    const struct tolerance all[] = {
        { "ExposureTime", value_of_int32(100), value_of_int32(150), value_of_int32(151) },
        { "ExposureTime", value_of_int32(100000), value_of_int32(99000), value_of_int32(98999) },
        { "AnalogueGain", value_of_float(10), value_of_float(10.19f), value_of_float(10.21f) },
        { "ColourGains", value_of_floats((float[]){ 1, 2 }, 2),
          value_of_floats((float[]){ 1.01f, 2.03f }, 2),
          value_of_floats((float[]){ 1, 2.05f }, 2) },
        { "Contrast", value_of_float(1.5f), value_of_float(1.50001f), value_of_float(1.51f) },
        { "AwbMode", value_of_int32(3), value_of_int32(3), value_of_int32(4) },
        { "ScalerCrop", value_of_rectangle(crop), value_of_rectangle(crop),
          value_of_rectangle(other) },
        { "FrameDurationLimits", limits, frame_durations[0], frame_durations[1] },
    };
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        const char *reported =
            strcmp(all[i].name, "FrameDurationLimits") == 0 ? "FrameDuration" : all[i].name;
        free(fixture->change);
        fixture->change = new_change(5);
        add(fixture->change, all[i].name, all[i].given);
        show(fixture, 5, 0, &(struct report){ reported, all[i].far }, 1);
        if (fixture->change->decided)
            fail_msg("%s: far away is near (%zu)", all[i].name, i);
        show(fixture, 5, 0, &(struct report){ reported, all[i].near }, 1);
        if (!fixture->change->decided)
            fail_msg("%s: near is far away (%zu)", all[i].name, i);
        assert_int_equal(fixture->change->items[0].result, WIRE_SET_OK);
    }
}

/* A hostile or broken camera: the same name with another type, or nonsense. */
static void other_types_are_not_reached(void **state)
{
    struct fixture *fixture = *state;
    add(fixture->change, "ExposureTime", value_of_int32(10000));
    for (int i = 0; i < DECISION_LOOKS; i++)
        show(fixture, 5, 0, &(struct report){ "ExposureTime", value_of_text("ten") }, 1);
    expect(fixture, CHANGE_NO_FRAME, WIRE_SET_IGNORED);
}

static void a_later_change_replaces(void **state)
{
    struct fixture *fixture = *state;
    struct change *later = new_change(6);
    add(fixture->change, "ExposureTime", value_of_int32(10000));
    add(fixture->change, "Contrast", value_of_float(1.5f));
    add(later, "Contrast", value_of_float(2));
    decision_replace(fixture->change, later);
    assert_false(fixture->change->decided);
    assert_int_equal(fixture->change->items[1].result, WIRE_SET_REPLACED);
    show_exposure(fixture, 6, 10000);
    expect(fixture, 100, WIRE_SET_OK);
    assert_int_equal(fixture->change->items[1].result, WIRE_SET_REPLACED);
    free(later);
}

static void what_is_replaced_altogether_is_decided(void **state)
{
    struct fixture *fixture = *state;
    const struct report later[] = { { "ExposureTime", value_of_int32(2) },
                                    { "ExposureTimeMode", value_of_int32(0) } };
    for (unsigned i = 0; i < 2; i++) {
        struct change *change = new_change(6);
        fixture->change->count = fixture->change->decided = 0;
        add(fixture->change, "ExposureTime", value_of_int32(1));
        add(change, later[i].name, later[i].value);
        decision_replace(fixture->change, change);
        expect(fixture, CHANGE_NO_FRAME, WIRE_SET_REPLACED);
        free(change);
    }
}

static void a_camera_that_stops_loses_it(void **state)
{
    struct fixture *fixture = *state;
    add(fixture->change, "Contrast", value_of_float(1.5f));
    decision_lose(fixture->change);
    assert_true(fixture->change->decided);
    assert_int_equal(fixture->change->status, WIRE_CHANGED_LOST);
    assert_int_not_equal(fixture->change->text[0], '\0');
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_first_frame_that_reports_it),
        TEST(what_is_reported_once_holds),
        TEST(the_frame_that_the_camera_names),
        TEST(a_later_change_that_is_shown_counts),
        TEST(an_exact_camera_is_waited_for),
        TEST(an_exact_camera_that_says_nothing),
        TEST(all_of_it_counts),
        TEST(what_is_not_reported_counts_at_once),
        TEST(what_is_not_reported_any_more_counts_at_once),
        TEST(what_is_given_back_counts_at_once),
        TEST(what_stays_is_ignored),
        TEST(what_comes_near_is_clamped),
        TEST(what_goes_elsewhere_and_stays_is_clamped),
        TEST(what_goes_on_changing_is_ignored),
        TEST(what_was_limited_is_clamped),
        TEST(a_small_step_is_seen),
        TEST(what_is_near_already_counts_at_once),
        TEST(tolerances),
        TEST(other_types_are_not_reached),
        TEST(a_later_change_replaces),
        TEST(what_is_replaced_altogether_is_decided),
        TEST(a_camera_that_stops_loses_it),
    };
    return cmocka_run_group_tests_name("decision", tests, NULL, NULL);
}
