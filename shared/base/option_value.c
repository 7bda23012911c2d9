#include "shared/base/option_value.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "shared/base/option_lookup.h"

/* Of what an option takes, as errors say it. */
enum { EXPECTED_MAX = 160 };

/* A value as it was written; `second` is a size's height, or where a range begins. */
struct numbers {
    double first, second;
    bool is_range;
};

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

static bool parse_size(const char *text, struct numbers *numbers)
{
    char digits[32];
    const char *times = strpbrk(text, "xX");
    if (!times || (size_t)(times - text) >= sizeof(digits))
        return false;
    memcpy(digits, text, (size_t)(times - text));
    digits[times - text] = '\0';
    return parse_whole(digits, &numbers->first) && parse_whole(times + 1, &numbers->second);
}

static bool parse_range(const char *text, struct numbers *numbers)
{
    char begin[32];
    const char *dash = *text ? strchr(text + 1, '-') : NULL;
    if (!dash)
        return parse_number(text, &numbers->first);
    if ((size_t)(dash - text) >= sizeof(begin))
        return false;
    memcpy(begin, text, (size_t)(dash - text));
    begin[dash - text] = '\0';
    numbers->is_range = true;
    return parse_number(begin, &numbers->second) && parse_number(dash + 1, &numbers->first) &&
           numbers->second <= numbers->first;
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

static int reject(const struct named_option *option, const char *text, const char *expected,
                  struct error *error)
{
    const char *const *choices = option->spec->choices;
    struct suggestion best = { 0 };
    char hint[OPTION_HINT_MAX];
    for (int i = 0; choices && choices[i]; i++)
        if (!isdigit((unsigned char)*choices[i])) /* a number is not a misspelled other one */
            suggest_consider(&best, text, strlen(text), choices[i]);
    option_format_hint(hint, &best, "");
    return error_set(error, -EINVAL, "%s: '%.200s' is not %s%s", option->name, text, expected,
                     hint);
}

/* The index of the word in the choices; -1: it is none of them. */
static int find_choice(const struct option_spec *spec, const char *text)
{
    for (int i = 0; spec->choices && spec->choices[i]; i++)
        if (strcmp(text, spec->choices[i]) == 0)
            return i;
    return -1;
}

/* Appends "a, b, c" to the text of EXPECTED_MAX bytes. */
static void list_choices(const struct option_spec *spec, char *text)
{
    for (int i = 0; spec->choices && spec->choices[i]; i++) {
        size_t used = strlen(text);
        snprintf(text + used, EXPECTED_MAX - used, "%s%s", i ? ", " : "", spec->choices[i]);
    }
}

static bool parse_numbers(const struct option_spec *spec, const char *text, struct numbers *numbers)
{
    int choice;
    switch (spec->kind) {
    case OPTION_COUNT:
        choice = find_choice(spec, text);
        numbers->first = choice;
        return choice >= 0 || parse_whole(text, &numbers->first);
    case OPTION_INT:
        return parse_whole(text, &numbers->first);
    case OPTION_BYTES:
        return parse_units(text, 1024, &numbers->first);
    case OPTION_RATE:
        return parse_units(text, 1000, &numbers->first);
    case OPTION_SIZE:
        return parse_size(text, numbers);
    case OPTION_RANGE:
        return parse_range(text, numbers);
    default:
        return parse_number(text, &numbers->first);
    }
}

static void describe_numbers(const struct option_spec *spec, char expected[EXPECTED_MAX])
{
    bool is_whole = spec->kind != OPTION_NUMBER && spec->kind != OPTION_RANGE;
    expected[0] = '\0';
    list_choices(spec, expected);
    size_t used = strlen(expected), left = EXPECTED_MAX - used;
    if (spec->kind == OPTION_SIZE)
        snprintf(expected, left, "WIDTHxHEIGHT with both from %.15g to %.15g", spec->min,
                 spec->max);
    else if (spec->kind == OPTION_BYTES || spec->kind == OPTION_RATE)
        snprintf(expected, left, "a whole number from %.15g to %.15g (K, M or G may follow)",
                 spec->min, spec->max);
    else
        snprintf(expected + used, left, "%sa%s number from %.15g to %.15g%s", used ? " or " : "",
                 is_whole ? " whole" : "", spec->min, spec->max,
                 spec->kind == OPTION_RANGE ? ", or two as MIN-MAX" : "");
}

static void store_numbers(const struct option_spec *spec, void *field,
                          const struct numbers *numbers)
{
    switch (spec->kind) {
    case OPTION_INT:
        *(int *)field = (int)numbers->first;
        break;
    case OPTION_COUNT:
    case OPTION_RATE:
        *(uint64_t *)field = (uint64_t)numbers->first;
        break;
    case OPTION_BYTES:
        *(long *)field = (long)numbers->first;
        break;
    case OPTION_SIZE:
        *(struct option_size *)field =
            (struct option_size){ (unsigned)numbers->first, (unsigned)numbers->second };
        break;
    case OPTION_RANGE:
        *(struct option_range *)field =
            (struct option_range){ numbers->is_range ? numbers->second : 0, numbers->first };
        break;
    default:
        *(double *)field = numbers->first;
    }
}

static int set_numbers(const struct named_option *option, void *field, const char *text,
                       struct error *error)
{
    const struct option_spec *spec = option->spec;
    char expected[EXPECTED_MAX];
    struct numbers numbers = { 0, spec->min, false };
    if (parse_numbers(spec, text, &numbers) && numbers.first >= spec->min &&
        numbers.first <= spec->max && numbers.second >= spec->min && numbers.second <= spec->max) {
        store_numbers(spec, field, &numbers);
        return 0;
    }
    describe_numbers(spec, expected);
    return reject(option, text, expected, error);
}

static int set_choice(const struct named_option *option, int *field, const char *text,
                      struct error *error)
{
    char expected[EXPECTED_MAX] = "one of ";
    int choice = find_choice(option->spec, text);
    if (choice >= 0) {
        *field = choice;
        return 0;
    }
    list_choices(option->spec, expected);
    return reject(option, text, expected, error);
}

static int append(const struct named_option *option, struct option_list *list, const char *text,
                  struct error *error)
{
    if (list->count == OPTION_LIST_MAX)
        return error_set(error, -EINVAL, "%s: given more than %d times", option->name,
                         OPTION_LIST_MAX);
    list->items[list->count++] = text;
    return 0;
}

int option_set(const struct named_option *option, void *fields, const char *text,
               struct error *error)
{
    const struct option_spec *spec = option->spec;
    void *field = (char *)fields + spec->offset;
    if ((spec->kind == OPTION_TEXT || spec->kind == OPTION_LIST) && !*text)
        return error_set(error, -EINVAL, "%s: the value is empty", option->name);
    switch (spec->kind) {
    case OPTION_HEADING:
        return 0;
    case OPTION_FLAG:
        return parse_flag(text, field) ? 0 : reject(option, text, "yes or no", error);
    case OPTION_TEXT:
        *(const char **)field = text;
        return 0;
    case OPTION_LIST:
        return append(option, field, text, error);
    case OPTION_CHOICE:
        return set_choice(option, field, text, error);
    default:
        return set_numbers(option, field, text, error);
    }
}

void *option_fields(const struct option_table *table, void *options, unsigned section,
                    const struct option_spec *spec)
{
    const struct option_sections *sections = table->sections;
    if (spec->scope != OPTION_SECTION)
        return options;
    assert(sections && section < sections->max);
    return (char *)options + sections->array + section * sections->size;
}

void options_defaults(const struct option_table *table, void *options)
{
    for (size_t i = 0; i < table->count; i++) {
        const struct option_spec *spec = &table->specs[i];
        struct named_option option = { spec, spec->name };
        if (spec->fallback)
            option_set(&option, option_fields(table, options, 0, spec), spec->fallback, NULL);
    }
}
