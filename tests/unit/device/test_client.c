#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "peer.h"
#include "shared/base/bytes.h"
#include "shared/base/clock.h"
#include "shared/base/log.h"

/* So little that a frame of many parts gets stuck in it. */
enum { SMALL_BUFFER = 4608 };

static int setup(void **state)
{
    static struct room room;
    room_unix(&room, 0);
    *state = &room;
    return 0;
}

static int setup_small(void **state)
{
    static struct room room;
    room_unix(&room, SMALL_BUFFER);
    *state = &room;
    return 0;
}

static int setup_tcp(void **state)
{
    static struct room room;
    room_tcp(&room);
    *state = &room;
    return 0;
}

static int teardown(void **state)
{
    room_close(*state);
    return 0;
}

/* The daemon finds the peer at fault: its opening and ERROR come, then the end. */
static void expect_error(struct room *room, enum wire_error_code code)
{
    ROOM_UNTIL(room, room->peer->closed);
    assert_true(room->peer->opened);
    assert_true(room->peer->failed);
    assert_false(room->peer->ended);
    assert_int_equal(room->peer->error.code, code);
    assert_true(strlen(room->peer->error.text) > 0);
    assert_int_equal(room->client->state, CLIENT_DRAINING);
    shutdown(room->peer->fd, SHUT_WR);
    ROOM_UNTIL(room, room->client->state == CLIENT_DEAD);
}

static void expect_end(struct room *room, enum wire_end_reason reason)
{
    ROOM_UNTIL(room, room->peer->closed);
    assert_true(room->peer->ended);
    assert_false(room->peer->failed);
    assert_int_equal(room->peer->end.reason, reason);
    assert_int_equal(room->client->state, CLIENT_DRAINING);
    shutdown(room->peer->fd, SHUT_WR);
    ROOM_UNTIL(room, room->client->state == CLIENT_DEAD);
}

/* The handshake. */

static size_t greeting(uint8_t *bytes)
{
    size_t size = WIRE_OPENING_SIZE;
    memcpy(bytes, wire_opening, size);
    size += wire_encode(&(struct wire_message){ .type = WIRE_HELLO,
                                                .hello = { .max_message = 5000, .name = "me" } },
                        bytes + size);
    size += wire_encode(&(struct wire_message){ .type = WIRE_PING, .ping.t1 = 42 }, bytes + size);
    size += wire_encode(&(struct wire_message){ .type = WIRE_SUBSCRIBE }, bytes + size);
    return size;
}

static void expect_greeted(struct room *room)
{
    const struct peer *peer = room->peer;
    room_settle(room);
    assert_int_equal(room->client->state, CLIENT_SUBSCRIBED);
    assert_int_equal(room->client->max_message, 5000);
    assert_true(peer->opened && peer->streams_seen);
    assert_in_range(peer->hello.max_message, WIRE_CONTROL_MAX, WIRE_MAX_MESSAGE_LIMIT);
    assert_int_equal(peer->hello.epoch, 77);
    assert_int_equal(peer->listed.count, 1);
    assert_string_equal(peer->listed.entries[0].name, "camera");
    assert_int_equal(peer->pongs, 1);
    assert_int_equal(peer->pong.t1, 42);
    assert_true(peer->pong.t2 <= peer->pong.t3);
    assert_int_equal(peer->statuses, 1);
    assert_int_equal(peer->streams, 0); /* the camera does not run */
}

static void handshake_in_every_split(void **state)
{
    (void)state;
    uint8_t bytes[4 * WIRE_ENCODED_MAX];
    size_t size = greeting(bytes);
    for (size_t cut = 1; cut < size; cut++) {
        struct room room;
        room_unix(&room, 0);
        peer_send(room.peer, bytes, cut);
        room_settle(&room);
        peer_send(room.peer, bytes + cut, size - cut);
        expect_greeted(&room);
        room_close(&room);
    }
}

static void handshake_byte_by_byte(void **state)
{
    struct room *room = *state;
    uint8_t bytes[4 * WIRE_ENCODED_MAX];
    size_t size = greeting(bytes);
    for (size_t i = 0; i < size; i++) {
        peer_send(room->peer, bytes + i, 1);
        room_settle(room);
    }
    expect_greeted(room);
}

static void the_daemon_need_not_be_spoken_to(void **state)
{
    struct room *room = *state;
    room_news(room);
    room_settle(room);
    assert_true(room->peer->opened && room->peer->streams_seen);
    assert_int_equal(room->client->state, CLIENT_OPENING);
}

/* Peers at fault. */

static void send_header(struct room *room, uint8_t type, uint32_t length, uint16_t fixed,
                        uint16_t tlv)
{
    uint8_t bytes[WIRE_HEADER_SIZE] = { 'P', 'T', type };
    bytes_store(bytes + 4, length, 4);
    bytes_store(bytes + 8, fixed, 2);
    bytes_store(bytes + 10, tlv, 2);
    peer_send(room->peer, bytes, sizeof(bytes));
}

static void subscribe(struct room *room, const char *name, uint8_t mode)
{
    struct wire_message message = { .type = WIRE_SUBSCRIBE, .subscribe.mode = mode };
    snprintf(message.subscribe.name, sizeof(message.subscribe.name), "%s", name);
    peer_say(room->peer, &message);
}

static void hello_comes_first(void **state)
{
    (void)state;
    static const uint8_t types[] = { WIRE_SUBSCRIBE, WIRE_PING, WIRE_PONG, WIRE_ACK, WIRE_END };
    for (size_t i = 0; i < sizeof(types); i++) {
        struct room room;
        room_unix(&room, 0);
        peer_send(room.peer, wire_opening, WIRE_OPENING_SIZE);
        peer_say(room.peer, &(struct wire_message){ .type = types[i] });
        expect_error(&room, WIRE_ERROR_PROTOCOL);
        room_close(&room);
    }
}

static void hello_comes_once(void **state)
{
    struct room *room = *state;
    room_greet(room, WIRE_MAX_MESSAGE_DEFAULT);
    peer_say(room->peer, &(struct wire_message){ .type = WIRE_HELLO, .hello.max_message = 4096 });
    expect_error(room, WIRE_ERROR_PROTOCOL);
}

static void hello_with_too_little_room(void **state)
{
    struct room *room = *state;
    peer_send(room->peer, wire_opening, WIRE_OPENING_SIZE);
    peer_say(room->peer, &(struct wire_message){ .type = WIRE_HELLO, .hello.max_message = 4095 });
    expect_error(room, WIRE_ERROR_PROTOCOL);
}

static void hello_with_too_much_room(void **state)
{
    struct room *room = *state;
    peer_send(room->peer, wire_opening, WIRE_OPENING_SIZE);
    peer_say(room->peer, &(struct wire_message){ .type = WIRE_HELLO,
                                                 .hello.max_message = WIRE_MAX_MESSAGE_LIMIT + 1 });
    expect_error(room, WIRE_ERROR_PROTOCOL);
}

/* A receiver's epoch and unknown features mean nothing yet. */
static void hello_from_the_future(void **state)
{
    struct room *room = *state;
    peer_send(room->peer, wire_opening, WIRE_OPENING_SIZE);
    peer_say(room->peer, &(struct wire_message){ .type = WIRE_HELLO,
                                                 .hello = { .max_message = WIRE_MAX_MESSAGE_LIMIT,
                                                            .features = UINT64_MAX,
                                                            .epoch = 5 } });
    ROOM_UNTIL(room, room->client->state == CLIENT_READY);
}

static void nothing_to_skip_before_hello(void **state)
{
    struct room *room = *state;
    peer_send(room->peer, wire_opening, WIRE_OPENING_SIZE);
    send_header(room, WIRE_FIRST_SKIPPABLE, 0, 0, 0);
    expect_error(room, WIRE_ERROR_PROTOCOL);
}

static void one_subscription(void **state)
{
    struct room *room = *state;
    room_watch(room, WIRE_LIVE, 0, 0);
    subscribe(room, "", WIRE_LIVE);
    expect_error(room, WIRE_ERROR_PROTOCOL);
}

static void unknown_stream(void **state)
{
    struct room *room = *state;
    room_greet(room, WIRE_MAX_MESSAGE_DEFAULT);
    subscribe(room, "cameras", WIRE_LIVE);
    expect_error(room, WIRE_ERROR_NO_SUCH_STREAM);
    assert_string_equal(room->peer->error.text, "there is no stream \"cameras\", but camera");
}

static void stream_by_name(void **state)
{
    struct room *room = *state;
    room_greet(room, WIRE_MAX_MESSAGE_DEFAULT);
    subscribe(room, "camera", WIRE_LIVE);
    ROOM_UNTIL(room, room->client->state == CLIENT_SUBSCRIBED);
}

static void name_that_is_none(void **state)
{
    struct room *room = *state;
    room_greet(room, WIRE_MAX_MESSAGE_DEFAULT);
    subscribe(room, "../camera", WIRE_LIVE);
    expect_error(room, WIRE_ERROR_PROTOCOL);
}

/* What is known of the stream when the receiver connects. */
static void stream_is_listed(void **state)
{
    (void)state;
    for (int running = 0; running < 2; running++) {
        struct room room;
        room_unix(&room, 0);
        if (running)
            fake_stream_on(&room.stream, 640);
        room_greet(&room, WIRE_MAX_MESSAGE_DEFAULT);
        const struct wire_stream_entry *entry = &room.peer->listed.entries[0];
        assert_int_equal(room.peer->listed.count, 1);
        assert_string_equal(entry->name, "camera");
        assert_int_equal(entry->state, running ? WIRE_STREAM_RUNNING : WIRE_STREAM_STARTING);
        assert_int_equal(entry->width, running ? 640 : 0);
        assert_int_equal(entry->height, running ? 480 : 0);
        assert_int_equal(entry->fps_mhz, running ? 30000 : 0);
        assert_string_equal(entry->model, "a camera");
        room_close(&room);
    }
}

static void unknown_mode(void **state)
{
    struct room *room = *state;
    room_greet(room, WIRE_MAX_MESSAGE_DEFAULT);
    subscribe(room, "", 2);
    expect_error(room, WIRE_ERROR_PROTOCOL);
}

static void another_version(void **state)
{
    struct room *room = *state;
    uint8_t opening[WIRE_OPENING_SIZE];
    memcpy(opening, wire_opening, sizeof(opening));
    opening[WIRE_OPENING_SIZE - 1] = 2;
    peer_send(room->peer, opening, sizeof(opening));
    expect_error(room, WIRE_ERROR_VERSION);
}

static void another_protocol(void **state)
{
    struct room *room = *state;
    peer_send(room->peer, "GET / HTTP/1.1\r\n\r\n", 18);
    expect_error(room, WIRE_ERROR_PROTOCOL);
}

static void garbage_between_messages(void **state)
{
    struct room *room = *state;
    room_watch(room, WIRE_LIVE, 0, 0);
    peer_send(room->peer, "this is no message", 18);
    expect_error(room, WIRE_ERROR_PROTOCOL);
}

static void too_long_before_hello(void **state)
{
    struct room *room = *state;
    peer_send(room->peer, wire_opening, WIRE_OPENING_SIZE);
    send_header(room, WIRE_HELLO, WIRE_BEFORE_HELLO_MAX + 1, 20, 0);
    expect_error(room, WIRE_ERROR_TOO_LARGE);
}

static void too_long_later(void **state)
{
    struct room *room = *state;
    room_greet(room, WIRE_MAX_MESSAGE_DEFAULT);
    send_header(room, WIRE_ACK, WIRE_CONTROL_MAX + 1, 16, 0);
    expect_error(room, WIRE_ERROR_TOO_LARGE);
}

static void too_long_to_skip(void **state)
{
    struct room *room = *state;
    room_greet(room, WIRE_MAX_MESSAGE_DEFAULT);
    send_header(room, 0xF0, room->peer->hello.max_message + 1, 0, 0);
    expect_error(room, WIRE_ERROR_TOO_LARGE);
}

static void unknown_types(void **state)
{
    struct room *room = *state;
    uint8_t body[WIRE_CONTROL_MAX] = { 0 };
    room_greet(room, WIRE_MAX_MESSAGE_DEFAULT);
    send_header(room, 0xF0, sizeof(body), 0, 0);
    peer_send(room->peer, body, sizeof(body));
    subscribe(room, "", WIRE_LIVE);
    ROOM_UNTIL(room, room->client->state == CLIENT_SUBSCRIBED);
    send_header(room, 0x7F, 0, 0, 0);
    expect_error(room, WIRE_ERROR_PROTOCOL);
}

static void short_fixed_part(void **state)
{
    struct room *room = *state;
    uint8_t body[7] = { 0 };
    room_greet(room, WIRE_MAX_MESSAGE_DEFAULT);
    send_header(room, WIRE_PING, sizeof(body), sizeof(body), 0);
    peer_send(room->peer, body, sizeof(body));
    expect_error(room, WIRE_ERROR_PROTOCOL);
}

static void daemons_messages_from_a_peer(void **state)
{
    (void)state;
    static const uint8_t types[] = { WIRE_STREAMS,    WIRE_STREAM,     WIRE_STATUS,
                                     WIRE_FRAME_HEAD, WIRE_FRAME_TAIL, WIRE_DROPS };
    for (size_t i = 0; i < sizeof(types); i++) {
        struct room room;
        room_unix(&room, 0);
        room_greet(&room, WIRE_MAX_MESSAGE_DEFAULT);
        peer_say(room.peer, &(struct wire_message){ .type = types[i] });
        expect_error(&room, WIRE_ERROR_PROTOCOL);
        room_close(&room);
    }
}

static void frame_part_from_a_peer(void **state)
{
    struct room *room = *state;
    room_watch(room, WIRE_LIVE, 0, 0);
    send_header(room, WIRE_FRAME_PART, 100, 0, 0);
    expect_error(room, WIRE_ERROR_PROTOCOL);
}

static void error_from_the_peer(void **state)
{
    struct room *room = *state;
    room_watch(room, WIRE_LOSSLESS, 0, 0);
    room_growing(room, 2, 100);
    peer_say(room->peer, &(struct wire_message){
                             .type = WIRE_ERROR,
                             .error = { .code = WIRE_ERROR_PROTOCOL, .text = "I don't like it" } });
    ROOM_UNTIL(room, room->client->state == CLIENT_DEAD);
    assert_false(room->peer->failed || room->peer->ended);
}

/* An ERROR may stand between the parts of a frame. */
static void fault_within_a_frame(void **state)
{
    struct room *room = *state;
    room_watch(room, WIRE_LIVE, 0, 0);
    frame_grow(room_growing(room, 3, 100), 1);
    room_news(room);
    ROOM_UNTIL(room, room->peer->size == 100);
    subscribe(room, "", WIRE_LIVE);
    expect_error(room, WIRE_ERROR_PROTOCOL);
    assert_true(room->peer->in_frame);
}

/* Frames. */

static void growing_frame(void **state)
{
    struct room *room = *state;
    struct peer *peer = room->peer;
    room_watch(room, WIRE_LIVE, 0, 0);
    struct frame *frame = room_growing(room, 4, 1000);
    for (unsigned slices = 1; slices < 4; slices++) {
        frame_grow(frame, 1);
        room_news(room);
        ROOM_UNTIL(room, peer->in_frame && peer->size == slices * 1000);
        assert_int_equal(peer->delivered, 0);
    }
    frame_grow(frame, 1); /* all is there, but not yet said to be whole */
    room_news(room);
    ROOM_UNTIL(room, peer->size == 4000);
    assert_true(peer->in_frame);
    frame_finish(frame);
    room_news(room);
    ROOM_UNTIL(room, peer->delivered == 1);
    assert_int_equal(peer->parts, 4);
    assert_int_equal(peer->size, 4000);
    assert_int_equal(peer->head.width, 640);
    assert_int_equal(peer->head.capture_time, 2000);
    peer_end(peer);
    expect_end(room, WIRE_END_DONE);
}

/* Where many watch, a frame is sent in one piece. */
static void crowded(void **state)
{
    struct room *room = *state;
    room->shared.crowded = true;
    room_watch(room, WIRE_LIVE, 0, 0);
    struct frame *frame = room_growing(room, 2, 1000);
    frame_grow(frame, 2);
    room_news(room);
    assert_false(send_queue_empty(&room->client->subscription.send_queue));
    assert_null(room->client->subscription.sending.frame);
    frame_finish(frame);
    room_news(room);
    ROOM_UNTIL(room, room->peer->delivered == 1);
    peer_end(room->peer);
    expect_end(room, WIRE_END_DONE);
}

/* A frame that has shown nothing yet may still give way. */
static void unborn_frame_gives_way(void **state)
{
    struct room *room = *state;
    room_watch(room, WIRE_LIVE, 0, 0);
    room_growing(room, 2, 100);
    struct frame *second = room_growing(room, 2, 100);
    room_settle(room);
    assert_int_equal(room->peer->heads, 0);
    frame_grow(second, 1);
    room_news(room);
    room_settle(room);
    assert_true(peer_fate(room->peer, 0, 1, WIRE_DROP_SUPERSEDED));
    assert_int_equal(room->peer->head.frame_id, 1);
    frame_finish(second);
    room_news(room);
    ROOM_UNTIL(room, room->peer->delivered == 1);
}

static void live_goes_on_after_an_aborted_frame(void **state)
{
    struct room *room = *state;
    room_watch(room, WIRE_LIVE, 0, 0);
    struct frame *frame = room_growing(room, 4, 1000);
    frame_grow(frame, 2);
    room_news(room);
    ROOM_UNTIL(room, room->peer->size == 2000);
    room_lost(room, 2, WIRE_DROP_ENCODE_ERROR); /* of its own: after the aborted frame's */
    frame_abort(frame);
    room_news(room);
    ROOM_UNTIL(room, peer_fate(room->peer, 0, 3, WIRE_DROP_ENCODE_ERROR));
    assert_int_equal(room->peer->aborted, 1);
    room_frame(room, 2, 1000);
    ROOM_UNTIL(room, room->peer->delivered == 1);
    peer_end(room->peer);
    expect_end(room, WIRE_END_DONE);
    assert_int_equal(room->peer->end.captured, 4);
}

static void aborted_before_it_began(void **state)
{
    struct room *room = *state;
    room_watch(room, WIRE_LOSSLESS, 0, 0);
    struct frame *frame = room_growing(room, 2, 100);
    frame_abort(frame);
    room_news(room);
    ROOM_UNTIL(room, peer_fate(room->peer, 0, 1, WIRE_DROP_ENCODE_ERROR));
    assert_int_equal(room->peer->heads, 0);
    room_frame(room, 2, 100);
    ROOM_UNTIL(room, room->peer->delivered == 1);
}

static void watch_with_little_room(struct room *room)
{
    room_greet(room, WIRE_CONTROL_MAX);
    room_watch(room, WIRE_LIVE, 0, 0);
}

static void too_big_from_the_start(void **state)
{
    struct room *room = *state;
    watch_with_little_room(room);
    room_frame(room, 1, WIRE_CONTROL_MAX + 1);
    ROOM_UNTIL(room, peer_fate(room->peer, 0, 1, WIRE_DROP_TOO_BIG));
    assert_int_equal(room->peer->heads, 0);
    room_frame(room, 2, WIRE_CONTROL_MAX / 2);
    ROOM_UNTIL(room, room->peer->delivered == 1);
    assert_int_equal(room->peer->size, WIRE_CONTROL_MAX);
}

static void too_big_as_it_turns_out(void **state)
{
    struct room *room = *state;
    watch_with_little_room(room);
    struct frame *frame = room_growing(room, 3, 2000);
    frame_grow(frame, 2);
    room_news(room);
    ROOM_UNTIL(room, room->peer->size == 4000);
    frame_grow(frame, 1);
    room_news(room);
    ROOM_UNTIL(room, peer_fate(room->peer, 0, 1, WIRE_DROP_TOO_BIG));
    assert_int_equal(room->peer->aborted, 1);
    assert_int_equal(room->peer->size, 4000);
    frame_finish(frame);
    room_frame(room, 1, 2000);
    ROOM_UNTIL(room, room->peer->delivered == 1);
    peer_end(room->peer);
    expect_end(room, WIRE_END_DONE);
}

/* The camera comes back with another size while a frame of the old one is under way. */
static void stream_changes(void **state)
{
    struct room *room = *state;
    room_watch(room, WIRE_LOSSLESS, 0, 0);
    struct frame *frame = room_growing(room, 2, 100);
    frame_grow(frame, 1);
    room_news(room);
    room_settle(room);
    unsigned statuses = room->peer->statuses;
    room_stream(room, 1280);
    room_settle(room);
    assert_int_equal(room->peer->streams, 1);
    assert_int_equal(room->peer->statuses, statuses + 1); /* that may come within a frame */
    frame_finish(frame);
    room_frame(room, 1, 100);
    ROOM_UNTIL(room, room->peer->delivered == 2);
    assert_int_equal(room->peer->streams, 2);
    assert_int_equal(room->peer->stream.width, 1280);
    assert_int_equal(room->peer->stream.first_frame_id, 1);
}

/* The peer reads nothing while the camera is changed twice: each frame comes as one of the stream
 * that it belongs to (the peer compares the sizes). A run of the camera that is like the one before
 * is no change, and one that gave no frame is not told of. */
static void stream_changes_while_frames_wait(void **state)
{
    struct room *room = *state;
    room_watch(room, WIRE_LOSSLESS, 0, 0);
    room->peer->reads = false;
    static const unsigned widths[] = { 640, 1280, 800, 320, 320 };
    for (unsigned i = 0; i < 5; i++) {
        room_stream(room, widths[i]);
        for (int j = 0; j < 4 && i != 2; j++)
            room_frame(room, 4, 20000);
        room_lost(room, 2, WIRE_DROP_SENSOR_GAP);
    }
    room_settle(room);
    assert_true(room->peer->heads < 4); /* most of it waits */
    room->peer->reads = true;
    ROOM_UNTIL(room, room->peer->next == room->given);
    assert_int_equal(room->peer->delivered, 16);
    assert_int_equal(room->peer->streams, 3);
    assert_int_equal(room->peer->stream.width, 320);
    assert_int_equal(room->peer->stream.first_frame_id, 14);
}

/* Rate and camera are told of, too. */
static void stream_changes_without_another_size(void **state)
{
    struct room *room = *state;
    room_watch(room, WIRE_LOSSLESS, 0, 0);
    room_frame(room, 1, 100);
    room->stream.format.fps_mhz = 50000;
    room_frame(room, 1, 100);
    ROOM_UNTIL(room, room->peer->delivered == 2);
    assert_int_equal(room->peer->streams, 2);
    assert_int_equal(room->peer->stream.fps_mhz, 50000);
    strcpy(room->stream.format.model, "another");
    room_frame(room, 1, 100);
    ROOM_UNTIL(room, room->peer->delivered == 3);
    assert_int_equal(room->peer->streams, 3);
    assert_string_equal(room->peer->stream.model, "another");
}

/* The first frame is still of the old size: it has begun, but nothing of it was sent. */
static void stream_changes_before_the_first_frame(void **state)
{
    struct room *room = *state;
    room_watch(room, WIRE_LOSSLESS, 0, 0);
    struct frame *frame = room_growing(room, 2, 100);
    room_stream(room, 1280);
    frame_finish(frame);
    room_news(room);
    ROOM_UNTIL(room, room->peer->delivered == 1);
    assert_int_equal(room->peer->streams, 1);
    assert_int_equal(room->peer->first, 0);
    room_frame(room, 1, 100);
    ROOM_UNTIL(room, room->peer->delivered == 2);
    assert_int_equal(room->peer->streams, 2);
    assert_int_equal(room->peer->stream.first_frame_id, 1);
}

static void frames_before_the_subscription(void **state)
{
    struct room *room = *state;
    room_greet(room, WIRE_MAX_MESSAGE_DEFAULT);
    room_frame(room, 1, 100);
    room_lost(room, 5, WIRE_DROP_SENSOR_GAP);
    subscribe(room, "", WIRE_LOSSLESS);
    ROOM_UNTIL(room, room->client->state == CLIENT_SUBSCRIBED);
    room_lost(room, 1, WIRE_DROP_SENSOR_GAP); /* the camera does not run for it yet */
    room_stream(room, 640);
    ROOM_UNTIL(room, room->peer->streams == 1);
    assert_int_equal(room->peer->first, 7);
    room_frame(room, 1, 100);
    ROOM_UNTIL(room, room->peer->delivered == 1);
}

/* The stream has run for a while, but not for this one. */
static void late_subscription(void **state)
{
    struct room *room = *state;
    room_greet(room, WIRE_MAX_MESSAGE_DEFAULT);
    room_stream(room, 640);
    room_frame(room, 1, 100);
    room_frame(room, 1, 100);
    subscribe(room, "", WIRE_LOSSLESS);
    ROOM_UNTIL(room, room->peer->streams == 1);
    assert_int_equal(room->peer->stream.first_frame_id, 2);
    assert_int_equal(room->peer->status.state, WIRE_STREAM_RUNNING);
    room_frame(room, 1, 100);
    ROOM_UNTIL(room, room->peer->delivered == 1);
    peer_end(room->peer);
    expect_end(room, WIRE_END_DONE);
}

/* Live. */

static void stalled_live_peer_gets_the_newest(void **state)
{
    struct room *room = *state;
    room_watch(room, WIRE_LIVE, 0, 0);
    room->peer->reads = false;
    for (int i = 0; i < 6; i++)
        room_frame(room, 20, 10000);
    room_lost(room, 2, WIRE_DROP_ENCODER_BUSY);
    room_frame(room, 20, 10000);
    room_settle(room);
    room->peer->reads = true;
    ROOM_UNTIL(room, room->peer->next == 9);
    assert_int_equal(room->peer->delivered, 2);
    assert_true(peer_fate(room->peer, 0, 1, 0)); /* it had begun */
    assert_true(peer_fate(room->peer, 1, 6, WIRE_DROP_SUPERSEDED));
    assert_true(peer_fate(room->peer, 6, 8, WIRE_DROP_ENCODER_BUSY));
    assert_true(peer_fate(room->peer, 8, 9, 0));
    peer_end(room->peer);
    expect_end(room, WIRE_END_DONE);
}

static void no_frame_without_an_ack(void **state)
{
    struct room *room = *state;
    struct peer *peer = room->peer;
    peer->acks = false;
    room_watch(room, WIRE_LIVE, 0, 0);
    room_frame(room, 2, 1000);
    ROOM_UNTIL(room, peer->delivered == 1);
    room_lost(room, 1, WIRE_DROP_SENSOR_GAP); /* a loss needs no leave */
    ROOM_UNTIL(room, peer->dropped == 1);
    for (int i = 0; i < 3; i++)
        room_frame(room, 2, 1000);
    room_settle(room);
    assert_int_equal(peer->heads, 1);
    peer_ack(peer, 4); /* never sent */
    room_settle(room);
    assert_int_equal(peer->heads, 1);
    peer_ack(peer, 0);
    ROOM_UNTIL(room, peer->delivered == 2);
    assert_true(peer_fate(peer, 2, 4, WIRE_DROP_SUPERSEDED));
    assert_true(peer_fate(peer, 4, 5, 0));
}

/* The path's budget lets frames follow one another without an ACK in between, but not all. */
static void budget_is_held(void **state)
{
    struct room *room = *state;
    struct peer *peer = room->peer;
    peer->acks = false;
    room_watch(room, WIRE_LIVE, 0, 0);
    room->client->subscription.in_flight.budget = 5000;
    room->client->subscription.in_flight.measured_ns = clock_monotonic() + CLOCK_SECOND;
    for (int i = 0; i < 6; i++) {
        room_frame(room, 2, 1000);
        room_settle(room);
    }
    assert_int_equal(peer->heads, 3); /* 4000 bytes are less than 5000, 6000 are not */
    peer_ack(peer, 2);
    ROOM_UNTIL(room, peer->next == 6);
    assert_true(peer_fate(peer, 3, 5, WIRE_DROP_SUPERSEDED));
    assert_true(peer_fate(peer, 5, 6, 0));
}

static void a_live_conversation_over_tcp(void **state)
{
    struct room *room = *state;
    room_watch(room, WIRE_LIVE, 0, 0);
    for (int i = 0; i < 300; i++) {
        if (i % 10 == 9)
            room_lost(room, 1, WIRE_DROP_SENSOR_GAP);
        else
            room_frame(room, 5, 3000);
        if (i % 3 == 0)
            room_step(room);
    }
    ROOM_UNTIL(room, room->peer->next == 300);
    assert_int_equal(room->peer->dropped + room->peer->delivered, 300);
    assert_in_range(room->peer->delivered, 2, 270);
    peer_end(room->peer);
    expect_end(room, WIRE_END_DONE);
    assert_int_equal(room->peer->end.captured, 300);
}

static void every_is_held(void **state)
{
    struct room *room = *state;
    room_subscribe(room, &(struct wire_subscribe){ .mode = WIRE_LOSSLESS, .every = 4 });
    for (int i = 0; i < 20; i++)
        room_frame(room, 1, 100);
    ROOM_UNTIL(room, room->peer->next == 20);
    for (uint64_t id = 0; id < 20; id++)
        assert_true(peer_fate(room->peer, id, id + 1, id % 4 ? WIRE_DROP_RATE_LIMITED : 0));
}

static void every_goes_on_from_first_due(void **state)
{
    struct room *room = *state;
    room_subscribe(
        room, &(struct wire_subscribe){ .mode = WIRE_LOSSLESS, .every = 4, .first_due = 4000003 });
    for (int i = 0; i < 20; i++)
        room_frame(room, 1, 100);
    ROOM_UNTIL(room, room->peer->next == 20);
    for (uint64_t id = 0; id < 20; id++)
        assert_true(peer_fate(room->peer, id, id + 1, id % 4 == 3 ? 0 : WIRE_DROP_RATE_LIMITED));
}

static void max_fps_and_every_exclude_one_another(void **state)
{
    struct room *room = *state;
    room_greet(room, WIRE_MAX_MESSAGE_DEFAULT);
    peer_say(room->peer,
             &(struct wire_message){ .type = WIRE_SUBSCRIBE,
                                     .subscribe = { .max_fps_mhz = 1000, .every = 2 } });
    expect_error(room, WIRE_ERROR_PROTOCOL);
}

/* Only the first frame of three is asked for. */
static void what_was_not_asked_for_is_rate_limited_whatever_became_of_it(void **state)
{
    struct room *room = *state;
    room_watch(room, WIRE_LOSSLESS, 10000, 0);
    room_frame(room, 1, 100);
    room_lost(room, 1, WIRE_DROP_ENCODER_BUSY);
    room_lost(room, 1, WIRE_DROP_SENSOR_GAP);
    room_frame(room, 1, 100); /* 3 */
    room_lost(room, 5, WIRE_DROP_NO_BUFFER);
    room_frame(room, 1, 100); /* 9 */
    ROOM_UNTIL(room, room->peer->next == 10);
    assert_true(peer_fate(room->peer, 1, 3, WIRE_DROP_RATE_LIMITED));
    assert_true(peer_fate(room->peer, 3, 4, 0));
    assert_true(peer_fate(room->peer, 4, 6, WIRE_DROP_RATE_LIMITED));
    assert_true(peer_fate(room->peer, 6, 9, WIRE_DROP_NO_BUFFER));
    assert_true(peer_fate(room->peer, 9, 10, 0));
}

/* The camera's thread is told that none is worth encoding, until there is room again. */
static void frames_of_a_full_queue_are_not_wanted(void **state)
{
    struct room *room = *state;
    struct demand *demand = &room->stream.demand;
    room_watch(room, WIRE_LOSSLESS, 0, 100000);
    room->peer->reads = false;
    while (demand_wants(demand, room->given, CLOCK_SECOND))
        room_frame(room, 20, 10000);
    uint64_t skipped = room->given;
    room_lost(room, 3, WIRE_DROP_RATE_LIMITED);
    room->peer->reads = true;
    ROOM_UNTIL(room, room->peer->next == room->given);
    assert_true(peer_fate(room->peer, 0, skipped, 0));
    assert_true(peer_fate(room->peer, skipped, skipped + 3, WIRE_DROP_QUEUE_FULL));
    assert_true(demand_wants(demand, room->given, CLOCK_SECOND));
    peer_end(room->peer);
    expect_end(room, WIRE_END_DONE);
    assert_false(demand_wants(demand, room->given, CLOCK_SECOND));
}

static void accounting_begins_behind_what_was_skipped(void **state)
{
    struct room *room = *state;
    struct demand *demand = &room->stream.demand;
    assert_false(demand_wants(demand, 4, CLOCK_SECOND)); /* nobody watches */
    room_watch(room, WIRE_LOSSLESS, 0, 0);
    assert_int_equal(room->peer->stream.first_frame_id, 5);
    room_lost(room, 3, WIRE_DROP_RATE_LIMITED); /* 0 to 2: the news come late */
    room_lost(room, 3, WIRE_DROP_RATE_LIMITED);
    room_frame(room, 1, 100); /* 6 */
    ROOM_UNTIL(room, room->peer->next == 7);
    assert_int_equal(room->peer->first, 5);
    assert_true(peer_fate(room->peer, 6, 7, 0));
    peer_end(room->peer);
    expect_end(room, WIRE_END_DONE);
}

static void max_fps_is_held(void **state)
{
    struct room *room = *state;
    room_watch(room, WIRE_LIVE, 10000, 0);
    for (int i = 0; i < 30; i++) {
        room_frame(room, 1, 100);
        ROOM_UNTIL(room, room->peer->next == room->given);
        room_settle(room);
    }
    assert_int_equal(room->peer->delivered, 10);
    for (uint64_t id = 0; id < 30; id++)
        assert_true(peer_fate(room->peer, id, id + 1, id % 3 ? WIRE_DROP_RATE_LIMITED : 0));
}

/* Lossless. */

static void lossless_sends_all(void **state)
{
    struct room *room = *state;
    room->peer->acks = false;
    room_watch(room, WIRE_LOSSLESS, 0, 0);
    room->peer->reads = false;
    for (int i = 0; i < 60; i++)
        room_frame(room, 1 + (unsigned)i % FRAME_SLICES_MAX, 500);
    room->peer->reads = true;
    ROOM_UNTIL(room, room->peer->delivered == 60);
    assert_int_equal(room->peer->dropped, 0);
}

/* Four frames of 200000 bytes: one begins at once, three fill 500000 bytes. */
static void fill_queue(struct room *room)
{
    room->peer->reads = false;
    for (int i = 0; i < 10; i++)
        room_frame(room, 20, 10000);
    room->peer->reads = true;
    ROOM_UNTIL(room, room->peer->next == 10);
    assert_true(peer_fate(room->peer, 0, 4, 0));
    assert_true(peer_fate(room->peer, 4, 10, WIRE_DROP_QUEUE_FULL));
    room_frame(room, 20, 10000);
    ROOM_UNTIL(room, room->peer->delivered == 5);
    peer_end(room->peer);
    expect_end(room, WIRE_END_DONE);
    assert_int_equal(room->peer->end.captured, 11);
}

static void slow_lossless_peer(void **state)
{
    struct room *room = *state;
    room_watch(room, WIRE_LOSSLESS, 0, 500000);
    fill_queue(room);
}

static void daemons_own_bound(void **state)
{
    struct room *room = *state;
    room->shared.queue_bytes = 500000;
    room_watch(room, WIRE_LOSSLESS, 0, 0);
    fill_queue(room);
}

static void greedy_lossless_peer(void **state)
{
    struct room *room = *state;
    room->shared.queue_bytes = 500000;
    room_watch(room, WIRE_LOSSLESS, 0, UINT32_MAX);
    fill_queue(room);
}

/* Losses with ever-changing reasons while the peer reads nothing: it is told of all of them. */
static void ever_changing_reasons(void **state)
{
    struct room *room = *state;
    room_watch(room, WIRE_LOSSLESS, 0, 0);
    room->peer->reads = false;
    room_frame(room, 20, 10000);
    for (int i = 0; i < 2 * SEND_QUEUE_ITEMS; i++)
        room_lost(room, 1, i % 2 ? WIRE_DROP_SENSOR_GAP : WIRE_DROP_ENCODER_BUSY);
    assert_int_equal(room->client->state, CLIENT_SUBSCRIBED);
    room->peer->reads = true;
    client_end(room->client, WIRE_END_SHUTDOWN);
    expect_end(room, WIRE_END_SHUTDOWN);
}

/* A message has room for 32 bits of a count. */
static void a_loss_too_long_for_one_message(void **state)
{
    struct room *room = *state;
    uint64_t count = 2 * (uint64_t)UINT32_MAX + 7;
    room_watch(room, WIRE_LIVE, 0, 0);
    room_lost(room, count, WIRE_DROP_SENSOR_GAP);
    room_frame(room, 1, 100);
    ROOM_UNTIL(room, room->peer->delivered == 1);
    assert_int_equal(room->peer->dropped, count);
    client_end(room->client, WIRE_END_SHUTDOWN);
    expect_end(room, WIRE_END_SHUTDOWN);
}

/* PING. */

static void ping(struct room *room, uint64_t t1)
{
    peer_say(room->peer, &(struct wire_message){ .type = WIRE_PING, .ping.t1 = t1 });
}

static void four_pongs_wait_at_most(void **state)
{
    struct room *room = *state;
    room_watch(room, WIRE_LIVE, 0, 0);
    uint8_t bytes[6 * WIRE_ENCODED_MAX];
    size_t size = 0;
    for (uint64_t t1 = 0; t1 < 6; t1++)
        size +=
            wire_encode(&(struct wire_message){ .type = WIRE_PING, .ping.t1 = t1 }, bytes + size);
    uint64_t before = clock_device();
    peer_send(room->peer, bytes, size);
    room_settle(room);
    assert_int_equal(room->peer->pongs, 4);
    assert_int_equal(room->peer->pong.t1, 3);
    assert_true(before <= room->peer->pong.t2 && room->peer->pong.t2 <= room->peer->pong.t3);
    ping(room, 99);
    ROOM_UNTIL(room, room->peer->pongs == 5);
    assert_int_equal(room->peer->pong.t1, 99);
}

static void pong_within_a_frame(void **state)
{
    struct room *room = *state;
    room_watch(room, WIRE_LIVE, 0, 0);
    struct frame *frame = room_growing(room, 2, 100);
    frame_grow(frame, 1);
    room_news(room);
    ping(room, 7);
    ROOM_UNTIL(room, room->peer->pongs == 1);
    assert_true(room->peer->in_frame);
    frame_finish(frame);
    room_news(room);
    ROOM_UNTIL(room, room->peer->delivered == 1);
}

/* Whose turn it is. */

static size_t pings(uint8_t *bytes, size_t most)
{
    size_t size = 0;
    while (size + WIRE_ENCODED_MAX <= most)
        size +=
            wire_encode(&(struct wire_message){ .type = WIRE_PING, .ping.t1 = 1 }, bytes + size);
    return size;
}

static size_t unread(const struct client *client)
{
    int size;
    assert_int_equal(ioctl(client->watch.fd, FIONREAD, &size), 0);
    return (size_t)size;
}

/* However much a peer has said, others have their turn soon. */
static void little_is_read_at_once(void **state)
{
    struct room *room = *state;
    uint8_t bytes[100 * 1024];
    room_watch(room, WIRE_LIVE, 0, 0);
    room_settle(room);
    size_t size = pings(bytes, sizeof(bytes));
    peer_send(room->peer, bytes, size);
    assert_int_equal(unread(room->client), size);
    room_step(room);
    assert_in_range(size - unread(room->client), 1, 32 * 1024);
    room_settle(room);
    assert_int_equal(unread(room->client), 0);
    assert_int_equal(room->client->state, CLIENT_SUBSCRIBED);
}

static void who_watches_has_left_the_lobby(void **state)
{
    struct room *room = *state;
    assert_ptr_equal(room->client->loop, &room->low_priority);
    room_greet(room, WIRE_MAX_MESSAGE_DEFAULT);
    assert_ptr_equal(room->client->loop, &room->low_priority);
    assert_false(room->changed);
    room_watch(room, WIRE_LIVE, 0, 0);
    assert_ptr_equal(room->client->loop, &room->loop);
    assert_true(room->changed);
    room->changed = false;
    room_frame(room, 2, 100);
    ROOM_UNTIL(room, room->peer->delivered == 1);
    assert_false(room->changed);
    close(room->peer->fd);
    room->peer->fd = -1;
    ROOM_UNTIL(room, room->client->state == CLIENT_DEAD);
    assert_true(room->changed);
}

/* It goes on there, and may come back once it says less. */
static void who_says_too_much_is_in_the_lobby(void **state)
{
    struct room *room = *state;
    uint8_t bytes[50 * 1024];
    room_watch(room, WIRE_LIVE, 0, 0);
    size_t size = pings(bytes, sizeof(bytes));
    for (int i = 0; i < 4; i++) {
        assert_ptr_equal(room->client->loop, i < 3 ? &room->loop : &room->low_priority);
        peer_send(room->peer, bytes, size);
        room_settle(room);
    }
    room_frame(room, 2, 100);
    ROOM_UNTIL(room, room->peer->delivered == 1);
    client_tick(room->client, clock_monotonic());
    assert_ptr_equal(room->client->loop, &room->low_priority);
    room_settle(room);
    client_tick(room->client, clock_monotonic());
    assert_ptr_equal(room->client->loop, &room->loop);
    unsigned before = room->peer->pongs;
    ping(room, 7);
    ROOM_UNTIL(room, room->peer->pongs == before + 1);
}

static void who_says_too_much_while_leaving(void **state)
{
    struct room *room = *state;
    uint8_t bytes[50 * 1024];
    room_watch(room, WIRE_LIVE, 0, 0);
    peer_end(room->peer);
    room_settle(room);
    assert_int_equal(room->client->state, CLIENT_DRAINING);
    assert_ptr_equal(room->client->loop, &room->loop);
    size_t size = pings(bytes, sizeof(bytes));
    for (int i = 0; i < 4; i++) {
        peer_send(room->peer, bytes, size);
        room_settle(room);
    }
    assert_ptr_equal(room->client->loop, &room->low_priority);
    client_tick(room->client, clock_monotonic());
    client_tick(room->client, clock_monotonic());
    assert_ptr_equal(room->client->loop, &room->low_priority);
}

/* A way that takes all at once, or nothing. */
static size_t swallowed;
static bool swallows;

static ssize_t swallow(struct transport *transport, const struct iovec *data, int count)
{
    (void)transport;
    size_t size = 0;
    for (int i = 0; i < count; i++)
        size += data[i].iov_len;
    swallowed += swallows ? size : 0;
    return swallows ? (ssize_t)size : -EAGAIN;
}

/* However much is owed and however fast it would go, others have their turn in between. */
static void little_is_written_at_once(void **state)
{
    struct room *room = *state;
    enum { FRAMES = 6, SLICES = 10, SLICE = 100 * 1024 };
    room_watch(room, WIRE_LOSSLESS, 0, 0);
    static struct transport_ops ops;
    ops = *room->client->transport->ops;
    ops.write = swallow;
    room->client->transport->ops = &ops;
    swallows = false;
    for (int i = 0; i < FRAMES; i++)
        room_frame(room, SLICES, SLICE);
    swallows = true;
    swallowed = 0;
    for (size_t before = 0; swallowed < FRAMES * SLICES * SLICE; before = swallowed) {
        assert_true(room->client->watch.events & EPOLLOUT);
        room_step(room);
        assert_in_range(swallowed - before, 1, 2200 * 1024);
    }
    room_settle(room);
    assert_true(send_queue_empty(&room->client->subscription.send_queue));
    assert_int_equal(room->client->subscription.totals.delivered, FRAMES);
    client_cut(room->client, "was cut by the test");
    assert_int_equal(room->client->state, CLIENT_DEAD);
}

static size_t writes[8];
static unsigned write_count;

static ssize_t write_and_note(struct transport *transport, const struct iovec *data, int count)
{
    ssize_t taken = transport_plain_ops.write(transport, data, count);
    if (taken > 0 && write_count < sizeof(writes) / sizeof(writes[0]))
        writes[write_count++] = (size_t)taken;
    return taken;
}

/* An ACK lets the next frame begin, and a PING comes along with it: the PONG is on its way before
 * the frame, in a packet of its own. */
static void a_pong_goes_before_a_frame(void **state)
{
    struct room *room = *state;
    uint8_t bytes[2 * WIRE_ENCODED_MAX];
    room_watch(room, WIRE_LIVE, 0, 0);
    static struct transport_ops ops;
    ops = *room->client->transport->ops;
    ops.write = write_and_note;
    room->client->transport->ops = &ops;
    room->peer->acks = false;
    room_frame(room, 1, 1000);
    room_settle(room);
    room_frame(room, 1, 1000);
    room_settle(room);
    assert_int_equal(room->peer->delivered, 1);
    write_count = 0;
    struct wire_message message = { .type = WIRE_ACK, .ack.frame_id = room->peer->first };
    size_t size = wire_encode(&message, bytes);
    message = (struct wire_message){ .type = WIRE_PING, .ping.t1 = 1 };
    peer_send(room->peer, bytes, size + wire_encode(&message, bytes + size));
    room_settle(room);
    assert_int_equal(room->peer->delivered, 2);
    assert_int_equal(room->peer->pongs, 1);
    assert_in_range(write_count, 2, 8);
    message = (struct wire_message){ .type = WIRE_PONG };
    assert_int_equal(writes[0], wire_encode(&message, bytes));
}

/* Endings. */

static void end_before_the_subscription(void **state)
{
    struct room *room = *state;
    room_greet(room, WIRE_MAX_MESSAGE_DEFAULT);
    peer_end(room->peer);
    expect_end(room, WIRE_END_DONE);
    assert_int_equal(room->peer->end.captured, 0);
}

static void say_end(struct room *room, uint64_t captured, uint64_t delivered, uint64_t dropped)
{
    peer_say(room->peer, &(struct wire_message){ .type = WIRE_END,
                                                 .end = { .reason = 99, /* unknown, and no matter */
                                                          .captured = captured,
                                                          .delivered = delivered,
                                                          .dropped = dropped } });
}

/* It may not have read all that was sent. */
static void peers_end_that_knows_of_less(void **state)
{
    struct room *room = *state;
    room_watch(room, WIRE_LOSSLESS, 0, 0);
    for (int i = 0; i < 3; i++)
        room_frame(room, 1, 100);
    room_lost(room, 2, WIRE_DROP_SENSOR_GAP);
    say_end(room, 3, 2, 1);
    expect_end(room, WIRE_END_DONE);
    assert_int_equal(room->peer->end.captured, 5);
}

/* But no more than that. */
static void peers_end_that_can_not_be(void **state)
{
    static const uint64_t ends[][3] = {
        { 4, 3, 1 }, { 4, 2, 2 },          { 4, 2, 1 },
        { 2, 2, 1 }, { 1, UINT64_MAX, 2 }, { 0, 1, UINT64_MAX },
    };
    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
        struct room *room = *state;
        room_watch(room, WIRE_LOSSLESS, 0, 0);
        room_frame(room, 1, 100);
        room_frame(room, 1, 100);
        room_lost(room, 1, WIRE_DROP_SENSOR_GAP);
        ROOM_UNTIL(room, room->peer->next == 3);
        say_end(room, ends[i][0], ends[i][1], ends[i][2]);
        expect_error(room, WIRE_ERROR_PROTOCOL);
        room_close(room);
        room_unix(room, 0);
    }
}

/* The peer closes its half without END: that is a cut, and what waits is not sent any more. */
static void half_closed_without_end(void **state)
{
    struct room *room = *state;
    room_watch(room, WIRE_LOSSLESS, 0, 0);
    struct frame *frame = room_growing(room, 2, 100);
    frame_grow(frame, 1);
    room_news(room);
    ROOM_UNTIL(room, room->peer->in_frame);
    shutdown(room->peer->fd, SHUT_WR);
    ROOM_UNTIL(room, room->client->state == CLIENT_DEAD);
    assert_false(room->peer->ended || room->peer->failed);
    frame_finish(frame);
}

static void peers_end_within_a_frame(void **state)
{
    struct room *room = *state;
    room_watch(room, WIRE_LOSSLESS, 0, 0);
    room_frame(room, 1, 100);
    room_lost(room, 3, WIRE_DROP_SENSOR_GAP);
    struct frame *frame = room_growing(room, 3, 1000);
    frame_grow(frame, 1);
    room_frame(room, 1, 100); /* waits, and is not sent any more */
    room_settle(room);
    assert_true(room->peer->in_frame);
    peer_end(room->peer);
    room_settle(room);
    assert_false(room->peer->ended);
    room_frame(room, 1, 100);
    frame_finish(frame);
    room_news(room);
    expect_end(room, WIRE_END_DONE);
    assert_int_equal(room->peer->end.captured, 6);
    assert_int_equal(room->peer->delivered, 2);
    assert_true(peer_fate(room->peer, 5, 6, WIRE_DROP_UNSENT));
}

/* All that waits is counted, with the losses in between, and by the END too. */
static void peers_end_with_a_queue(void **state)
{
    struct room *room = *state;
    room_watch(room, WIRE_LOSSLESS, 0, 0);
    room->peer->reads = false;
    for (int i = 0; i < 40; i++)
        room_frame(room, 20, 10000);
    room_lost(room, 2, WIRE_DROP_SENSOR_GAP);
    for (int i = 0; i < 5; i++)
        room_frame(room, 1, 100);
    peer_end(room->peer);
    room_settle(room);
    room->peer->reads = true;
    expect_end(room, WIRE_END_DONE);
    assert_int_equal(room->peer->end.captured, 47);
    assert_in_range(room->peer->delivered, 1, 39);
    assert_true(peer_fate(room->peer, room->peer->delivered, 40, WIRE_DROP_UNSENT));
    assert_true(peer_fate(room->peer, 40, 42, WIRE_DROP_SENSOR_GAP));
    assert_true(peer_fate(room->peer, 42, 47, WIRE_DROP_UNSENT));
}

static void peers_end_within_a_frame_that_fails(void **state)
{
    struct room *room = *state;
    room_watch(room, WIRE_LIVE, 0, 0);
    struct frame *frame = room_growing(room, 3, 1000);
    frame_grow(frame, 1);
    room_news(room);
    ROOM_UNTIL(room, room->peer->in_frame);
    peer_end(room->peer);
    room_settle(room);
    frame_abort(frame);
    room_news(room);
    expect_end(room, WIRE_END_DONE);
    assert_true(peer_fate(room->peer, 0, 1, WIRE_DROP_ENCODE_ERROR));
}

static void daemons_end_sends_what_waits(void **state)
{
    struct room *room = *state;
    room_watch(room, WIRE_LOSSLESS, 0, 0);
    room->peer->reads = false;
    for (int i = 0; i < 10; i++)
        room_frame(room, 20, 10000);
    room_lost(room, 2, WIRE_DROP_SENSOR_GAP);
    client_end(room->client, WIRE_END_FINISHED);
    client_end(room->client, WIRE_END_SHUTDOWN); /* the first reason stays */
    room_news(room);
    room->peer->reads = true;
    expect_end(room, WIRE_END_FINISHED);
    assert_int_equal(room->peer->delivered, 10);
    assert_int_equal(room->peer->dropped, 2);
}

static void daemons_end_of_a_live_stream(void **state)
{
    struct room *room = *state;
    room->peer->acks = false;
    room_watch(room, WIRE_LIVE, 0, 0);
    room_frame(room, 2, 1000);
    room_frame(room, 2, 1000);
    client_end(room->client, WIRE_END_SHUTDOWN);
    room_news(room);
    ROOM_UNTIL(room, room->peer->delivered == 1);
    peer_ack(room->peer, 0);
    expect_end(room, WIRE_END_SHUTDOWN);
    assert_int_equal(room->peer->delivered, 2);
}

static void both_end_at_once(void **state)
{
    struct room *room = *state;
    room_watch(room, WIRE_LIVE, 0, 0);
    room_frame(room, 2, 1000);
    peer_end(room->peer);
    client_end(room->client, WIRE_END_SHUTDOWN);
    room_news(room);
    expect_end(room, WIRE_END_SHUTDOWN);
}

/* What waits for an ACK that a peer which has ended can't send any more is let go. */
static void both_end_with_a_frame_waiting(void **state)
{
    struct room *room = *state;
    room->peer->acks = false;
    room_watch(room, WIRE_LIVE, 0, 0);
    room_frame(room, 2, 1000);
    ROOM_UNTIL(room, room->peer->delivered == 1);
    room_frame(room, 2, 1000);
    client_end(room->client, WIRE_END_SHUTDOWN);
    room_news(room);
    room_settle(room);
    assert_false(room->peer->ended);
    peer_end(room->peer);
    expect_end(room, WIRE_END_SHUTDOWN);
    assert_int_equal(room->peer->end.captured, 2);
    assert_true(peer_fate(room->peer, 1, 2, WIRE_DROP_UNSENT));
}

static void garbage_after_the_daemons_end(void **state)
{
    struct room *room = *state;
    room_watch(room, WIRE_LIVE, 0, 0);
    client_end(room->client, WIRE_END_SHUTDOWN);
    room_news(room);
    for (int i = 0; i < 100; i++) {
        peer_send(room->peer, "garbage that nobody wants to read", 33);
        room_settle(room);
    }
    expect_end(room, WIRE_END_SHUTDOWN);
}

static void garbage_after_the_peers_end(void **state)
{
    struct room *room = *state;
    room_watch(room, WIRE_LIVE, 0, 0);
    struct frame *frame = room_growing(room, 2, 100);
    frame_grow(frame, 1);
    room_news(room);
    ROOM_UNTIL(room, room->peer->in_frame);
    peer_end(room->peer);
    peer_send(room->peer, "garbage that nobody wants to read", 33);
    room_settle(room);
    frame_finish(frame);
    room_news(room);
    expect_end(room, WIRE_END_DONE);
    assert_int_equal(room->peer->delivered, 1);
}

/* The peer may still answer what it was asked and name what it has got. */
static void pong_and_ack_after_the_peers_end(void **state)
{
    struct room *room = *state;
    room_watch(room, WIRE_LIVE, 0, 0);
    struct frame *frame = room_growing(room, 2, 100);
    frame_grow(frame, 1);
    room_news(room);
    ROOM_UNTIL(room, room->peer->in_frame);
    peer_end(room->peer);
    peer_say(room->peer, &(struct wire_message){ .type = WIRE_PONG });
    peer_ack(room->peer, 0);
    room_settle(room);
    frame_finish(frame);
    room_news(room);
    expect_end(room, WIRE_END_DONE);
}

static void peer_vanishes_within_a_frame(void **state)
{
    struct room *room = *state;
    room_watch(room, WIRE_LOSSLESS, 0, 0);
    room->peer->reads = false;
    struct frame *frame = room_growing(room, 20, 10000);
    frame_grow(frame, 10);
    room_news(room);
    for (int i = 0; i < 5; i++)
        room_frame(room, 20, 10000);
    assert_int_equal(frame_holders(frame), 1);
    shutdown(room->peer->fd, SHUT_RDWR);
    ROOM_UNTIL(room, room->client->state == CLIENT_DEAD);
    room_frame(room, 1, 100); /* nobody takes it; teardown looks at the references */
    frame_finish(frame);
}

/* Time-outs: the clock is the test's. */

static void no_hello(void **state)
{
    struct room *room = *state;
    uint64_t opened = room->client->opened_ns;
    client_tick(room->client, opened + 5 * CLOCK_SECOND - 1);
    assert_int_equal(room->client->state, CLIENT_OPENING);
    client_tick(room->client, opened + 5 * CLOCK_SECOND);
    room_news(room);
    expect_error(room, WIRE_ERROR_TIMEOUT);
}

static void silence(void **state)
{
    struct room *room = *state;
    room_watch(room, WIRE_LIVE, 0, 0);
    static const struct {
        unsigned ms, pings;
    } steps[] = { { 4999, 0 }, { 5000, 1 }, { 5500, 1 }, { 9999, 1 }, { 10000, 2 }, { 14999, 2 } };
    uint64_t heard = room->client->received_ns;
    room->client->pinged_ns = heard;
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        client_tick(room->client, heard + steps[i].ms * CLOCK_MS);
        room_news(room);
        room_settle(room);
        assert_int_equal(room->peer->pings, steps[i].pings);
    }
    assert_int_equal(room->client->received_ns, heard);
    client_tick(room->client, heard + 15 * CLOCK_SECOND);
    room_news(room);
    expect_error(room, WIRE_ERROR_TIMEOUT);
}

static void a_sign_of_life(void **state)
{
    struct room *room = *state;
    room_watch(room, WIRE_LIVE, 0, 0);
    uint64_t heard = room->client->received_ns;
    peer_say(room->peer, &(struct wire_message){ .type = WIRE_PONG });
    ROOM_UNTIL(room, room->client->received_ns > heard);
    client_tick(room->client, heard + 15 * CLOCK_SECOND);
    assert_int_equal(room->client->state, CLIENT_SUBSCRIBED);
}

/* It reads nothing, since its disk is slow, and so it does not see the daemon's PINGs: its own ones
 * keep the connection, and what they are answered with waits. */
static void a_peer_that_pings_and_does_not_read(void **state)
{
    struct room *room = *state;
    room_watch(room, WIRE_LOSSLESS, 0, 0);
    room->peer->reads = false;
    for (int i = 0; i < 20; i++)
        room_frame(room, 4, 20000);
    for (uint64_t i = 0; i < 12; i++) {
        uint64_t heard = room->client->received_ns;
        peer_say(room->peer, &(struct wire_message){ .type = WIRE_PING, .ping.t1 = i });
        ROOM_UNTIL(room, room->client->received_ns > heard);
        client_tick(room->client, room->client->received_ns + 14 * CLOCK_SECOND);
        assert_int_equal(room->client->state, CLIENT_SUBSCRIBED);
    }
    room->peer->reads = true;
    ROOM_UNTIL(room, room->peer->delivered == 20);
    assert_in_range(room->peer->pongs, 1, 12);
    peer_end(room->peer);
    expect_end(room, WIRE_END_DONE);
}

static void stalled_ending(void **state)
{
    struct room *room = *state;
    room_watch(room, WIRE_LOSSLESS, 0, 0);
    room->peer->reads = false;
    room_frame(room, 20, 10000);
    client_end(room->client, WIRE_END_SHUTDOWN);
    uint64_t now = clock_monotonic();
    client_tick(room->client, now + CLOCK_SECOND);
    assert_int_equal(room->client->state, CLIENT_ENDING);
    client_tick(room->client, now + 2 * CLOCK_SECOND);
    assert_int_equal(room->client->state, CLIENT_DEAD);
}

/* Puts a client's past further back, as if this much time had gone by. */
static void grow_older(struct client *client, uint64_t ns)
{
    client->ending_ns -= ns;
    client->progress_ns -= ns;
}

/* A peer that reads on gets all, though it takes longer than one that stalls would be given. */
static void ending_waits_while_the_peer_reads(void **state)
{
    struct room *room = *state;
    room_watch(room, WIRE_LOSSLESS, 0, 0);
    room->peer->reads = false;
    for (int i = 0; i < 5; i++)
        room_frame(room, 20, 10000);
    client_end(room->client, WIRE_END_FINISHED);
    room_settle(room);
    for (int i = 0; i < 10; i++) {
        grow_older(room->client, 3 * CLOCK_SECOND / 2);
        peer_read(room->peer, 30000);
        room_settle(room);
        client_tick(room->client, clock_monotonic() + CLOCK_SECOND / 2);
        assert_int_equal(room->client->state, CLIENT_ENDING);
    }
    room->peer->reads = true;
    expect_end(room, WIRE_END_FINISHED);
    assert_int_equal(room->peer->delivered, 5);
}

static void ending_does_not_wait_for_ever(void **state)
{
    struct room *room = *state;
    room_watch(room, WIRE_LOSSLESS, 0, 0);
    room->peer->reads = false;
    for (int i = 0; i < 5; i++)
        room_frame(room, 20, 10000);
    client_end(room->client, WIRE_END_FINISHED);
    room_settle(room);
    grow_older(room->client, 29 * CLOCK_SECOND);
    peer_read(room->peer, 100000);
    room_settle(room);
    client_tick(room->client, clock_monotonic());
    assert_int_equal(room->client->state, CLIENT_ENDING);
    client_tick(room->client, clock_monotonic() + CLOCK_SECOND);
    assert_int_equal(room->client->state, CLIENT_DEAD);
}

static void peer_that_never_closes(void **state)
{
    struct room *room = *state;
    room_watch(room, WIRE_LIVE, 0, 0);
    client_end(room->client, WIRE_END_SHUTDOWN);
    room_news(room);
    ROOM_UNTIL(room, room->peer->ended);
    uint64_t now = clock_monotonic();
    client_tick(room->client, now + CLOCK_SECOND);
    assert_int_equal(room->client->state, CLIENT_DRAINING);
    client_tick(room->client, now + 2 * CLOCK_SECOND);
    assert_int_equal(room->client->state, CLIENT_DEAD);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
#define TEST_IN(name, room) cmocka_unit_test_setup_teardown(name, setup_##room, teardown)
static const struct CMUnitTest tests[] = {
    cmocka_unit_test(handshake_in_every_split),
    TEST(handshake_byte_by_byte),
    TEST(the_daemon_need_not_be_spoken_to),
    cmocka_unit_test(hello_comes_first),
    TEST(hello_comes_once),
    TEST(hello_with_too_little_room),
    TEST(hello_with_too_much_room),
    TEST(hello_from_the_future),
    TEST(nothing_to_skip_before_hello),
    TEST(one_subscription),
    TEST(unknown_stream),
    TEST(stream_by_name),
    TEST(name_that_is_none),
    cmocka_unit_test(stream_is_listed),
    TEST(unknown_mode),
    TEST(another_version),
    TEST(another_protocol),
    TEST(garbage_between_messages),
    TEST(too_long_before_hello),
    TEST(too_long_later),
    TEST(too_long_to_skip),
    TEST(unknown_types),
    TEST(short_fixed_part),
    cmocka_unit_test(daemons_messages_from_a_peer),
    TEST(frame_part_from_a_peer),
    TEST(error_from_the_peer),
    TEST(fault_within_a_frame),
    TEST(growing_frame),
    TEST(crowded),
    TEST_IN(growing_frame, tcp),
    TEST(unborn_frame_gives_way),
    TEST(live_goes_on_after_an_aborted_frame),
    TEST(aborted_before_it_began),
    TEST(too_big_from_the_start),
    TEST(too_big_as_it_turns_out),
    TEST(stream_changes),
    TEST(stream_changes_before_the_first_frame),
    TEST_IN(stream_changes_while_frames_wait, small),
    TEST(stream_changes_without_another_size),
    TEST(frames_before_the_subscription),
    TEST(late_subscription),
    TEST_IN(stalled_live_peer_gets_the_newest, small),
    TEST(no_frame_without_an_ack),
    TEST(budget_is_held),
    TEST_IN(a_live_conversation_over_tcp, tcp),
    TEST(max_fps_is_held),
    TEST(every_is_held),
    TEST(every_goes_on_from_first_due),
    TEST(max_fps_and_every_exclude_one_another),
    TEST(what_was_not_asked_for_is_rate_limited_whatever_became_of_it),
    TEST(frames_of_a_full_queue_are_not_wanted),
    TEST(accounting_begins_behind_what_was_skipped),
    TEST_IN(lossless_sends_all, small),
    TEST_IN(lossless_sends_all, tcp),
    TEST_IN(slow_lossless_peer, small),
    TEST_IN(daemons_own_bound, small),
    TEST_IN(greedy_lossless_peer, small),
    TEST_IN(ever_changing_reasons, small),
    TEST(a_loss_too_long_for_one_message),
    TEST(four_pongs_wait_at_most),
    TEST(pong_within_a_frame),
    TEST(little_is_read_at_once),
    TEST(who_watches_has_left_the_lobby),
    TEST(who_says_too_much_is_in_the_lobby),
    TEST(who_says_too_much_while_leaving),
    TEST(little_is_written_at_once),
    TEST(a_pong_goes_before_a_frame),
    TEST(end_before_the_subscription),
    TEST(peers_end_that_knows_of_less),
    TEST(peers_end_that_can_not_be),
    TEST(half_closed_without_end),
    TEST(peers_end_within_a_frame),
    TEST(peers_end_with_a_queue),
    TEST(peers_end_within_a_frame_that_fails),
    TEST_IN(daemons_end_sends_what_waits, small),
    TEST(daemons_end_of_a_live_stream),
    TEST(both_end_at_once),
    TEST(both_end_with_a_frame_waiting),
    TEST(garbage_after_the_daemons_end),
    TEST(garbage_after_the_peers_end),
    TEST(pong_and_ack_after_the_peers_end),
    TEST_IN(peer_vanishes_within_a_frame, small),
    TEST(no_hello),
    TEST(silence),
    TEST(a_sign_of_life),
    TEST_IN(a_peer_that_pings_and_does_not_read, small),
    TEST_IN(stalled_ending, small),
    TEST_IN(ending_waits_while_the_peer_reads, small),
    TEST_IN(ending_does_not_wait_for_ever, small),
    TEST(peer_that_never_closes),
};

int main(void)
{
    log_setup("test_client", LOG_LEVEL_ERROR);
    return cmocka_run_group_tests_name("client", tests, NULL, NULL);
}
