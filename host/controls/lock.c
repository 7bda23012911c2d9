#include "host/controls/lock.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "host/controls/format.h"
#include "host/controls/profile.h"

static bool may_set(const struct control_view *view, const char *name)
{
    const struct pitether_control *control = control_view_find(view, name);
    return control && control->settable;
}

/* Cameras report NaN for what they do not know. */
static bool is_known(const struct pitether_value *value)
{
    for (size_t i = 0; value->type == PITETHER_VALUE_FLOAT && i < value->count; i++)
        if (isnan(value->number[i]))
            return false;
    return true;
}

static bool is_reported(const struct control_view *view, const char *name)
{
    struct pitether_value value;
    return view->frame && pitether_frame_value(view->frame, name, &value) && is_known(&value);
}

/* Each that can be set is reported, too, and at least one is. */
static bool are_reported(const struct control_view *view, const char *const *names)
{
    bool any = false;
    for (; *names; names++) {
        if (!may_set(view, *names))
            continue;
        if (!is_reported(view, *names))
            return false;
        any = true;
    }
    return any;
}

static void add(char *text, const char *name, const char *value)
{
    size_t used = strlen(text);
    snprintf(text + used, ASSIGNMENTS_MAX + 1 - used, "%s%s=%s", used ? "," : "", name, value);
}

/* Those of the names that can be set, at their reported values; where one is not reported, what
 * keeps all of them as they are. */
static void lock(const struct control_view *view, const char *const *names, const char *automatic,
                 char *text)
{
    struct pitether_value value;
    char number[CONTROL_TEXT_SIZE];
    bool all = are_reported(view, names), off = !all && may_set(view, automatic);
    if (off)
        add(text, automatic, "false");
    for (; !off && *names; names++) {
        if (!may_set(view, *names) || !is_reported(view, *names))
            continue;
        pitether_frame_value(view->frame, *names, &value);
        pitether_value_format(&value, NULL, number, sizeof(number));
        add(text, *names, number);
    }
}

int lock_assignments(const struct control_view *view, char *text, struct error *error)
{
    static const char *const exposure[] = { "ExposureTime", "AnalogueGain", NULL };
    static const char *const balance[] = { "ColourGains", NULL };
    text[0] = '\0';
    lock(view, exposure, "AeEnable", text);
    lock(view, balance, "AwbEnable", text);
    if (*text)
        return 0;
    return error_set(error, -ENOENT,
                     "camera %s has no exposure, gain or white balance to set: --controls lists "
                     "what it has",
                     view->stream.model);
}
