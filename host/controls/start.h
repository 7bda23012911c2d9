/*
 * Sets controls when a stream with sinks begins, and again when the daemon was restarted. One
 * thread.
 */
#ifndef PITETHER_HOST_CONTROLS_START_H
#define PITETHER_HOST_CONTROLS_START_H

#include "host/controls/assignments.h"
#include "host/controls/view.h"

/* The fields but for failed and unmet are start.c's own. */
struct control_start {
    const struct control_assignments *assignments;
    const char *label;
    unsigned next;      /* which of them is to be set, or waits for its answer */
    uint32_t request;   /* of that; 0: it was not given to the receiver */
    uint64_t epoch;     /* in which they were set */
    bool failed;        /* something of it can't be set: the rest is not tried */
    bool unmet;         /* something of it is not in force, or not known to be at the end */
    char obstacle[257]; /* why the one that is next is still to be set; "": it was not sent */
    struct control_view view;
};

/* label: before log lines, or "". Both must outlive it. */
void control_start_init(struct control_start *start, const struct control_assignments *assignments,
                        const char *label);
void control_start_clear(struct control_start *start);

/* Call with each event but frames. The first assignments are sent with the first CONTROLS. */
void control_start_event(struct control_start *start, struct pitether *receiver,
                         const struct pitether_event *event);

#endif
