#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

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
    bool small =
        type == WIRE_PING || type == WIRE_PONG || type == WIRE_STATUS || type == WIRE_ERROR;
    if (peer->in_frame)
        assert_true(small || type == WIRE_FRAME_TAIL);
    if (peer->drops_due)
        assert_true(small || type == WIRE_DROPS);
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
        } else if (event == MESSAGE_CONTROL) {
            assert_int_equal(wire_decode(&raw, &message), 0);
            if (message.type == WIRE_STREAMS)
                assert_int_equal(wire_decode_streams(&raw, &peer->listed), 0);
            take_message(peer, &message);
        }
    }
}

void peer_hear(struct peer *peer, const void *bytes, size_t size)
{
    for (const uint8_t *at = bytes; size > 0;) {
        struct iovec room[2];
        message_reader_space(&peer->reader, room);
        size_t part = room[0].iov_len < size ? room[0].iov_len : size;
        memcpy(room[0].iov_base, at, part);
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
        struct iovec room[2];
        message_reader_space(&peer->reader, room);
        size_t size = room[0].iov_len < most - total ? room[0].iov_len : most - total;
        ssize_t got = recv(peer->fd, room[0].iov_base, size, MSG_DONTWAIT);
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

void peer_say(struct peer *peer, const struct wire_message *message)
{
    uint8_t bytes[WIRE_ENCODED_MAX];
    peer_send(peer, bytes, wire_encode(message, bytes));
}

void peer_ack(struct peer *peer, uint64_t id)
{
    peer_say(peer, &(struct wire_message){ .type = WIRE_ACK, .ack = { id, clock_monotonic() } });
}

void peer_end(struct peer *peer)
{
    peer_say(peer, &(struct wire_message){ .type = WIRE_END,
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

/* The room. */

static void open_room(struct room *room, int device_fd, int peer_fd)
{
    struct socket_address address = { .size = sizeof(address.storage) };
    *room = (struct room){ .shared = { .loop = &room->loop,
                                       .low_priority = &room->low_priority,
                                       .changed = &room->changed,
                                       .fail_limit = &room->fail_limit,
                                       .visit_limit = &room->fail_limit,
                                       .epoch = 77,
                                       .queue_bytes = 8 << 20,
                                       .streams = room->streams,
                                       .stream_count = 1 },
                           .streams = { &room->stream } };
    fake_stream_init(&room->stream, 0, "camera");
    assert_int_equal(getpeername(device_fd, (struct sockaddr *)&address.storage, &address.size), 0);
    frames_init(&room->frames);
    assert_int_equal(loop_init(&room->loop), 0);
    assert_int_equal(loop_init(&room->low_priority), 0);
    struct transport *transport = transport_plain_create(device_fd);
    assert_non_null(transport);
    room->client = client_create(&room->shared, transport, &address);
    assert_non_null(room->client);
    room->peer = calloc(1, sizeof(*room->peer));
    assert_non_null(room->peer);
    room->peer->fd = peer_fd;
    room->peer->reads = room->peer->acks = true;
    message_reader_init(&room->peer->reader, WIRE_MAX_MESSAGE_DEFAULT);
}

void room_unix(struct room *room, int buffer)
{
    int fds[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
    if (buffer)
        setsockopt(fds[0], SOL_SOCKET, SO_SNDBUF, &buffer, sizeof(buffer));
    open_room(room, fds[0], fds[1]);
}

void room_tcp(struct room *room)
{
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t size = sizeof(address);
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int peer = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(listener, (struct sockaddr *)&address, size), 0);
    assert_int_equal(listen(listener, 1), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &size), 0);
    assert_int_equal(connect(peer, (struct sockaddr *)&address, size), 0);
    int device = accept(listener, NULL, NULL);
    assert_true(device >= 0);
    close(listener);
    open_room(room, device, peer);
}

void room_close(struct room *room)
{
    close(room->peer->fd);
    free(room->peer);
    client_destroy(&room->client);
    assert_null(room->client);
    fake_stream_destroy(&room->stream);
    loop_destroy(&room->loop);
    loop_destroy(&room->low_priority);
    frames_destroy(&room->frames);
}

static void between(void *user)
{
    (void)user;
}

static void after_round(void *user)
{
    loop_stop(user);
}

static bool step(struct room *room, int timeout_ms)
{
    bool listens = room->peer->reads && !room->peer->closed;
    struct pollfd fds[] = { { .fd = room->loop.fd, .events = POLLIN },
                            { .fd = listens ? room->peer->fd : -1, .events = POLLIN },
                            { .fd = room->low_priority.fd, .events = POLLIN } };
    if (poll(fds, 3, timeout_ms) <= 0)
        return false;
    if (fds[0].revents) {
        room->loop.stopping = false;
        assert_int_equal(loop_run(&room->loop, between, after_round, &room->loop), 0);
    }
    if (fds[1].revents)
        peer_read(room->peer, SIZE_MAX);
    if (fds[2].revents)
        loop_turn(&room->low_priority);
    return true;
}

void room_step(struct room *room)
{
    assert_true(step(room, BOUND_MS));
}

void room_settle(struct room *room)
{
    int steps = 0;
    while (step(room, 0))
        assert_in_range(steps++, 0, 100000);
}

void room_greet(struct room *room, uint32_t max_message)
{
    peer_send(room->peer, wire_opening, WIRE_OPENING_SIZE);
    peer_say(room->peer,
             &(struct wire_message){ .type = WIRE_HELLO, .hello.max_message = max_message });
    ROOM_UNTIL(room, room->peer->streams_seen && room->client->state == CLIENT_READY);
}

void room_stream(struct room *room, unsigned width)
{
    fake_stream_on(&room->stream, width);
    subscription_status_changed(&room->client->subscription);
    subscription_camera_on(&room->client->subscription);
    room_news(room);
}

void room_subscribe(struct room *room, const struct wire_subscribe *subscribe)
{
    if (room->client->state == CLIENT_OPENING)
        room_greet(room, WIRE_MAX_MESSAGE_DEFAULT);
    peer_say(room->peer, &(struct wire_message){ .type = WIRE_SUBSCRIBE, .subscribe = *subscribe });
    ROOM_UNTIL(room, room->client->state == CLIENT_SUBSCRIBED);
    room_stream(room, 640);
    ROOM_UNTIL(room, room->peer->streams == 1);
}

void room_watch(struct room *room, enum wire_mode mode, uint32_t max_fps_mhz, uint32_t queue_bytes)
{
    room_subscribe(room, &(struct wire_subscribe){ .mode = (uint8_t)mode,
                                                   .max_fps_mhz = max_fps_mhz,
                                                   .queue_bytes = queue_bytes });
}

/* As the server does: one whose socket is full is woken by the loop. */
void room_news(struct room *room)
{
    if (!(room->client->watch.events & EPOLLOUT))
        client_write(room->client);
}

static void hand_over(struct room *room, struct frame *frame)
{
    frame_set_stream(frame, &room->stream.format);
    frame->head.sensor_time = CLOCK_SECOND + room->given * CLOCK_SECOND / 30;
    subscription_frame(&room->client->subscription, frame);
    room->stream.next_id = ++room->given;
    room_news(room);
}

struct frame *room_growing(struct room *room, unsigned slices, size_t slice_size)
{
    struct frame *frame = frames_new(&room->frames, room->given, slices, slice_size);
    hand_over(room, frame);
    return frame;
}

struct frame *room_frame(struct room *room, unsigned slices, size_t slice_size)
{
    struct frame *frame = frames_whole(&room->frames, room->given, slices, slice_size);
    hand_over(room, frame);
    return frame;
}

void room_lost(struct room *room, uint64_t count, enum wire_drop_reason reason)
{
    uint64_t first_ns = CLOCK_SECOND + room->given * CLOCK_SECOND / 30;
    subscription_lost(&room->client->subscription,
                      &(struct lost_run){ { room->given, count, reason },
                                          first_ns,
                                          first_ns + (count - 1) * CLOCK_SECOND / 30 });
    room->given += count;
    room->stream.next_id = room->given;
    room_news(room);
}
