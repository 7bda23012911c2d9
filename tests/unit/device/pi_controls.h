/*
 * The controls of a Raspberry Pi's camera, as libcamera 0.5 lists them for a Camera Module 3
 * (colour, with a lens) on a Pi 5 in its full mode.
 */
#ifndef PITETHER_TESTS_UNIT_DEVICE_PI_CONTROLS_H
#define PITETHER_TESTS_UNIT_DEVICE_PI_CONTROLS_H

#include "device/controls/assignments.h"
#include "shared/controls/control_table.h"

/* Fills the table, which the caller clears. */
void pi_controls(struct control_table *table);

/* Takes one out, as a camera has it that lacks it. */
void pi_controls_remove(struct control_table *table, const char *name);

/* The one of that name, which must be there. */
struct control_info *pi_control(const struct control_table *table, const char *name);

/* The table, and what one text after the other gives with it. */
struct pi_fixture {
    struct control_table table;
    struct assignments read;
};

/* cmocka's setup and teardown. */
int pi_fixture_make(void **state);
int pi_fixture_clear(void **state);

#endif
