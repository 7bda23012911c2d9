/*
 * Values as people read and write them.
 */
#include "shared/controls/value.h"

#include <fcntl.h>
#include <locale.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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

/* So many elements as a value has at most, each as long as it can be: none is left out. */
static void is_whole(struct value value, const char *element)
{
    char text[VALUE_TEXT_SIZE];
    value.array = true;
    value.count = (uint16_t)value_count_max(value.type);
    assert_int_equal(value_format(&value, text), value.count * (strlen(element) + 1) - 1);
    assert_int_equal(strlen(text), value.count * (strlen(element) + 1) - 1);
    for (unsigned i = 0; i < value.count; i++)
        assert_memory_equal(text + i * (strlen(element) + 1), element, strlen(element));
}

static void the_longest(void **state)
{
    (void)state;
    struct value value = { .type = VALUE_BOOL };
    is_whole(value, "false");
    memset(value.bytes, 255, sizeof(value.bytes));
    value.type = VALUE_BYTE;
    is_whole(value, "255");
    value.type = VALUE_FLOAT;
    for (unsigned i = 0; i < value_count_max(VALUE_FLOAT); i++)
        value.number[i] = -1.13699555e-35f;
    is_whole(value, "-1.13699555e-35");
    for (unsigned i = 0; i < value_count_max(VALUE_RECTANGLE); i++)
        value.rectangle[i] = (struct value_rectangle){ INT32_MIN, INT32_MIN, 4294967295, 1u << 31 };
    value.type = VALUE_RECTANGLE;
    is_whole(value, "-2147483648,-2147483648,4294967295,2147483648");
}

/* A locale that has another separator than a point, made of that of C.UTF-8. False: there is
 * none. */
static bool make_locale(const char *folder, const char *path)
{
    uint8_t bytes[256];
    int from = open("/usr/lib/locale/C.utf8/LC_NUMERIC", O_RDONLY);
    ssize_t size = from < 0 ? -1 : read(from, bytes, sizeof(bytes));
    uint32_t at;
    if (from >= 0)
        close(from);
    if (size < 12)
        return false;
    memcpy(&at, bytes + 8, sizeof(at)); /* where the first item, the separator, is */
    assert_in_range(at, 8, size - 1);
    bytes[at] = ',';
    assert_int_equal(mkdir(folder, 0700), 0);
    int to = open(path, O_WRONLY | O_CREAT, 0600);
    assert_int_equal(write(to, bytes, (size_t)size), size);
    close(to);
    return true;
}

/* A program of another's, with libpitether in it, may have one that has a comma. */
static void a_comma_in_the_locale(void **state)
{
    (void)state;
    char root[] = "/tmp/pitether-test-XXXXXX", folder[64], path[96];
    const float gains[] = { 1.25f, -1.5e-7f };
    assert_non_null(mkdtemp(root));
    snprintf(folder, sizeof(folder), "%s/comma", root);
    snprintf(path, sizeof(path), "%s/LC_NUMERIC", folder);
    if (make_locale(folder, path)) {
        assert_int_equal(setenv("LOCPATH", root, 1), 0);
        assert_non_null(setlocale(LC_NUMERIC, "comma"));
        assert_string_equal(localeconv()->decimal_point, ",");
        is_written(value_of_floats(gains, 2), "1.25,-1.5e-07");
        is_written(value_of_float(1e10f), "1e+10");
        is_written(value_of_float(-INFINITY), "-inf");
        setlocale(LC_NUMERIC, "C");
        unlink(path);
        rmdir(folder);
    }
    rmdir(root);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers),
        cmocka_unit_test(everything_else),
        cmocka_unit_test(the_longest),
        cmocka_unit_test(a_comma_in_the_locale),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
