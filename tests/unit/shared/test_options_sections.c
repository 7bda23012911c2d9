/*
 * Sections of a configuration file.
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

/* Parses the command line, then the text as a file, into fields. */
static int read_both(const char *line, const char *text, struct fields *fields, struct error *error)
{
    static char path[] = "options-test-XXXXXX";
    bool given[SPEC_COUNT] = { false };
    if (parse_words(line, fields, given, NULL, error))
        fail_msg("'%s': %s", line, error->text);
    strcpy(path + strlen(path) - 6, "XXXXXX");
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
    int result = options_read_file(&table, fields, path, given, error);
    unlink(path);
    if (result)
        assert_ptr_equal(strstr(error->text, path), error->text);
    return result;
}

static void read_good(const char *line, const char *text, struct fields *fields)
{
    struct error error;
    if (read_both(line, text, fields, &error))
        fail_msg("'%s': %s", text, error.text);
}

static void a_file_without_sections_fills_the_first(void **state)
{
    (void)state;
    struct fields fields;
    read_good("", "speed = 5\n", &fields);
    assert_int_equal(fields.part_count, 0);
    assert_null(fields.parts[0].name);
    assert_int_equal(fields.parts[0].speed, 5);
}

static void each_section_has_its_own_values(void **state)
{
    (void)state;
    struct fields fields;
    read_good("",
              "count = 9\n\n[front]\nspeed = 4\n\n# a comment\n  [rear] \n[top]\nspeed=1\nspeed=2",
              &fields);
    assert_int_equal(fields.part_count, 3);
    assert_int_equal(fields.count, 9);
    static const struct {
        const char *name;
        unsigned line;
        int speed;
    } expected[] = { { "front", 3, 4 }, { "rear", 7, 3 }, { "top", 8, 2 } };
    for (unsigned i = 0; i < 3; i++) {
        assert_string_equal(fields.parts[i].name, expected[i].name);
        assert_int_equal(fields.parts[i].line, expected[i].line);
        assert_int_equal(fields.parts[i].speed, expected[i].speed);
    }
}

/* Also texts and lists, which each section goes on with by itself. */
static void what_stands_before_the_first_holds_for_all(void **state)
{
    (void)state;
    struct fields fields;
    read_good(
        "", "speed = 7\ntitle = all\ntags = a\n[x]\nspeed = 1\n[y]\ntitle = mine\ntags = b\n[z]\n",
        &fields);
    assert_int_equal(fields.parts[0].speed, 1);
    assert_int_equal(fields.parts[1].speed, 7);
    assert_int_equal(fields.parts[2].speed, 7);
    assert_string_equal(fields.parts[0].title, "all");
    assert_string_equal(fields.parts[1].title, "mine");
    assert_string_equal(fields.parts[2].title, "all");
    assert_int_equal(fields.parts[0].tags.count, 1);
    assert_int_equal(fields.parts[1].tags.count, 2);
    assert_string_equal(fields.parts[1].tags.items[0], "a");
    assert_string_equal(fields.parts[1].tags.items[1], "b");
    assert_int_equal(fields.parts[2].tags.count, 1);
}

static void the_command_line_goes_first_in_every_section(void **state)
{
    (void)state;
    struct fields fields;
    read_good("-v8", "speed = 2\n[x]\nspeed = 1\n[y]\ntitle = t\n", &fields);
    assert_int_equal(fields.part_count, 2);
    assert_int_equal(fields.parts[0].speed, 8);
    assert_int_equal(fields.parts[1].speed, 8);
}

/* Line, section and value are in the error. */
static void bad_sections_are_named(void **state)
{
    (void)state;
    static const struct {
        const char *text, *words;
    } cases[] = {
        { "[a]\n[b]\n\n[a]\n", ":4: [a]: line 1 has a section of this name already" },
        { "[a]\n[b]\n[c]\n[d]\n", ":4: [d]: there are more than 3 sections" },
        { "[]\n", ":1: '[]' can't be the name of a section: it takes small letters" },
        { "\n[Front]\n", ":2: '[Front]' can't be" },
        { "[ a ]\n", ":1: '[ a ]' can't be" },
        { "[a\n", ":1: '[a' is not a heading: [NAME]" },
        { "[a] # comment\n", ":1: '[a] # comment' is not a heading" },
        { "[\n", ":1: '[' is not a heading" },
        { "[a]\n[b]\nspeed = 10\n", ":3: [b]: speed: '10' is not a whole number from 1 to 9" },
        { "[a]\ncount = 3\n",
          ":2: [a]: 'count' is not a key that a section may have: it is for all of them and goes "
          "before the first one" },
        { "[a]\nname = b\n",
          ":2: [a]: 'name' is not a key that a section may have: its heading is its name" },
        { "name = b\n[a]\n", ":2: [a]: a section has its own name: leave out the option name" },
        { "[a]\nspede = 3\n",
          ":2: [a]: 'spede' is not a key that a section may have; did you mean speed?" },
        { "[a]\nv = 3\n", ":2: [a]: 'v' is not a key|; did you mean speed?" },
        { "[a]\nsecret-with-a-very-long-name = 3\n", ":2: [a]: |for the command line only" },
        { "[a]\ndepth = 3\n", ":2: [a]: 'depth' is not a key that a section may have: --depth is" },
        { "[a]\nnonsense\n", ":2: [a]: 'nonsense' is not the beginning of: key = value" },
        { "[a]\nspeed = 3 # fast\n",
          ":2: [a]: speed: '3 # fast': a comment needs a line of its own" },
        { "[a]\n\001\n", ":2: [a]: the line has a byte that is not text" },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct fields fields;
        struct error error;
        if (read_both("", cases[i].text, &fields, &error) != -EINVAL)
            fail_msg("'%s' was accepted", cases[i].text);
        assert_contains(error.text, cases[i].words);
        assert_null(strchr(error.text, '\n'));
    }
}

/* What belongs to all is not suggested in a section. */
static void suggestions_fit_the_place(void **state)
{
    (void)state;
    struct fields fields;
    struct error error;
    assert_int_equal(read_both("", "cuont = 3\n", &fields, &error), -EINVAL);
    assert_contains(error.text, "did you mean count?");
    assert_int_equal(read_both("", "[a]\ncuont = 3\n", &fields, &error), -EINVAL);
    assert_null(strstr(error.text, "did you mean"));
}

static void a_name_of_the_command_line_excludes_sections(void **state)
{
    (void)state;
    struct fields fields;
    struct error error;
    assert_int_equal(read_both("--name x", "speed = 2\n", &fields, &error), 0);
    assert_string_equal(fields.parts[0].name, "x");
    assert_int_equal(read_both("--name x", "\n[a]\n", &fields, &error), -EINVAL);
    assert_contains(error.text, ":2: [a]: a section has its own name");
}

/* To a table without sections a heading is a line like others. */
static void a_table_may_have_none(void **state)
{
    (void)state;
    struct option_table flat = table;
    struct fields fields = { 0 };
    struct error error;
    int ends[2];
    char name[32];
    flat.sections = NULL;
    flat.count = 2;
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], "[a]\n", 4), 4);
    close(ends[1]);
    snprintf(name, sizeof(name), "/dev/fd/%d", ends[0]);
    assert_int_equal(options_read_file(&flat, &fields, name, NULL, &error), -EINVAL);
    assert_contains(error.text, ":1: '[a]' is not the beginning of: key = value");
    close(ends[0]);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_without_sections_fills_the_first),
        cmocka_unit_test(each_section_has_its_own_values),
        cmocka_unit_test(what_stands_before_the_first_holds_for_all),
        cmocka_unit_test(the_command_line_goes_first_in_every_section),
        cmocka_unit_test(bad_sections_are_named),
        cmocka_unit_test(suggestions_fit_the_place),
        cmocka_unit_test(a_name_of_the_command_line_excludes_sections),
        cmocka_unit_test(a_table_may_have_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
