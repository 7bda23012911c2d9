/*
 * What users have set for a camera: it begins with the texts of options, is changed by SETs, and
 * holds for all runs of the camera, also if it comes back with other limits. Pure; one thread at a
 * time: who shares it, locks.
 */
#ifndef PITETHER_DEVICE_CONTROLS_SETTINGS_H
#define PITETHER_DEVICE_CONTROLS_SETTINGS_H

#include "device/controls/assignments.h"

struct settings {
    const char *text; /* of the options, until there was a table to read it against; or NULL */
    struct control_list kept;
};

/* text: "NAME=VALUE,NAME=VALUE", which must outlive the settings; NULL or "": nothing is set. */
void settings_init(struct settings *settings, const char *text);

/* At the start of a run: fills list with what the first frame is to have, in the order in which it
 * must be set. What the camera lacks, or can't do any more, is left out or clamped, with a line in
 * the log that begins with label. 0; -EINVAL: the options' text does not fit the camera, which
 * error says; the text stays, so that the next run is checked as well. -ENOMEM. */
NODISCARD int settings_begin(struct settings *settings, const char *label,
                             const struct control_table *table, struct control_list *list,
                             struct error *error);

/* What assignments_read() accepted is set from now on; what it gave back to the camera is not.
 * Triggers (AfTrigger, AfPause) happen once, and are not kept. False: there are too many settings,
 * and nothing has changed. */
NODISCARD bool settings_merge(struct settings *settings, const struct assignments *accepted);

/* The control is the camera's again, if it is set to this value. */
void settings_forget(struct settings *settings, const char *name, const struct value *value);

/* Writes into `set` of each control what is set. */
void settings_fill(const struct settings *settings, struct control_table *table);

#endif
