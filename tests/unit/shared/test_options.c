/*
 * A table with an option of each kind, on the command line, in files and in --help.
 */
#include "shared/base/options.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct fields {
    bool flag, other_flag;
    int count, offset, colour;
    double rate;
    struct option_size size;
    long bytes;
    uint64_t total;
    const char *text;
    struct option_list list;
    uint64_t every;
};

static const char *const every_words[] = { "never", "always", NULL };
static const char *const colours[] = { "red", "green", "blue", NULL };

#define FIELD(name) offsetof(struct fields, name)

static const struct option_spec specs[] = {
    { .kind = OPTION_HEADING, .help = "First heading" },
    { "flag", 'f', OPTION_FLAG, FIELD(flag), NULL, NULL, 0, 0, NULL, "a flag", false },
    { "other-flag", 0, OPTION_FLAG, FIELD(other_flag), NULL, "yes", 0, 0, NULL, "another", false },
    { "count", 'n', OPTION_INT, FIELD(count), "N", "7", 1, 100, NULL, "a whole number", false },
    { "offset", 0, OPTION_INT, FIELD(offset), "N", "-3", -5, 5, NULL, "it may be negative", false },
    { "rate", 'r', OPTION_NUMBER, FIELD(rate), "HZ", "2.5", 0.5, 1000, NULL, "a number", false },
    { "size", 's', OPTION_SIZE, FIELD(size), "WxH", NULL, 16, 4096, NULL, "a size", false },
    { "total", 0, OPTION_COUNT, FIELD(total), "N", "0", 0, 9007199254740992, NULL, "a count",
      false },
    { "every", 0, OPTION_COUNT, FIELD(every), "N", "never", 0, 50, every_words,
      "a count with words", false },
    { .kind = OPTION_HEADING, .help = "Second heading" },
    { "bytes", 'b', OPTION_BYTES, FIELD(bytes), "BYTES", "64K", 1024, 1 << 30, NULL, "bytes",
      false },
    { "text", 't', OPTION_TEXT, FIELD(text), "TEXT", "nothing", 0, 0, NULL, "a text", false },
    { "list", 'l', OPTION_LIST, FIELD(list), "ITEM", NULL, 0, 0, NULL,
      "a list with a help text that is so long that it can not stand on a single line of a "
      "terminal and so has to be wrapped at a blank, more than once even, to be on the safe side",
      false },
    { "colour", 'c', OPTION_CHOICE, FIELD(colour), "COLOUR", "green", 0, 0, colours, "a choice",
      false },
    { "secret-with-a-very-long-name", 0, OPTION_TEXT, FIELD(text), "VALUE", NULL, 0, 0, NULL,
      "not in a file", true },
};

static const struct option_foreign foreign[] = { { "depth", 'd' }, { "height", 0 }, { NULL, 0 } };

static const struct option_table table = {
    .specs = specs,
    .count = COUNT(specs),
    .foreign = foreign,
    .foreign_hint = "is an option of rival's",
    .usage = "prog [OPTION]... [HOST]",
    .about = "About prog.",
    .after = "After all.",
};

enum { WORDS_MAX = 40 };

/* Runs the parser over words that are separated by blanks; "''" is an empty one. */
static int parse_words(const char *line, struct fields *fields, bool *given,
                       const char **positional, struct error *error)
{
    static char copy[1024];
    char *argv[WORDS_MAX] = { "prog" };
    int argc = 1;
    strcpy(copy, line);
    for (char *save, *word = strtok_r(copy, " ", &save); word; word = strtok_r(NULL, " ", &save))
        argv[argc++] = strcmp(word, "''") == 0 ? "" : word;
    memset(fields, 0, sizeof(*fields));
    options_defaults(&table, fields);
    strcpy(error->text, "(no error)");
    return options_parse(&table, fields, argc, argv, given, positional, error);
}

static void parse_good(const char *line, struct fields *fields)
{
    struct error error;
    if (parse_words(line, fields, NULL, NULL, &error))
        fail_msg("'%s': %s", line, error.text);
}

/* All of `words`, separated by '|', must be in the text. */
static void assert_contains(const char *text, const char *words)
{
    char copy[512];
    strcpy(copy, words);
    for (char *save, *word = strtok_r(copy, "|", &save); word; word = strtok_r(NULL, "|", &save))
        if (!strstr(text, word))
            fail_msg("'%s' is not in '%s'", word, text);
}

static void parse_bad(const char *line, const char *words)
{
    struct error error;
    struct fields fields;
    if (parse_words(line, &fields, NULL, NULL, &error) != -EINVAL)
        fail_msg("'%s' was taken", line);
    assert_contains(error.text, words);
    assert_null(strchr(error.text, '\n'));
}

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
    parse_bad(line, "list|16");
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
    parse_bad("--flag yes", "'yes'|too many");
}

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

static void positionals(void **state)
{
    (void)state;
    struct fields fields;
    struct error error;
    const char *positional = "unset";
    assert_int_equal(parse_words("-f", &fields, NULL, &positional, &error), 0);
    assert_null(positional);
    assert_int_equal(parse_words("-f host -n 5", &fields, NULL, &positional, &error), 0);
    assert_string_equal(positional, "host");
    assert_int_equal(fields.count, 5);
    assert_int_equal(parse_words("-n 5 -- -f", &fields, NULL, &positional, &error), 0);
    assert_string_equal(positional, "-f");
    assert_false(fields.flag);
    assert_int_equal(parse_words("-", &fields, NULL, &positional, &error), 0);
    assert_string_equal(positional, "-");
    assert_int_equal(parse_words("--", &fields, NULL, &positional, &error), 0);
    assert_null(positional);
    assert_int_equal(parse_words("a b", &fields, NULL, &positional, &error), -EINVAL);
    assert_contains(error.text, "'b'|too many");
    assert_int_equal(parse_words("-- a --", &fields, NULL, &positional, &error), -EINVAL);
    parse_bad("host", "'host'|too many");
    parse_bad("-- host", "'host'|too many");
}

static void given_options_are_told(void **state)
{
    (void)state;
    struct fields fields;
    struct error error;
    bool given[COUNT(specs)] = { false };
    assert_int_equal(parse_words("-n5 --list a -f", &fields, given, NULL, &error), 0);
    for (size_t i = 0; i < COUNT(specs); i++) {
        const char *name = specs[i].name ? specs[i].name : "";
        bool wanted =
            strcmp(name, "count") == 0 || strcmp(name, "list") == 0 || strcmp(name, "flag") == 0;
        assert_int_equal(given[i], wanted);
    }
}

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

static void free_texts(struct fields *fields)
{
    /* The texts of a file live as long as the program; here that would be a leak. */
    free((char *)fields->text);
    for (unsigned i = 0; i < fields->list.count; i++)
        free((char *)fields->list.items[i]);
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
    free_texts(&fields);
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
        { "secret-with-a-very-long-name = x\n", ":1:", "secret|not a key|for the command line" },
        { "colour = pink\n", ":1:", "pink|red, green, blue" },
        { "First heading = 1\n", ":1:", "not a key" },
        { "-n = 5\n", ":1:", "not a key|; did you mean count?" },
        { "--count = 5\n", ":1:", "not a key|; did you mean count?" },
        { "n = 5\n", ":1:", "'n' is not a key|; did you mean count?" },
        { "other_flag = yes\n", ":1:", "not a key|; did you mean other-flag?" },
        { "secret-with-a-very-long-nam = x\n", ":1:",
          "not a key that a configuration file may "
          "have" },
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
    bool given[COUNT(specs)] = { false };
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
        free_texts(&fields);
        /* A bad one of any length fits the error's room, with the place. */
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
        assert_contains(error.text, i == 0 ? ":2: there is a byte" : ":1: there is a byte");
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
    struct error error;
    memset(text, '\n', MORE);
    memcpy(text + OPTION_FILE_MAX - 9, "count = 3", 9);
    assert_int_equal(read_text(text, OPTION_FILE_MAX, &fields, NULL, &error), 0);
    assert_int_equal(fields.count, 3);
    assert_int_equal(read_text(text, MORE, &fields, NULL, &error), -EINVAL);
    assert_contains(error.text, "options-test-|longer than 65536 bytes");
    free(text);
    assert_int_equal(options_read_file(&table, &fields, "/dev/zero", NULL, &error), -EINVAL);
    assert_contains(error.text, "/dev/zero is longer than 65536 bytes");
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
    for (size_t i = 0; i < COUNT(specs); i++) {
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
        cmocka_unit_test(defaults),
        cmocka_unit_test(numbers),
        cmocka_unit_test(bad_numbers),
        cmocka_unit_test(counts),
        cmocka_unit_test(counts_with_words),
        cmocka_unit_test(sizes),
        cmocka_unit_test(bytes),
        cmocka_unit_test(texts_and_lists),
        cmocka_unit_test(lists_are_bounded),
        cmocka_unit_test(choices),
        cmocka_unit_test(flags),
        cmocka_unit_test(unknown_and_missing),
        cmocka_unit_test(errors_name_options_as_they_were_written),
        cmocka_unit_test(an_option_is_no_value),
        cmocka_unit_test(slips_are_guessed),
        cmocka_unit_test(the_other_programs_options_are_known),
        cmocka_unit_test(positionals),
        cmocka_unit_test(given_options_are_told),
        cmocka_unit_test(files_are_read),
        cmocka_unit_test(flags_in_files),
        cmocka_unit_test(bad_lines_are_named),
        cmocka_unit_test(the_command_line_goes_first),
        cmocka_unit_test(long_lines_are_read),
        cmocka_unit_test(zero_bytes_are_refused),
        cmocka_unit_test(controls_are_refused),
        cmocka_unit_test(a_line_of_keys_is_not_quoted),
        cmocka_unit_test(files_of_any_length),
        cmocka_unit_test(a_pipe_is_read),
        cmocka_unit_test(unreadable_files),
        cmocka_unit_test(help_has_everything),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
