#include "shared/base/options.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "shared/base/descriptors.h"
#include "shared/base/suggest.h"

/* Of an option's name as it is told. */
enum { NAME_MAX_TOLD = 64 };
/* Of a sentence that ends an error. */
enum { HINT_MAX = 200 };
/* Of what an option wants, for an error. */
enum { WANTED_MAX = 160 };

static int fail(char *error, const char *format, ...) __attribute__((format(printf, 2, 3)));

static int fail(char *error, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(error, OPTION_ERROR_MAX, format, arguments);
    va_end(arguments);
    return -EINVAL;
}

/* Digits, at most one point, and a sign in front: what people mean by a number. */
static bool parse_number(const char *text, double *number)
{
    if (strspn(text, "+-.0123456789") != strlen(text) || !strpbrk(text, "0123456789"))
        return false;
    char *end;
    *number = strtod(text, &end);
    return *end == '\0' && isfinite(*number);
}

static bool parse_whole(const char *text, double *number)
{
    return !strchr(text, '.') && parse_number(text, number);
}

static bool parse_units(const char *text, double base, double *number)
{
    static const char units[] = "KMG";
    char digits[32];
    size_t size = strlen(text);
    if (size == 0 || size >= sizeof(digits))
        return false;
    memcpy(digits, text, size + 1);
    const char *unit = strchr(units, digits[size - 1]);
    if (unit)
        digits[size - 1] = '\0';
    if (!parse_whole(digits, number))
        return false;
    for (const char *step = units; unit && step <= unit; step++)
        *number *= base;
    return true;
}

static bool parse_size(const char *text, double *width, double *height)
{
    char digits[32];
    const char *times = strpbrk(text, "xX");
    if (!times || (size_t)(times - text) >= sizeof(digits))
        return false;
    memcpy(digits, text, (size_t)(times - text));
    digits[times - text] = '\0';
    return parse_whole(digits, width) && parse_whole(times + 1, height);
}

static bool parse_flag(const char *text, bool *flag)
{
    static const char *const words[] = { "no", "yes", "false", "true", "0", "1", "off", "on" };
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (strcmp(text, words[i]) == 0) {
            *flag = i & 1;
            return true;
        }
    return false;
}

/* An option together with its name as the user wrote it. */
struct named {
    const struct option_spec *spec;
    const char *name;
};

static void format_hint(char hint[HINT_MAX], const struct suggestion *best, const char *dashes)
{
    hint[0] = '\0';
    if (best->word)
        snprintf(hint, HINT_MAX, "; did you mean %s%s?", dashes, best->word);
}

static int wrong(const struct named *option, const char *text, const char *wanted, char *error)
{
    const char *const *choices = option->spec->choices;
    struct suggestion best = { 0 };
    char hint[HINT_MAX];
    for (int i = 0; choices && choices[i]; i++)
        suggest_consider(&best, text, strlen(text), choices[i]);
    format_hint(hint, &best, "");
    return fail(error, "%s: '%.200s' is not %s%s", option->name, text, wanted, hint);
}

/* The index of the word in the choices; -1: it is none of them. */
static int find_choice(const struct option_spec *spec, const char *text)
{
    for (int i = 0; spec->choices && spec->choices[i]; i++)
        if (strcmp(text, spec->choices[i]) == 0)
            return i;
    return -1;
}

/* Appends "a, b, c" to the text of WANTED_MAX bytes. */
static void list_choices(const struct option_spec *spec, char *text)
{
    for (int i = 0; spec->choices && spec->choices[i]; i++) {
        size_t used = strlen(text);
        snprintf(text + used, WANTED_MAX - used, "%s%s", i ? ", " : "", spec->choices[i]);
    }
}

static int set_number(const struct named *option, void *field, const char *text, char *error)
{
    const struct option_spec *spec = option->spec;
    char wanted[WANTED_MAX] = "";
    double value = 0, second = spec->min;
    bool good;
    list_choices(spec, wanted);
    size_t used = strlen(wanted);
    snprintf(wanted + used, sizeof(wanted) - used, "%sa%s number from %.15g to %.15g",
             used ? " or " : "", spec->kind == OPTION_NUMBER ? "" : " whole", spec->min, spec->max);
    switch (spec->kind) {
    case OPTION_COUNT:
        value = find_choice(spec, text);
        good = value >= 0 || parse_whole(text, &value);
        break;
    case OPTION_INT:
        good = parse_whole(text, &value);
        break;
    case OPTION_BYTES:
    case OPTION_RATE:
        good = parse_units(text, spec->kind == OPTION_BYTES ? 1024 : 1000, &value);
        snprintf(wanted, sizeof(wanted),
                 "a whole number from %.15g to %.15g (K, M or G may follow)", spec->min, spec->max);
        break;
    case OPTION_SIZE:
        good = parse_size(text, &value, &second);
        snprintf(wanted, sizeof(wanted), "WIDTHxHEIGHT with both from %.15g to %.15g", spec->min,
                 spec->max);
        break;
    default:
        good = parse_number(text, &value);
    }
    if (!good || value < spec->min || value > spec->max || second < spec->min || second > spec->max)
        return wrong(option, text, wanted, error);
    if (spec->kind == OPTION_INT)
        *(int *)field = (int)value;
    else if (spec->kind == OPTION_COUNT || spec->kind == OPTION_RATE)
        *(uint64_t *)field = (uint64_t)value;
    else if (spec->kind == OPTION_BYTES)
        *(long *)field = (long)value;
    else if (spec->kind == OPTION_SIZE)
        *(struct option_size *)field = (struct option_size){ (unsigned)value, (unsigned)second };
    else
        *(double *)field = value;
    return 0;
}

static int set_choice(const struct named *option, int *field, const char *text, char *error)
{
    const struct option_spec *spec = option->spec;
    char wanted[WANTED_MAX] = "one of ";
    int choice = find_choice(spec, text);
    if (choice >= 0) {
        *field = choice;
        return 0;
    }
    list_choices(spec, wanted);
    return wrong(option, text, wanted, error);
}

/* Sets the option's field from text, which must live as long as the options do. */
static int set_value(const struct named *option, void *options, const char *text, char *error)
{
    const struct option_spec *spec = option->spec;
    void *field = (char *)options + spec->offset;
    struct option_list *list;
    if ((spec->kind == OPTION_TEXT || spec->kind == OPTION_LIST) && !*text)
        return fail(error, "%s: the value is empty", option->name);
    switch (spec->kind) {
    case OPTION_HEADING:
        return 0;
    case OPTION_FLAG:
        return parse_flag(text, field) ? 0 : wrong(option, text, "yes or no", error);
    case OPTION_TEXT:
        *(const char **)field = text;
        return 0;
    case OPTION_LIST:
        list = field;
        if (list->count == OPTION_LIST_MAX)
            return fail(error, "%s: given more than %d times", option->name, OPTION_LIST_MAX);
        list->items[list->count++] = text;
        return 0;
    case OPTION_CHOICE:
        return set_choice(option, field, text, error);
    default:
        return set_number(option, field, text, error);
    }
}

void options_defaults(const struct option_table *table, void *options)
{
    char error[OPTION_ERROR_MAX];
    for (size_t i = 0; i < table->count; i++) {
        struct named option = { &table->specs[i], table->specs[i].name };
        if (option.spec->fallback)
            set_value(&option, options, option.spec->fallback, error);
    }
}

static const struct option_spec *find_long(const struct option_table *table, const char *name,
                                           size_t size)
{
    for (size_t i = 0; i < table->count; i++) {
        const struct option_spec *spec = &table->specs[i];
        if (spec->name && strlen(spec->name) == size && memcmp(spec->name, name, size) == 0)
            return spec;
    }
    return NULL;
}

static const struct option_spec *find_letter(const struct option_table *table, char letter)
{
    for (size_t i = 0; i < table->count; i++)
        if (letter && table->specs[i].letter == letter)
            return &table->specs[i];
    return NULL;
}

/* The option of the other program that has the name, or else the letter; NULL: there is none. */
static const struct option_foreign *find_foreign(const struct option_table *table, const char *name,
                                                 size_t size, char letter)
{
    const struct option_foreign *foreign = table->foreign;
    for (; foreign && foreign->name; foreign++)
        if ((letter && foreign->letter == letter) ||
            (!letter && strlen(foreign->name) == size && memcmp(foreign->name, name, size) == 0))
            return foreign;
    return NULL;
}

/* The known option that may be meant; in_file: of those that a file may have. */
static struct suggestion suggest(const struct option_table *table, const char *name, size_t size,
                                 bool in_file)
{
    struct suggestion best = { 0 };
    for (size_t i = 0; i < table->count; i++) {
        const struct option_spec *spec = &table->specs[i];
        if (spec->name && !(in_file && spec->not_in_file))
            suggest_consider(&best, name, size, spec->name);
    }
    return best;
}

/* word: of the command line, with its dashes. */
static int unknown_option(const struct option_table *table, const char *word, char *error)
{
    const char *name = word + strspn(word, "-");
    size_t size = strcspn(name, "=");
    bool is_long = word[1] == '-';
    const struct option_foreign *foreign =
        find_foreign(table, name, size, is_long ? '\0' : word[1]);
    struct suggestion best = suggest(table, name, size, false);
    char hint[HINT_MAX];
    if (foreign && is_long)
        return fail(error, "--%s %s", foreign->name, table->foreign_hint);
    if (foreign && !(best.word && best.distance == 0))
        return fail(error, "-%c (--%s) %s", foreign->letter, foreign->name, table->foreign_hint);
    format_hint(hint, &best, "--");
    return fail(error, "unknown option '%.200s'%s (--help lists them all)", word, hint);
}

struct arguments {
    char **at, **end;
};

/* The value that is an argument of its own. NULL: it is missing, which error says. */
static const char *take_value(const struct option_table *table, const struct named *option,
                              struct arguments *arguments, char *error)
{
    const char *value = arguments->at < arguments->end ? *arguments->at : NULL;
    if (value &&
        !(strncmp(value, "--", 2) == 0 && find_long(table, value + 2, strlen(value + 2)))) {
        arguments->at++;
        return value;
    }
    fail(error, "%s needs a value: --%s %s", option->name, option->spec->name, option->spec->value);
    return NULL;
}

/* One option of the command line: --name, --name=value, --name value, -x, -xvalue, -x value. */
static int parse_option(const struct option_table *table, void *options,
                        struct arguments *arguments, bool *given, char *error)
{
    const char *word = *arguments->at++;
    bool is_long = word[1] == '-';
    size_t size = is_long ? strcspn(word + 2, "=") : 0;
    const struct option_spec *spec =
        is_long ? find_long(table, word + 2, size) : find_letter(table, word[1]);
    const char *value = NULL;
    char name[NAME_MAX_TOLD];
    if (!spec)
        return unknown_option(table, word, error);
    if (is_long && word[2 + size] == '=')
        value = word + 3 + size;
    if (!is_long && word[2])
        value = word + 2;
    if (is_long)
        snprintf(name, sizeof(name), "--%s", spec->name);
    else
        snprintf(name, sizeof(name), "-%c (--%s)", spec->letter, spec->name);
    struct named option = { spec, name };
    if (spec->kind == OPTION_FLAG) {
        if (value)
            return fail(error, "%s takes no value", name);
        value = "yes";
    } else if (!value) {
        value = take_value(table, &option, arguments, error);
        if (!value)
            return -EINVAL;
    }
    if (given)
        given[spec - table->specs] = true;
    return set_value(&option, options, value, error);
}

int options_parse(const struct option_table *table, void *options, int argc, char **argv,
                  bool *given, const char **positional, char *error)
{
    struct arguments arguments = { argv + 1, argv + argc };
    bool only_positional = false;
    if (positional)
        *positional = NULL;
    while (arguments.at < arguments.end) {
        const char *word = *arguments.at;
        if (!only_positional && strcmp(word, "--") == 0) {
            only_positional = true;
            arguments.at++;
        } else if (!only_positional && word[0] == '-' && word[1]) {
            int result = parse_option(table, options, &arguments, given, error);
            if (result)
                return result;
        } else if (!positional || *positional) {
            return fail(error, "'%s' is one argument too many (--help shows the usage)", word);
        } else {
            *positional = *arguments.at++;
        }
    }
    return 0;
}

static char *trim(char *text)
{
    static const char space[] = " \t\r\n";
    text += strspn(text, space);
    size_t size = strlen(text);
    while (size > 0 && strchr(space, text[size - 1]))
        size--;
    text[size] = '\0';
    return text;
}

/* for_command_line: there is such an option, but for the command line. */
static int unknown_key(const struct option_table *table, const char *key, bool for_command_line,
                       char *error)
{
    const char *name = key + strspn(key, "-");
    const struct option_spec *spec = strlen(name) == 1 ? find_letter(table, *name) : NULL;
    const struct option_foreign *foreign = find_foreign(table, name, strlen(name), '\0');
    struct suggestion best = suggest(table, name, strlen(name), true);
    char hint[HINT_MAX];
    if (for_command_line)
        return fail(error,
                    "'%s' is not a key that a configuration file may have: it is for the "
                    "command line alone",
                    key);
    if (foreign)
        return fail(error, "'%s' is not a key that a configuration file may have: --%s %s", key,
                    foreign->name, table->foreign_hint);
    if (spec && !spec->not_in_file)
        best.word = spec->name;
    format_hint(hint, &best, "");
    return fail(error, "'%.60s' is not a key that a configuration file may have%s", key, hint);
}

static int read_line(const struct option_table *table, void *options, char *line, bool *given,
                     char *error)
{
    char *key = trim(line);
    if (!*key || *key == '#')
        return 0;
    char *equals = strchr(key, '=');
    if (!equals) {
        key[strcspn(key, " \t")] = '\0'; /* the rest may be a secret, in a file of keys */
        return fail(error, "'%.60s' is not the beginning of: key = value", key);
    }
    *equals = '\0';
    key = trim(key);
    const struct option_spec *spec = find_long(table, key, strlen(key));
    if (!spec || spec->not_in_file)
        return unknown_key(table, key, spec != NULL, error);
    if (given && given[spec - table->specs])
        return 0;
    char *value = strdup(trim(equals + 1));
    if (!value)
        return fail(error, "out of memory");
    struct named option = { spec, spec->name };
    int result = set_value(&option, options, value, error);
    if (result || (spec->kind != OPTION_TEXT && spec->kind != OPTION_LIST))
        free(value);
    return result;
}

static bool has_controls(const char *line, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (((unsigned char)line[i] < 0x20 && line[i] != '\t' && line[i] != '\r') ||
            line[i] == 0x7F)
            return true;
    return false;
}

/* text has room for a zero behind its end. */
static int read_lines(const struct option_table *table, void *options, char *text, size_t size,
                      bool *given, const char *path, char *error)
{
    char what[OPTION_ERROR_MAX];
    unsigned number = 1;
    for (char *line = text, *end; line < text + size; line = end + 1, number++) {
        end = memchr(line, '\n', size - (size_t)(line - text));
        end = end ? end : text + size;
        *end = '\0';
        int result = has_controls(line, (size_t)(end - line))
                         ? fail(what, "there is a byte in the line that is no text")
                         : read_line(table, options, line, given, what);
        if (result)
            return fail(error, "%.100s:%u: %.400s", path, number, what);
    }
    return 0;
}

int options_read_file(const struct option_table *table, void *options, const char *path,
                      bool *given, char *error)
{
    char *text = malloc(OPTION_FILE_MAX + 1);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    ssize_t size = fd < 0 ? -errno
                   : text ? descriptors_read(fd, text, OPTION_FILE_MAX + 1)
                          : -ENOMEM;
    if (fd >= 0)
        close(fd);
    int result = size < 0 ? (int)size : 0;
    if (result)
        fail(error, "can't read the configuration file %.300s: %s", path, strerror(-result));
    else if (size > OPTION_FILE_MAX)
        result = fail(error, "%.300s is longer than %d bytes: no configuration file is", path,
                      OPTION_FILE_MAX);
    else
        result = read_lines(table, options, text, (size_t)size, given, path, error);
    free(text);
    return result;
}

/* Prints text wrapped to `width` columns, each line but the first indented. */
static void print_wrapped(const char *text, int indent, int width, FILE *out)
{
    int room = width - indent, used = 0;
    while (*text) {
        int word = (int)strcspn(text, " ");
        if (used > 0 && used + 1 + word > room) {
            fprintf(out, "\n%*s", indent, "");
            used = 0;
        }
        used += fprintf(out, "%s%.*s", used ? " " : "", word, text);
        text += word;
        text += strspn(text, " ");
    }
    fputc('\n', out);
}

static void print_option(const struct option_spec *spec, FILE *out)
{
    enum { COLUMN = 27, WIDTH = 96 };
    char left[64], help[1024];
    if (spec->kind == OPTION_HEADING) {
        fprintf(out, "\n%s:\n", spec->help);
        return;
    }
    char letter[5] = "    ";
    if (spec->letter)
        snprintf(letter, sizeof(letter), "-%c, ", spec->letter);
    snprintf(left, sizeof(left), "  %s--%s%s%s", letter, spec->name, spec->value ? " " : "",
             spec->value ? spec->value : "");
    snprintf(help, sizeof(help), "%s%s%s%s", spec->help, spec->fallback ? " (default: " : "",
             spec->fallback ? spec->fallback : "", spec->fallback ? ")" : "");
    if (strlen(left) < COLUMN - 1)
        fprintf(out, "%-*s ", COLUMN - 1, left);
    else
        fprintf(out, "%s\n%*s", left, COLUMN, "");
    print_wrapped(help, COLUMN, WIDTH, out);
}

void options_help(const struct option_table *table, FILE *out)
{
    fprintf(out, "Usage: %s\n%s\n", table->usage, table->about);
    for (size_t i = 0; i < table->count; i++)
        print_option(&table->specs[i], out);
    if (table->after)
        fprintf(out, "\n%s\n", table->after);
}
