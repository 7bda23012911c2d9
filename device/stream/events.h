/*
 * What happens to the stream, in order, on its way from the encoder's and the camera's threads to
 * the loop thread. The loop learns that there is something through a file descriptor.
 *
 * Bounded: if the loop is starved, the oldest frame that it has not seen yet is given up as
 * SUPERSEDED. The count of lost frames is always kept.
 */
#ifndef PITETHER_DEVICE_STREAM_EVENTS_H
#define PITETHER_DEVICE_STREAM_EVENTS_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "device/camera/camera.h"
#include "device/encode/drops.h"
#include "device/encode/frame.h"
#include "shared/base/attributes.h"

enum stream_event_kind {
    EVENT_FRAME,    /* begins; it may still grow */
    EVENT_LOST,     /* a run of frames came to nothing */
    EVENT_STREAM,   /* the camera runs, in this mode; comes before its first frame */
    EVENT_STATUS,   /* how the camera is */
    EVENT_FINISHED, /* no more will come: the frame limit was reached */
};

struct stream_event {
    enum stream_event_kind kind;
    union {
        struct frame *frame; /* with a reference, for the taker of the event */
        struct lost_run lost;
        struct camera_mode mode;
        struct wire_status status;
    };
};

enum { STREAM_EVENTS_MAX = 64 };

struct stream_events {
    int fd; /* readable when there are events, or a frame has grown */
    atomic_bool notified;
    pthread_mutex_t lock;
    pthread_cond_t taken;                          /* there is more space, or it is closed */
    bool closed;                                   /* under lock */
    struct stream_event events[STREAM_EVENTS_MAX]; /* a ring; under lock, like the two below */
    unsigned first, count;
};

/* 0 or a negative errno. */
NODISCARD int events_init(struct stream_events *events);
/* Releases the frames still in it. */
void events_destroy(struct stream_events *events);

/* These five: any thread. Frames and losses must come in the order of their ids: the encoder sees
 * to it. events_publish() takes a reference of its own. It does not notify: there is nothing to
 * send of a frame before its first slice, and a loop that wakes for it would take a processor from
 * the one that makes that. Nor does events_lost() for frames that were not wanted. */
void events_publish(struct stream_events *events, struct frame *frame);
void events_lost(struct stream_events *events, const struct lost_run *lost);
void events_stream(struct stream_events *events, const struct camera_mode *mode);
void events_status(struct stream_events *events, enum wire_stream_state state, const char *text);
void events_finished(struct stream_events *events);

/* A published frame has grown or is finished. Any thread; one system call at most, and none while
 * the loop has not yet answered the last one. */
void events_notify(struct stream_events *events);

/* For sources that can wait: returns once the event queue is at most half full, or closed. Any
 * thread but the loop's. */
void events_wait_for_space(struct stream_events *events);
/* No events are taken from now on. Any thread. */
void events_close(struct stream_events *events);

/* Loop thread, without a system call: whether it has been notified since it last answered. */
bool events_pending(const struct stream_events *events);
/* Loop thread: makes fd unreadable, before looking for what is new. False: it was so already, and
 * nothing is. */
bool events_clear(struct stream_events *events);
/* Loop thread: takes the oldest event; false if there is none. */
NODISCARD bool events_take(struct stream_events *events, struct stream_event *event);

#endif
