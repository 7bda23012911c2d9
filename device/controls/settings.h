/*
 * What users have set for a camera, first by options and then by SETs. It holds for all runs of the
 * camera, also if it returns with other limits. Pure; one thread at a time.
 */
#ifndef PITETHER_DEVICE_CONTROLS_SETTINGS_H
#define PITETHER_DEVICE_CONTROLS_SETTINGS_H

#include "device/controls/assignments.h"
#include "device/controls/given.h"

struct settings {
    const char *text; /* of the options, until the first run has read it; then NULL */
    struct control_list kept;
    struct given given;
};

/* text: "NAME=VALUE,NAME=VALUE", which must outlive the settings; NULL or "": nothing is set. */
void settings_init(struct settings *settings, const char *text);

/* At the start of a run: fills list with the settings for the first frame, in the order in which
 * they must be set, and with what gives back the others that the camera may still have from earlier
 * runs. What the camera lacks, or can't do any more, is left out or clamped, with a
 * line in the log that begins with label. 0; -EINVAL, with error filled: the options' text does
 * not fit the camera; it is kept, so that the next run is checked as well. -ENOMEM. */
NODISCARD int settings_begin(struct settings *settings, const char *label,
                             const struct control_table *table, struct control_list *list,
                             struct error *error);

/* Keeps what assignments_read() accepted, and forgets what it gave back to the camera. Triggers
 * (AfTrigger, AfPause) act once, and are not kept. False: there are too many settings, and nothing
 * has changed. */
NODISCARD bool settings_merge(struct settings *settings, const struct assignments *accepted);

/* The same for one control: `given` is what the camera is given for it (NONE: nothing), given_back
 * whether the camera is to choose its value again. Where there are too many settings, it is left
 * out. */
void settings_keep(struct settings *settings, const char *name, const struct value *given,
                   bool given_back);

/* Writes into `set` of each control what is set. */
void settings_fill(const struct settings *settings, struct control_table *table);

#endif
