/*
 * What is known of a camera's controls: the list, and the newest frame. Pure but for the copies it
 * holds; one thread.
 */
#ifndef PITETHER_HOST_CONTROLS_VIEW_H
#define PITETHER_HOST_CONTROLS_VIEW_H

#include "host/lib/pitether.h"
#include "shared/base/attributes.h"

/* Zeroed at first. */
struct control_view {
    struct pitether_stream stream; /* an empty name: not known */
    bool known;                    /* the list was received */
    struct pitether_control *controls;
    size_t count;
    const struct pitether_frame *frame; /* with a reference; NULL: none yet */
};

void control_view_clear(struct control_view *view);

/* Keeps what an event says of the stream, the controls and the newest frame. Takes over the frame's
 * reference. 0 or -ENOMEM. */
NODISCARD int control_view_take(struct control_view *view, const struct pitether_event *event);

/* By name, without regard to case; also by what follows "::" if only one control has that, and by
 * rpicam's names (shared/controls/aliases.h). NULL: there is none. */
const struct pitether_control *control_view_find(const struct control_view *view, const char *name);

/* What the newest frame reports by that name, found likewise. Returns the whole name, which lives
 * as long as the frame, or NULL: nothing. */
const char *control_view_reported(const struct control_view *view, const char *name,
                                  struct pitether_value *value);

/* The value that is in force: what the newest frame reports, or else what is set, or else the
 * default. False: it is not known. */
bool control_view_now(const struct control_view *view, const struct pitether_control *control,
                      struct pitether_value *value);

#endif
