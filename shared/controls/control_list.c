#include "shared/controls/control_list.h"

#include <stdio.h>
#include <string.h>

struct control_setting *control_list_find(const struct control_list *list, const char *name)
{
    for (unsigned i = 0; i < list->count; i++)
        if (strcmp(list->items[i].name, name) == 0)
            return (struct control_setting *)&list->items[i];
    return NULL;
}

bool control_list_set(struct control_list *list, const char *name, const struct value *value)
{
    struct value kept = *value; /* it may be in the list */
    control_list_remove(list, name);
    if (list->count == CONTROL_LIST_MAX)
        return false;
    struct control_setting *setting = &list->items[list->count++];
    snprintf(setting->name, sizeof(setting->name), "%s", name);
    setting->value = kept;
    setting->given_back = false;
    return true;
}

void control_list_remove(struct control_list *list, const char *name)
{
    struct control_setting *setting = control_list_find(list, name);
    if (!setting)
        return;
    list->count--;
    size_t after = (size_t)(&list->items[list->count] - setting);
    memmove(setting, setting + 1, after * sizeof(*setting));
}
