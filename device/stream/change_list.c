#include "device/stream/change_list.h"

#include <stdlib.h>

void change_list_add(struct change_list *list, struct change *change)
{
    change->next = NULL;
    if (list->last)
        list->last->next = change;
    else
        list->first = change;
    list->last = change;
}

struct change *change_list_take(struct change_list *list)
{
    struct change *first = list->first;
    if (!first)
        return NULL;
    list->first = first->next;
    if (!list->first)
        list->last = NULL;
    return first;
}

void change_list_free(struct change_list *list)
{
    struct change *change;
    while ((change = change_list_take(list)))
        free(change);
}
