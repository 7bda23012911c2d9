#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "peer.h"
#include "shared/base/clock.h"
#include "shared/protocol/crc32c.h"

/* The peer's side: one function a kind of message. */

static void take_stream(struct peer *peer, const struct wire_stream *stream)
{
    assert_int_equal(stream->stream, peer->number);
    assert_int_equal(stream->codec, WIRE_CODEC_JPEG);
    if (peer->streams++ == 0)
        peer->first = peer->next = stream->first_frame_id;
    assert_int_equal(stream->first_frame_id, peer->next);
    assert_true(wire_size_is_good(stream->width, stream->height));
    peer->stream = *stream;
}

static void take_head(struct peer *peer, const struct wire_frame_head *head)
{
    assert_true(peer->streams > 0);
    assert_int_equal(head->stream, peer->number);
    assert_int_equal(head->frame_id, peer->next);
    assert_int_equal(head->width, peer->stream.width);
    assert_int_equal(head->height, peer->stream.height);
    peer->head = *head;
    peer->in_frame = true;
    peer->heads++;
    peer->parts = 0;
    peer->size = 0;
}

static void settle_fate(struct peer *peer, enum wire_drop_reason reason, uint32_t count)
{
    uint64_t known = peer->next - peer->first;
    peer->next += count;
    for (; count > 0 && known < PEER_FATES_MAX; count--, known++)
        peer->fates[known] = reason;
}

static void take_tail(struct peer *peer, const struct wire_frame_tail *tail)
{
    assert_true(peer->in_frame);
    assert_int_equal(tail->frame_id, peer->next);
    peer->in_frame = false;
    if (tail->status == WIRE_FRAME_ABORTED) {
        assert_int_equal(tail->length, 0);
        assert_int_equal(tail->crc32c, 0);
        peer->drops_due = true;
        peer->aborted++;
        return;
    }
    assert_int_equal(tail->status, WIRE_FRAME_WHOLE);
    assert_int_equal(tail->length, peer->size);
    assert_int_equal(tail->crc32c, crc32c(0, peer->jpeg, peer->size));
    assert_true(tail->encode_start <= tail->encode_end);
    assert_true(tail->send_start <= tail->send_end);
    peer->delivered++;
    settle_fate(peer, 0, 1);
    if (peer->acks)
        peer_ack(peer, tail->frame_id);
}

static void take_drops(struct peer *peer, const struct wire_drops *drops)
{
    assert_true(peer->streams > 0);
    assert_int_equal(drops->stream, peer->number);
    assert_in_range(drops->reason, 1, WIRE_DROP_REASONS - 1);
    assert_int_equal(drops->first_frame_id, peer->next);
    assert_true(drops->count >= 1);
    peer->drops_due = false;
    peer->dropped += drops->count;
    settle_fate(peer, drops->reason, drops->count);
}

static void take_end(struct peer *peer, const struct wire_end *end)
{
    peer->end = *end;
    peer->ended = true;
    assert_int_equal(end->captured, peer->next - peer->first);
    assert_int_equal(end->delivered, peer->delivered);
    assert_int_equal(end->dropped, peer->dropped);
    assert_int_equal(end->captured, end->delivered + end->dropped);
}

static void check_order(const struct peer *peer, uint8_t type)
{
    assert_false(peer->ended || peer->failed);
    if (peer->hellos == 0)
        assert_int_equal(type, WIRE_HELLO);
    else if (!peer->streams_seen)
        assert_int_equal(type, WIRE_STREAMS);
    bool small = type == WIRE_PING || type == WIRE_PONG || type == WIRE_STATUS ||
                 type == WIRE_ERROR || type == WIRE_CONTROLS || type == WIRE_CHANGED ||
                 type == WIRE_METADATA;
    if (peer->in_frame)
        assert_true(small || type == WIRE_FRAME_TAIL);
    if (peer->drops_due)
        assert_true(small || type == WIRE_DROPS);
}

static void take_changed(struct peer *peer, const struct wire_raw *raw)
{
    struct wire_changed changed;
    assert_int_equal(wire_decode_changed(raw, &changed), 0);
    assert_int_equal(changed.head.stream, peer->number);
    if (changed.head.request) {
        peer->answer = changed;
        peer->answers++;
    } else {
        peer->notice = changed;
        peer->notices++;
    }
}

static void take_controls(struct peer *peer, const struct wire_raw *raw)
{
    int complete = wire_decode_controls(raw, &peer->controls);
    assert_true(peer->streams > 0);
    assert_true(complete >= 0);
    peer->lists += complete == 1;
}

/* Whether it is one with a list or a long text, which is taken here. */
static bool take_long(struct peer *peer, const struct wire_raw *raw)
{
    uint8_t type = raw->header.type;
    if (type != WIRE_CONTROLS && type != WIRE_CHANGED && type != WIRE_METADATA)
        return false;
    check_order(peer, type);
    if (type == WIRE_CHANGED)
        take_changed(peer, raw);
    else if (type == WIRE_CONTROLS)
        take_controls(peer, raw);
    return true;
}

static void take_message(struct peer *peer, const struct wire_message *message)
{
    check_order(peer, message->type);
    switch (message->type) {
    case WIRE_HELLO:
        peer->hello = message->hello;
        peer->reader.hello_seen = true;
        assert_int_equal(peer->hellos++, 0);
        break;
    case WIRE_STREAMS:
        assert_false(peer->streams_seen);
        peer->streams_seen = true;
        break;
    case WIRE_STREAM:
        take_stream(peer, &message->stream);
        break;
    case WIRE_STATUS:
        assert_int_equal(message->status.stream, peer->number);
        peer->status = message->status;
        peer->statuses++;
        break;
    case WIRE_FRAME_HEAD:
        take_head(peer, &message->frame_head);
        break;
    case WIRE_FRAME_TAIL:
        take_tail(peer, &message->frame_tail);
        break;
    case WIRE_DROPS:
        take_drops(peer, &message->drops);
        break;
    case WIRE_PING:
        peer->pings++;
        break;
    case WIRE_PONG:
        peer->pong = message->pong;
        peer->pongs++;
        break;
    case WIRE_ERROR:
        peer->error = message->error;
        peer->failed = true;
        break;
    case WIRE_END:
        take_end(peer, &message->end);
        break;
    default:
        fail_msg("message %02x is not a daemon's", message->type);
    }
}

static void begin_part(struct peer *peer, const struct wire_header *header)
{
    uint32_t size = header->length - header->fixed - header->tlv;
    assert_true(peer->in_frame);
    assert_in_range(size, 1, PEER_FRAME_MAX - peer->size);
    message_reader_part_into(&peer->reader, peer->jpeg + peer->size);
    peer->size += size;
    peer->parts++;
}

static void take_events(struct peer *peer)
{
    struct wire_raw raw;
    struct wire_message message;
    int event;
    while ((event = message_reader_next(&peer->reader, &raw)) != MESSAGE_NONE) {
        assert_true(event > 0);
        if (event == MESSAGE_OPENED) {
            peer->opened = true;
        } else if (event == MESSAGE_PART) {
            begin_part(peer, &raw.header);
        } else if (event == MESSAGE_CONTROL && !take_long(peer, &raw)) {
            assert_int_equal(wire_decode(&raw, &message), 0);
            if (message.type == WIRE_STREAMS)
                assert_int_equal(wire_decode_streams(&raw, &peer->listed), 0);
            take_message(peer, &message);
        }
    }
}

void peer_receive(struct peer *peer, const void *bytes, size_t size)
{
    for (const uint8_t *at = bytes; size > 0;) {
        struct iovec space[2];
        message_reader_space(&peer->reader, space);
        size_t part = space[0].iov_len < size ? space[0].iov_len : size;
        memcpy(space[0].iov_base, at, part);
        message_reader_filled(&peer->reader, part);
        take_events(peer);
        at += part;
        size -= part;
    }
}

size_t peer_read(struct peer *peer, size_t most)
{
    size_t total = 0;
    while (total < most && !peer->closed) {
        struct iovec space[2];
        message_reader_space(&peer->reader, space);
        size_t size = space[0].iov_len < most - total ? space[0].iov_len : most - total;
        ssize_t got = recv(peer->fd, space[0].iov_base, size, MSG_DONTWAIT);
        if (got < 0 && errno == EAGAIN)
            break;
        /* A client that is lost while the peer's bytes lie unread resets the connection. */
        if (got < 0)
            assert_int_equal(errno, ECONNRESET);
        peer->closed = got <= 0;
        if (got > 0) {
            total += (size_t)got;
            message_reader_filled(&peer->reader, (size_t)got);
            take_events(peer);
        }
    }
    return total;
}

void peer_send(struct peer *peer, const void *bytes, size_t size)
{
    assert_int_equal(send(peer->fd, bytes, size, MSG_NOSIGNAL), size);
}

void peer_send_message(struct peer *peer, const struct wire_message *message)
{
    uint8_t bytes[WIRE_ENCODED_MAX];
    peer_send(peer, bytes, wire_encode(message, bytes));
}

void peer_subscribe(struct peer *peer, const char *name, uint8_t mode)
{
    struct wire_message message = { .type = WIRE_SUBSCRIBE, .subscribe.mode = mode };
    snprintf(message.subscribe.name, sizeof(message.subscribe.name), "%s", name);
    peer_send_message(peer, &message);
}

void peer_set(struct peer *peer, uint32_t request, const char *text)
{
    uint8_t bytes[WIRE_MESSAGE_MAX];
    struct wire_set set = { .request = request };
    snprintf(set.text, sizeof(set.text), "%s", text);
    peer_send(peer, bytes, wire_encode_set(&set, bytes));
}

void peer_clear(struct peer *peer)
{
    control_table_clear(&peer->controls);
}

void peer_ack(struct peer *peer, uint64_t id)
{
    peer_send_message(peer,
                      &(struct wire_message){ .type = WIRE_ACK, .ack = { id, clock_monotonic() } });
}

void peer_end(struct peer *peer)
{
    peer_send_message(peer, &(struct wire_message){ .type = WIRE_END,
                                                    .end = { .captured = peer->next - peer->first,
                                                             .delivered = peer->delivered,
                                                             .dropped = peer->dropped } });
}

bool peer_fate(const struct peer *peer, uint64_t from, uint64_t to, enum wire_drop_reason fate)
{
    for (uint64_t id = from; id < to; id++)
        if (id < peer->first || id >= peer->next || peer->fates[id - peer->first] != fate)
            return false;
    return true;
}
