/*
 * The words of a control that is one of several: as people write them. Pure; any thread.
 */
#ifndef PITETHER_SHARED_CONTROLS_ENUMERATORS_H
#define PITETHER_SHARED_CONTROLS_ENUMERATORS_H

#include "shared/controls/control_table.h"

/* Reads an enumerator by its name, without regard to case, hyphens and underscores, with or without
 * what the names of all have in front ("MeteringSpot", "spot"). 0, or -EINVAL: there is no such
 * one. */
NODISCARD int enumerator_read(const struct control_info *info, const char *text, int32_t *value);

/* The name without what all have in front; part of the table. NULL: the value has no name. */
const char *enumerator_short_name(const struct control_info *info, int64_t value);

/* Writes "Off, Manual" into a text of `size` bytes; what does not fit is left out and replaced by
 * "...". */
void enumerator_list(const struct control_info *info, char *text, size_t size);

#endif
