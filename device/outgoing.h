/*
 * One write's worth of bytes to a client: small messages, encoded here, and slices of frames that
 * stay where they are. A batch is filled only when the last one is out, so what is in it is never
 * older than the socket is slow. The loop thread alone.
 */
#ifndef PITETHER_DEVICE_OUTGOING_H
#define PITETHER_DEVICE_OUTGOING_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/uio.h>

#include "shared/transport.h"
#include "shared/wire.h"

enum { OUTGOING_PIECES = 64, OUTGOING_SMALL = 8 * WIRE_ENCODED_MAX };

struct outgoing {
    struct iovec pieces[OUTGOING_PIECES];
    unsigned first, count; /* unsent pieces: [first, count) */
    size_t small_used;
    uint8_t small[OUTGOING_SMALL]; /* what the small pieces point into */
};

static inline bool outgoing_empty(const struct outgoing *outgoing)
{
    return outgoing->first == outgoing->count;
}

/* Is there room for a message and a slice with its header? */
bool outgoing_has_room(const struct outgoing *outgoing);

/* Each needs outgoing_has_room(). */
void outgoing_opening(struct outgoing *outgoing);
void outgoing_message(struct outgoing *outgoing, const struct wire_message *message);
/* data stays where it is until the batch is out. size >= 1. */
void outgoing_part(struct outgoing *outgoing, const uint8_t *data, uint32_t size);

/* Writes as much as the transport takes; *written grows by it. 0: all is out, and the batch is
 * empty; -EAGAIN: wait for the transport; else the transport's error. */
int outgoing_flush(struct outgoing *outgoing, struct transport *transport, uint64_t *written);

#endif
