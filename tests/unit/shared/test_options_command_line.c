/*
 * The words of a command line, and --help.
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

static void unknown_and_missing(void **state)
{
    (void)state;
    parse_bad("--cout=3", "unknown|--cout=3");
    parse_bad("--coun", "unknown|--coun");
    parse_bad("--counts", "unknown|--counts");
    parse_bad("---count", "unknown");
    parse_bad("--=3", "unknown");
    parse_bad("-x", "unknown|-x");
    parse_bad("-count", "colour"); /* -c with the value "ount" */
    parse_bad("--count", "count|needs a value|N");
    parse_bad("-n", "count|needs a value");
    parse_bad("--flag --text", "text|needs a value");
    /* The headings have no name that could be given. */
    parse_bad("--First", "unknown");
}

static void parse_bad_exactly(const char *line, const char *wanted)
{
    struct error error;
    struct fields fields;
    assert_int_equal(parse_words(line, &fields, NULL, NULL, &error), -EINVAL);
    assert_string_equal(error.text, wanted);
}

/* An option is called what the user called it. */
static void errors_name_options_as_they_were_written(void **state)
{
    (void)state;
    parse_bad_exactly("--count", "--count needs a value: --count N");
    parse_bad_exactly("-n", "-n (--count) needs a value: --count N");
    parse_bad_exactly("--count 101", "--count: '101' is not a whole number from 1 to 100");
    parse_bad_exactly("-n101", "-n (--count): '101' is not a whole number from 1 to 100");
    parse_bad_exactly("--size=1", "--size: '1' is not WIDTHxHEIGHT with both from 16 to 4096");
    parse_bad_exactly("--flag=no", "--flag takes no value");
    parse_bad_exactly("-fno", "-f (--flag) takes no value");
    parse_bad_exactly("--text=", "--text: the value is empty");
    parse_bad_exactly("-cpink", "-c (--colour): 'pink' is not one of red, green, blue");
}

/* "--text --flag" is a value forgotten; "--text=--flag" says what is meant. */
static void an_option_is_no_value(void **state)
{
    (void)state;
    struct fields fields;
    parse_bad_exactly("--text --flag", "--text needs a value: --text TEXT");
    parse_bad_exactly("-n --rate 3", "-n (--count) needs a value: --count N");
    parse_good("--text=--flag", &fields);
    assert_string_equal(fields.text, "--flag");
    parse_good("--text --unheard-of", &fields);
    assert_string_equal(fields.text, "--unheard-of");
    parse_good("--offset -3", &fields);
    assert_int_equal(fields.offset, -3);
}

static void slips_are_guessed(void **state)
{
    (void)state;
    static const char all[] = " (--help lists them all)";
    static const struct {
        const char *line, *wanted;
    } cases[] = {
        { "--cuont=3", "unknown option '--cuont=3'; did you mean --count?" },
        { "--clour", "unknown option '--clour'; did you mean --colour?" },
        { "--COUNT", "unknown option '--COUNT'; did you mean --count?" },
        { "--other_flag", "unknown option '--other_flag'; did you mean --other-flag?" },
        { "--oth", "unknown option '--oth'; did you mean --other-flag?" },
        { "-every", "unknown option '-every'; did you mean --every?" },
        { "--no-such-thing", "unknown option '--no-such-thing'" },
        { "--x", "unknown option '--x'" },
        { "-x", "unknown option '-x'" },
        { "---", "unknown option '---'" },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        char wanted[512];
        snprintf(wanted, sizeof(wanted), "%s%s", cases[i].wanted, all);
        parse_bad_exactly(cases[i].line, wanted);
    }
    parse_bad_exactly("--colour=Red", "--colour: 'Red' is not one of red, green, blue; did you "
                                      "mean red?");
    parse_bad_exactly("--every alwasy", "--every: 'alwasy' is not never, always or a whole number "
                                        "from 0 to 50; did you mean always?");
}

static void the_other_programs_options_are_known(void **state)
{
    (void)state;
    parse_bad_exactly("--depth=3", "--depth is an option of rival's");
    parse_bad_exactly("--height 3", "--height is an option of rival's");
    parse_bad_exactly("-d3", "-d (--depth) is an option of rival's");
    parse_bad("--depths=3", "unknown option '--depths=3'");
}

static void operands(void **state)
{
    (void)state;
    struct fields fields;
    struct error error;
    struct option_list operands = { .count = 7 };
    assert_int_equal(parse_words("-f", &fields, NULL, &operands, &error), 0);
    assert_int_equal(operands.count, 0);
    assert_int_equal(parse_words("-f host -n 5 other", &fields, NULL, &operands, &error), 0);
    assert_int_equal(operands.count, 2);
    assert_string_equal(operands.items[0], "host");
    assert_string_equal(operands.items[1], "other");
    assert_int_equal(fields.count, 5);
    assert_int_equal(parse_words("-n 5 -- -f --", &fields, NULL, &operands, &error), 0);
    assert_int_equal(operands.count, 2);
    assert_string_equal(operands.items[0], "-f");
    assert_string_equal(operands.items[1], "--");
    assert_false(fields.flag);
    assert_int_equal(parse_words("-", &fields, NULL, &operands, &error), 0);
    assert_string_equal(operands.items[0], "-");
    assert_int_equal(parse_words("--", &fields, NULL, &operands, &error), 0);
    assert_int_equal(operands.count, 0);
    parse_bad("host", "unexpected|'host'");
    parse_bad("-- host", "unexpected|'host'");
}

static void too_many_operands(void **state)
{
    (void)state;
    struct fields fields;
    struct error error;
    struct option_list operands;
    char line[256] = "last";
    for (unsigned i = 0; i < OPTION_LIST_MAX - 1; i++)
        strcat(line, " a");
    assert_int_equal(parse_words(line, &fields, NULL, &operands, &error), 0);
    assert_int_equal(operands.count, OPTION_LIST_MAX);
    strcat(line, " more");
    assert_int_equal(parse_words(line, &fields, NULL, &operands, &error), -EINVAL);
    assert_contains(error.text, "unexpected|'more'");
}

static void given_options_are_reported(void **state)
{
    (void)state;
    struct fields fields;
    struct error error;
    bool given[SPEC_COUNT] = { false };
    assert_int_equal(parse_words("-n5 --list a -f", &fields, given, NULL, &error), 0);
    for (size_t i = 0; i < SPEC_COUNT; i++) {
        const char *name = specs[i].name ? specs[i].name : "";
        bool wanted =
            strcmp(name, "count") == 0 || strcmp(name, "list") == 0 || strcmp(name, "flag") == 0;
        assert_int_equal(given[i], wanted);
    }
}

static void help_has_everything(void **state)
{
    (void)state;
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    options_help(&table, out);
    fclose(out);
    assert_contains(text, "Usage: prog [OPTION]... [HOST]\n|About prog.|After all.");
    assert_contains(text, "First heading:\n|Second heading:\n");
    for (size_t i = 0; i < SPEC_COUNT; i++) {
        char part[128];
        if (specs[i].kind == OPTION_HEADING)
            continue;
        snprintf(part, sizeof(part), "--%s%s%s", specs[i].name, specs[i].value ? " " : "",
                 specs[i].value ? specs[i].value : "");
        assert_contains(text, part);
        if (specs[i].letter) {
            snprintf(part, sizeof(part), "-%c, --%s", specs[i].letter, specs[i].name);
            assert_contains(text, part);
        }
        if (specs[i].fallback) {
            snprintf(part, sizeof(part), "(default: %s)", specs[i].fallback);
            assert_contains(text, part);
        }
    }
    /* Wrapped, with no word lost: lines fit a terminal of 100 columns. */
    assert_contains(text, "safe|side|wrapped");
    for (char *save, *line = strtok_r(text, "\n", &save); line;
         line = strtok_r(NULL, "\n", &save)) {
        assert_in_range(strlen(line), 1, 100);
        assert_true(line[strlen(line) - 1] != ' ');
    }
    free(text);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(unknown_and_missing),
        cmocka_unit_test(errors_name_options_as_they_were_written),
        cmocka_unit_test(an_option_is_no_value),
        cmocka_unit_test(slips_are_guessed),
        cmocka_unit_test(the_other_programs_options_are_known),
        cmocka_unit_test(operands),
        cmocka_unit_test(too_many_operands),
        cmocka_unit_test(given_options_are_reported),
        cmocka_unit_test(help_has_everything),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
