#include "device/outgoing.h"

#include <errno.h>
#include <string.h>

bool outgoing_has_room(const struct outgoing *outgoing)
{
    return outgoing->count + 2 <= OUTGOING_PIECES &&
           outgoing->small_used + WIRE_ENCODED_MAX <= OUTGOING_SMALL;
}

/* The bytes at small[small_used..] are one more piece, or belong to the last one. */
static void add_small(struct outgoing *outgoing, size_t size)
{
    uint8_t *data = outgoing->small + outgoing->small_used;
    outgoing->small_used += size;
    if (!outgoing_empty(outgoing)) {
        struct iovec *last = &outgoing->pieces[outgoing->count - 1];
        if ((uint8_t *)last->iov_base + last->iov_len == data) {
            last->iov_len += size;
            return;
        }
    }
    outgoing->pieces[outgoing->count++] = (struct iovec){ data, size };
}

void outgoing_opening(struct outgoing *outgoing)
{
    memcpy(outgoing->small + outgoing->small_used, wire_opening, WIRE_OPENING_SIZE);
    add_small(outgoing, WIRE_OPENING_SIZE);
}

void outgoing_message(struct outgoing *outgoing, const struct wire_message *message)
{
    add_small(outgoing, wire_encode(message, outgoing->small + outgoing->small_used));
}

void outgoing_part(struct outgoing *outgoing, const uint8_t *data, uint32_t size)
{
    wire_encode_part(size, outgoing->small + outgoing->small_used);
    add_small(outgoing, WIRE_HEADER_SIZE);
    outgoing->pieces[outgoing->count++] = (struct iovec){ (uint8_t *)data, size };
}

static void consume(struct outgoing *outgoing, size_t size)
{
    while (size > 0) {
        struct iovec *piece = &outgoing->pieces[outgoing->first];
        size_t part = size < piece->iov_len ? size : piece->iov_len;
        piece->iov_base = (uint8_t *)piece->iov_base + part;
        piece->iov_len -= part;
        size -= part;
        if (piece->iov_len == 0)
            outgoing->first++;
    }
}

int outgoing_flush(struct outgoing *outgoing, struct transport *transport, uint64_t *written)
{
    while (!outgoing_empty(outgoing)) {
        ssize_t sent = transport->ops->write(transport, outgoing->pieces + outgoing->first,
                                             (int)(outgoing->count - outgoing->first));
        if (sent < 0)
            return (int)sent;
        *written += (uint64_t)sent;
        consume(outgoing, (size_t)sent);
    }
    outgoing->first = outgoing->count = 0;
    outgoing->small_used = 0;
    return 0;
}
