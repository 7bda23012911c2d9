/*
 * Controls that a camera of a test has.
 */
#ifndef PITETHER_TESTS_UNIT_DEVICE_CAMERA_CONTROLS_H
#define PITETHER_TESTS_UNIT_DEVICE_CAMERA_CONTROLS_H

#include "shared/controls/control_table.h"

/* Brightness (-1..1, 0), Contrast (0..16, 1) and ExposureTime (100..66666 us, 20000). */
void camera_controls_fill(struct control_table *table);

/* ExposureTimeMode: Auto or Manual. */
void camera_controls_add_exposure_mode(struct control_table *table);

/* So many more, with long names. */
void camera_controls_add_many(struct control_table *table, unsigned count);

#endif
