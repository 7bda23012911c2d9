#include "shared/base/option_lookup.h"

#include <string.h>

const struct option_spec *option_find(const struct option_table *table, const char *name,
                                      size_t size)
{
    for (size_t i = 0; i < table->count; i++) {
        const struct option_spec *spec = &table->specs[i];
        if (spec->name && strlen(spec->name) == size && memcmp(spec->name, name, size) == 0)
            return spec;
    }
    return NULL;
}

const struct option_spec *option_find_letter(const struct option_table *table, char letter)
{
    for (size_t i = 0; i < table->count; i++)
        if (letter && table->specs[i].letter == letter)
            return &table->specs[i];
    return NULL;
}

const struct option_foreign *option_find_foreign(const struct option_table *table, const char *name,
                                                 size_t size, char letter)
{
    const struct option_foreign *foreign = table->foreign;
    for (; foreign && foreign->name; foreign++)
        if ((letter && foreign->letter == letter) ||
            (!letter && strlen(foreign->name) == size && memcmp(foreign->name, name, size) == 0))
            return foreign;
    return NULL;
}

struct suggestion option_suggest(const struct option_table *table, const char *name, size_t size,
                                 unsigned scopes)
{
    struct suggestion best = { 0 };
    for (size_t i = 0; i < table->count; i++) {
        const struct option_spec *spec = &table->specs[i];
        if (spec->name && (scopes & 1u << spec->scope))
            suggest_consider(&best, name, size, spec->name);
    }
    return best;
}

void option_format_hint(char hint[OPTION_HINT_MAX], const struct suggestion *best,
                        const char *dashes)
{
    hint[0] = '\0';
    if (best->word)
        snprintf(hint, OPTION_HINT_MAX, "; did you mean %s%s?", dashes, best->word);
}
