#include <errno.h>
#include <string.h>

#include "shared/base/option_lookup.h"
#include "shared/base/option_value.h"
#include "shared/base/options.h"

/* Of an option's name in an error. */
enum { NAME_MAX_SHOWN = 64 };

/* word: of the command line, with its dashes. */
static int unknown_option(const struct option_table *table, const char *word, struct error *error)
{
    const char *name = word + strspn(word, "-");
    size_t size = strcspn(name, "=");
    bool is_long = word[1] == '-';
    const struct option_foreign *foreign =
        option_find_foreign(table, name, size, is_long ? '\0' : word[1]);
    struct suggestion best = option_suggest(table, name, size, OPTION_SCOPES_ALL);
    char hint[OPTION_HINT_MAX];
    if (foreign && is_long)
        return error_set(error, -EINVAL, "--%s %s", foreign->name, table->foreign_hint);
    if (foreign && !(best.word && best.distance == 0))
        return error_set(error, -EINVAL, "-%c (--%s) %s", foreign->letter, foreign->name,
                         table->foreign_hint);
    option_format_hint(hint, &best, "--");
    return error_set(error, -EINVAL, "unknown option '%.200s'%s (--help lists them all)", word,
                     hint);
}

struct arguments {
    char **at, **end;
};

/* The value that is an argument of its own. NULL: it is missing, which error says. */
static const char *take_value(const struct option_table *table, const struct named_option *option,
                              struct arguments *arguments, struct error *error)
{
    const char *value = arguments->at < arguments->end ? *arguments->at : NULL;
    if (value &&
        !(strncmp(value, "--", 2) == 0 && option_find(table, value + 2, strlen(value + 2)))) {
        arguments->at++;
        return value;
    }
    error_set(error, -EINVAL, "%s needs a value: --%s %s", option->name, option->spec->name,
              option->spec->value);
    return NULL;
}

/* One option of the command line: --name, --name=value, --name value, -x, -xvalue, -x value. */
static int parse_option(const struct option_table *table, void *options,
                        struct arguments *arguments, bool *given, struct error *error)
{
    const char *word = *arguments->at++;
    bool is_long = word[1] == '-';
    size_t size = is_long ? strcspn(word + 2, "=") : 0;
    const struct option_spec *spec =
        is_long ? option_find(table, word + 2, size) : option_find_letter(table, word[1]);
    const char *value = NULL;
    char name[NAME_MAX_SHOWN];
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
    struct named_option option = { spec, name };
    if (spec->kind == OPTION_FLAG) {
        if (value)
            return error_set(error, -EINVAL, "%s takes no value", name);
        value = "yes";
    } else if (!value) {
        value = take_value(table, &option, arguments, error);
        if (!value)
            return -EINVAL;
    }
    if (given)
        given[spec - table->specs] = true;
    return option_set(&option, option_fields(table, options, 0, spec), value, error);
}

int options_parse(const struct option_table *table, void *options, int argc, char **argv,
                  bool *given, struct option_list *operands, struct error *error)
{
    struct arguments arguments = { argv + 1, argv + argc };
    bool only_operands = false;
    if (operands)
        operands->count = 0;
    while (arguments.at < arguments.end) {
        const char *word = *arguments.at;
        if (!only_operands && strcmp(word, "--") == 0) {
            only_operands = true;
            arguments.at++;
        } else if (!only_operands && word[0] == '-' && word[1]) {
            int result = parse_option(table, options, &arguments, given, error);
            if (result)
                return result;
        } else if (!operands || operands->count == OPTION_LIST_MAX) {
            return error_set(error, -EINVAL, "unexpected argument '%s' (--help shows the usage)",
                             word);
        } else {
            operands->items[operands->count++] = *arguments.at++;
        }
    }
    return 0;
}
