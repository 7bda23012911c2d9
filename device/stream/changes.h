/*
 * The controls of one stream's camera: what it can be set to, what users have set, and the changes
 * of which it is not known yet from which frame on they are in force.
 *
 * The supervisor's thread begins and ends runs of the camera, the camera's thread takes changes and
 * shows frames, the loop thread requests changes and takes those that are decided. Locked; nobody
 * waits for long.
 */
#ifndef PITETHER_DEVICE_STREAM_CHANGES_H
#define PITETHER_DEVICE_STREAM_CHANGES_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "device/camera/camera.h"
#include "device/camera/stall_timeout.h"
#include "device/controls/settings.h"
#include "device/stream/change_list.h"
#include "device/stream/events.h"
#include "shared/base/attributes.h"

/* How many changes there may be that are not answered yet. */
enum { CHANGES_MAX = 32 };

struct changes_config {
    const char *label;    /* what log lines begin with; must outlive it */
    const char *controls; /* what the options set, see settings.h; must outlive it; or NULL */
    const struct metadata_names *names; /* of what frames report; must outlive it; NULL: nothing */
    struct stream_events *events;       /* is notified when a change is decided; must outlive it */
};

struct changes {
    struct changes_config config;
    pthread_mutex_t lock;
    /* The rest is under lock. */
    struct settings settings;
    struct control_table table; /* of this run of the camera; empty: it has none */
    unsigned generation;        /* counts the tables, and changes of what is set in one */
    bool running;               /* the camera takes changes, or will soon */
    struct metadata seen;       /* of the newest frame */
    bool exact;                 /* the camera reports which frame is the first to show a change */
    struct stall_timeout timeout;
    uint64_t newest;            /* change's number */
    struct change_list pending; /* not decided, by number; the last may not be taken yet */
    struct change_list decided; /* decided, to be answered */
    unsigned count;             /* of both */
    struct assignments scratch; /* what is being read */
};

/* 0 or -ENOMEM, with *changes NULL. */
NODISCARD int changes_create(struct changes **changes, const struct changes_config *config);
/* No run may be going on. Nulls the caller's pointer; NULL and *NULL are fine. */
void changes_destroy(struct changes **changes);

/* The supervisor, for each run: before the start; after it, with shows_changes of the mode; and
 * after the stop, or a start that failed. After the stop, changes that no frame has shown are
 * LOST, unless the camera is about to run again: then the next run's frames will show them, and
 * more may be set meanwhile. */
void changes_expect(struct changes *changes);
void changes_started(struct changes *changes, bool exact);
void changes_stop(struct changes *changes, bool runs_again);

/* For struct camera_controls; user: the changes. */
int changes_begin(void *user, const struct control_table *table, struct control_list *list,
                  struct error *error);
uint64_t changes_take(void *user, struct control_list *list);
void changes_refuse(void *user, uint64_t change);

/* The supervisor: fills list with what users have set, for a run of the camera that takes no
 * changes; list and error as for begin() of struct camera_controls. */
NODISCARD int changes_fill(struct changes *changes, const struct control_table *table,
                           struct control_list *list, struct error *error);

/* The supervisor: the camera is given this as well, for that run alone: the next one gives it back.
 */
void changes_given(struct changes *changes, const struct control_list *list);

/* The camera's thread: a frame of the stream, with its id, wanted or not. */
void changes_frame(struct changes *changes, const struct raw_frame *frame);

/* How long the camera may be silent before it counts as stalled, ns: see stall_timeout.h. Any
 * thread. */
uint64_t changes_timeout_ns(struct changes *changes, double fps);

/* The loop thread: requests a change, all of it or nothing. 0 with *answer NULL: changes_decided()
 * will return the change. 0 with *answer, which the caller free()s: nothing was set, and its
 * status says why. -ENOMEM: neither. */
NODISCARD int changes_request(struct changes *changes, const struct change_request *request,
                              struct change **answer);

/* The loop thread: the next change that is decided, which is the caller's to free(), or NULL. */
struct change *changes_decided(struct changes *changes);

/* The loop thread: requester is gone; the requester of its changes is NULL from now on. */
void changes_forget(struct changes *changes, const void *requester);

/* The loop thread: how far a list of controls is that is sent in several messages. Zeroed at
 * first, and for a new list. */
struct changes_cursor {
    unsigned generation, next;
    bool done; /* all is encoded */
};

/* Encodes the next message of the list, or the first one if the table has changed since. Returns
 * its size; out holds WIRE_MESSAGE_MAX bytes. */
size_t changes_encode_table(struct changes *changes, uint8_t stream, struct changes_cursor *cursor,
                            uint8_t *out);

#endif
