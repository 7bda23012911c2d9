/*
 * A connection that asks for a camera's controls and sets them, for commands that then exit. One
 * thread.
 */
#ifndef PITETHER_HOST_CONTROLS_LINK_H
#define PITETHER_HOST_CONTROLS_LINK_H

#include "host/controls/view.h"
#include "host/exit_code.h"
#include "host/options.h"

struct control_link {
    struct pitether *receiver;
    struct control_view view;
    uint64_t controls_due;       /* CLOCK_MONOTONIC: the list must be here */
    struct pitether_event event; /* the last one; its lists are good until the next one */
};

/* Begins to connect, to the daemon that the options name; frames that have not settled are left out
 * for at most settle_s. EXIT_DONE, or why not, which was logged.
 * control_link_close() in any case. */
enum exit_code control_link_open(struct control_link *link, const struct host_options *options,
                                 double settle_s);
void control_link_close(struct control_link *link);

/* Takes the next event, which is in link->event and in link->view then; the frame of FRAME is the
 * view's. EXIT_DONE, or why there will be none, which was logged; don't call it again then. */
enum exit_code control_link_next(struct control_link *link);

/* Waits until the view has the list and a frame. EXIT_DONE, or why not, which was logged. */
enum exit_code control_link_wait(struct control_link *link);

/* Waits for the end, which a lost connection has: why it ended, which was logged. */
enum exit_code control_link_end(struct control_link *link);

/* Sets it, and waits for the answer, which is link->event.changed then. */
enum exit_code control_link_set(struct control_link *link, const char *assignments);

#endif
