#include "device/controls/regions.h"

#include <math.h>
#include <string.h>

static const char crop[] = "ScalerCrop";

const struct value_rectangle *region_area(const struct control_table *table,
                                          const struct control_info *info)
{
    static const char *const names[] = { crop, "rpi::ScalerCrops", "AfWindows" };
    const struct control_info *largest = control_table_find(table, crop, strlen(crop));
    if (!largest || largest->max.type != VALUE_RECTANGLE || largest->max.rectangle[0].width == 0 ||
        largest->max.rectangle[0].height == 0)
        return NULL;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (strcmp(info->name, names[i]) == 0)
            return &largest->max.rectangle[0];
    return NULL;
}

bool region_is_fraction(const double *numbers)
{
    for (unsigned i = 0; i < 4; i++)
        if (!(numbers[i] >= 0 && numbers[i] <= 1))
            return false;
    return true;
}

void region_scale(double *numbers, const struct value_rectangle *area)
{
    numbers[0] = area->x + round(numbers[0] * area->width);
    numbers[1] = area->y + round(numbers[1] * area->height);
    numbers[2] = round(numbers[2] * area->width);
    numbers[3] = round(numbers[3] * area->height);
}

/* One of the two directions: brings [start, start + size) into [from, from + max). */
static void clamp_side(int32_t *start, uint32_t *size, int32_t from, uint32_t max, uint32_t min)
{
    int64_t wanted = *size < min ? min : *size;
    if (wanted > max)
        wanted = max;
    int64_t last = (int64_t)from + max - wanted;
    *size = (uint32_t)wanted;
    *start = *start < from ? from : *start > last ? (int32_t)last : *start;
}

bool region_clamp(struct value_rectangle *region, const struct value_rectangle *area,
                  const struct control_info *info)
{
    struct value_rectangle was = *region;
    bool has_min = info->min.type == VALUE_RECTANGLE && info->min.count == 1;
    uint32_t width = has_min ? info->min.rectangle[0].width : 0;
    uint32_t height = has_min ? info->min.rectangle[0].height : 0;
    clamp_side(&region->x, &region->width, area->x, area->width, width > 1 ? width : 1);
    clamp_side(&region->y, &region->height, area->y, area->height, height > 1 ? height : 1);
    return memcmp(&was, region, sizeof(was)) != 0;
}
