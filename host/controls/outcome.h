/*
 * The results of a change of controls, for people. One thread.
 */
#ifndef PITETHER_HOST_CONTROLS_OUTCOME_H
#define PITETHER_HOST_CONTROLS_OUTCOME_H

#include <stdio.h>

#include "host/controls/view.h"
#include "host/exit_code.h"

/* EXIT_DONE if all of it is in force, also if it was clamped or the camera does not report it. */
enum exit_code control_outcome_code(const struct pitether_changed *changed);

/* A line for each control: what was asked for, what is in force, and from which frame on; what went
 * wrong with all of it is logged. view: for units and enumerators. */
void control_outcome_write(const struct control_view *view, const struct pitether_changed *changed,
                           FILE *out);

/* The same in the log. label: goes before each line, unless it is
 * empty. */
void control_outcome_log(const struct control_view *view, const struct pitether_changed *changed,
                         const char *label);

#endif
