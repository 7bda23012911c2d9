/*
 * Controls that go together: a value that has no effect unless a mode is set with it, such as
 * ExposureTime while ExposureTimeMode is Auto (libcamera ignores it then, and does not remember
 * it). Also the order in which controls must be set. Pure; any thread.
 */
#ifndef PITETHER_DEVICE_CONTROLS_PAIRS_H
#define PITETHER_DEVICE_CONTROLS_PAIRS_H

#include "shared/controls/control_list.h"

/* What a value needs. */
struct pair {
    const char *value;    /* the control's name */
    const char *mode;     /* the name of the one that must be set with it, ... */
    int32_t manual;       /* ... to this, so that the value has an effect, ... */
    int32_t automatic[2]; /* ... or to the first of these that the camera has, so that the camera
                             chooses the value; both -1: it never does */
};

/* The pair of a value, as this camera has it. NULL: it needs no mode, or the camera has none. */
const struct pair *pair_find(const struct control_table *table, const char *name);

/* A value of the mode's type. False: the camera's mode has no such enumerator, or is neither a BOOL
 * nor an INT32. */
bool pair_mode_value(const struct control_table *table, const char *mode, int32_t number,
                     struct value *value);

/* The mode's value that gives the pair's value back to the camera. False: there is none. */
bool pair_automatic(const struct control_table *table, const struct pair *pair,
                    struct value *value);

/* The control that must be true for this one to have an effect, unless something turns it off at
 * the same time: AwbEnable for AwbMode. NULL: there is none. */
const char *pair_switch(const struct control_table *table, const char *name);

/* Whether the control called `other` has no effect once the control `name` has this value: it
 * belongs to another mode, or is replaced. */
bool pair_supersedes(const char *name, const struct value *value, const char *other);

/* Removes from the list what has no effect once the control has this value. */
void pairs_supersede(struct control_list *list, const char *name, const struct value *value);

/* Whether setting it makes something happen once: AfTrigger, AfPause. */
bool control_is_trigger(const char *name);

/* Whether it is true for automatic: AeEnable, AwbEnable, and two of USB cameras. */
bool control_is_switch(const char *name);

/* Brings the settings into the order in which a camera must be given them: modes before values,
 * triggers last; otherwise as they were. */
void control_list_arrange(struct control_list *list);

#endif
