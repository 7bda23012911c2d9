/*
 * What happens to the stream, in order, on its way from the encoder's and the camera's threads to
 * the loop thread. The loop learns that there is something through a file descriptor.
 *
 * Bounded: if the loop is starved, the oldest frame that it has not seen yet is given up as
 * SUPERSEDED. The count of lost frames is always kept.
 */
#ifndef PITETHER_DEVICE_HUB_H
#define PITETHER_DEVICE_HUB_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "device/camera.h"
#include "device/drops.h"
#include "device/frame.h"

enum hub_event_kind {
    HUB_FRAME,    /* begins; it may still grow */
    HUB_LOST,     /* a run of frames came to nothing */
    HUB_STREAM,   /* the camera runs, in this mode; comes before its first frame */
    HUB_STATUS,   /* how the camera is */
    HUB_FINISHED, /* no more will come: the frame limit was reached */
};

struct hub_event {
    enum hub_event_kind kind;
    union {
        struct frame *frame; /* with a reference, for whoever takes the event */
        struct lost_run lost;
        struct camera_mode mode;
        struct wire_status status;
    };
};

enum { HUB_EVENTS_MAX = 64 };

struct hub {
    int fd; /* readable when hub_take() or a frame has something new */
    atomic_bool poked;
    pthread_mutex_t lock;
    pthread_cond_t taken;                    /* there is more room, or it is closed */
    bool closed;                             /* under lock */
    struct hub_event events[HUB_EVENTS_MAX]; /* a ring; under lock, like the two below */
    unsigned first, count;
};

/* 0 or a negative errno. */
int hub_init(struct hub *hub);
/* Releases the frames still in it. */
void hub_destroy(struct hub *hub);

/* These five: any thread. Frames and losses must come in the order of their ids: the encoder sees
 * to it. hub_publish() takes a reference of its own. It does not poke: there is nothing to send of
 * a frame before its first slice, and a loop that wakes for it would take a processor from the one
 * who makes that. Nor does hub_lost() for frames that nobody wanted. */
void hub_publish(struct hub *hub, struct frame *frame);
void hub_lost(struct hub *hub, const struct lost_run *lost);
void hub_stream(struct hub *hub, const struct camera_mode *mode);
void hub_status(struct hub *hub, enum wire_stream_state state, const char *text);
void hub_finished(struct hub *hub);

/* A published frame has grown or is finished. Any thread; one system call at most, and none while
 * the loop has not yet answered the last one. */
void hub_poke(struct hub *hub);

/* For sources that can wait: returns once the hub is at most half full, or closed. Any thread but
 * the loop's. */
void hub_wait_for_room(struct hub *hub);
/* Nobody will take events any more. Any thread. */
void hub_close(struct hub *hub);

/* Loop thread, without a system call: whether it has been poked since it last answered. */
bool hub_calls(const struct hub *hub);
/* Loop thread: makes fd unreadable, before looking for what is new. False: it was so already, and
 * nothing is. */
bool hub_answer(struct hub *hub);
/* Loop thread: takes the oldest event; false if there is none. */
bool hub_take(struct hub *hub, struct hub_event *event);

#endif
