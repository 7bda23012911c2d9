/*
 * The requests of pitether_set(): each waits to be sent, then for its answer, then for the caller
 * to take the answer. Bounded, however slow the caller or the daemon is; each request has exactly
 * one answer. Any thread.
 */
#ifndef PITETHER_HOST_LIB_SET_QUEUE_H
#define PITETHER_HOST_LIB_SET_QUEUE_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "shared/base/attributes.h"
#include "shared/protocol/wire_controls.h"

enum { SET_QUEUE_MAX = 32 };

/* The fields are set_queue.c's own. */
struct set_request {
    unsigned state;
    struct wire_set set;
};

struct set_queue {
    pthread_mutex_t lock;
    bool closed;
    uint32_t last; /* the newest request's number */
    unsigned busy; /* requests without an answer */
    struct set_request items[SET_QUEUE_MAX];
};

void set_queue_init(struct set_queue *queue);
void set_queue_clear(struct set_queue *queue);

/* Adds one, which waits to be sent; *request is its number, not 0. 0; -EINVAL: empty, too long, or
 * not text that can be shown; -EBUSY: it is full; -ESHUTDOWN: it is closed. */
NODISCARD int set_queue_add(struct set_queue *queue, const char *assignments, uint32_t *request);

/* The oldest one that waits to be sent; its state does not change. False: there is none. */
bool set_queue_next(struct set_queue *queue, struct wire_set *set);

/* It was sent: its answer is waited for. */
void set_queue_sent(struct set_queue *queue, uint32_t request);

/* Its answer is here, and waits for the caller. False: there is no request of that number that was
 * sent and has no answer. */
bool set_queue_answered(struct set_queue *queue, uint32_t request);

/* The caller has taken its answer: its place is free. */
void set_queue_taken(struct set_queue *queue, uint32_t request);

/* The oldest one without an answer among those that were sent or, if `unsent`, among all; it counts
 * as answered then. 0: there is none. */
uint32_t set_queue_give_up(struct set_queue *queue, bool unsent);

/* Whether any waits for its answer, or to be sent. */
bool set_queue_is_busy(struct set_queue *queue);

/* Nothing more is added. */
void set_queue_close(struct set_queue *queue);

#endif
