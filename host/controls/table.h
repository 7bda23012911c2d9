/*
 * --controls as a table. One thread.
 */
#ifndef PITETHER_HOST_CONTROLS_TABLE_H
#define PITETHER_HOST_CONTROLS_TABLE_H

#include <stdio.h>

#include "host/controls/view.h"

enum { CONTROLS_LINE_MAX = 100 }; /* characters, unless a name needs more */

/* A head, and a line for each control; below one that has enumerators, these. */
void controls_write_table(const struct control_view *view, FILE *out);

#endif
