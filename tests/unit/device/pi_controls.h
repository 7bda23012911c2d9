/*
 * The controls of a Raspberry Pi's camera, as libcamera 0.5 lists them for a Camera Module 3
 * (colour, with a lens) on a Pi 5 in its full mode.
 */
#ifndef PITETHER_TESTS_UNIT_DEVICE_PI_CONTROLS_H
#define PITETHER_TESTS_UNIT_DEVICE_PI_CONTROLS_H

#include "shared/controls/control_table.h"

/* Fills the table, which the caller clears. */
void pi_controls(struct control_table *table);

/* Takes one out, as a camera has it that lacks it. */
void pi_controls_remove(struct control_table *table, const char *name);

/* The one of that name, which must be there. */
struct control_info *pi_control(const struct control_table *table, const char *name);

#endif
