/*
 * What one client is sent of the stream that it watches: which frames, and how far they are. The
 * loop thread alone.
 */
#ifndef PITETHER_DEVICE_SERVE_SUBSCRIPTION_H
#define PITETHER_DEVICE_SERVE_SUBSCRIPTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "device/metrics/stats.h"
#include "device/serve/in_flight.h"
#include "device/serve/send_queue.h"
#include "device/serve/write_batch.h"
#include "device/stream/demand.h"
#include "device/stream/stream.h"

/* The frame whose first byte is out, or about to be. */
struct sending {
    struct frame *frame; /* NULL: none */
    unsigned next_slice;
    bool tail_sent; /* all of it is in the batch */
    bool aborted;   /* it could not be finished: no ACK will come */
    uint64_t start; /* device time of the first write */
    uint64_t bytes; /* of JPEG, so far */
};

struct subscription {
    struct stream *stream;     /* NULL: it was never opened */
    bool started;              /* first_id is set: its frames are accounted for */
    bool format_due;           /* STREAM is */
    bool status_due;           /* STATUS is */
    struct wire_stream format; /* what the last STREAM said, or will if it is due */
    bool controls_due;         /* the list of controls is, from `controls` on */
    struct changes_cursor controls;
    unsigned names_sent;        /* of the metadata's names, those that METADATA told of */
    uint64_t first_id, next_id; /* the fates of frames in [first_id, next_id) were sent */
    struct still_request still; /* of a subscription to a camera's stills */
    bool still_taking;          /* its still is being taken: the events of the stills are for it */
    struct demand_entry demand; /* which frames it takes; listed while it is open */
    uint64_t demand_id;         /* frames below it may have been left out before it subscribed */
    struct drop_run pending;    /* a loss to be sent before all else; count 0: none */
    struct send_queue send_queue;
    struct in_flight in_flight;
    struct sending sending;
    struct delivery_totals totals;
    struct delivery_totals adapted; /* as of the last look at what its path takes */
};

/* From now on it takes the stream's frames. max_bytes: the most that its queue may be asked to
 * hold. The stream must outlive it. */
void subscription_open(struct subscription *subscription, struct stream *stream,
                       const struct wire_subscribe *subscribe, size_t max_bytes);
/* It takes no more frames; those that wait may still be sent. Does nothing if it is not open. */
void subscription_close(struct subscription *subscription);
/* Releases all that it holds; closed. */
void subscription_clear(struct subscription *subscription);

/* Whether it takes frames. */
static inline bool subscription_is_open(const struct subscription *subscription)
{
    return subscription->demand.listed;
}

/* What came of the stream, in order, after stream_take(); ignored unless it is open. */
void subscription_frame(struct subscription *subscription, struct frame *frame);
void subscription_lost(struct subscription *subscription, const struct lost_run *lost);
void subscription_camera_on(struct subscription *subscription);
void subscription_status_changed(struct subscription *subscription);
/* The whole list of controls is to be sent again, in place of notices. */
void subscription_controls_changed(struct subscription *subscription);

/* Tells the demand whether its queue is full; call after something was taken from it. */
void subscription_update_demand(struct subscription *subscription);

/* The sum of totals.dropped. */
uint64_t subscription_dropped(const struct subscription *subscription);

/* What is sent, and how: see subscription_fill(). */
struct sending_rules {
    uint32_t max_message; /* the receiver's; bytes */
    bool whole_frames;    /* a frame begins when it is whole, not as soon as it has a slice */
};

/* Adds what is to be sent now: losses, STREAM, one frame at most, so that it can be released once
 * the batch is out. (subscription_write.c) */
void subscription_fill(struct subscription *subscription, struct write_batch *write_batch,
                       const struct sending_rules *rules);
/* Adds STATUS if it is due. It may stand anywhere. */
void subscription_fill_status(struct subscription *subscription, struct write_batch *write_batch);
/* Adds a message of the controls' list, if one is due and this is a place for it: after STREAM, and
 * not within a frame, which would wait for it. */
void subscription_fill_controls(struct subscription *subscription, struct write_batch *write_batch);
/* The batch that subscription_fill() added to is out. */
void subscription_batch_sent(struct subscription *subscription);

/* Whether a frame has begun and is not sent to its end. */
static inline bool subscription_in_frame(const struct subscription *subscription)
{
    return subscription->sending.frame;
}

/* Whether all that waited is sent. */
bool subscription_is_empty(const struct subscription *subscription);

#endif
