/*
 * How far one press of a key changes a control, and its values as numbers. Pure.
 */
#ifndef PITETHER_HOST_SINKS_WINDOW_CONTROL_STEP_H
#define PITETHER_HOST_SINKS_WINDOW_CONTROL_STEP_H

#include <stdbool.h>
#include <stddef.h>

#include "host/lib/pitether.h"

enum { CONTROL_TEXT_MAX = 160 }; /* of a value that is shown or sent, with the zero */

/* Element i of a number or BOOL; NAN: there is none, or it is none. */
double control_number(const struct pitether_value *value, unsigned i);

/* Whether it can be stepped: its values are numbers, true and false, or enumerators. */
bool control_has_steps(const struct pitether_control *control);

/* The value that is `steps` presses from `from`, element `element`, within the limits: those of
 * enumerators and BOOL go round, controls whose limits lie far apart (an exposure time, a gain) go
 * by thirds of a stop, and others by a round part of their range. from: NAN where it is not known:
 * the default is taken, or what is nearest to it. */
double control_stepped(const struct pitether_control *control, unsigned element, double from,
                       int steps);

/* Writes a number as a SET takes it for that control: enumerators by name. text:
 * CONTROL_TEXT_MAX bytes. */
void control_write_number(const struct pitether_control *control, double number, char *text);

/* Where the number lies between the limits, 0 to 1, by the same scale as the steps; NAN: the limits
 * are not known. */
double control_position(const struct pitether_control *control, unsigned element, double number);

#endif
