#include "device/controls/limits.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "device/controls/regions.h"

/* Which element of a limit holds for element i of a value. */
static unsigned element_of(const struct value *limit, unsigned i)
{
    return limit->count > 1 ? i : 0;
}

/* Whether element i has both limits, as numbers that make sense. */
static bool has_range(const struct control_info *info, unsigned i)
{
    double min = value_number(&info->min, element_of(&info->min, i));
    double max = value_number(&info->max, element_of(&info->max, i));
    return info->type != VALUE_BOOL && info->min.type == info->type &&
           info->max.type == info->type && min <= max;
}

/* Copies element k of one value to element i of another of the same type. */
static void copy_element(struct value *to, unsigned i, const struct value *from, unsigned k)
{
    size_t size = value_element_size(to->type);
    memcpy(to->bytes + i * size, from->bytes + k * size, size);
}

static bool clamp_number(const struct control_info *info, struct value *value, unsigned i)
{
    unsigned min = element_of(&info->min, i), max = element_of(&info->max, i);
    double number = value_number(value, i);
    if (!has_range(info, i))
        return false;
    if (number < value_number(&info->min, min))
        copy_element(value, i, &info->min, min);
    else if (number > value_number(&info->max, max))
        copy_element(value, i, &info->max, max);
    else
        return false;
    return true;
}

bool limits_clamp(const struct control_table *table, const struct control_info *info,
                  struct value *value)
{
    const struct value_rectangle *area = region_area(table, info);
    bool changed = false;
    for (unsigned i = 0; i < value->count; i++) {
        if (value->type == VALUE_RECTANGLE && area)
            changed |= region_clamp(&value->rectangle[i], area, info);
        else
            changed |= clamp_number(info, value, i);
    }
    return changed;
}

struct value limits_default(const struct control_info *info)
{
    struct value value = info->def;
    size_t size = value_element_size(value.type);
    unsigned max = value_count_max(value.type);
    value.array = info->array;
    while (info->array && value.count > 0 && value.count < info->size && value.count < max) {
        memcpy(value.bytes + value.count * size, value.bytes, size);
        value.count++;
    }
    return value;
}

void limits_format(const struct control_table *table, const struct control_info *info, char *text,
                   size_t size)
{
    const struct value_rectangle *area = region_area(table, info);
    const struct value_rectangle *least = info->min.rectangle;
    const char *unit = info->unit;
    bool has_least = info->min.type == VALUE_RECTANGLE && info->min.count > 0 && least->width > 1;
    text[0] = '\0';
    if (area && has_least)
        snprintf(text, size,
                 "within %" PRId32 ",%" PRId32 ",%" PRIu32 ",%" PRIu32 ", at least %" PRIu32
                 "x%" PRIu32,
                 area->x, area->y, area->width, area->height, least->width, least->height);
    else if (area)
        snprintf(text, size, "within %" PRId32 ",%" PRId32 ",%" PRIu32 ",%" PRIu32, area->x,
                 area->y, area->width, area->height);
    else if (has_range(info, 0))
        snprintf(text, size, "%.9g to %.9g%s%s", value_number(&info->min, 0),
                 value_number(&info->max, 0), *unit ? " " : "", unit);
}
