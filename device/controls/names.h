/*
 * Which control a name means: one of the camera's own, or a word of words.h. Pure; any thread.
 */
#ifndef PITETHER_DEVICE_CONTROLS_NAMES_H
#define PITETHER_DEVICE_CONTROLS_NAMES_H

#include "device/controls/words.h"
#include "shared/protocol/wire_controls.h"

/* The control of a name of `size` bytes; *word is the word that was used for it, or NULL. NULL: the
 * camera has none, and why says so, with the nearest that it has. */
const struct control_info *name_find(const struct control_table *table, const char *name,
                                     size_t size, const struct word **word,
                                     char why[WIRE_WHY_MAX + 1]);

#endif
