/*
 * --list-controls: what the camera of each stream can be set to. The main thread.
 */
#ifndef PITETHER_DEVICE_CONTROL_LISTING_H
#define PITETHER_DEVICE_CONTROL_LISTING_H

#include <stdbool.h>
#include <stdio.h>

#include "device/exit_code.h"
#include "device/options.h"
#include "shared/base/attributes.h"
#include "shared/controls/control_table.h"

/* Prints the tables of all streams to standard output. has_output: it was open at the start. */
NODISCARD enum exit_code control_listing(const struct device_options *options, bool has_output);

/* Writes one table, a line for each control. */
void control_listing_write(const struct control_table *table, FILE *out);

#endif
