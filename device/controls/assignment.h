/*
 * One NAME=VALUE of assignments.h, by itself. Pure; any thread.
 */
#ifndef PITETHER_DEVICE_CONTROLS_ASSIGNMENT_H
#define PITETHER_DEVICE_CONTROLS_ASSIGNMENT_H

#include "device/controls/assignments.h"

/* Reads a piece of `size` bytes, "NAME=VALUE", into the last item of `out`. Its result is OK or
 * CLAMPED if it can be set; then its value is in the list, and a trigger that the alias implies.
 * `asked` NONE: the camera is to choose, and nothing is in the list. */
void assignment_read(struct assignments *out, const char *piece, size_t size,
                     const struct control_table *table, enum assignments_range range);

/* Sets result and why. */
void assignment_reject(struct wire_change *item, enum wire_set_result result, const char *format,
                       ...) PRINTF_LIKE(3, 4);

/* Whether it is UNKNOWN or BAD. */
static inline bool assignment_is_rejected(const struct wire_change *item)
{
    return item->result == WIRE_SET_UNKNOWN || item->result == WIRE_SET_BAD;
}

/* Adds a setting to the list. The item is BAD if the list is full. */
void assignment_give(struct assignments *out, struct wire_change *item, const char *name,
                     const struct value *value);

#endif
