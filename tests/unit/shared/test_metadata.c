/*
 * What a camera reports of a frame, packed and read again.
 */
#include "shared/controls/metadata.h"

#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct fixture {
    struct metadata_names names;
    struct metadata metadata;
};

static int set_up(void **state)
{
    *state = calloc(1, sizeof(struct fixture));
    assert_non_null(*state);
    return 0;
}

static int tear_down(void **state)
{
    free(*state);
    return 0;
}

static bool add(struct fixture *fixture, const char *name, const struct value *value)
{
    int number = metadata_names_add(&fixture->names, name, value->type, value->array);
    assert_in_range(number, 0, METADATA_NAMES_MAX - 1);
    return metadata_add(&fixture->metadata, (unsigned)number, value);
}

/* A value of that type: as many elements as fit into an array, or one. */
static struct value value_of(unsigned type, bool array, unsigned count)
{
    struct value value = { .type = (uint8_t)type, .array = array, .count = (uint16_t)count };
    size_t size = count * value_element_size(type);
    for (size_t i = 0; i < size; i++)
        value.bytes[i] = type == VALUE_BOOL ? 1 : (uint8_t)('A' + i % 26);
    return value;
}

static void each_type(void **state)
{
    struct fixture *fixture = *state;
    for (unsigned type = VALUE_BOOL; type < VALUE_TYPES; type++) {
        for (unsigned array = 0; array < 2; array++) {
            bool counted = array || type == VALUE_TEXT;
            unsigned most = value_count_max(type) < UINT8_MAX ? value_count_max(type) : UINT8_MAX;
            struct value value = value_of(type, array, counted ? most : 1), back;
            fixture->metadata.size = 0;
            assert_true(add(fixture, "Name", &value));
            assert_int_equal(fixture->metadata.size,
                             1 + counted + value.count * value_element_size(type));
            assert_true(metadata_find(&fixture->metadata, &fixture->names, "Name", &back));
            assert_true(value_equal(&value, &back));
        }
    }
}

static void what_does_not_fit(void **state)
{
    struct fixture *fixture = *state;
    struct value none = { 0 }, text = value_of(VALUE_TEXT, false, 255), more = text;
    more.array = false;
    more.count = 256;
    assert_false(add(fixture, "None", &none));
    assert_false(add(fixture, "More", &more));
    assert_int_equal(fixture->metadata.size, 0);
    assert_true(add(fixture, "One", &text));
    struct value rest = value_of(VALUE_TEXT, false, METADATA_BYTES_MAX - 257 - 2);
    assert_int_equal(rest.count, 253);
    struct value too_long = value_of(VALUE_TEXT, false, rest.count + 1);
    assert_false(add(fixture, "Two", &too_long));
    assert_int_equal(fixture->metadata.size, 257);
    assert_true(add(fixture, "Two", &rest));
    assert_int_equal(fixture->metadata.size, METADATA_BYTES_MAX);
    struct value bool_value = value_of_bool(true), back;
    assert_false(add(fixture, "Three", &bool_value));
    assert_true(metadata_find(&fixture->metadata, &fixture->names, "Two", &back));
    assert_true(value_equal(&rest, &back));
}

static void numbers_of_names(void **state)
{
    struct fixture *fixture = *state;
    struct metadata_names *names = &fixture->names;
    assert_int_equal(metadata_names_find(names, "A"), -ENOENT);
    assert_int_equal(metadata_names_add(names, "A", VALUE_INT32, false), 0);
    assert_int_equal(metadata_names_add(names, "B", VALUE_INT32, false), 1);
    assert_int_equal(metadata_names_add(names, "A", VALUE_INT32, true), 2);
    assert_int_equal(metadata_names_add(names, "A", VALUE_FLOAT, false), 3);
    assert_int_equal(metadata_names_add(names, "A", VALUE_INT32, false), 0);
    assert_int_equal(metadata_names_find(names, "A"), 3);
    assert_int_equal(metadata_names_find(names, "a"), -ENOENT);
    for (unsigned i = 4; i < METADATA_NAMES_MAX; i++) {
        char name[16];
        snprintf(name, sizeof(name), "%u", i);
        assert_int_equal(metadata_names_add(names, name, VALUE_BOOL, false), i);
    }
    assert_int_equal(metadata_names_add(names, "C", VALUE_BOOL, false), -ENOSPC);
    assert_int_equal(metadata_names_add(names, "B", VALUE_INT32, false), 1);
}

/* What is cut off ends what can be read. Bytes behind the end are not looked at. */
static void cut_anywhere(void **state)
{
    struct fixture *fixture = *state;
    struct value values[] = { value_of_int32(-5), value_of_floats((float[]){ 1, 2, 3 }, 3),
                              value_of_text("text"), value_of_bool(true) };
    const unsigned ends[] = { 5, 5 + 14, 5 + 14 + 6, 5 + 14 + 6 + 2 };
    for (unsigned i = 0; i < 4; i++)
        assert_true(add(fixture, (const char *[]){ "A", "B", "C", "D" }[i], &values[i]));
    assert_int_equal(fixture->metadata.size, ends[3]);
    for (unsigned size = 0; size <= ends[3]; size++) {
        struct value value;
        unsigned number, count = 0;
        size_t at = 0;
        int result;
        fixture->metadata.size = (uint16_t)size;
        while ((result = metadata_next(&fixture->metadata, &fixture->names, &at, &number, &value)) >
               0) {
            assert_int_equal(number, count);
            assert_true(value_equal(&value, &values[count]));
            assert_int_equal(at, ends[count++]);
        }
        bool whole = size == 0 || (count > 0 && ends[count - 1] == size);
        assert_int_equal(result, whole ? 0 : -EBADMSG);
    }
}

static void numbers_and_values_that_are_none(void **state)
{
    struct fixture *fixture = *state;
    struct value value = value_of_int32(1);
    unsigned number;
    size_t at = 0;
    assert_true(add(fixture, "A", &value));
    fixture->names.items[1] = fixture->names.items[0]; /* which is not counted yet */
    fixture->metadata.bytes[0] = 1;
    assert_int_equal(metadata_next(&fixture->metadata, &fixture->names, &at, &number, &value),
                     -EBADMSG);
    assert_int_equal(at, 0);
    assert_true(isnan(metadata_number(&fixture->metadata, &fixture->names, "A")));
    fixture->metadata.bytes[0] = 0;
    assert_true(metadata_number(&fixture->metadata, &fixture->names, "A") == 1);
}

static void add_numbers(struct fixture *fixture, const char *const *names, struct value value)
{
    for (; *names; names++)
        assert_true(add(fixture, *names, &value));
}

static void add_floats(struct fixture *fixture, const char *name, unsigned count)
{
    const float zeros[VALUE_BYTES_MAX / sizeof(float)] = { 0 };
    struct value value = value_of_floats(zeros, count);
    assert_true(add(fixture, name, &value));
}

/* What a Raspberry Pi with a camera with autofocus reports of each frame (libcamera,
 * src/ipa/rpi/common/ipa_base.cpp), with HDR, synchronised, and with what users have set; but for
 * its times, which are fields of FRAME_HEAD. */
static void all_that_a_pi_reports(void **state)
{
    static const char *const integers[] = { "ExposureTime", "ColourTemperature", "AeState",
                                            "FocusFoM",     "AfState",           "AfPauseState",
                                            "HdrMode",      "HdrChannel",        "ExposureTimeMode",
                                            "AwbMode",      "AnalogueGainMode",  NULL };
    static const char *const floats[] = {
        "AnalogueGain", "DigitalGain", "Lux",       "SensorTemperature", "Brightness",
        "LensPosition", "Contrast",    "Sharpness", "Saturation",        NULL
    };
    static const char *const wide[] = { "FrameDuration", "rpi::SyncTimer",
                                        "rpi::ControlListSequence", NULL };
    static const char *const flags[] = { "AeEnable", "AwbEnable", "rpi::SyncReady", NULL };
    struct fixture *fixture = *state;
    struct value levels = value_of(VALUE_INT32, true, 4), limits = value_of(VALUE_INT64, true, 2);
    struct value crops = value_of(VALUE_RECTANGLE, true, 2);
    struct value crop = value_of_rectangle((struct value_rectangle){ 0, 0, 4608, 2592 });
    add_numbers(fixture, integers, value_of_int32(1));
    add_numbers(fixture, floats, value_of_float(1));
    add_numbers(fixture, wide, value_of_int64(1));
    add_numbers(fixture, flags, value_of_bool(true));
    add_floats(fixture, "ColourGains", 2);
    add_floats(fixture, "ColourCorrectionMatrix", 9);
    assert_true(add(fixture, "SensorBlackLevels", &levels));
    assert_true(add(fixture, "FrameDurationLimits", &limits));
    assert_true(add(fixture, "ScalerCrop", &crop));
    assert_true(add(fixture, "rpi::ScalerCrops", &crops));
    assert_in_range(fixture->metadata.size, 200, 299);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(each_type),
        TEST(what_does_not_fit),
        TEST(numbers_of_names),
        TEST(cut_anywhere),
        TEST(numbers_and_values_that_are_none),
        TEST(all_that_a_pi_reports),
    };
    return cmocka_run_group_tests_name("metadata", tests, NULL, NULL);
}
