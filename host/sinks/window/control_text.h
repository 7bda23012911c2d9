/*
 * Values of controls as people read them. Pure.
 */
#ifndef PITETHER_HOST_SINKS_WINDOW_CONTROL_TEXT_H
#define PITETHER_HOST_SINKS_WINDOW_CONTROL_TEXT_H

#include <stddef.h>

#include "host/lib/pitether.h"

enum { CONTROL_ALL_ELEMENTS = -1 };

/* Writes e.g. "9987 µs", "Daylight" or "1.84, 1.52"; element: of an array, or
 * CONTROL_ALL_ELEMENTS. control: whose value it is, or NULL. */
void control_text(const struct pitether_control *control, const struct pitether_value *value,
                  int element, char *text, size_t size);

/* The same of one number, without its unit. text: CONTROL_TEXT_MAX bytes. */
void control_number_text(const struct pitether_control *control, double number, char *text);

#endif
