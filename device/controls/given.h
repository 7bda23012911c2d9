/*
 * Which controls a camera was given and may still have: cameras keep what they were set to when
 * they are stopped and started again, so that what is not set any more must be given back to them.
 * Pure; one thread at a time.
 */
#ifndef PITETHER_DEVICE_CONTROLS_GIVEN_H
#define PITETHER_DEVICE_CONTROLS_GIVEN_H

#include "shared/controls/control_list.h"

/* Zeroed at first. */
struct given {
    unsigned count;
    char names[CONTROLS_MAX][CONTROL_NAME_MAX + 1]; /* as in the table */
};

/* The camera is given these settings. That it took one, also one that gives a control back, is not
 * known for sure, since it may be stopped before. */
void given_note(struct given *given, const struct control_list *list);

/* The camera refused to be given the control. */
void given_forget(struct given *given, const char *name);

/* At the start of a run: adds to the list, as given back, what the camera may still have and the
 * list does not set: defaults of its table, and true for automatic exposure and white balance.
 * Values that follow from a mode are left to the mode. but: names that it leaves alone. */
void given_add_rest(const struct given *given, const struct control_table *table,
                    const struct control_list *but, struct control_list *list);

#endif
