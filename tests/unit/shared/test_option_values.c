/*
 * What an option of each kind takes, and what it refuses.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "option_table.h"

static void defaults(void **state)
{
    (void)state;
    struct fields fields;
    parse_good("", &fields);
    assert_false(fields.flag);
    assert_true(fields.other_flag);
    assert_int_equal(fields.count, 7);
    assert_int_equal(fields.offset, -3);
    assert_true(fields.rate == 2.5);
    assert_int_equal(fields.size.width, 0);
    assert_int_equal(fields.bytes, 65536);
    assert_string_equal(fields.text, "nothing");
    assert_int_equal(fields.list.count, 0);
    assert_int_equal(fields.colour, 1);
}

static void numbers(void **state)
{
    (void)state;
    struct fields fields;
    static const char *const forms[] = { "--count=42",  "--count 42",  "-n42",      "-n 42",
                                         "--count=+42", "--count=042", "-n 1 -n 42" };
    for (size_t i = 0; i < COUNT(forms); i++) {
        parse_good(forms[i], &fields);
        assert_int_equal(fields.count, 42);
    }
    parse_good("--count=1 --offset=-5 --rate=0.5", &fields);
    assert_int_equal(fields.count, 1);
    assert_int_equal(fields.offset, -5);
    assert_true(fields.rate == 0.5);
    parse_good("--count=100 --offset -4 -r1000", &fields);
    assert_int_equal(fields.count, 100);
    assert_int_equal(fields.offset, -4);
    assert_true(fields.rate == 1000);
    parse_good("-r 29.97", &fields);
    assert_true(fields.rate == 29.97);
}

static void bad_numbers(void **state)
{
    (void)state;
    static const char *const counts[] = { "0",   "101", "-1",          "1.5", "1.",  "x",  "4x",
                                          "0x4", "1e1", "4,5",         "--4", "+-4", "4-", "inf",
                                          "nan", "+",   "99999999999", "''",  "4\t" };
    for (size_t i = 0; i < COUNT(counts); i++) {
        char line[80];
        snprintf(line, sizeof(line), "--count %s", counts[i]);
        parse_bad(line, "count|whole number|1|100");
    }
    parse_bad("--count=", "count|whole number");
    static const char *const rates[] = { "0",     "0.49", "1000.01", "1e2", "nan", "inf",
                                         "1.2.3", ".",    "''",      "1,5", "-1" };
    for (size_t i = 0; i < COUNT(rates); i++) {
        char line[80];
        snprintf(line, sizeof(line), "--rate %s", rates[i]);
        parse_bad(line, "rate|number|0.5|1000");
    }
}

/* Counts are exact up to 2^53. */
static void counts(void **state)
{
    (void)state;
    struct fields fields;
    parse_good("", &fields);
    assert_int_equal(fields.total, 0);
    parse_good("--total=5000000000", &fields);
    assert_int_equal(fields.total, UINT64_C(5000000000));
    parse_good("--total=9007199254740991", &fields);
    assert_int_equal(fields.total, UINT64_C(9007199254740991));
    static const char *const bad[] = { "-1", "0.5", "1e3", "x", "''", "9007199254740994" };
    for (size_t i = 0; i < COUNT(bad); i++) {
        char line[80];
        snprintf(line, sizeof(line), "--total %s", bad[i]);
        parse_bad(line, "total|whole number|0");
    }
}

static void counts_with_words(void **state)
{
    (void)state;
    static const struct {
        const char *line;
        uint64_t every;
    } good[] = { { "", 0 }, { "--every never", 0 }, { "--every always", 1 }, { "--every=50", 50 } };
    for (size_t i = 0; i < COUNT(good); i++) {
        struct fields fields;
        parse_good(good[i].line, &fields);
        assert_int_equal(fields.every, good[i].every);
    }
    static const char *const bad[] = { "-1", "51", "Always", "alway", "always1", "''" };
    for (size_t i = 0; i < COUNT(bad); i++) {
        char line[80];
        snprintf(line, sizeof(line), "--every %s", bad[i]);
        parse_bad(line, "every|never, always or a whole number from 0 to 50");
    }
}

static void sizes(void **state)
{
    (void)state;
    struct fields fields;
    parse_good("--size=640x480", &fields);
    assert_int_equal(fields.size.width, 640);
    assert_int_equal(fields.size.height, 480);
    parse_good("-s16X4096", &fields);
    assert_int_equal(fields.size.width, 16);
    assert_int_equal(fields.size.height, 4096);
    static const char *const bad[] = { "640",     "640x",    "x480",  "640x480x3", "15x480",
                                       "640x15",  "4097x20", "x",     "640*480",   "640x480p",
                                       "640.5x4", "-64x480", "64 x48" };
    for (size_t i = 0; i < COUNT(bad); i++) {
        struct fields ignored;
        char *argv[] = { "prog", "--size", (char *)bad[i] };
        struct error error;
        memset(&ignored, 0, sizeof(ignored));
        assert_int_equal(options_parse(&table, &ignored, 3, argv, NULL, NULL, &error), -EINVAL);
        assert_contains(error.text, "size|WIDTHxHEIGHT|16|4096");
        assert_int_equal(ignored.size.width, 0);
    }
}

static void bytes(void **state)
{
    (void)state;
    struct fields fields;
    static const struct {
        const char *text;
        long value;
    } good[] = { { "1024", 1024 },
                 { "1K", 1024 },
                 { "3M", 3 << 20 },
                 { "1G", 1 << 30 },
                 { "1048576K", 1 << 30 } };
    for (size_t i = 0; i < COUNT(good); i++) {
        char line[80];
        snprintf(line, sizeof(line), "--bytes=%s", good[i].text);
        parse_good(line, &fields);
        assert_int_equal(fields.bytes, good[i].value);
    }
    static const char *const bad[] = {
        "1023", "2G",  "1048577K", "K",  "1k", "1KB", "1.5M",
        "-1K",  "1KK", "1 K",      "1T", "",   "1e9", "1000000000000000000000000000000000000000M"
    };
    for (size_t i = 0; i < COUNT(bad); i++) {
        char word[80], *argv[] = { "prog", word };
        struct error error;
        snprintf(word, sizeof(word), "--bytes=%s", bad[i]);
        assert_int_equal(options_parse(&table, &fields, 2, argv, NULL, NULL, &error), -EINVAL);
        assert_contains(error.text, "bytes|1024|K, M or G");
    }
}

static void texts_and_lists(void **state)
{
    (void)state;
    struct fields fields;
    parse_good("-ta=b --list x -ly --list=--z", &fields);
    assert_string_equal(fields.text, "a=b");
    assert_int_equal(fields.list.count, 3);
    assert_string_equal(fields.list.items[0], "x");
    assert_string_equal(fields.list.items[1], "y");
    assert_string_equal(fields.list.items[2], "--z");
    parse_bad("--text=", "text|empty");
    parse_bad("--text ''", "text|empty");
    parse_bad("--list=", "list|empty");
}

static void lists_are_bounded(void **state)
{
    (void)state;
    char line[1024] = "";
    struct fields fields;
    for (int i = 0; i < OPTION_LIST_MAX; i++)
        strcat(line, "-la ");
    parse_good(line, &fields);
    assert_int_equal(fields.list.count, OPTION_LIST_MAX);
    strcat(line, "-lb");
    parse_bad(line, "list|32");
}

static void choices(void **state)
{
    (void)state;
    struct fields fields;
    parse_good("--colour=red", &fields);
    assert_int_equal(fields.colour, 0);
    parse_good("-cblue", &fields);
    assert_int_equal(fields.colour, 2);
    parse_bad("--colour=Red", "colour|'Red'|red, green, blue");
    parse_bad("--colour=re", "red, green, blue");
    parse_bad("--colour=", "red, green, blue");
}

static void flags(void **state)
{
    (void)state;
    struct fields fields;
    parse_good("-f", &fields);
    assert_true(fields.flag);
    parse_good("--flag --flag", &fields);
    assert_true(fields.flag);
    parse_bad("--flag=yes", "flag|no value");
    parse_bad("-fn", "flag|no value");
    parse_bad("--flag yes", "unexpected|'yes'");
}

static void ranges(void **state)
{
    (void)state;
    static const char *const bad[] = { "0",   "61", "0.1-5", "5-61", "30-5", "5-",   "-5",
                                       "5-x", "-",  "5-6-7", "nan",  "",     "5--6", "a-5" };
    struct fields fields;
    parse_good("", &fields);
    assert_true(fields.span.min == 0 && fields.span.max == 0);
    parse_good("--span=30", &fields);
    assert_true(fields.span.min == 0 && fields.span.max == 30);
    parse_good("--span=0.5-29.97", &fields);
    assert_true(fields.span.min == 0.5 && fields.span.max == 29.97);
    parse_good("--span=5-5", &fields);
    assert_true(fields.span.min == 5 && fields.span.max == 5);
    for (size_t i = 0; i < COUNT(bad); i++) {
        char line[64];
        snprintf(line, sizeof(line), "--span %s", *bad[i] ? bad[i] : "''");
        parse_bad(line, "--span|a number from 0.5 to 60, or two as MIN-MAX");
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(ranges),          cmocka_unit_test(defaults),
        cmocka_unit_test(numbers),         cmocka_unit_test(bad_numbers),
        cmocka_unit_test(counts),          cmocka_unit_test(counts_with_words),
        cmocka_unit_test(sizes),           cmocka_unit_test(bytes),
        cmocka_unit_test(texts_and_lists), cmocka_unit_test(lists_are_bounded),
        cmocka_unit_test(choices),         cmocka_unit_test(flags),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
