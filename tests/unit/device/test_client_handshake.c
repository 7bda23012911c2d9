/*
 * What a peer sends: the handshake, and what is malformed.
 */
#include <errno.h>
#include <string.h>

#include "client_fixture.h"
#include "shared/base/bytes.h"
#include "shared/base/log.h"

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

static void expect_greeted(struct client_fixture *fixture)
{
    const struct peer *peer = fixture->peer;
    fixture_settle(fixture);
    assert_int_equal(fixture->client->state, CLIENT_SUBSCRIBED);
    assert_int_equal(fixture->client->max_message, 5000);
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
        struct client_fixture fixture;
        fixture_unix(&fixture, 0);
        peer_send(fixture.peer, bytes, cut);
        fixture_settle(&fixture);
        peer_send(fixture.peer, bytes + cut, size - cut);
        expect_greeted(&fixture);
        fixture_close(&fixture);
    }
}

static void handshake_byte_by_byte(void **state)
{
    struct client_fixture *fixture = *state;
    uint8_t bytes[4 * WIRE_ENCODED_MAX];
    size_t size = greeting(bytes);
    for (size_t i = 0; i < size; i++) {
        peer_send(fixture->peer, bytes + i, 1);
        fixture_settle(fixture);
    }
    expect_greeted(fixture);
}

static void the_daemon_need_not_be_spoken_to(void **state)
{
    struct client_fixture *fixture = *state;
    fixture_write(fixture);
    fixture_settle(fixture);
    assert_true(fixture->peer->opened && fixture->peer->streams_seen);
    assert_int_equal(fixture->client->state, CLIENT_OPENING);
}

/* Peers at fault. */

static void send_header(struct client_fixture *fixture, uint8_t type, uint32_t length,
                        uint16_t fixed, uint16_t tlv)
{
    uint8_t bytes[WIRE_HEADER_SIZE] = { 'P', 'T', type };
    bytes_store(bytes + 4, length, 4);
    bytes_store(bytes + 8, fixed, 2);
    bytes_store(bytes + 10, tlv, 2);
    peer_send(fixture->peer, bytes, sizeof(bytes));
}

static void hello_comes_first(void **state)
{
    (void)state;
    static const uint8_t types[] = { WIRE_SUBSCRIBE, WIRE_PING, WIRE_PONG, WIRE_ACK, WIRE_END };
    for (size_t i = 0; i < sizeof(types); i++) {
        struct client_fixture fixture;
        fixture_unix(&fixture, 0);
        peer_send(fixture.peer, wire_opening, WIRE_OPENING_SIZE);
        peer_send_message(fixture.peer, &(struct wire_message){ .type = types[i] });
        expect_error(&fixture, WIRE_ERROR_PROTOCOL);
        fixture_close(&fixture);
    }
}

static void hello_comes_once(void **state)
{
    struct client_fixture *fixture = *state;
    fixture_greet(fixture, WIRE_MAX_MESSAGE_DEFAULT);
    peer_send_message(fixture->peer,
                      &(struct wire_message){ .type = WIRE_HELLO, .hello.max_message = 4096 });
    expect_error(fixture, WIRE_ERROR_PROTOCOL);
}

static void hello_with_too_small_a_limit(void **state)
{
    struct client_fixture *fixture = *state;
    peer_send(fixture->peer, wire_opening, WIRE_OPENING_SIZE);
    peer_send_message(fixture->peer,
                      &(struct wire_message){ .type = WIRE_HELLO, .hello.max_message = 4095 });
    expect_error(fixture, WIRE_ERROR_PROTOCOL);
}

static void hello_with_too_large_a_limit(void **state)
{
    struct client_fixture *fixture = *state;
    peer_send(fixture->peer, wire_opening, WIRE_OPENING_SIZE);
    peer_send_message(fixture->peer,
                      &(struct wire_message){ .type = WIRE_HELLO,
                                              .hello.max_message = WIRE_MAX_MESSAGE_LIMIT + 1 });
    expect_error(fixture, WIRE_ERROR_PROTOCOL);
}

/* A receiver's epoch and unknown features mean nothing yet. */
static void hello_from_the_future(void **state)
{
    struct client_fixture *fixture = *state;
    peer_send(fixture->peer, wire_opening, WIRE_OPENING_SIZE);
    peer_send_message(fixture->peer,
                      &(struct wire_message){ .type = WIRE_HELLO,
                                              .hello = { .max_message = WIRE_MAX_MESSAGE_LIMIT,
                                                         .features = UINT64_MAX,
                                                         .epoch = 5 } });
    FIXTURE_UNTIL(fixture, fixture->client->state == CLIENT_READY);
}

static void nothing_to_skip_before_hello(void **state)
{
    struct client_fixture *fixture = *state;
    peer_send(fixture->peer, wire_opening, WIRE_OPENING_SIZE);
    send_header(fixture, WIRE_FIRST_SKIPPABLE, 0, 0, 0);
    expect_error(fixture, WIRE_ERROR_PROTOCOL);
}

static void one_subscription(void **state)
{
    struct client_fixture *fixture = *state;
    fixture_watch(fixture, WIRE_LIVE, 0, 0);
    peer_subscribe(fixture->peer, "", WIRE_LIVE);
    expect_error(fixture, WIRE_ERROR_PROTOCOL);
}

static void unknown_stream(void **state)
{
    struct client_fixture *fixture = *state;
    fixture_greet(fixture, WIRE_MAX_MESSAGE_DEFAULT);
    peer_subscribe(fixture->peer, "cameras", WIRE_LIVE);
    expect_error(fixture, WIRE_ERROR_NO_SUCH_STREAM);
    assert_string_equal(fixture->peer->error.text,
                        "no stream is called \"cameras\": there is camera");
}

static void stream_by_name(void **state)
{
    struct client_fixture *fixture = *state;
    fixture_greet(fixture, WIRE_MAX_MESSAGE_DEFAULT);
    peer_subscribe(fixture->peer, "camera", WIRE_LIVE);
    FIXTURE_UNTIL(fixture, fixture->client->state == CLIENT_SUBSCRIBED);
}

static void name_that_is_none(void **state)
{
    struct client_fixture *fixture = *state;
    fixture_greet(fixture, WIRE_MAX_MESSAGE_DEFAULT);
    peer_subscribe(fixture->peer, "../camera", WIRE_LIVE);
    expect_error(fixture, WIRE_ERROR_PROTOCOL);
}

/* What is known of the stream when the receiver connects. */
static void stream_is_listed(void **state)
{
    (void)state;
    for (int running = 0; running < 2; running++) {
        struct client_fixture fixture;
        fixture_unix(&fixture, 0);
        if (running)
            fake_stream_on(&fixture.stream, 640);
        fixture_greet(&fixture, WIRE_MAX_MESSAGE_DEFAULT);
        const struct wire_stream_entry *entry = &fixture.peer->listed.entries[0];
        assert_int_equal(fixture.peer->listed.count, 1);
        assert_string_equal(entry->name, "camera");
        assert_int_equal(entry->state, running ? WIRE_STREAM_RUNNING : WIRE_STREAM_STARTING);
        assert_int_equal(entry->width, running ? 640 : 0);
        assert_int_equal(entry->height, running ? 480 : 0);
        assert_int_equal(entry->fps_mhz, running ? 30000 : 0);
        assert_string_equal(entry->model, "a camera");
        fixture_close(&fixture);
    }
}

static void unknown_mode(void **state)
{
    struct client_fixture *fixture = *state;
    fixture_greet(fixture, WIRE_MAX_MESSAGE_DEFAULT);
    peer_subscribe(fixture->peer, "", WIRE_STILL + 1);
    expect_error(fixture, WIRE_ERROR_PROTOCOL);
}

static void another_version(void **state)
{
    struct client_fixture *fixture = *state;
    uint8_t opening[WIRE_OPENING_SIZE];
    memcpy(opening, wire_opening, sizeof(opening));
    opening[WIRE_OPENING_SIZE - 1] = 2;
    peer_send(fixture->peer, opening, sizeof(opening));
    expect_error(fixture, WIRE_ERROR_VERSION);
}

static void another_protocol(void **state)
{
    struct client_fixture *fixture = *state;
    peer_send(fixture->peer, "GET / HTTP/1.1\r\n\r\n", 18);
    expect_error(fixture, WIRE_ERROR_PROTOCOL);
}

static void garbage_between_messages(void **state)
{
    struct client_fixture *fixture = *state;
    fixture_watch(fixture, WIRE_LIVE, 0, 0);
    peer_send(fixture->peer, "this is no message", 18);
    expect_error(fixture, WIRE_ERROR_PROTOCOL);
}

static void too_long_before_hello(void **state)
{
    struct client_fixture *fixture = *state;
    peer_send(fixture->peer, wire_opening, WIRE_OPENING_SIZE);
    send_header(fixture, WIRE_HELLO, WIRE_BEFORE_HELLO_MAX + 1, 20, 0);
    expect_error(fixture, WIRE_ERROR_TOO_LARGE);
}

static void too_long_later(void **state)
{
    struct client_fixture *fixture = *state;
    fixture_greet(fixture, WIRE_MAX_MESSAGE_DEFAULT);
    send_header(fixture, WIRE_ACK, WIRE_CONTROL_MAX + 1, 16, 0);
    expect_error(fixture, WIRE_ERROR_TOO_LARGE);
}

static void too_long_to_skip(void **state)
{
    struct client_fixture *fixture = *state;
    fixture_greet(fixture, WIRE_MAX_MESSAGE_DEFAULT);
    send_header(fixture, 0xF0, fixture->peer->hello.max_message + 1, 0, 0);
    expect_error(fixture, WIRE_ERROR_TOO_LARGE);
}

static void unknown_types(void **state)
{
    struct client_fixture *fixture = *state;
    uint8_t body[WIRE_CONTROL_MAX] = { 0 };
    fixture_greet(fixture, WIRE_MAX_MESSAGE_DEFAULT);
    send_header(fixture, 0xF0, sizeof(body), 0, 0);
    peer_send(fixture->peer, body, sizeof(body));
    peer_subscribe(fixture->peer, "", WIRE_LIVE);
    FIXTURE_UNTIL(fixture, fixture->client->state == CLIENT_SUBSCRIBED);
    send_header(fixture, 0x7F, 0, 0, 0);
    expect_error(fixture, WIRE_ERROR_PROTOCOL);
}

static void short_fixed_part(void **state)
{
    struct client_fixture *fixture = *state;
    uint8_t body[7] = { 0 };
    fixture_greet(fixture, WIRE_MAX_MESSAGE_DEFAULT);
    send_header(fixture, WIRE_PING, sizeof(body), sizeof(body), 0);
    peer_send(fixture->peer, body, sizeof(body));
    expect_error(fixture, WIRE_ERROR_PROTOCOL);
}

static void daemons_messages_from_a_peer(void **state)
{
    (void)state;
    static const uint8_t types[] = { WIRE_STREAMS,    WIRE_STREAM,     WIRE_STATUS,
                                     WIRE_FRAME_HEAD, WIRE_FRAME_TAIL, WIRE_DROPS };
    for (size_t i = 0; i < sizeof(types); i++) {
        struct client_fixture fixture;
        fixture_unix(&fixture, 0);
        fixture_greet(&fixture, WIRE_MAX_MESSAGE_DEFAULT);
        peer_send_message(fixture.peer, &(struct wire_message){ .type = types[i] });
        expect_error(&fixture, WIRE_ERROR_PROTOCOL);
        fixture_close(&fixture);
    }
}

static void frame_part_from_a_peer(void **state)
{
    struct client_fixture *fixture = *state;
    fixture_watch(fixture, WIRE_LIVE, 0, 0);
    send_header(fixture, WIRE_FRAME_PART, 100, 0, 0);
    expect_error(fixture, WIRE_ERROR_PROTOCOL);
}

static void error_from_the_peer(void **state)
{
    struct client_fixture *fixture = *state;
    fixture_watch(fixture, WIRE_LOSSLESS, 0, 0);
    fixture_growing(fixture, 2, 100);
    peer_send_message(fixture->peer,
                      &(struct wire_message){
                          .type = WIRE_ERROR,
                          .error = { .code = WIRE_ERROR_PROTOCOL, .text = "I don't like it" } });
    FIXTURE_UNTIL(fixture, fixture->client->state == CLIENT_DEAD);
    assert_false(fixture->peer->failed || fixture->peer->ended);
}

/* An ERROR may stand between the parts of a frame. */
static void fault_within_a_frame(void **state)
{
    struct client_fixture *fixture = *state;
    fixture_watch(fixture, WIRE_LIVE, 0, 0);
    frame_grow(fixture_growing(fixture, 3, 100), 1);
    fixture_write(fixture);
    FIXTURE_UNTIL(fixture, fixture->peer->size == 100);
    peer_subscribe(fixture->peer, "", WIRE_LIVE);
    expect_error(fixture, WIRE_ERROR_PROTOCOL);
    assert_true(fixture->peer->in_frame);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(handshake_in_every_split),
        TEST(handshake_byte_by_byte),
        TEST(the_daemon_need_not_be_spoken_to),
        cmocka_unit_test(hello_comes_first),
        TEST(hello_comes_once),
        TEST(hello_with_too_small_a_limit),
        TEST(hello_with_too_large_a_limit),
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
    };
    log_setup("test_client_handshake", LOG_LEVEL_ERROR);
    return cmocka_run_group_tests_name("client_handshake", tests, NULL, NULL);
}
