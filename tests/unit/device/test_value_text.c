/*
 * Values of all types as people write them, also of types that a Pi's camera has no control of.
 */
#include "device/controls/value_text.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct control_table no_table;

static enum wire_set_result read_as(const struct control_info *info, const char *text, char *shown,
                                    char *why)
{
    struct value value;
    enum wire_set_result result = value_text_read(text, &no_table, info, &value, why);
    shown[0] = '\0';
    if (result == WIRE_SET_OK || result == WIRE_SET_CLAMPED) {
        assert_int_equal(value.type, info->type);
        assert_int_equal(value.array, info->array);
        value_format(&value, shown);
    }
    return result;
}

struct row {
    unsigned type;
    int size; /* -1: no array */
    const char *text;
    enum wire_set_result result;
    const char *shown; /* the value, or why there is none */
};

static void check(const struct row *row)
{
    const struct control_info info = { .name = "Control",
                                       .type = (uint8_t)row->type,
                                       .array = row->size >= 0,
                                       .size = row->size > 0 ? (uint16_t)row->size : 0 };
    char shown[VALUE_TEXT_SIZE], why[WIRE_WHY_MAX + 1] = "";
    enum wire_set_result result = read_as(&info, row->text, shown, why);
    bool fits = result == WIRE_SET_OK || result == WIRE_SET_CLAMPED;
    if (result != row->result ||
        (fits ? strcmp(shown, row->shown) != 0 : strstr(why, row->shown) == NULL))
        fail_msg("%u '%s': %u '%s' %s", row->type, row->text, result, shown, why);
    assert_int_equal(result == WIRE_SET_OK, why[0] == '\0');
}

static void each_type(void **state)
{
    (void)state;
    static const struct row rows[] = {
        { VALUE_SIZE, -1, "640x480", WIRE_SET_OK, "640x480" },
        { VALUE_SIZE, -1, "640X480", WIRE_SET_OK, "640x480" },
        { VALUE_SIZE, 0, "1x2, 3x4", WIRE_SET_OK, "1x2,3x4" },
        { VALUE_SIZE, -1, "99999999999x1", WIRE_SET_CLAMPED, "2147483647x1" },
        { VALUE_SIZE, -1, "1x-1", WIRE_SET_CLAMPED, "1x0" },
        { VALUE_SIZE, -1, "640", WIRE_SET_BAD, "'640' is not a size" },
        { VALUE_SIZE, -1, "x480", WIRE_SET_BAD, "not a size" },
        { VALUE_SIZE, -1, "640x", WIRE_SET_BAD, "not a size" },
        { VALUE_SIZE, -1, "640y480", WIRE_SET_BAD, "not a size" },
        { VALUE_SIZE, -1, "640x480x", WIRE_SET_BAD, "not a size" },
        { VALUE_SIZE, -1, "640.5x480", WIRE_SET_BAD, "not a size" },
        { VALUE_SIZE, -1, "640x480.5", WIRE_SET_BAD, "not a size" },
        { VALUE_SIZE, -1, "1x2,3x4", WIRE_SET_BAD, "takes x,y, not 4 numbers" },
        { VALUE_POINT, -1, "5,-6", WIRE_SET_OK, "5,-6" },
        { VALUE_POINT, 2, "5,-6,7,8", WIRE_SET_OK, "5,-6,7,8" },
        { VALUE_POINT, 2, "5,-6", WIRE_SET_BAD, "takes 4 numbers, not 2" },
        { VALUE_POINT, -1, "5", WIRE_SET_BAD, "takes x,y, not 1" },
        { VALUE_POINT, -1, "9e9,-9e9", WIRE_SET_CLAMPED, "2147483647,-2147483648" },
        { VALUE_POINT, -1, "0.5,1", WIRE_SET_BAD, "not a whole number" },
        { VALUE_BYTE, -1, "255", WIRE_SET_OK, "255" },
        { VALUE_BYTE, -1, "256", WIRE_SET_CLAMPED, "255" },
        { VALUE_BYTE, -1, "-1", WIRE_SET_CLAMPED, "0" },
        { VALUE_INT32, -1, "-2147483648", WIRE_SET_OK, "-2147483648" },
        { VALUE_INT32, -1, "-2147483649", WIRE_SET_CLAMPED, "-2147483648" },
        { VALUE_INT64, -1, "1e30", WIRE_SET_CLAMPED, "9223372036854774784" },
        { VALUE_INT64, -1, "-1e30", WIRE_SET_CLAMPED, "-9223372036854774784" },
        { VALUE_FLOAT, -1, "1e300", WIRE_SET_CLAMPED, "3.4028235e+38" },
        { VALUE_FLOAT, -1, "-1e300", WIRE_SET_CLAMPED, "-3.4028235e+38" },
        { VALUE_FLOAT, -1, "-", WIRE_SET_BAD, "'-' is not a number" },
        { VALUE_FLOAT, -1, "e5", WIRE_SET_BAD, "not a number" },
        { VALUE_FLOAT, 3, " 1 , 2,3 ", WIRE_SET_OK, "1,2,3" },
        { VALUE_BOOL, 2, "YES,off", WIRE_SET_OK, "true,false" },
        { VALUE_RECTANGLE, -1, "-9e9,9e9,-1,9e9", WIRE_SET_CLAMPED,
          "-2147483648,2147483647,0,2147483647" },
        { VALUE_TEXT, -1, "a, b", WIRE_SET_OK, "a, b" },
        { VALUE_TEXT, 0, "a", WIRE_SET_OK, "a" },
        { VALUE_NONE, -1, "1", WIRE_SET_BAD, "type is unknown" },
        { VALUE_TYPES, -1, "1", WIRE_SET_BAD, "type is unknown" },
    };
    for (size_t i = 0; i < COUNT(rows); i++)
        check(&rows[i]);
}

/* As many elements as a value holds, and as long ones as make sense. */
static void how_much_is_too_much(void **state)
{
    (void)state;
    static char text[2048];
    char shown[VALUE_TEXT_SIZE], why[WIRE_WHY_MAX + 1];
    for (unsigned type = VALUE_BOOL; type < VALUE_TYPES; type++) {
        const struct control_info info = { .name = "Control",
                                           .type = (uint8_t)type,
                                           .array = true };
        if (type == VALUE_TEXT)
            continue;
        const char *element = type == VALUE_SIZE        ? "1x1,"
                              : type == VALUE_POINT     ? "1,1,"
                              : type == VALUE_RECTANGLE ? "2,1,1,1,"
                                                        : "1,";
        unsigned most = value_count_max(type);
        size_t used = 0;
        for (unsigned i = 0; i < most && i < 254; i++)
            used += (size_t)snprintf(text + used, sizeof(text) - used, "%s", element);
        text[used - 1] = '\0';
        assert_int_equal(read_as(&info, text, shown, why), WIRE_SET_OK);
        text[used - 1] = ',';
        for (unsigned i = 0; i < 4; i++)
            used += (size_t)snprintf(text + used, sizeof(text) - used, "%s", element);
        text[used - 1] = '\0';
        assert_int_equal(read_as(&info, text, shown, why), WIRE_SET_BAD);
    }
    const struct control_info number = { .name = "Control", .type = VALUE_FLOAT };
    snprintf(text, sizeof(text), "%0*d", 48, 7);
    assert_int_equal(read_as(&number, text, shown, why), WIRE_SET_OK);
    assert_string_equal(shown, "7");
    snprintf(text, sizeof(text), "%0*d", 49, 7);
    assert_int_equal(read_as(&number, text, shown, why), WIRE_SET_BAD);
    assert_string_equal(why, "the value is too long");
}

static void times(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        double us;
    } good[] = { { "1/60", 1e6 / 60 }, { "2.5ms", 2500 }, { "1 s", 1e6 }, { "500ns", 0.5 },
                 { "1/3s", 1e6 / 3 },  { "10 µs", 10 },   { "0", 0 } };
    static const char *const bad[] = { "",
                                       "ms",
                                       "/100",
                                       "1/",
                                       "1/x",
                                       "1/0",
                                       "1//2",
                                       "1e300/1e-300",
                                       "1 m",
                                       "-/2",
                                       "00000000000000000000000000000000000000000000000001" };
    double us;
    for (size_t i = 0; i < COUNT(good); i++) {
        assert_int_equal(value_text_time(good[i].text, &us), 0);
        assert_true(us == good[i].us);
    }
    for (size_t i = 0; i < COUNT(bad); i++)
        if (value_text_time(bad[i], &us) != -EINVAL)
            fail_msg("'%s' is %g us", bad[i], us);
    struct control_info info = { .name = "Control", .type = VALUE_INT32, .unit = "µs" };
    char shown[VALUE_TEXT_SIZE], why[WIRE_WHY_MAX + 1];
    assert_int_equal(read_as(&info, "1/60", shown, why), WIRE_SET_OK);
    assert_string_equal(shown, "16667");
    info.type = VALUE_FLOAT; /* which may have fractions */
    assert_int_equal(read_as(&info, "2500.5ns", shown, why), WIRE_SET_OK);
    assert_string_equal(shown, "2.5005");
}

static void words_by_number(void **state)
{
    (void)state;
    static const char *const bad[] = { "1.5", "2", "-1", "4294967297", "1e300", "-1e300", "" };
    const struct control_info info = { .name = "Mode",
                                       .type = VALUE_INT32,
                                       .enumerator_count = 2,
                                       .enumerators = { { 0, "Off" }, { 1, "On" } } };
    char shown[VALUE_TEXT_SIZE], why[WIRE_WHY_MAX + 1];
    assert_int_equal(read_as(&info, "1", shown, why), WIRE_SET_OK);
    assert_string_equal(shown, "1");
    for (size_t i = 0; i < COUNT(bad); i++)
        assert_int_equal(read_as(&info, bad[i], shown, why),
                         *bad[i] ? WIRE_SET_UNKNOWN : WIRE_SET_BAD);
}

/* One value is repeated for the few controls that mean all by it. */
static void one_for_all(void **state)
{
    (void)state;
    struct control_info info = {
        .name = "rpi::ScalerCrops", .type = VALUE_RECTANGLE, .array = true, .size = 3
    };
    char shown[VALUE_TEXT_SIZE], why[WIRE_WHY_MAX + 1];
    assert_int_equal(read_as(&info, "2,3,4,5", shown, why), WIRE_SET_OK);
    assert_string_equal(shown, "2,3,4,5,2,3,4,5,2,3,4,5");
    assert_int_equal(read_as(&info, "2,3,4,5,6,7,8,9", shown, why), WIRE_SET_BAD);
    snprintf(info.name, sizeof(info.name), "Other");
    assert_int_equal(read_as(&info, "2,3,4,5", shown, why), WIRE_SET_BAD);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_type),   cmocka_unit_test(how_much_is_too_much),
        cmocka_unit_test(times),       cmocka_unit_test(words_by_number),
        cmocka_unit_test(one_for_all),
    };
    return cmocka_run_group_tests_name("value_text", tests, NULL, NULL);
}
