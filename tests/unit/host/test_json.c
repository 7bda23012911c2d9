/*
 * JSON as it is written: separators, escapes, numbers, a camera's values, and what does not fit.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "host/base/json.h"
#include "host/base/json_value.h"

static char buffer[512];
static struct json json;

static void begin(void)
{
    json_begin(&json, buffer, sizeof(buffer), NULL);
}

static void check(const char *wanted)
{
    assert_false(json.full);
    assert_true(json.used < sizeof(buffer));
    buffer[json.used] = '\0';
    assert_string_equal(buffer, wanted);
}

static void check_value(const struct pitether_value *value, const char *wanted)
{
    begin();
    json_value(&json, value);
    check(wanted);
}

static void separates_elements(void **state)
{
    (void)state;
    begin();
    json_open(&json, '{');
    json_name(&json, "a");
    json_integer(&json, -1);
    json_name(&json, "b");
    json_open(&json, '[');
    json_close(&json, ']');
    json_name(&json, "c");
    json_open(&json, '[');
    json_bool(&json, true);
    json_null(&json);
    json_open(&json, '{');
    json_close(&json, '}');
    json_count(&json, UINT64_MAX);
    json_close(&json, ']');
    json_close(&json, '}');
    check("{\"a\":-1,\"b\":[],\"c\":[true,null,{},18446744073709551615]}");
}

static void breaks_lines_between_elements(void **state)
{
    (void)state;
    begin();
    for (int line = 0; line < 2; line++) {
        json_open(&json, '[');
        json_break(&json);
        json_integer(&json, 1);
        json_break(&json);
        json_integer(&json, 2);
        json_break(&json);
        json_close(&json, ']');
        json_break(&json);
    }
    check("[\n1,\n2\n]\n[\n1,\n2\n]\n");
}

static void escapes_texts(void **state)
{
    (void)state;
    begin();
    json_open(&json, '{');
    json_name(&json, "\"");
    json_text(&json, "a\\b\"c\n\x1b µs \xff \xe2\x80\xae \xf3\xa0\x80\x81");
    json_close(&json, '}');
    check("{\"\\\"\":\"a\\\\b\\\"c\\u000a\\u001b µs \\ufffd \\u202e \\udb40\\udc01\"}");
    begin();
    json_bytes(&json, "a\0bc", 3);
    check("\"a\\u0000b\"");
}

static void writes_numbers_as_they_were(void **state)
{
    (void)state;
    begin();
    json_open(&json, '[');
    json_float(&json, 0.1f);
    json_float(&json, 16777217.0f);
    json_float(&json, 400);
    json_number(&json, 3e8);
    json_float(&json, NAN);
    json_float(&json, INFINITY);
    json_number(&json, 0.1);
    json_number(&json, 0.1f);
    json_number(&json, -INFINITY);
    json_integer(&json, INT64_MIN);
    json_close(&json, ']');
    check(
        "[0.1,16777216,400,300000000,null,null,0.1,0.10000000149011612,null,-9223372036854775808]");
}

static void writes_values(void **state)
{
    (void)state;
    struct pitether_value box = { .type = PITETHER_VALUE_RECTANGLE, .count = 1 };
    box.rectangle[0].x = -1;
    box.rectangle[0].width = 4000000000;
    struct pitether_value point = { .type = PITETHER_VALUE_POINT, .array = true, .count = 2 };
    point.point[1].y = 3;
    check_value(&(struct pitether_value){ .type = PITETHER_VALUE_NONE }, "null");
    check_value(&(struct pitether_value){ .type = PITETHER_VALUE_BOOL, .count = 1, .bytes = { 1 } },
                "true");
    check_value(&(struct pitether_value){ PITETHER_VALUE_BYTE, false, 1, .bytes = { 255 } }, "255");
    check_value(&(struct pitether_value){ PITETHER_VALUE_INT32, false, 1, .int32 = { -7 } }, "-7");
    check_value(&(struct pitether_value){ PITETHER_VALUE_FLOAT, true, 2, .number = { 1.5f, NAN } },
                "[1.5,null]");
    check_value(&(struct pitether_value){ PITETHER_VALUE_TEXT, false, 2, .text = "a\"c" },
                "\"a\\\"\"");
    check_value(&box, "[-1,0,4000000000,0]");
    check_value(&point, "[[0,0],[0,3]]");
    check_value(&(struct pitether_value){ PITETHER_VALUE_SIZE, true, 0, .bytes = { 0 } }, "[]");
    check_value(&(struct pitether_value){ 77, false, 1, .bytes = { 0 } }, "null");
}

static void says_what_does_not_fit(void **state)
{
    (void)state;
    char small[4];
    json_begin(&json, small, sizeof(small), NULL);
    json_text(&json, "ab");
    assert_false(json.full);
    json_break(&json);
    assert_true(json.full);
    assert_true(json.used <= sizeof(small));
}

static void goes_on_in_a_stream(void **state)
{
    (void)state;
    char small[8], *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    assert_non_null(out);
    json_begin(&json, small, sizeof(small), out);
    json_open(&json, '[');
    json_text(&json, "a text that is longer than the memory");
    json_integer(&json, 1234567);
    json_close(&json, ']');
    json_flush(&json);
    assert_false(json.full);
    assert_int_equal(fclose(out), 0);
    assert_string_equal(text, "[\"a text that is longer than the memory\",1234567]");
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(separates_elements),  cmocka_unit_test(breaks_lines_between_elements),
        cmocka_unit_test(escapes_texts),       cmocka_unit_test(writes_numbers_as_they_were),
        cmocka_unit_test(writes_values),       cmocka_unit_test(says_what_does_not_fit),
        cmocka_unit_test(goes_on_in_a_stream),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
