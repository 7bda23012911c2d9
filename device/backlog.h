/*
 * What one client has yet to be told, in the order of frame ids: the policy that decides which
 * frames it gets. No I/O; the loop thread alone.
 *
 * Live: one frame waits at most, the newest; the one it displaces is SUPERSEDED.
 * Lossless: frames wait until the bound is reached; then the newest are lost as QUEUE_FULL.
 * Either: frames that the client did not ask for are RATE_LIMITED, whatever else became of them.
 */
#ifndef PITETHER_DEVICE_BACKLOG_H
#define PITETHER_DEVICE_BACKLOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "device/drops.h"
#include "device/frame.h"
#include "shared/decimation.h"

enum { BACKLOG_ITEMS = 512 };

/* A frame (with a reference, which goes to whoever takes the item) or, without one, a loss. */
struct backlog_item {
    struct frame *frame;
    struct drop_run run;
};

struct backlog {
    enum wire_mode mode;
    size_t max_bytes; /* lossless: of JPEG in waiting frames; one frame is always taken */
    size_t all_bytes; /* ... and of JPEG in all frames that anybody holds; 0: not looked at */
    struct decimation decimation;             /* which frames were asked for */
    struct backlog_item items[BACKLOG_ITEMS]; /* a ring */
    unsigned first, count;
};

void backlog_init(struct backlog *backlog, enum wire_mode mode, size_t max_bytes,
                  const struct decimation *decimation);

/* Releases all that waits. */
void backlog_clear(struct backlog *backlog);

/* Whether the next frame would be QUEUE_FULL. */
bool backlog_is_full(struct backlog *backlog);

/* A frame begins: takes a reference if it is to be sent, else notes the loss. */
void backlog_frame(struct backlog *backlog, struct frame *frame);

/* Frames came to nothing before they were frames; those that nobody wanted, and this client does,
 * are those that its full queue kept from being encoded. Where a client reads nothing for so long
 * that the losses fill the ring, neighbours become one with the first one's reason: the count is
 * kept. */
void backlog_lost(struct backlog *backlog, const struct lost_run *lost);

/* Whatever waits is not sent any more: the frames become losses for this reason. */
void backlog_give_up(struct backlog *backlog, enum wire_drop_reason reason);

/* The oldest item, which leaves the backlog; false if there is none. */
bool backlog_take(struct backlog *backlog, struct backlog_item *item);

static inline bool backlog_empty(const struct backlog *backlog)
{
    return backlog->count == 0;
}

/* Is the oldest item a loss? It needs no budget to be told. */
static inline bool backlog_has_loss(const struct backlog *backlog)
{
    return backlog->count > 0 && !backlog->items[backlog->first].frame;
}

#endif
