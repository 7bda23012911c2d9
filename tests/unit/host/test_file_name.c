#include "host/sinks/files/file_name.h"

#include <errno.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const struct file_name_values values = { 7, 42, 123456789, 1795295625123456789, 0xABC };
static const struct file_name_values largest = { UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX,
                                                 UINT64_MAX };

static void what_is_accepted(void **state)
{
    (void)state;
    static const struct {
        const char *name_template;
        const char *why; /* NULL: it is accepted */
    } cases[] = {
        { "frame-{id}.jpg", NULL },
        { "{id}", NULL },
        { "{n}", NULL },
        { "frame-{n}.jpg", NULL },
        { "{epoch}-{n}-{id}", NULL },
        { "{sensor}", NULL },
        { "{wall}.jpg", NULL },
        { "{epoch}-{id}.jpg", NULL },
        { "{id}{id}{wall}{sensor}{epoch}", NULL },
        { "a, \"b\" 'c' *?\\{id}.jpg", NULL },
        { "Bild-\303\244-{id}.jpg", NULL },
        { "-{id}", NULL },
        { "", "one name a frame" },
        { "frame.jpg", "one name a frame" },
        { "{epoch}.jpg", "one name a frame" },
        { "{n}{id}", "beside {n}" },
        { "{wall}{n}", "beside {n}" },
        { "{n}{n}", "beside {n}" },
        { "frame2{n}", "beside {n}" },
        { "{n}0.jpg", "beside {n}" },
        { "{N}.jpg", "brace" },
        { "{ID}.jpg", "brace" },
        { "{id.jpg", "brace" },
        { "id}.jpg", "brace" },
        { "{}{id}", "brace" },
        { "{{id}}", "brace" },
        { "{id}{frame}", "brace" },
        { "{id}{", "brace" },
        { "/{id}", "slash" },
        { "a/{id}", "slash" },
        { "{id}/", "slash" },
        { "../{id}", "dot" },
        { ".{id}", "dot" },
        { "{id}\n", "control" },
        { "{id}\033[2J", "control" },
        { "{id}\177", "control" },
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct error error = { "" };
        int result = file_name_check(cases[i].name_template, &error);
        assert_int_equal(result, cases[i].why ? -EINVAL : 0);
        if (cases[i].why && !strstr(error.text, cases[i].why))
            fail_msg("'%s': '%s' does not say '%s'", cases[i].name_template, error, cases[i].why);
    }
}

static void what_is_made(void **state)
{
    (void)state;
    static const struct {
        const char *name_template;
        unsigned copy;
        const char *name;
    } cases[] = {
        { "frame-{id}.jpg", 1, "frame-00000042.jpg" },
        { "frame-{id}.jpg", 0, "frame-00000042.jpg" },
        { "frame-{id}.jpg", 2, "frame-00000042-2.jpg" },
        { "frame-{id}.jpg", 4294967295, "frame-00000042-4294967295.jpg" },
        { "{id}", 1, "00000042" },
        { "{id}", 3, "00000042-3" },
        { "{id}.tar.gz", 3, "00000042.tar-3.gz" },
        { "{sensor}.jpg", 1, "123456789.jpg" },
        { "{epoch}+{id}", 1, "0000000000000abc+00000042" },
        { "{wall}.jpg", 1, "20261121T211345.123Z.jpg" },
        { "{wall}.jpg", 2, "20261121T211345.123Z-2.jpg" },
        { "{id}{id}", 1, "0000004200000042" },
        { "frame-{n}.jpg", 1, "frame-00000007.jpg" },
        { "{n}-{id}", 1, "00000007-00000042" },
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char name[FILE_NAME_MAX + 1];
        struct error error;
        assert_int_equal(file_name_check(cases[i].name_template, &error), 0);
        file_name_make(cases[i].name_template, &values, cases[i].copy, name);
        assert_string_equal(name, cases[i].name);
    }
}

static void numbers_are_found_again(void **state)
{
    (void)state;
    static const struct {
        const char *name_template, *name;
        uint64_t number; /* 0: it may not have made this name */
    } cases[] = {
        { "frame-{n}.jpg", "frame-00000007.jpg", 7 },
        { "frame-{n}.jpg", "frame-100000000.jpg", 100000000 },
        { "frame-{n}.jpg", "frame-9999999999999999999.jpg", UINT64_C(9999999999999999999) },
        { "frame-{n}.jpg", "frame-10000000000000000000.jpg", 0 },
        { "frame-{n}.jpg", "frame-0000007.jpg", 0 },
        { "frame-{n}.jpg", "frame-000000007.jpg", 0 },
        { "frame-{n}.jpg", "frame-00000007-2.jpg", 0 },
        { "frame-{n}.jpg", "frame-00000007.jpg.bak", 0 },
        { "frame-{n}.jpg", "frame-00000007.jp", 0 },
        { "frame-{n}.jpg", "frame-+0000007.jpg", 0 },
        { "frame-{n}.jpg", "a-frame-00000007.jpg", 0 },
        { "frame-{n}.jpg", "", 0 },
        { "{n}", "00000012", 12 },
        { "{n}", "00000012.jpg", 0 },
        { "{wall}-{n}.jpg", "20261121T211345.123Z-00000005.jpg", 5 },
        { "{n}-{wall}.jpg", "00000005-20261121T211345.123Z.jpg", 5 },
        { "{epoch}-{n}-{id}", "0000000000000abc-00000007-00000042", 7 },
        { "{id}{sensor}-{n}-0.{id}0", "12300000042-00000009-0.000000420", 9 },
        { "{id}-{n}-{id}-x", "00000001-00000002-00000003-y-00000004-x", 2 },
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint64_t number = 0;
        bool found = file_name_find_number(cases[i].name_template, cases[i].name, &number);
        if (found != (cases[i].number > 0) || (found && number != cases[i].number))
            fail_msg("%s in %s: %d, %" PRIu64, cases[i].name_template, cases[i].name, found,
                     number);
    }
    assert_true(file_name_has_number("frame-{n}.jpg"));
    assert_false(file_name_has_number("frame-{id}.jpg"));
}

/* As long as there are no more than 19 digits: nobody saves so many. */
static void made_numbers_are_found_again(void **state)
{
    (void)state;
    static const char *const templates[] = {
        "frame-{n}.jpg",   "{n}", "{id}-{n}.x", "{n}.{sensor}", "{wall} {n} {epoch}{id}",
        "({id}{wall}){n}!"
    };
    static const uint64_t numbers[] = { 1, 99999999, 100000000, UINT64_C(9999999999999999999) };
    for (size_t i = 0; i < sizeof(templates) / sizeof(templates[0]); i++)
        for (size_t j = 0; j < sizeof(numbers) / sizeof(numbers[0]); j++) {
            struct file_name_values some = largest;
            uint64_t number = 0;
            char name[FILE_NAME_MAX + 1];
            some.number = numbers[j];
            file_name_make(templates[i], &some, 1, name);
            assert_true(file_name_find_number(templates[i], name, &number));
            assert_true(number == numbers[j]);
        }
}

static void times(void **state)
{
    (void)state;
    static const struct {
        uint64_t ns;
        const char *text, *compact;
    } cases[] = {
        { 0, "1970-01-01T00:00:00.000000000Z", "19700101T000000.000Z" },
        { 1, "1970-01-01T00:00:00.000000001Z", "19700101T000000.000Z" },
        { 999999999, "1970-01-01T00:00:00.999999999Z", "19700101T000000.999Z" },
        { 951782400000000000, "2000-02-29T00:00:00.000000000Z", "20000229T000000.000Z" },
        { 1795295625123456789, "2026-11-21T21:13:45.123456789Z", "20261121T211345.123Z" },
        { UINT64_MAX, "2554-07-21T23:34:33.709551615Z", "25540721T233433.709Z" },
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char text[40];
        file_name_time(cases[i].ns, 0, text);
        assert_string_equal(text, cases[i].text);
        file_name_time(cases[i].ns, 1, text);
        assert_string_equal(text, cases[i].compact);
    }
}

static bool ends_with(const char *text, const char *end)
{
    return strlen(text) >= strlen(end) && strcmp(text + strlen(text) - strlen(end), end) == 0;
}

/* As long as may be, in every mixture of text and fields: the whole name is there, with its id, its
 * copy and its extension. */
static void long_names_are_whole(void **state)
{
    (void)state;
    static const char *const parts[] = { "x", "{epoch}", "{wall}{sensor}" };
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        char name_template[FILE_NAME_MAX + 64];
        struct error error;
        size_t accepted = 0;
        for (size_t size = 1; size < FILE_NAME_MAX; size++) {
            char name[FILE_NAME_MAX + 1];
            name_template[0] = '\0';
            for (size_t j = 0; j < size && strlen(name_template) < FILE_NAME_MAX; j++)
                strcat(name_template, parts[i]);
            strcat(name_template, "{id}.jpg");
            if (file_name_check(name_template, &error)) {
                assert_non_null(strstr(error.text, "too long"));
                break;
            }
            accepted++;
            file_name_make(name_template, &largest, UINT32_MAX, name);
            assert_in_range(strlen(name), 1, FILE_NAME_MAX);
            assert_true(ends_with(name, "18446744073709551615-4294967295.jpg"));
        }
        assert_in_range(accepted, 3, FILE_NAME_MAX);
    }
}

/* Whatever passes the check, the file lies in its folder, and is not hidden. */
static void no_way_out_of_the_folder(void **state)
{
    (void)state;
    static const char *const pieces[] = { "..", "/", "{id}", ".", "{wall}", "\\", "{epoch}", "~" };
    enum { PIECES = sizeof(pieces) / sizeof(pieces[0]) };
    unsigned accepted = 0;
    for (unsigned i = 0; i < PIECES * PIECES * PIECES * PIECES; i++) {
        char name_template[64] = "", name[FILE_NAME_MAX + 1];
        struct error error;
        for (unsigned j = i, n = 0; n < 4; n++, j /= PIECES)
            strcat(name_template, pieces[j % PIECES]);
        if (file_name_check(name_template, &error))
            continue;
        accepted++;
        for (unsigned copy = 1; copy < 3; copy++) {
            file_name_make(name_template, &values, copy, name);
            assert_null(strchr(name, '/'));
            assert_true(name[0] != '.' && name[0] != '\0');
            assert_string_not_equal(name, "frames.csv");
        }
    }
    assert_true(accepted > 100);
}

/* Long templates are told of without running over the line. */
static void long_templates(void **state)
{
    (void)state;
    char name_template[5000];
    struct error error;
    memset(name_template, 'x', sizeof(name_template) - 1);
    name_template[sizeof(name_template) - 1] = '\0';
    memcpy(name_template, "{id}", 4);
    assert_int_equal(file_name_check(name_template, &error), -EINVAL);
    assert_non_null(strstr(error.text, "too long"));
    assert_in_range(strlen(error.text), 1, sizeof(error.text) - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_accepted),
        cmocka_unit_test(what_is_made),
        cmocka_unit_test(numbers_are_found_again),
        cmocka_unit_test(made_numbers_are_found_again),
        cmocka_unit_test(times),
        cmocka_unit_test(long_names_are_whole),
        cmocka_unit_test(no_way_out_of_the_folder),
        cmocka_unit_test(long_templates),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
