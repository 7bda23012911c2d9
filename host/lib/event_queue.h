/*
 * The events on their way from a receiver's thread, which puts, to its caller, who takes: in order,
 * and bounded.
 *
 * A lossless queue has its producer wait for space. A live queue gives a late caller the
 * newest frame: a frame that has waited for too long while a newer one is there becomes
 * PITETHER_DROPS in its place, with PITETHER_DROP_NOT_TAKEN. Of controls, the newest list replaces
 * one that waits, and notices of what others set become one when many wait; answers to the caller's
 * own requests always come. One thread puts (the producer), and one takes.
 */
#ifndef PITETHER_HOST_LIB_EVENT_QUEUE_H
#define PITETHER_HOST_LIB_EVENT_QUEUE_H

#include <stdbool.h>
#include <stdint.h>

#include "host/lib/pitether.h"
#include "shared/base/attributes.h"

enum {
    /* How many events fit into the queue when event_queue_has_space() has returned true, ... */
    EVENT_QUEUE_RESERVE = 16,
    /* ... and how many answers to the caller's own requests, at any time. */
    EVENT_QUEUE_ANSWERS = 32,
    /* Notices that may wait; more are merged into one. */
    EVENT_QUEUE_NOTICES = 8
};

/* A frame that has waited for longer than this is late. A shorter burst of frames is not dropped:
 * a caller that takes one after the other gets them all. */
#define EVENT_QUEUE_LATE_NS (20 * UINT64_C(1000000))

struct event_queue;

/* For up to `frames` frames and some other events. space_fd: an eventfd, which is added to when
 * there is space again. 0 or a negative errno. */
NODISCARD int event_queue_create(struct event_queue **queue, unsigned frames, bool live,
                                 int space_fd);

/* Releases the frames and lists that wait. Nulls the caller's pointer; NULL and *NULL are fine. */
void event_queue_destroy(struct event_queue **queue);

/* Readable while there is an event to take. The queue's own. */
int event_queue_fd(const struct event_queue *queue);

/* Whether EVENT_QUEUE_RESERVE events may be put. If not, space_fd is added to as soon as they may.
 * The producer. */
bool event_queue_has_space(struct event_queue *queue);

/* Adds an event; there must be space. A frame's reference and the list of CONTROLS and CHANGED (see
 * event_payload.h) go to the queue. PITETHER_DROPS that carry on those before them become one event
 * with them. now_ns: CLOCK_MONOTONIC. */
void event_queue_put(struct event_queue *queue, const struct pitether_event *event,
                     uint64_t now_ns);

/* Live, and no frame is free: the oldest frame that waits becomes PITETHER_DROPS, even if it is not
 * late. False: at most one frame waits. The producer. */
bool event_queue_displace(struct event_queue *queue);

/* Takes the oldest event, whose list is the caller's then; false: there is none. */
bool event_queue_take(struct event_queue *queue, struct pitether_event *event, uint64_t now_ns);

#endif
