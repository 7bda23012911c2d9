/*
 * The worker threads that encode the slices of all streams.
 *
 * Each stream has a queue here. Those that have slices to encode wait in a line: a free worker
 * takes one slice of the first queue, which then goes to the end of the line. So between the moment
 * when a queue has a slice and the moment when a worker takes it, no other queue has more than one
 * slice taken, whatever it has waiting: those in front of the queue once each, and all others stand
 * behind it.
 *
 * One lock guards the line and whatever the queues' owners keep for their jobs, so that a worker
 * takes it once for each slice. What may block on account of one stream (a camera's code) must
 * not be called with it.
 */
#ifndef PITETHER_DEVICE_ENCODE_POOL_H
#define PITETHER_DEVICE_ENCODE_POOL_H

#include <pthread.h>
#include <stdbool.h>

#include "device/encode/jpeg_slice.h"
#include "shared/base/attributes.h"

enum { ENCODE_THREADS_MAX = 64 };

/* The arguments of a jpeg_slice_encode(). What they point to stays until finish(). */
struct slice_task {
    const struct picture *picture;
    const struct slice_plan *plan;
    unsigned index;
    int quality;
    struct slice *out;
    void *job; /* the owner's own */
};

/* The slices of one stream. The functions are called by the workers with the lock, and may give it
 * up in between; both get `user`. */
struct encode_queue {
    /* Fills the next slice into task; false: there is none. */
    bool (*take)(void *user, struct slice_task *task);
    /* The slice is encoded. error: what jpeg_slice_encode() returned. */
    void (*finish)(void *user, const struct slice_task *task, int error);
    void *user;
    /* The pool's own, zero at first. */
    struct encode_queue *next;
    bool in_line;
};

struct encode_pool;

/* Starts the workers: 1..ENCODE_THREADS_MAX; 0: one for each core. 0 or a negative errno, with
 * *pool NULL. */
NODISCARD int encode_pool_create(struct encode_pool **pool, unsigned threads);

/* Ends the workers and nulls the caller's pointer. No queue must be left. NULL and *NULL are fine.
 */
void encode_pool_destroy(struct encode_pool **pool);

/* How many workers there are. Any thread. */
unsigned encode_pool_threads(const struct encode_pool *pool);

/* The lock, for those who have a queue. Nothing of the pool but the two below is called with it. */
pthread_mutex_t *encode_pool_lock(struct encode_pool *pool);

/* With the lock: the queue has slices, and as many as `helpers` waiting workers are woken for them:
 * one for each slice that the caller, if it is a worker itself, is not about to take. */
void encode_pool_offer(struct encode_pool *pool, struct encode_queue *queue, unsigned helpers);

/* With the lock, and with nothing taken that is not finished: the pool forgets the queue. */
void encode_pool_withdraw(struct encode_pool *pool, struct encode_queue *queue);

#endif
