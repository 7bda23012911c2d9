/*
 * The ranges of controls. Pure; any thread.
 */
#ifndef PITETHER_DEVICE_CONTROLS_LIMITS_H
#define PITETHER_DEVICE_CONTROLS_LIMITS_H

#include "shared/controls/control_table.h"

/* Replaces numbers outside of the control's range by the nearest limit, and moves regions into
 * their area (regions.h). A limit that is not known, or a maximum below its minimum, is not
 * applied. True: the value has changed. */
bool limits_clamp(const struct control_table *table, const struct control_info *info,
                  struct value *value);

/* The default as a value: for an array that has one default for all, of all its elements. */
struct value limits_default(const struct control_info *info);

/* Writes what the control takes, "29 to 66666 µs" or "-1 to 1", into a text of `size` bytes; "" if
 * that is not known. */
void limits_format(const struct control_table *table, const struct control_info *info, char *text,
                   size_t size);

#endif
