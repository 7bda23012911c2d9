#include "device/control_check.h"

#include <stdlib.h>

#include "device/controls/assignments.h"

static enum exit_code check(const struct source *source, const char *label,
                            const struct camera_description *camera, struct assignments *read)
{
    struct error error;
    if (assignments_read(read, source->controls, &camera->controls, ASSIGNMENTS_REJECT) == 0)
        return EXIT_DONE;
    assignments_explain(read, source->controls, &error);
    log_error("%s%s (camera: %s; --list-controls lists what it has)", label, error.text,
              camera->mode.model);
    return EXIT_USAGE;
}

enum exit_code control_check(const struct source *source, const char *label)
{
    struct camera_description description = { .controls = { .items = NULL } };
    struct error error;
    if (!source->controls)
        return EXIT_DONE;
    int result = source->ops->describe(source->camera, &description, &error);
    if (result) {
        log_debug("%scontrols are not checked yet: %s", label, error.text);
        return EXIT_DONE;
    }
    struct assignments *read = malloc(sizeof(*read));
    enum exit_code code = read ? check(source, label, &description, read)
                               : exit_unable("check the controls", -ENOMEM);
    free(read);
    control_table_clear(&description.controls);
    return code;
}
