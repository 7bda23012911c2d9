/*
 * Which option of a table a name means, and which one may be meant by a name that it does not have.
 * For the readers of the command line and of files. Pure; any thread.
 */
#ifndef PITETHER_SHARED_BASE_OPTION_LOOKUP_H
#define PITETHER_SHARED_BASE_OPTION_LOOKUP_H

#include "shared/base/options.h"
#include "shared/base/suggest.h"

/* By its long name, of `size` bytes. NULL: there is none. */
const struct option_spec *option_find(const struct option_table *table, const char *name,
                                      size_t size);

/* By its short name. NULL: there is none. */
const struct option_spec *option_find_letter(const struct option_table *table, char letter);

/* The other program's option of that letter or, if it is 0, of that name. NULL: there is none. */
const struct option_foreign *option_find_foreign(const struct option_table *table, const char *name,
                                                 size_t size, char letter);

/* The option that may be meant, of those whose scopes are among `scopes`. */
enum {
    OPTION_SCOPES_SECTION = 1 << OPTION_SECTION,
    OPTION_SCOPES_FILE = OPTION_SCOPES_SECTION | 1 << OPTION_GLOBAL,
    OPTION_SCOPES_ALL = OPTION_SCOPES_FILE | 1 << OPTION_COMMAND_LINE,
};
struct suggestion option_suggest(const struct option_table *table, const char *name, size_t size,
                                 unsigned scopes);

/* Writes "; did you mean --frames?", or nothing if there is no suggestion. */
enum { OPTION_HINT_MAX = 200 };
void option_format_hint(char hint[OPTION_HINT_MAX], const struct suggestion *best,
                        const char *dashes);

#endif
