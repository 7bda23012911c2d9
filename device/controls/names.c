#include "device/controls/names.h"

#include <stdio.h>
#include <string.h>

#include "shared/base/suggest.h"

static const struct control_info *find_alias(const struct control_table *table,
                                             const struct alias *alias)
{
    const struct control_info *info = NULL;
    for (unsigned i = 0; i < 2 && !info && alias->controls[i]; i++)
        info = control_table_find(table, alias->controls[i], strlen(alias->controls[i]));
    return info;
}

/* Considers the name with and without the vendor, which users may leave out. */
static void consider_control(struct suggestion *best, const char *name, size_t size,
                             const char *control)
{
    const char *vendor_end = strstr(control, "::");
    suggest_consider(best, name, size, control);
    if (vendor_end)
        suggest_consider(best, name, size, vendor_end + 2);
}

/* Whether the name that was found already means this control. */
static bool is_same(const struct control_table *table, const char *found,
                    const struct control_info *info)
{
    const struct alias *alias = found ? alias_find(found, strlen(found)) : NULL;
    if (!found)
        return false;
    return (alias && find_alias(table, alias) == info) ||
           control_table_find(table, found, strlen(found)) == info;
}

/* The nearest name that the camera has, apart from names of the same control as `but`. */
static const char *nearest(const struct control_table *table, const char *name, size_t size,
                           const char *but)
{
    struct suggestion best = { 0 };
    for (unsigned i = 0; i < table->count; i++)
        if (!is_same(table, but, &table->items[i]))
            consider_control(&best, name, size, table->items[i].name);
    for (unsigned i = 0; i < ALIAS_COUNT; i++) {
        const struct control_info *info = find_alias(table, &control_aliases[i]);
        if (info && !is_same(table, but, info))
            suggest_consider(&best, name, size, control_aliases[i].name);
    }
    return best.word;
}

/* A control that other cameras have. */
static const char *known_control(const char *name, size_t size)
{
    const struct alias *alias = alias_find(name, size);
    return alias ? alias->controls[0] : alias_control_find(name, size);
}

void name_suggest(const struct control_table *table, const char *name, size_t size,
                  char why[WIRE_WHY_MAX + 1])
{
    if (known_control(name, size))
        return;
    const char *first = nearest(table, name, size, NULL);
    const char *second = first ? nearest(table, name, size, first) : NULL;
    if (first)
        snprintf(why, WIRE_WHY_MAX + 1, "no such control; did you mean %s%s%s?", first,
                 second ? " or " : "", second ? second : "");
}

const struct control_info *name_find(const struct control_table *table, const char *name,
                                     size_t size, const struct alias **alias,
                                     char why[WIRE_WHY_MAX + 1])
{
    const struct control_info *info = control_table_find(table, name, size);
    *alias = alias_find(name, size);
    if (info) {
        /* Brightness and brightness are the same; an alias of another control is not meant. */
        if (*alias && find_alias(table, *alias) != info)
            *alias = NULL;
        return info;
    }
    if (*alias)
        info = find_alias(table, *alias);
    if (info)
        return info;
    const char *control = known_control(name, size);
    if (table->count == 0)
        snprintf(why, WIRE_WHY_MAX + 1, "the source has no controls");
    else if (control)
        snprintf(why, WIRE_WHY_MAX + 1, "the camera has no %s", control);
    else
        snprintf(why, WIRE_WHY_MAX + 1, "the camera has no such control");
    return NULL;
}
