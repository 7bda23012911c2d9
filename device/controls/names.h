/*
 * Which control a name means: one of the camera's own, or an alias (aliases.h). Pure; any thread.
 */
#ifndef PITETHER_DEVICE_CONTROLS_NAMES_H
#define PITETHER_DEVICE_CONTROLS_NAMES_H

#include "shared/controls/aliases.h"
#include "shared/protocol/wire_controls.h"

/* The control of a name of `size` bytes; *alias is set to the alias that it is, or NULL. NULL: the
 * camera has none, and why says so. */
const struct control_info *name_find(const struct control_table *table, const char *name,
                                     size_t size, const struct alias **alias,
                                     char why[WIRE_WHY_MAX + 1]);

/* After that: has why say which ones of the camera's are nearest, if nobody knows the name. Takes a
 * hundred times as long. */
void name_suggest(const struct control_table *table, const char *name, size_t size,
                  char why[WIRE_WHY_MAX + 1]);

#endif
