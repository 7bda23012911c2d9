#include "host/controls/assignments.h"

#include <errno.h>
#include <stdio.h>

#include "shared/base/text.h"

static int join(const struct option_list *list, char *text, struct error *error)
{
    size_t used = 0, size = ASSIGNMENTS_MAX + 1;
    for (unsigned i = 0; i < list->count && used < size; i++)
        used +=
            (size_t)snprintf(text + used, size - used, "%s%s", i > 0 ? "," : "", list->items[i]);
    if (used >= size)
        return error_set(error, -EINVAL,
                         "--set: this is more than %d bytes, which is the most at once",
                         ASSIGNMENTS_MAX);
    return text_is_shown(text, used) ? 0
                                     : error_set(error, -EINVAL,
                                                 "--set: the text has a line feed or another "
                                                 "character that is not shown; put commas between "
                                                 "settings");
}

enum exit_code control_assignments_code(int result)
{
    bool systems_fault =
        result == -ENOMEM || result == -EIO || result == -EMFILE || result == -ENFILE;
    return systems_fault ? EXIT_SYSTEM : EXIT_USAGE;
}

int control_assignments_read(struct control_assignments *assignments,
                             const struct host_options *options, struct error *error)
{
    int result = 0;
    assignments->count = 0;
    if (options->load_controls)
        result =
            profile_read(options->load_controls, assignments->items[assignments->count++], error);
    if (!result && options->set.count > 0)
        result = join(&options->set, assignments->items[assignments->count++], error);
    return result;
}
