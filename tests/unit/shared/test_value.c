/*
 * Values as bytes, and what makes two of them equal. How they are written is in
 * test_value_format.c.
 */
#include "shared/controls/value.h"

#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Two elements of each type, and the bytes that they are. */
static const struct {
    struct value value;
    size_t size;
    uint8_t bytes[32];
} rows[] = {
    { { VALUE_BOOL, true, 2, .bytes = { 0, 1 } }, 2, { 0, 1 } },
    { { VALUE_BYTE, true, 2, .bytes = { 0x12, 0xFF } }, 2, { 0x12, 0xFF } },
    { { VALUE_INT32, true, 2, .int32 = { 0x01020304, -2 } },
      8,
      { 1, 2, 3, 4, 0xFF, 0xFF, 0xFF, 0xFE } },
    { { VALUE_INT64, true, 2, .int64 = { 0x0102030405060708, -2 } },
      16,
      { 1, 2, 3, 4, 5, 6, 7, 8, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFE } },
    { { VALUE_FLOAT, true, 2, .number = { 1, -2 } }, 8, { 0x3F, 0x80, 0, 0, 0xC0, 0, 0, 0 } },
    { { VALUE_TEXT, true, 2, .text = "ab" }, 2, { 'a', 'b' } },
    { { VALUE_RECTANGLE, true, 2, .rectangle = { { -1, 2, 3, 4 }, { 5, 6, 7, 8 } } },
      32,
      { 0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 4,
        0,    0,    0,    5,    0, 0, 0, 6, 0, 0, 0, 7, 0, 0, 0, 8 } },
    { { VALUE_SIZE, true, 2, .size = { { 1, 2 }, { 3, 4 } } },
      16,
      { 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 4 } },
    { { VALUE_POINT, true, 2, .point = { { 1, -2 }, { 3, 4 } } },
      16,
      { 0, 0, 0, 1, 0xFF, 0xFF, 0xFF, 0xFE, 0, 0, 0, 3, 0, 0, 0, 4 } },
};

static void each_type_is_these_bytes(void **state)
{
    (void)state;
    assert_int_equal(COUNT(rows), VALUE_TYPES - 1);
    for (size_t i = 0; i < COUNT(rows); i++) {
        unsigned type = rows[i].value.type;
        uint8_t out[VALUE_BYTES_MAX];
        struct value back;
        assert_int_equal(type, i + 1);
        assert_int_equal(value_element_size(type), rows[i].size / 2);
        size_t most = VALUE_BYTES_MAX / value_element_size(type);
        assert_int_equal(value_count_max(type), most < VALUE_COUNT_MAX ? most : VALUE_COUNT_MAX);
        assert_int_equal(value_encode(&rows[i].value, out), rows[i].size);
        assert_memory_equal(out, rows[i].bytes, rows[i].size);
        memset(&back, 0xA5, sizeof(back));
        assert_int_equal(value_decode(type, true, 2, out, sizeof(out), &back), rows[i].size);
        assert_true(back.array);
        assert_true(value_equal(&rows[i].value, &back));
        assert_int_equal(value_decode(type, true, 2, out, rows[i].size, &back), rows[i].size);
        assert_int_equal(value_decode(type, true, 2, out, rows[i].size - 1, &back), -EBADMSG);
    }
}

static void what_is_malformed(void **state)
{
    (void)state;
    static const uint8_t bytes[2 * VALUE_BYTES_MAX] = { 'a', '\x1b', 2 };
    struct value value;
    assert_int_equal(value_decode(VALUE_NONE, true, 1, bytes, sizeof(bytes), &value), -EBADMSG);
    assert_int_equal(value_decode(VALUE_TYPES, true, 1, bytes, sizeof(bytes), &value), -EBADMSG);
    assert_int_equal(value_decode(VALUE_TYPES, true, 0, bytes, sizeof(bytes), &value), -EBADMSG);
    assert_int_equal(value_element_size(VALUE_NONE), 0);
    assert_int_equal(value_element_size(VALUE_TYPES), 0);
    assert_int_equal(value_count_max(VALUE_TYPES), 0);
    for (unsigned type = VALUE_BOOL; type < VALUE_TYPES; type++) {
        unsigned most = value_count_max(type);
        assert_true(value_decode(type, true, most, bytes, sizeof(bytes), &value) > 0);
        assert_int_equal(value_decode(type, true, most + 1, bytes, sizeof(bytes), &value),
                         -EBADMSG);
        assert_int_equal(value_decode(type, true, 0, bytes, 0, &value), 0);
        bool counted = type == VALUE_TEXT;
        assert_int_equal(value_decode(type, false, 2, bytes, sizeof(bytes), &value) > 0, counted);
        assert_int_equal(value_decode(type, false, 0, bytes, sizeof(bytes), &value) == 0, counted);
        assert_true(value_decode(type, false, 1, bytes, sizeof(bytes), &value) > 0);
    }
    assert_int_equal(value_decode(VALUE_TEXT, true, 2, bytes, sizeof(bytes), &value), 2);
    assert_true(value.array && value.count == 2);
    assert_memory_equal(value.text, "a?", 2);
    assert_int_equal(value_decode(VALUE_BOOL, false, 1, bytes + 2, 1, &value), 1);
    assert_int_equal(value.bytes[0], 1);
}

static void what_makes_them_equal(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct value other = rows[i].value;
        assert_true(value_equal(&rows[i].value, &other));
        other.bytes[value_element_size(other.type)] ^= 2; /* in the second element */
        assert_false(value_equal(&rows[i].value, &other));
        other = rows[i].value;
        other.count = 1;
        assert_false(value_equal(&rows[i].value, &other));
        assert_false(value_equal(&other, &rows[i].value));
        assert_false(value_equal(&rows[i].value, &rows[(i + 1) % COUNT(rows)].value));
    }
    struct value point = rows[VALUE_SIZE - 1].value; /* the same bytes */
    point.type = VALUE_POINT;
    assert_false(value_equal(&rows[VALUE_SIZE - 1].value, &point));
    struct value nan = value_of_float(NAN), one = value_of_float(1), zero = value_of_float(0);
    struct value minus = value_of_float(-0.0f);
    assert_true(value_equal(&nan, &nan));
    assert_false(value_equal(&nan, &one));
    assert_false(value_equal(&one, &nan));
    assert_true(value_equal(&zero, &minus));
}

static void numbers_of_elements(void **state)
{
    (void)state;
    static const double numbers[] = { [VALUE_BOOL] = 1,
                                      [VALUE_BYTE] = 255,
                                      [VALUE_INT32] = -2,
                                      [VALUE_INT64] = -2,
                                      [VALUE_FLOAT] = -2 };
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct value *value = &rows[i].value;
        if (value->type < COUNT(numbers))
            assert_true(value_number(value, 1) == numbers[value->type]);
        else
            assert_true(isnan(value_number(value, 1)));
        assert_true(isnan(value_number(value, 2)));
    }
}

static void long_texts_end_whole(void **state)
{
    (void)state;
    char text[VALUE_BYTES_MAX + 8];
    memset(text, 'x', sizeof(text));
    memcpy(text + VALUE_COUNT_MAX - 1, "µ", sizeof("µ"));
    struct value value = value_of_text(text);
    assert_int_equal(value.count, VALUE_COUNT_MAX - 1);
    assert_false(value.array);
    memcpy(text + VALUE_COUNT_MAX - 2, "µ", sizeof("µ"));
    assert_int_equal(value_of_text(text).count, VALUE_COUNT_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_type_is_these_bytes), cmocka_unit_test(what_is_malformed),
        cmocka_unit_test(what_makes_them_equal),    cmocka_unit_test(numbers_of_elements),
        cmocka_unit_test(long_texts_end_whole),
    };
    return cmocka_run_group_tests_name("value", tests, NULL, NULL);
}
