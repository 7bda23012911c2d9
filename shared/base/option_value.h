/*
 * What the text of a value means for its option. For the readers of the command line and of files.
 * One thread.
 */
#ifndef PITETHER_SHARED_BASE_OPTION_VALUE_H
#define PITETHER_SHARED_BASE_OPTION_VALUE_H

#include "shared/base/attributes.h"
#include "shared/base/error.h"
#include "shared/base/options.h"

/* An option with its name as the user wrote it: "-n (--frames)", "--frames", or "frames". */
struct named_option {
    const struct option_spec *spec;
    const char *name;
};

/* The struct that has the option's field: for OPTION_SECTION, that of the section of this index. */
NODISCARD void *option_fields(const struct option_table *table, void *options, unsigned section,
                              const struct option_spec *spec);

/* Sets the option's field, which lies at spec->offset in `fields`. text must live as long as they
 * do if the kind is OPTION_TEXT or OPTION_LIST. 0, or -EINVAL with an error that names the option.
 */
int option_set(const struct named_option *option, void *fields, const char *text,
               struct error *error);

#endif
