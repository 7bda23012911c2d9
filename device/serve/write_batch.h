/*
 * One write's worth of bytes to a client: small messages, encoded here, and slices of frames that
 * stay where they are. A batch is filled only when the last one is out, so nothing in it waits for
 * longer than one write takes. The loop thread alone.
 */
#ifndef PITETHER_DEVICE_SERVE_WRITE_BATCH_H
#define PITETHER_DEVICE_SERVE_WRITE_BATCH_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/uio.h>

#include "shared/base/attributes.h"
#include "shared/net/transport.h"
#include "shared/protocol/wire_controls.h"
#include "shared/protocol/wire_streams.h"

enum {
    WRITE_BATCH_PIECES = 64,
    /* STREAMS comes once, in the first batch, with few others; later on one long message may come
     * with those. */
    WRITE_BATCH_SMALL = WIRE_MESSAGE_MAX + 8 * WIRE_ENCODED_MAX
};

struct write_batch {
    struct iovec pieces[WRITE_BATCH_PIECES];
    unsigned first, count; /* unsent pieces: [first, count) */
    size_t small_used;
    uint8_t small[WRITE_BATCH_SMALL]; /* what the small pieces point into */
};

static inline bool write_batch_empty(const struct write_batch *write_batch)
{
    return write_batch->first == write_batch->count;
}

/* Is there space for a message and a slice with its header? */
bool write_batch_has_space(const struct write_batch *write_batch);

/* Each needs write_batch_has_space(). */
void write_batch_opening(struct write_batch *write_batch);
void write_batch_message(struct write_batch *write_batch, const struct wire_message *message);
/* Once, into the first batch. */
void write_batch_streams(struct write_batch *write_batch, const struct wire_streams *streams);
/* Where a long message may be encoded, of up to WIRE_MESSAGE_MAX bytes; NULL: there is no space for
 * one and the others that write_batch_has_space() speaks of. write_batch_add() is to follow, with
 * its size. */
uint8_t *write_batch_reserve(struct write_batch *write_batch);
void write_batch_add(struct write_batch *write_batch, size_t size);
/* data stays where it is until the batch is out. size >= 1. */
void write_batch_part(struct write_batch *write_batch, const uint8_t *data, uint32_t size);

/* Writes as much as the transport takes; *written grows by it. 0: all is out, and the batch is
 * empty; -EAGAIN: wait for the transport; else the transport's error. */
NODISCARD int write_batch_flush(struct write_batch *write_batch, struct transport *transport,
                                uint64_t *written);

#endif
