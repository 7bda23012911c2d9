/*
 * Lines of a configuration file.
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

/* A file of its own for each test, gone when the test is. */
static char path[] = "options-test-XXXXXX";

static int read_text(const char *text, size_t size, struct fields *fields, bool *given,
                     struct error *error)
{
    strcpy(path + strlen(path) - 6, "XXXXXX");
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, size), size);
    close(fd);
    strcpy(error->text, "(no error)");
    int result = options_read_file(&table, fields, path, given, error);
    unlink(path);
    return result;
}

static void files_are_read(void **state)
{
    (void)state;
    static const char text[] = "# a comment\n"
                               "\n"
                               "   \t \n"
                               "count = 42\n"
                               "  # another = one\n"
                               "rate=99.5\r\n"
                               "\tsize =  640x480 \n"
                               "flag = on\n"
                               "other-flag = no\n"
                               "text = a = b # c\n"
                               "list = x y\n"
                               "list = z\n"
                               "bytes = 2M\n"
                               "colour = blue"; /* without a line feed */
    struct fields fields = { 0 };
    struct error error;
    assert_int_equal(read_text(text, strlen(text), &fields, NULL, &error), 0);
    assert_int_equal(fields.count, 42);
    assert_true(fields.rate == 99.5);
    assert_int_equal(fields.size.width, 640);
    assert_true(fields.flag);
    assert_false(fields.other_flag);
    assert_string_equal(fields.text, "a = b # c");
    assert_int_equal(fields.list.count, 2);
    assert_string_equal(fields.list.items[0], "x y");
    assert_string_equal(fields.list.items[1], "z");
    assert_int_equal(fields.bytes, 2 << 20);
    assert_int_equal(fields.colour, 2);
    struct fields none = { 0 };
    assert_int_equal(read_text("", 0, &none, NULL, &error), 0);
}

static void flags_in_files(void **state)
{
    (void)state;
    static const char *const words[] = { "no", "yes", "false", "true", "0", "1", "off", "on" };
    char text[80];
    struct error error;
    for (int i = 0; i < 8; i++) {
        struct fields fields = { .flag = !(i & 1) };
        int size = snprintf(text, sizeof(text), "flag = %s\n", words[i]);
        assert_int_equal(read_text(text, (size_t)size, &fields, NULL, &error), 0);
        assert_int_equal(fields.flag, i & 1);
    }
}

static void bad_lines_are_named(void **state)
{
    (void)state;
    static const struct {
        const char *text, *line, *words;
    } cases[] = {
        { "count = 1\n\n# x\ncuont = 2\n", ":4:", "cuont|not a key|; did you mean count?" },
        { "count\n", ":1:", "count|key = value" },
        { "= 3\n", ":1:", "not a key" },
        { "\ncount = 101\n", ":2:", "count|101|1|100" },
        { "count =\n", ":1:", "count" },
        { "text =\n", ":1:", "text|empty" },
        { "flag\n", ":1:", "key = value" },
        { "flag = maybe\n", ":1:", "flag|maybe|yes or no" },
        { "flag =\n", ":1:", "flag" },
        { "secret-with-a-very-long-name = x\n", ":1:", "secret|not a key|the command line only" },
        { "colour = pink\n", ":1:", "pink|red, green, blue" },
        { "First heading = 1\n", ":1:", "not a key" },
        { "-n = 5\n", ":1:", "not a key|; did you mean count?" },
        { "--count = 5\n", ":1:", "not a key|; did you mean count?" },
        { "n = 5\n", ":1:", "'n' is not a key|; did you mean count?" },
        { "other_flag = yes\n", ":1:", "not a key|; did you mean other-flag?" },
        { "secret-with-a-very-long-nam = x\n",
          ":1:", "not a key that a configuration file may have" },
        { "depth = 5\n", ":1:", "'depth' is not a key|--depth is an option of rival's" },
        { "colour = bleu\n", ":1:", ": colour: 'bleu'|; did you mean blue?" },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct fields fields = { 0 };
        struct error error;
        int result = read_text(cases[i].text, strlen(cases[i].text), &fields, NULL, &error);
        if (result != -EINVAL)
            fail_msg("'%s': %d", cases[i].text, result);
        assert_ptr_equal(strstr(error.text, path), &error);
        assert_memory_equal(error.text + strlen(path), cases[i].line, strlen(cases[i].line));
        assert_contains(error.text, cases[i].words);
        if (!strstr(cases[i].words, "did you mean"))
            assert_null(strstr(error.text, "did you mean"));
        assert_null(strchr(error.text, '\n'));
    }
}

static void the_command_line_goes_first(void **state)
{
    (void)state;
    struct fields fields;
    struct error error;
    bool given[SPEC_COUNT] = { false };
    static const char text[] = "count = 42\nlist = y\nflag = no\nrate = 9\n";
    assert_int_equal(parse_words("-n5 --list x -f", &fields, given, NULL, &error), 0);
    assert_int_equal(read_text(text, strlen(text), &fields, given, &error), 0);
    assert_int_equal(fields.count, 5);
    assert_true(fields.flag);
    assert_int_equal(fields.list.count, 1);
    assert_string_equal(fields.list.items[0], "x");
    assert_true(fields.rate == 9);
}

/* Lines have no limit: a comment and a value of each of these lengths, then one more line. */
static void long_lines_are_read(void **state)
{
    (void)state;
    static const size_t sizes[] = { 100, 1022, 1023, 1024, 1025, 4095, 4096, 30000 };
    for (size_t i = 0; i < COUNT(sizes); i++) {
        struct fields fields = { 0 };
        char *text = malloc(2 * sizes[i] + 64);
        assert_non_null(text);
        struct error error;
        memset(text, 'x', 2 * sizes[i] + 64);
        text[0] = '#';
        text[sizes[i]] = '\n';
        memcpy(text + sizes[i] + 1, "text = ", 7);
        size_t end = sizes[i] + 8 + sizes[i];
        memcpy(text + end, "\ncount = 3", 10);
        assert_int_equal(read_text(text, end + 10, &fields, NULL, &error), 0);
        assert_int_equal(strlen(fields.text), sizes[i]);
        assert_int_equal(fields.count, 3);
        /* A bad one of any length fits the error, with the place. */
        memcpy(text + sizes[i] + 1, "size = ", 7);
        assert_int_equal(read_text(text, end + 10, &fields, NULL, &error), -EINVAL);
        assert_contains(error.text, ":2: size|xxxx");
        assert_in_range(strlen(error.text), 1, sizeof(error.text) - 1);
        free(text);
    }
}

/* A file with a zero byte is no text: what stands behind it must not be swallowed. */
static void zero_bytes_are_refused(void **state)
{
    (void)state;
    static const char text[] = "count = 3\0garbage\nrate = 9\n";
    struct fields fields = { 0 };
    struct error error;
    assert_int_equal(read_text(text, sizeof(text) - 1, &fields, NULL, &error), -EINVAL);
}

/* Nor is one with other controls, which would reach the terminal. */
static void controls_are_refused(void **state)
{
    (void)state;
    static const char *const texts[] = { "count = 3\n\033[2Jcount = 4\n", "x\177\n", "\b" };
    for (size_t i = 0; i < COUNT(texts); i++) {
        struct fields fields = { 0 };
        struct error error;
        assert_int_equal(read_text(texts[i], strlen(texts[i]), &fields, NULL, &error), -EINVAL);
        assert_contains(error.text, i == 0 ? ":2: the line has a byte" : ":1: the line has a byte");
    }
}

/* A file of keys that is named by mistake: the log is no place for its secrets. */
static void a_line_of_keys_is_not_quoted(void **state)
{
    (void)state;
    static const char text[] =
        "laptop view 5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f 0a0a0a0a0a0a0a0a0a0a\n";
    struct fields fields = { 0 };
    struct error error;
    assert_int_equal(read_text(text, strlen(text), &fields, NULL, &error), -EINVAL);
    assert_contains(error.text, "'laptop' is not");
    assert_null(strstr(error.text, "5f5f"));
}

static void files_of_any_length(void **state)
{
    (void)state;
    enum { MORE = OPTION_FILE_MAX + 1 };
    struct fields fields = { 0 };
    char *text = malloc(MORE);
    assert_non_null(text);
    struct error error;
    memset(text, '\n', MORE);
    memcpy(text + OPTION_FILE_MAX - 9, "count = 3", 9);
    assert_int_equal(read_text(text, OPTION_FILE_MAX, &fields, NULL, &error), 0);
    assert_int_equal(fields.count, 3);
    assert_int_equal(read_text(text, MORE, &fields, NULL, &error), -EINVAL);
    assert_contains(error.text, "options-test-|larger than 65536 bytes");
    free(text);
    assert_int_equal(options_read_file(&table, &fields, "/dev/zero", NULL, &error), -EINVAL);
    assert_contains(error.text, "/dev/zero is larger than 65536 bytes");
}

/* As a shell's <(...) makes one. */
static void a_pipe_is_read(void **state)
{
    (void)state;
    static const char text[] = "count = 7\n";
    struct fields fields = { 0 };
    char name[32];
    struct error error;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], text, strlen(text)), strlen(text));
    close(ends[1]);
    snprintf(name, sizeof(name), "/dev/fd/%d", ends[0]);
    assert_int_equal(options_read_file(&table, &fields, name, NULL, &error), 0);
    assert_int_equal(fields.count, 7);
    close(ends[0]);
}

static void unreadable_files(void **state)
{
    (void)state;
    struct fields fields = { 0 };
    struct error error;
    assert_int_equal(options_read_file(&table, &fields, "/no/such/file", NULL, &error), -ENOENT);
    assert_contains(error.text, "/no/such/file|No such file");
    assert_int_equal(options_read_file(&table, &fields, "/", NULL, &error), -EISDIR);
    assert_contains(error.text, "directory");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_are_read),       cmocka_unit_test(flags_in_files),
        cmocka_unit_test(bad_lines_are_named),  cmocka_unit_test(the_command_line_goes_first),
        cmocka_unit_test(long_lines_are_read),  cmocka_unit_test(zero_bytes_are_refused),
        cmocka_unit_test(controls_are_refused), cmocka_unit_test(a_line_of_keys_is_not_quoted),
        cmocka_unit_test(files_of_any_length),  cmocka_unit_test(a_pipe_is_read),
        cmocka_unit_test(unreadable_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
