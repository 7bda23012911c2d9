#include "device/controls/given.h"

#include <stdio.h>
#include <string.h>

#include "device/controls/limits.h"
#include "device/controls/pairs.h"

static unsigned find(const struct given *given, const char *name)
{
    unsigned i = 0;
    while (i < given->count && strcmp(given->names[i], name) != 0)
        i++;
    return i;
}

void given_forget(struct given *given, const char *name)
{
    unsigned i = find(given, name);
    if (i < given->count && i < --given->count)
        memcpy(given->names[i], given->names[given->count], sizeof(given->names[i]));
}

void given_note(struct given *given, const struct control_list *list)
{
    for (unsigned i = 0; i < list->count; i++) {
        const struct control_setting *setting = &list->items[i];
        unsigned place = find(given, setting->name);
        if (place == given->count && place < CONTROLS_MAX)
            snprintf(given->names[given->count++], sizeof(given->names[0]), "%s", setting->name);
    }
}

/* What the camera chooses without users. NONE: that is not known. */
static struct value own_value(const struct control_info *info)
{
    if (control_is_switch(info->name) && info->type == VALUE_BOOL)
        return value_of_bool(true);
    if (info->def.type != info->type)
        return (struct value){ .type = VALUE_NONE };
    return limits_default(info);
}

static bool is_superseded(const struct control_list *list, const char *name)
{
    for (unsigned i = 0; i < list->count; i++)
        if (pair_supersedes(list->items[i].name, &list->items[i].value, name))
            return true;
    return false;
}

static void add(const struct control_table *table, const char *name, struct control_list *list)
{
    const struct control_info *info = control_table_find(table, name, strlen(name));
    if (!info || !info->settable || control_is_trigger(name) || pair_find(table, name) ||
        is_superseded(list, name))
        return;
    struct value value = own_value(info);
    if (value.type != VALUE_NONE && control_list_set(list, name, &value))
        list->items[list->count - 1].given_back = true;
}

void given_add_rest(const struct given *given, const struct control_table *table,
                    const struct control_list *but, struct control_list *list)
{
    for (unsigned i = 0; i < given->count; i++)
        if (!control_list_find(list, given->names[i]) && !control_list_find(but, given->names[i]))
            add(table, given->names[i], list);
}
