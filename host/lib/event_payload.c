#include "host/lib/event_payload.h"

#include <stdlib.h>
#include <string.h>

#include "shared/controls/control_table.h"

bool event_is_answer(const struct pitether_event *event)
{
    return event->type == PITETHER_CHANGED && event->changed.request != 0;
}

bool event_is_notice(const struct pitether_event *event)
{
    return event->type == PITETHER_CHANGED && event->changed.request == 0;
}

void event_payload_free(const struct pitether_event *event)
{
    if (event->type == PITETHER_CONTROLS)
        free((void *)event->controls.controls);
    else if (event->type == PITETHER_CHANGED)
        free((void *)event->changed.changes);
}

static bool is_named(const struct pitether_changed *changed, const char *name)
{
    for (size_t i = 0; i < changed->count; i++)
        if (strcmp(changed->changes[i].name, name) == 0)
            return true;
    return false;
}

void event_merge_notices(const struct pitether_event *older, struct pitether_event *newer)
{
    const struct pitether_changed *past = &older->changed;
    struct pitether_changed *changed = &newer->changed;
    struct pitether_change *all =
        calloc(past->count + changed->count + 1, sizeof(changed->changes[0]));
    size_t count = 0;
    if (all && changed->count > 0)
        memcpy(all, changed->changes, changed->count * sizeof(all[0]));
    if (all)
        count = changed->count;
    for (size_t i = 0; all && i < past->count && count < CONTROLS_MAX; i++)
        if (!is_named(changed, past->changes[i].name))
            all[count++] = past->changes[i];
    event_payload_free(older);
    if (!all)
        return;
    event_payload_free(newer);
    changed->changes = all;
    changed->count = count;
}
