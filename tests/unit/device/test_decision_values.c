/*
 * When a value that a frame reports is the one that was set: of each type, and of values that can't
 * be compared; and what becomes of controls that a later change replaced.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "device/stream/decision.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum { ITEMS = 3 };

struct fixture {
    struct metadata_names names;
    struct change *change, *later;
    uint64_t id; /* of the next frame */
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
    fixture = (struct fixture){ .id = 100, .change = new_change(5), .later = new_change(6) };
    *state = &fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;
    free(fixture->change);
    free(fixture->later);
    return 0;
}

static struct change_item *add(struct change *change, const char *name, struct value given)
{
    struct change_item *item = &change->items[change->count++];
    snprintf(item->name, sizeof(item->name), "%s", name);
    item->asked = item->given = given;
    item->named = true;
    return item;
}

static void anew(struct fixture *fixture, const char *name, const struct value *given)
{
    memset(fixture->change, 0, sizeof(*fixture->change) + ITEMS * sizeof(struct change_item));
    fixture->change->number = 5;
    add(fixture->change, name, *given);
}

/* A frame that reports this value; NULL: it reports nothing. */
static void show(struct fixture *fixture, uint64_t applied, uint64_t shown, const char *name,
                 const struct value *value)
{
    struct metadata metadata = { .size = 0 };
    if (value) {
        int number = metadata_names_add(&fixture->names, name, value->type, value->array);
        assert_true(number >= 0 && metadata_add(&metadata, (unsigned)number, value));
    }
    decision_look(fixture->change, &(struct decision_frame){ .id = fixture->id++,
                                                             .applied = applied,
                                                             .shown = shown,
                                                             .metadata = &metadata,
                                                             .names = &fixture->names });
}

static void each_part_counts(void **state)
{
    struct fixture *fixture = *state;
    static const struct value values[] = {
        { VALUE_RECTANGLE, true, 2, .rectangle = { { 10, 20, 30, 40 }, { 50, 60, 70, 80 } } },
        { VALUE_SIZE, true, 3, .size = { { 10, 20 }, { 30, 40 }, { 50, 60 } } },
        { VALUE_POINT, true, 3, .point = { { 10, -20 }, { 30, 40 }, { 50, 60 } } },
        { VALUE_TEXT, false, 4, .text = "text" },
        { VALUE_INT32, true, 2, .int32 = { 10, 20 } },
        { VALUE_BOOL, true, 2, .bytes = { 1, 0 } },
    };
    for (size_t i = 0; i < COUNT(values); i++) {
        size_t width = value_element_size(values[i].type) > 1 ? 4 : 1;
        size_t parts = values[i].count * value_element_size(values[i].type) / width;
        for (size_t k = 0; k < parts; k++) {
            struct value other = values[i];
            other.bytes[k * width] ^= 1; /* of little-endian numbers, too */
            anew(fixture, "Control", &values[i]);
            show(fixture, 0, 0, "Control", &other);
            show(fixture, 5, 0, "Control", &other);
            assert_false(fixture->change->decided);
            show(fixture, 5, 0, "Control", &values[i]);
            assert_true(fixture->change->decided);
            assert_int_equal(fixture->change->items[0].result, WIRE_SET_OK);
            assert_int_equal(fixture->change->first_frame_id, fixture->id - 1);
        }
    }
}

static void other_counts_are_other_values(void **state)
{
    struct fixture *fixture = *state;
    struct value two = value_of_floats((float[]){ 1, 2 }, 2), one = two;
    one.count = 1;
    anew(fixture, "Control", &two);
    show(fixture, 5, 0, "Control", &one);
    assert_false(fixture->change->decided);
    anew(fixture, "Control", &one);
    show(fixture, 5, 0, "Control", &two);
    assert_false(fixture->change->decided);
    one.count = 0;
    anew(fixture, "Control", &one); /* nothing is near to it */
    show(fixture, 5, 0, "Control", &two);
    assert_false(fixture->change->decided);
}

/* A tolerance of 50 us is met on the way from 100 to 160; what was before can't be compared. */
static void what_was_before_decides_on_the_way(void **state)
{
    struct fixture *fixture = *state;
    const struct value target = value_of_int32(160), way = value_of_int32(115);
    struct value gains = value_of_floats((float[]){ 1, 2 }, 2), text = value_of_text("?");
    anew(fixture, "ExposureTime", &target);
    show(fixture, 0, 0, "ExposureTime", &gains);
    show(fixture, 5, 0, "ExposureTime", &way);
    assert_true(fixture->change->decided);
    anew(fixture, "ExposureTime", &target);
    show(fixture, 0, 0, "ExposureTime", &text);
    show(fixture, 5, 0, "ExposureTime", &way);
    assert_true(fixture->change->decided);
    const struct value middle = value_of_int32(130), before = value_of_int32(100);
    anew(fixture, "ExposureTime", &target);
    show(fixture, 0, 0, "ExposureTime", &before);
    show(fixture, 5, 0, "ExposureTime", &middle); /* as far from both: it counts */
    assert_true(fixture->change->decided);
}

static void durations_between_their_limits(void **state)
{
    struct fixture *fixture = *state;
    struct value limits = { .type = VALUE_INT64, .array = true, .count = 2 };
    limits.int64[0] = 100000;
    limits.int64[1] = 300000;
    static const struct {
        int64_t us;
        bool is_met;
    } durations[] = { { 98900, false }, { 99000, true },  { 100000, true }, { 200000, true },
                      { 300000, true }, { 303000, true }, { 303100, false } };
    for (size_t i = 0; i < COUNT(durations); i++) {
        struct value now = value_of_int64(durations[i].us);
        anew(fixture, "FrameDurationLimits", &limits);
        show(fixture, 5, 0, "FrameDuration", &now);
        assert_int_equal(fixture->change->decided, durations[i].is_met);
    }
    struct value text = value_of_text("200000");
    anew(fixture, "FrameDurationLimits", &limits);
    show(fixture, 5, 0, "FrameDuration", &text);
    assert_false(fixture->change->decided);
    limits = value_of_float(2); /* of another type they are a value like others */
    anew(fixture, "FrameDurationLimits", &limits);
    show(fixture, 5, 0, "FrameDurationLimits", &limits);
    assert_int_equal(fixture->change->items[0].result, WIRE_SET_OK);
    assert_int_equal(fixture->change->items[0].now.type, VALUE_FLOAT);
}

/* The camera says that a frame shows it, and the frame has another value. */
static void what_is_shown_and_other(void **state)
{
    struct fixture *fixture = *state;
    struct value given = value_of_int32(10000), before = value_of_int32(5000),
                 now = value_of_int32(7000);
    anew(fixture, "ExposureTime", &given);
    show(fixture, 0, 0, "ExposureTime", &before);
    show(fixture, 5, 5, "ExposureTime", &now);
    assert_int_equal(fixture->change->items[0].result, WIRE_SET_CLAMPED);
    assert_string_equal(fixture->change->items[0].why, "the camera took another value");
    assert_int_equal(fixture->change->first_frame_id, 101);
    anew(fixture, "ExposureTime", &given);
    fixture->change->items[0].limited = true; /* without a reason of its own */
    show(fixture, 0, 0, "ExposureTime", &before);
    show(fixture, 5, 5, "ExposureTime", &before);
    assert_int_equal(fixture->change->items[0].result, WIRE_SET_IGNORED);
    assert_string_equal(fixture->change->items[0].why, "the camera did not change it");
    assert_true(fixture->change->first_frame_id == CHANGE_NO_FRAME);
}

/* Of the two controls one is replaced; the frame is that of the other one. */
static void the_rest_of_what_was_replaced(void **state)
{
    struct fixture *fixture = *state;
    struct value two = value_of_float(2), three = value_of_float(3);
    add(fixture->change, "Contrast", two);
    add(fixture->change, "Sharpness", two);
    fixture->change->items[0].since = 1000; /* whatever there is */
    add(fixture->later, "Contrast", three);
    decision_replace(fixture->change, fixture->later);
    show(fixture, 5, 0, "Sharpness", &two);
    assert_true(fixture->change->decided);
    assert_int_equal(fixture->change->items[0].result, WIRE_SET_REPLACED);
    assert_int_equal(fixture->change->items[0].now.type, VALUE_NONE);
    assert_int_equal(fixture->change->items[1].result, WIRE_SET_OK);
    assert_int_equal(fixture->change->first_frame_id, 100);
}

static void what_is_lost_or_refused_stays_replaced(void **state)
{
    struct fixture *fixture = *state;
    struct value two = value_of_float(2);
    for (int refused = 0; refused < 2; refused++) {
        anew(fixture, "Contrast", &two);
        add(fixture->change, "Sharpness", two);
        fixture->later->count = 0;
        add(fixture->later, "Contrast", two);
        decision_replace(fixture->change, fixture->later);
        if (refused)
            decision_refuse(fixture->change);
        else
            decision_lose(fixture->change);
        assert_true(fixture->change->decided);
        assert_int_equal(fixture->change->items[0].result, WIRE_SET_REPLACED);
        assert_int_equal(fixture->change->items[1].result,
                         refused ? WIRE_SET_IGNORED : WIRE_SET_UNREPORTED);
        assert_string_equal(fixture->change->items[1].why,
                            refused ? "the camera refused it" : "no frame showed it");
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(each_part_counts),
        TEST(other_counts_are_other_values),
        TEST(what_was_before_decides_on_the_way),
        TEST(durations_between_their_limits),
        TEST(what_is_shown_and_other),
        TEST(the_rest_of_what_was_replaced),
        TEST(what_is_lost_or_refused_stays_replaced),
    };
    return cmocka_run_group_tests_name("decision_values", tests, NULL, NULL);
}
