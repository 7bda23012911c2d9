/*
 * What one client is yet to be sent, in the order of frame ids: the policy that decides which
 * frames it gets. No I/O; the loop thread alone.
 *
 * Live: one frame waits at most, the newest; the one that it replaces is SUPERSEDED.
 * Lossless: frames wait until the bound is reached; then the newest are lost as QUEUE_FULL.
 * Either: frames that the client did not request are RATE_LIMITED, whatever else became of them.
 */
#ifndef PITETHER_DEVICE_SERVE_SEND_QUEUE_H
#define PITETHER_DEVICE_SERVE_SEND_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "device/encode/drops.h"
#include "device/encode/frame.h"
#include "shared/protocol/decimation.h"

enum { SEND_QUEUE_ITEMS = 512 };

/* A frame (with a reference, which goes to the taker of the item) or, without one, a loss. */
struct send_queue_item {
    struct frame *frame;
    struct drop_run run;
};

struct send_queue {
    enum wire_mode mode;
    size_t max_bytes; /* lossless: of JPEG in waiting frames; one frame is always taken */
    size_t all_bytes; /* ... and of JPEG in all frames of the stream that are held; 0: no bound */
    struct decimation decimation;                   /* which frames were requested */
    struct send_queue_item items[SEND_QUEUE_ITEMS]; /* a ring */
    unsigned first, count;
};

void send_queue_init(struct send_queue *send_queue, enum wire_mode mode, size_t max_bytes,
                     const struct decimation *decimation);

/* Releases all that waits. */
void send_queue_clear(struct send_queue *send_queue);

/* Whether the next frame would be QUEUE_FULL. */
bool send_queue_is_full(struct send_queue *send_queue);

/* A frame begins: takes a reference if it is to be sent, else notes the loss. */
void send_queue_frame(struct send_queue *send_queue, struct frame *frame);

/* Frames came to nothing before they were frames; those that were not wanted, and this client does
 * want, are those that its full queue kept from being encoded. Where a client reads nothing for so
 * long that the losses fill the ring, neighbours become one with the first one's reason: the count
 * is kept. */
void send_queue_lost(struct send_queue *send_queue, const struct lost_run *lost);

/* Whatever waits is not sent any more: the frames become losses for this reason. */
void send_queue_give_up(struct send_queue *send_queue, enum wire_drop_reason reason);

/* The oldest item, which leaves the send_queue; false if there is none. */
bool send_queue_take(struct send_queue *send_queue, struct send_queue_item *item);

static inline bool send_queue_empty(const struct send_queue *send_queue)
{
    return send_queue->count == 0;
}

/* Is the oldest item a loss? It is sent whatever the path has space for. */
static inline bool send_queue_has_loss(const struct send_queue *send_queue)
{
    return send_queue->count > 0 && !send_queue->items[send_queue->first].frame;
}

#endif
