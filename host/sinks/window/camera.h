/*
 * What the window knows of the camera of one stream: what it can be set to, what is in force, and
 * what became of the last setting. The window's thread.
 */
#ifndef PITETHER_HOST_SINKS_WINDOW_CAMERA_H
#define PITETHER_HOST_SINKS_WINDOW_CAMERA_H

#include <stdbool.h>
#include <stdint.h>

#include "host/lib/pitether.h"
#include "host/sinks/window/control_step.h"
#include "host/sinks/window/outgoing.h"
#include "shared/base/attributes.h"

enum { CAMERA_MESSAGE_MAX = 320 };

/* All zeroes at first, but for set and user. */
struct camera {
    /* As pitether_set(). */
    int (*set)(void *user, const char *assignments, uint32_t *request);
    void *user;

    struct pitether_control *controls; /* those that can be set, in the panel's order */
    unsigned count;
    unsigned lists; /* that the camera has sent */
    struct outgoing outgoing;
    char message[CAMERA_MESSAGE_MAX]; /* about the last setting; empty: there was none */
    bool failed;                      /* it was not done as it was asked for */
    uint32_t quiet;                   /* the request of which only failure is told; 0: none */
    bool refused;                     /* this receiver may only view */
    uint64_t waits_since;             /* for an answer, as camera_check() saw it; 0: for none */
    bool told_wait;
    unsigned messages; /* counts them */
    unsigned version;  /* counts what has changed of all this */
};

void camera_clear(struct camera *camera);

/* Takes the list of controls; 0 or -ENOMEM, and then it is the earlier one. */
NODISCARD int camera_take_controls(struct camera *camera, const struct pitether_controls *controls);

/* Takes what became of a setting, and sends what waited for that. */
void camera_take_changed(struct camera *camera, const struct pitether_changed *changed);

/* A control that can be set; NULL: the camera has none of that name. */
const struct pitether_control *camera_find(const struct camera *camera, const char *name);

/* Whether that control has an enumerator whose name ends with this word. */
bool camera_has_word(const struct camera *camera, const char *name, const char *word);

/* What is in force, as well as it is known: what the frame (or NULL) reports, or what was set, or
 * the default. The type is NONE if nothing is known. */
struct pitether_value camera_value(const struct pitether_control *control,
                                   const struct pitether_frame *frame);

/* Has this set: NAME and VALUE as in pitether_set(). */
void camera_set(struct camera *camera, const char *name, const char *value);

/* The same for what belongs together, e.g. a mode and what it is for: sent at once, and not merged
 * with what else is wanted. That it was done is not told: it shows itself. */
void camera_set_together(struct camera *camera, const char *assignments);

/* Whether something was set of which the camera has not answered yet. */
bool camera_waits(const struct camera *camera);

/* Tells the user, once, if an answer has not come for some seconds. Now and then. */
void camera_check(struct camera *camera, uint64_t now_ns);

/* Shows the user a message about the camera. failed: it is not what the user wanted. */
void camera_say(struct camera *camera, bool failed, const char *text);

#endif
