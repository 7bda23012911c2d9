#include "device/stream/change.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "device/controls/assignments.h"
#include "shared/base/text.h"

static const struct wire_change *named_of(const struct assignments *read, const char *name)
{
    for (unsigned i = read->count; i-- > 0;)
        if (strcmp(read->items[i].name, name) == 0)
            return &read->items[i];
    return NULL;
}

static void fill_named(struct change_item *item, const struct wire_change *named)
{
    strcpy(item->name, named->name);
    strcpy(item->why, named->why);
    item->named = true;
    item->result = named->result;
    item->limited = named->result == WIRE_SET_CLAMPED;
    item->asked = named->asked;
}

/* First what the camera is given, in its order, then what was named and gives it nothing. */
static void fill(struct change *change, const struct assignments *read)
{
    for (unsigned i = 0; i < read->list.count; i++) {
        const struct control_setting *setting = &read->list.items[i];
        const struct wire_change *named = named_of(read, setting->name);
        struct change_item *item = &change->items[change->count++];
        strcpy(item->name, setting->name);
        item->asked = item->given = setting->value;
        if (named)
            fill_named(item, named);
    }
    for (unsigned i = 0; i < read->count; i++)
        if (!control_list_find(&read->list, read->items[i].name))
            fill_named(&change->items[change->count++], &read->items[i]);
}

struct change *change_create(const struct change_request *request, enum wire_changed_status status,
                             const char *text, const struct assignments *read)
{
    unsigned most = read ? read->count + read->list.count : 0;
    struct change *change = calloc(1, sizeof(*change) + most * sizeof(change->items[0]));
    if (!change)
        return NULL;
    change->requester = request->requester;
    change->request = request->request;
    snprintf(change->by, sizeof(change->by), "%s", request->by);
    text_trim(change->by);
    change->status = (uint8_t)status;
    change->decided = status != WIRE_CHANGED_DONE;
    snprintf(change->text, sizeof(change->text), "%s", text);
    text_trim(change->text);
    if (read)
        fill(change, read);
    return change;
}

bool change_is_visible(const struct change *change)
{
    bool any = false;
    for (unsigned i = 0; i < change->count; i++) {
        uint8_t result = change->items[i].result;
        any |= result == WIRE_SET_OK || result == WIRE_SET_CLAMPED || result == WIRE_SET_UNREPORTED;
    }
    return any && change->status == WIRE_CHANGED_DONE;
}
