/*
 * Values as people read and write them.
 */
#include "shared/controls/value.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void is_written(struct value value, const char *expected)
{
    char text[VALUE_TEXT_SIZE];
    assert_int_equal(value_format(&value, text), strlen(expected));
    assert_string_equal(text, expected);
}

static void numbers(void **state)
{
    (void)state;
    is_written(value_of_float(0), "0");
    is_written(value_of_float(30), "30");
    is_written(value_of_float(100), "100");
    is_written(value_of_float(-65000), "-65000");
    is_written(value_of_float(123456792), "123456792");
    is_written(value_of_float(1e10f), "1e+10");
    is_written(value_of_float(1.125f), "1.125");
    is_written(value_of_float(0.1f), "0.1");
    is_written(value_of_float(1e-6f), "1e-06");
    is_written(value_of_float(16777216), "16777216");
    is_written(value_of_float(INFINITY), "inf");
    is_written(value_of_int32(INT32_MIN), "-2147483648");
    is_written(value_of_int64(INT64_MAX), "9223372036854775807");
    is_written(value_of_bool(true), "true");
}

static void everything_else(void **state)
{
    (void)state;
    const float gains[] = { 1.8f, 1.5f };
    is_written(value_of_floats(gains, 2), "1.8,1.5");
    is_written(value_of_rectangle((struct value_rectangle){ -1, 2, 3, 4 }), "-1,2,3,4");
    is_written(value_of_text("text"), "text");
    is_written((struct value){ .type = VALUE_SIZE, .count = 1, .size = { { 640, 480 } } },
               "640x480");
    is_written((struct value){ .type = VALUE_POINT, .count = 1, .point = { { 5, -6 } } }, "5,-6");
    is_written((struct value){ .type = VALUE_NONE }, "auto");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers),
        cmocka_unit_test(everything_else),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
