#include "shared/controls/control_table.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct control_info *control_table_add(struct control_table *table, const char *name)
{
    if (table->count == CONTROLS_MAX)
        return NULL;
    if (table->count == table->capacity) {
        unsigned capacity = table->capacity ? 2 * table->capacity : 16;
        struct control_info *items = reallocarray(table->items, capacity, sizeof(table->items[0]));
        if (!items)
            return NULL;
        table->items = items;
        table->capacity = capacity;
    }
    struct control_info *info = &table->items[table->count++];
    *info = (struct control_info){ .type = VALUE_NONE };
    snprintf(info->name, sizeof(info->name), "%s", name);
    return info;
}

void control_table_clear(struct control_table *table)
{
    free(table->items);
    *table = (struct control_table){ .items = NULL };
}

int control_table_copy(struct control_table *to, const struct control_table *from)
{
    *to = (struct control_table){ .items = NULL };
    if (from->count == 0)
        return 0;
    to->items = calloc(from->count, sizeof(to->items[0]));
    if (!to->items)
        return -ENOMEM;
    to->count = to->capacity = from->count;
    memcpy(to->items, from->items, from->count * sizeof(to->items[0]));
    return 0;
}

static bool is_called(const char *name, const char *typed, size_t size)
{
    return strlen(name) == size && strncasecmp(name, typed, size) == 0;
}

struct control_info *control_table_find(const struct control_table *table, const char *name,
                                        size_t size)
{
    struct control_info *found = NULL;
    unsigned matches = 0;
    for (unsigned i = 0; i < table->count; i++) {
        struct control_info *info = &table->items[i];
        const char *vendor_end = strstr(info->name, "::");
        if (is_called(info->name, name, size))
            return info;
        if (vendor_end && is_called(vendor_end + 2, name, size)) {
            found = info;
            matches++;
        }
    }
    return matches == 1 ? found : NULL;
}

const char *control_word(const struct control_info *info, int64_t value)
{
    for (unsigned i = 0; i < info->enumerator_count; i++)
        if (info->enumerators[i].value == value)
            return info->enumerators[i].name;
    return NULL;
}
