#include "host/sinks/window/outgoing.h"

#include <stdio.h>
#include <string.h>

static struct outgoing_item *find(const struct outgoing *outgoing, const char *name)
{
    for (unsigned i = 0; i < outgoing->waiting_count; i++)
        if (strcmp(outgoing->waiting[i].name, name) == 0)
            return (struct outgoing_item *)&outgoing->waiting[i];
    return NULL;
}

bool outgoing_put(struct outgoing *outgoing, const char *name, const char *value)
{
    struct outgoing_item *item = find(outgoing, name);
    if (strlen(name) > OUTGOING_NAME_MAX || strlen(value) > OUTGOING_VALUE_MAX)
        return false;
    if (!item && outgoing->waiting_count == OUTGOING_WAITING)
        return false;
    if (!item) {
        item = &outgoing->waiting[outgoing->waiting_count++];
        strcpy(item->name, name);
    }
    strcpy(item->value, value);
    return true;
}

bool outgoing_text(const struct outgoing *outgoing, char *text)
{
    size_t used = 0;
    if (outgoing->waiting_count == 0 || outgoing->unanswered_count == OUTGOING_UNANSWERED)
        return false;
    for (unsigned i = 0; i < outgoing->waiting_count; i++)
        used +=
            (size_t)snprintf(text + used, OUTGOING_TEXT_SIZE - used, "%s%s=%s", i > 0 ? "," : "",
                             outgoing->waiting[i].name, outgoing->waiting[i].value);
    return true;
}

void outgoing_sent(struct outgoing *outgoing, uint32_t request)
{
    outgoing->waiting_count = 0;
    if (outgoing->unanswered_count < OUTGOING_UNANSWERED)
        outgoing->unanswered[outgoing->unanswered_count++] = request;
}

void outgoing_clear(struct outgoing *outgoing)
{
    outgoing->waiting_count = 0;
}

bool outgoing_answered(struct outgoing *outgoing, uint32_t request)
{
    for (unsigned i = 0; i < outgoing->unanswered_count; i++)
        if (outgoing->unanswered[i] == request) {
            outgoing->unanswered[i] = outgoing->unanswered[--outgoing->unanswered_count];
            return true;
        }
    return false;
}

const char *outgoing_find(const struct outgoing *outgoing, const char *name)
{
    const struct outgoing_item *item = find(outgoing, name);
    return item ? item->value : NULL;
}
