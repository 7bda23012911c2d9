#include "device/serve/write_batch.h"

#include <errno.h>
#include <string.h>

bool write_batch_has_space(const struct write_batch *write_batch)
{
    return write_batch->count + 2 <= WRITE_BATCH_PIECES &&
           write_batch->small_used + WIRE_ENCODED_MAX <= WRITE_BATCH_SMALL;
}

/* The bytes at small[small_used..] are one more piece, or belong to the last one. */
static void add_small(struct write_batch *write_batch, size_t size)
{
    uint8_t *data = write_batch->small + write_batch->small_used;
    write_batch->small_used += size;
    if (!write_batch_empty(write_batch)) {
        struct iovec *last = &write_batch->pieces[write_batch->count - 1];
        if ((uint8_t *)last->iov_base + last->iov_len == data) {
            last->iov_len += size;
            return;
        }
    }
    write_batch->pieces[write_batch->count++] = (struct iovec){ data, size };
}

void write_batch_opening(struct write_batch *write_batch)
{
    memcpy(write_batch->small + write_batch->small_used, wire_opening, WIRE_OPENING_SIZE);
    add_small(write_batch, WIRE_OPENING_SIZE);
}

void write_batch_message(struct write_batch *write_batch, const struct wire_message *message)
{
    add_small(write_batch, wire_encode(message, write_batch->small + write_batch->small_used));
}

void write_batch_streams(struct write_batch *write_batch, const struct wire_streams *streams)
{
    add_small(write_batch,
              wire_encode_streams(streams, write_batch->small + write_batch->small_used));
}

uint8_t *write_batch_reserve(struct write_batch *write_batch)
{
    if (!write_batch_has_space(write_batch) ||
        write_batch->small_used + WIRE_MESSAGE_MAX + WIRE_ENCODED_MAX > WRITE_BATCH_SMALL)
        return NULL;
    return write_batch->small + write_batch->small_used;
}

void write_batch_add(struct write_batch *write_batch, size_t size)
{
    add_small(write_batch, size);
}

void write_batch_part(struct write_batch *write_batch, const uint8_t *data, uint32_t size)
{
    wire_encode_part(size, write_batch->small + write_batch->small_used);
    add_small(write_batch, WIRE_HEADER_SIZE);
    write_batch->pieces[write_batch->count++] = (struct iovec){ (uint8_t *)data, size };
}

static void consume(struct write_batch *write_batch, size_t size)
{
    while (size > 0) {
        struct iovec *piece = &write_batch->pieces[write_batch->first];
        size_t part = size < piece->iov_len ? size : piece->iov_len;
        piece->iov_base = (uint8_t *)piece->iov_base + part;
        piece->iov_len -= part;
        size -= part;
        if (piece->iov_len == 0)
            write_batch->first++;
    }
}

int write_batch_flush(struct write_batch *write_batch, struct transport *transport,
                      uint64_t *written)
{
    while (!write_batch_empty(write_batch)) {
        ssize_t sent = transport->ops->write(transport, write_batch->pieces + write_batch->first,
                                             (int)(write_batch->count - write_batch->first));
        if (sent < 0)
            return (int)sent;
        *written += (uint64_t)sent;
        consume(write_batch, (size_t)sent);
    }
    write_batch->first = write_batch->count = 0;
    write_batch->small_used = 0;
    return 0;
}
