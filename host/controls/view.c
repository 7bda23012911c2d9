#include "host/controls/view.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "shared/controls/aliases.h"

void control_view_clear(struct control_view *view)
{
    pitether_frame_release(view->frame);
    free(view->controls);
    *view = (struct control_view){ .known = false };
}

static int keep_controls(struct control_view *view, const struct pitether_controls *controls)
{
    struct pitether_control *copies = calloc(controls->count + 1, sizeof(copies[0]));
    if (!copies)
        return -ENOMEM;
    if (controls->count > 0)
        memcpy(copies, controls->controls, controls->count * sizeof(copies[0]));
    free(view->controls);
    view->controls = copies;
    view->count = controls->count;
    view->known = true;
    return 0;
}

int control_view_take(struct control_view *view, const struct pitether_event *event)
{
    if (event->type == PITETHER_STREAM) {
        view->stream = event->stream;
    } else if (event->type == PITETHER_FRAME) {
        pitether_frame_release(view->frame);
        view->frame = event->frame;
    } else if (event->type == PITETHER_CONTROLS) {
        return keep_controls(view, &event->controls);
    }
    return 0;
}

/* How well a name is what was typed: 2 is all of it, 1 all but the vendor, 0 not at all. */
static int match(const char *name, const char *typed)
{
    const char *vendor_end = strstr(name, "::");
    if (strcasecmp(name, typed) == 0)
        return 2;
    return vendor_end && strcasecmp(vendor_end + 2, typed) == 0;
}

static const struct pitether_control *find(const struct control_view *view, const char *name)
{
    const struct pitether_control *found = NULL;
    unsigned matches = 0;
    for (size_t i = 0; i < view->count; i++) {
        int good = match(view->controls[i].name, name);
        if (good == 2)
            return &view->controls[i];
        if (good)
            found = &view->controls[i];
        matches += good != 0;
    }
    return matches == 1 ? found : NULL;
}

const struct pitether_control *control_view_find(const struct control_view *view, const char *name)
{
    const struct pitether_control *found = find(view, name);
    const struct alias *alias = alias_find(name, strlen(name));
    for (unsigned i = 0; i < 2 && alias && !found && alias->controls[i]; i++)
        found = find(view, alias->controls[i]);
    return found;
}

static const char *find_reported(const struct control_view *view, const char *name,
                                 struct pitether_value *value)
{
    struct pitether_value read;
    const char *found = NULL, *reported;
    unsigned matches = 0;
    for (size_t at = 0;
         view->frame && (reported = pitether_frame_next_value(view->frame, &at, &read));) {
        int good = match(reported, name);
        if (good) {
            *value = read;
            found = reported;
        }
        if (good == 2)
            return found;
        matches += good != 0;
    }
    return matches == 1 ? found : NULL;
}

const char *control_view_reported(const struct control_view *view, const char *name,
                                  struct pitether_value *value)
{
    const char *found = find_reported(view, name, value);
    const struct alias *alias = alias_find(name, strlen(name));
    for (unsigned i = 0; i < 2 && alias && !found && alias->controls[i]; i++)
        found = find_reported(view, alias->controls[i], value);
    return found;
}

bool control_view_now(const struct control_view *view, const struct pitether_control *control,
                      struct pitether_value *value)
{
    if (view->frame && pitether_frame_value(view->frame, control->name, value))
        return true;
    *value = control->set.type != PITETHER_VALUE_NONE ? control->set : control->def;
    return value->type != PITETHER_VALUE_NONE;
}
