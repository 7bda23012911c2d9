#include "option_table.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static const char *const every_words[] = { "never", "always", NULL };
static const char *const colours[] = { "red", "green", "blue", NULL };

#define FIELD(name) OPTION_GLOBAL, offsetof(struct fields, name)
#define ONCE(name) OPTION_COMMAND_LINE, offsetof(struct fields, name)
#define PART(name) OPTION_SECTION, offsetof(struct part, name)

const struct option_spec specs[] = {
    { .kind = OPTION_HEADING, .help = "First heading" },
    { "flag", 'f', OPTION_FLAG, FIELD(flag), NULL, NULL, 0, 0, NULL, "a flag" },
    { "other-flag", 0, OPTION_FLAG, FIELD(other_flag), NULL, "yes", 0, 0, NULL, "another" },
    { "count", 'n', OPTION_INT, FIELD(count), "N", "7", 1, 100, NULL, "a whole number" },
    { "offset", 0, OPTION_INT, FIELD(offset), "N", "-3", -5, 5, NULL, "it may be negative" },
    { "rate", 'r', OPTION_NUMBER, FIELD(rate), "HZ", "2.5", 0.5, 1000, NULL, "a number" },
    { "span", 0, OPTION_RANGE, FIELD(span), "A-B", NULL, 0.5, 60, NULL, "a number or two" },
    { "size", 's', OPTION_SIZE, FIELD(size), "WxH", NULL, 16, 4096, NULL, "a size" },
    { "total", 0, OPTION_COUNT, FIELD(total), "N", "0", 0, 9007199254740992, NULL, "a count" },
    { "every", 0, OPTION_COUNT, FIELD(every), "N", "never", 0, 50, every_words,
      "a count with words" },
    { .kind = OPTION_HEADING, .help = "Second heading" },
    { "bytes", 'b', OPTION_BYTES, FIELD(bytes), "BYTES", "64K", 1024, 1 << 30, NULL, "bytes" },
    { "text", 't', OPTION_TEXT, FIELD(text), "TEXT", "nothing", 0, 0, NULL, "a text" },
    { "list", 'l', OPTION_LIST, FIELD(list), "ITEM", NULL, 0, 0, NULL,
      "a list with a help text that is so long that it can not stand on a single line of a "
      "terminal and so has to be wrapped at a blank, more than once even, to be on the safe side" },
    { "colour", 'c', OPTION_CHOICE, FIELD(colour), "COLOUR", "green", 0, 0, colours, "a choice" },
    { "secret-with-a-very-long-name", 0, OPTION_TEXT, ONCE(text), "VALUE", NULL, 0, 0, NULL,
      "not in a file" },
    { "name", 0, OPTION_TEXT, PART(name), "NAME", NULL, 0, 0, NULL, "a part's name" },
    { "speed", 'v', OPTION_INT, PART(speed), "V", "3", 1, 9, NULL, "a part's speed" },
    { "title", 0, OPTION_TEXT, PART(title), "TEXT", NULL, 0, 0, NULL, "a part's title" },
    { "tags", 0, OPTION_LIST, PART(tags), "TAG", NULL, 0, 0, NULL, "a part's tags" },
};
_Static_assert(COUNT(specs) == SPEC_COUNT, "as many as the header says");

static const struct option_foreign foreign[] = { { "depth", 'd' }, { "height", 0 }, { NULL, 0 } };

static bool is_lower(const char *name, size_t size)
{
    return size > 0 && strspn(name, "abcdefghijklmnopqrstuvwxyz") == size;
}

static const struct option_sections sections = {
    .array = offsetof(struct fields, parts),
    .size = sizeof(struct part),
    .max = PARTS_MAX,
    .count = offsetof(struct fields, part_count),
    .name = offsetof(struct part, name),
    .line = offsetof(struct part, line),
    .name_is_good = is_lower,
    .name_rule = "small letters",
};

const struct option_table table = {
    .specs = specs,
    .count = SPEC_COUNT,
    .sections = &sections,
    .foreign = foreign,
    .foreign_hint = "is an option of rival's",
    .usage = "prog [OPTION]... [HOST]",
    .about = "About prog.",
    .after = "After all.",
};

enum { WORDS_MAX = 40 };

int parse_words(const char *line, struct fields *fields, bool *given, struct option_list *operands,
                struct error *error)
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
    return options_parse(&table, fields, argc, argv, given, operands, error);
}

void parse_good(const char *line, struct fields *fields)
{
    struct error error;
    if (parse_words(line, fields, NULL, NULL, &error))
        fail_msg("'%s': %s", line, error.text);
}

void assert_contains(const char *text, const char *words)
{
    char copy[512];
    strcpy(copy, words);
    for (char *save, *word = strtok_r(copy, "|", &save); word; word = strtok_r(NULL, "|", &save))
        if (!strstr(text, word))
            fail_msg("'%s' is not in '%s'", word, text);
}

void parse_bad(const char *line, const char *words)
{
    struct error error;
    struct fields fields;
    if (parse_words(line, &fields, NULL, NULL, &error) != -EINVAL)
        fail_msg("'%s' was taken", line);
    assert_contains(error.text, words);
    assert_null(strchr(error.text, '\n'));
}
