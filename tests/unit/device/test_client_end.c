/*
 * How conversations end, and time-outs.
 */
#include <sys/socket.h>

#include "client_fixture.h"
#include "shared/base/clock.h"
#include "shared/base/log.h"

/* Endings. */

static void end_before_the_subscription(void **state)
{
    struct client_fixture *fixture = *state;
    fixture_greet(fixture, WIRE_MAX_MESSAGE_DEFAULT);
    peer_end(fixture->peer);
    expect_end(fixture, WIRE_END_DONE);
    assert_int_equal(fixture->peer->end.captured, 0);
}

static void say_end(struct client_fixture *fixture, uint64_t captured, uint64_t delivered,
                    uint64_t dropped)
{
    peer_send_message(fixture->peer,
                      &(struct wire_message){ .type = WIRE_END,
                                              .end = { .reason = 99, /* unknown, and no matter */
                                                       .captured = captured,
                                                       .delivered = delivered,
                                                       .dropped = dropped } });
}

/* It may not have read all that was sent. */
static void peers_end_that_knows_of_less(void **state)
{
    struct client_fixture *fixture = *state;
    fixture_watch(fixture, WIRE_LOSSLESS, 0, 0);
    for (int i = 0; i < 3; i++)
        fixture_frame(fixture, 1, 100);
    fixture_lost(fixture, 2, WIRE_DROP_SENSOR_GAP);
    say_end(fixture, 3, 2, 1);
    expect_end(fixture, WIRE_END_DONE);
    assert_int_equal(fixture->peer->end.captured, 5);
}

/* But no more than that. */
static void peers_end_that_can_not_be(void **state)
{
    static const uint64_t ends[][3] = {
        { 4, 3, 1 }, { 4, 2, 2 },          { 4, 2, 1 },
        { 2, 2, 1 }, { 1, UINT64_MAX, 2 }, { 0, 1, UINT64_MAX },
    };
    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
        struct client_fixture *fixture = *state;
        fixture_watch(fixture, WIRE_LOSSLESS, 0, 0);
        fixture_frame(fixture, 1, 100);
        fixture_frame(fixture, 1, 100);
        fixture_lost(fixture, 1, WIRE_DROP_SENSOR_GAP);
        FIXTURE_UNTIL(fixture, fixture->peer->next == 3);
        say_end(fixture, ends[i][0], ends[i][1], ends[i][2]);
        expect_error(fixture, WIRE_ERROR_PROTOCOL);
        fixture_close(fixture);
        fixture_unix(fixture, 0);
    }
}

/* The peer closes its half without END: that is a cut, and what waits is not sent any more. */
static void half_closed_without_end(void **state)
{
    struct client_fixture *fixture = *state;
    fixture_watch(fixture, WIRE_LOSSLESS, 0, 0);
    struct frame *frame = fixture_growing(fixture, 2, 100);
    frame_grow(frame, 1);
    fixture_write(fixture);
    FIXTURE_UNTIL(fixture, fixture->peer->in_frame);
    shutdown(fixture->peer->fd, SHUT_WR);
    FIXTURE_UNTIL(fixture, fixture->client->state == CLIENT_DEAD);
    assert_false(fixture->peer->ended || fixture->peer->failed);
    frame_finish(frame);
}

static void peers_end_within_a_frame(void **state)
{
    struct client_fixture *fixture = *state;
    fixture_watch(fixture, WIRE_LOSSLESS, 0, 0);
    fixture_frame(fixture, 1, 100);
    fixture_lost(fixture, 3, WIRE_DROP_SENSOR_GAP);
    struct frame *frame = fixture_growing(fixture, 3, 1000);
    frame_grow(frame, 1);
    fixture_frame(fixture, 1, 100); /* waits, and is not sent any more */
    fixture_settle(fixture);
    assert_true(fixture->peer->in_frame);
    peer_end(fixture->peer);
    fixture_settle(fixture);
    assert_false(fixture->peer->ended);
    fixture_frame(fixture, 1, 100);
    frame_finish(frame);
    fixture_write(fixture);
    expect_end(fixture, WIRE_END_DONE);
    assert_int_equal(fixture->peer->end.captured, 6);
    assert_int_equal(fixture->peer->delivered, 2);
    assert_true(peer_fate(fixture->peer, 5, 6, WIRE_DROP_UNSENT));
}

/* All that waits is counted, with the losses in between, and by the END too. */
static void peers_end_with_a_queue(void **state)
{
    struct client_fixture *fixture = *state;
    fixture_watch(fixture, WIRE_LOSSLESS, 0, 0);
    fixture->peer->reads = false;
    for (int i = 0; i < 40; i++)
        fixture_frame(fixture, 20, 10000);
    fixture_lost(fixture, 2, WIRE_DROP_SENSOR_GAP);
    for (int i = 0; i < 5; i++)
        fixture_frame(fixture, 1, 100);
    peer_end(fixture->peer);
    fixture_settle(fixture);
    fixture->peer->reads = true;
    expect_end(fixture, WIRE_END_DONE);
    assert_int_equal(fixture->peer->end.captured, 47);
    assert_in_range(fixture->peer->delivered, 1, 39);
    assert_true(peer_fate(fixture->peer, fixture->peer->delivered, 40, WIRE_DROP_UNSENT));
    assert_true(peer_fate(fixture->peer, 40, 42, WIRE_DROP_SENSOR_GAP));
    assert_true(peer_fate(fixture->peer, 42, 47, WIRE_DROP_UNSENT));
}

static void peers_end_within_a_frame_that_fails(void **state)
{
    struct client_fixture *fixture = *state;
    fixture_watch(fixture, WIRE_LIVE, 0, 0);
    struct frame *frame = fixture_growing(fixture, 3, 1000);
    frame_grow(frame, 1);
    fixture_write(fixture);
    FIXTURE_UNTIL(fixture, fixture->peer->in_frame);
    peer_end(fixture->peer);
    fixture_settle(fixture);
    frame_abort(frame);
    fixture_write(fixture);
    expect_end(fixture, WIRE_END_DONE);
    assert_true(peer_fate(fixture->peer, 0, 1, WIRE_DROP_ENCODE_ERROR));
}

static void daemons_end_sends_what_waits(void **state)
{
    struct client_fixture *fixture = *state;
    fixture_watch(fixture, WIRE_LOSSLESS, 0, 0);
    fixture->peer->reads = false;
    for (int i = 0; i < 10; i++)
        fixture_frame(fixture, 20, 10000);
    fixture_lost(fixture, 2, WIRE_DROP_SENSOR_GAP);
    client_end(fixture->client, WIRE_END_FINISHED);
    client_end(fixture->client, WIRE_END_SHUTDOWN); /* the first reason stays */
    fixture_write(fixture);
    fixture->peer->reads = true;
    expect_end(fixture, WIRE_END_FINISHED);
    assert_int_equal(fixture->peer->delivered, 10);
    assert_int_equal(fixture->peer->dropped, 2);
}

static void daemons_end_of_a_live_stream(void **state)
{
    struct client_fixture *fixture = *state;
    fixture->peer->acks = false;
    fixture_watch(fixture, WIRE_LIVE, 0, 0);
    fixture_frame(fixture, 2, 1000);
    fixture_frame(fixture, 2, 1000);
    client_end(fixture->client, WIRE_END_SHUTDOWN);
    fixture_write(fixture);
    FIXTURE_UNTIL(fixture, fixture->peer->delivered == 1);
    peer_ack(fixture->peer, 0);
    expect_end(fixture, WIRE_END_SHUTDOWN);
    assert_int_equal(fixture->peer->delivered, 2);
}

static void both_end_at_once(void **state)
{
    struct client_fixture *fixture = *state;
    fixture_watch(fixture, WIRE_LIVE, 0, 0);
    fixture_frame(fixture, 2, 1000);
    peer_end(fixture->peer);
    client_end(fixture->client, WIRE_END_SHUTDOWN);
    fixture_write(fixture);
    expect_end(fixture, WIRE_END_SHUTDOWN);
}

/* What waits for an ACK that a peer which has ended can't send any more is let go. */
static void both_end_with_a_frame_waiting(void **state)
{
    struct client_fixture *fixture = *state;
    fixture->peer->acks = false;
    fixture_watch(fixture, WIRE_LIVE, 0, 0);
    fixture_frame(fixture, 2, 1000);
    FIXTURE_UNTIL(fixture, fixture->peer->delivered == 1);
    fixture_frame(fixture, 2, 1000);
    client_end(fixture->client, WIRE_END_SHUTDOWN);
    fixture_write(fixture);
    fixture_settle(fixture);
    assert_false(fixture->peer->ended);
    peer_end(fixture->peer);
    expect_end(fixture, WIRE_END_SHUTDOWN);
    assert_int_equal(fixture->peer->end.captured, 2);
    assert_true(peer_fate(fixture->peer, 1, 2, WIRE_DROP_UNSENT));
}

static void garbage_after_the_daemons_end(void **state)
{
    struct client_fixture *fixture = *state;
    fixture_watch(fixture, WIRE_LIVE, 0, 0);
    client_end(fixture->client, WIRE_END_SHUTDOWN);
    fixture_write(fixture);
    for (int i = 0; i < 100; i++) {
        peer_send(fixture->peer, "garbage that nobody wants to read", 33);
        fixture_settle(fixture);
    }
    expect_end(fixture, WIRE_END_SHUTDOWN);
}

static void garbage_after_the_peers_end(void **state)
{
    struct client_fixture *fixture = *state;
    fixture_watch(fixture, WIRE_LIVE, 0, 0);
    struct frame *frame = fixture_growing(fixture, 2, 100);
    frame_grow(frame, 1);
    fixture_write(fixture);
    FIXTURE_UNTIL(fixture, fixture->peer->in_frame);
    peer_end(fixture->peer);
    peer_send(fixture->peer, "garbage that nobody wants to read", 33);
    fixture_settle(fixture);
    frame_finish(frame);
    fixture_write(fixture);
    expect_end(fixture, WIRE_END_DONE);
    assert_int_equal(fixture->peer->delivered, 1);
}

/* The peer may still answer what it was asked and name what it has got. */
static void pong_and_ack_after_the_peers_end(void **state)
{
    struct client_fixture *fixture = *state;
    fixture_watch(fixture, WIRE_LIVE, 0, 0);
    struct frame *frame = fixture_growing(fixture, 2, 100);
    frame_grow(frame, 1);
    fixture_write(fixture);
    FIXTURE_UNTIL(fixture, fixture->peer->in_frame);
    peer_end(fixture->peer);
    peer_send_message(fixture->peer, &(struct wire_message){ .type = WIRE_PONG });
    peer_ack(fixture->peer, 0);
    fixture_settle(fixture);
    frame_finish(frame);
    fixture_write(fixture);
    expect_end(fixture, WIRE_END_DONE);
}

static void peer_vanishes_within_a_frame(void **state)
{
    struct client_fixture *fixture = *state;
    fixture_watch(fixture, WIRE_LOSSLESS, 0, 0);
    fixture->peer->reads = false;
    struct frame *frame = fixture_growing(fixture, 20, 10000);
    frame_grow(frame, 10);
    fixture_write(fixture);
    for (int i = 0; i < 5; i++)
        fixture_frame(fixture, 20, 10000);
    assert_int_equal(frame_holders(frame), 1);
    shutdown(fixture->peer->fd, SHUT_RDWR);
    FIXTURE_UNTIL(fixture, fixture->client->state == CLIENT_DEAD);
    fixture_frame(fixture, 1, 100); /* nobody takes it; teardown looks at the references */
    frame_finish(frame);
}

/* Time-outs: the clock is the test's. */

static void no_hello(void **state)
{
    struct client_fixture *fixture = *state;
    uint64_t opened = fixture->client->opened_ns;
    client_tick(fixture->client, opened + 5 * CLOCK_SECOND - 1);
    assert_int_equal(fixture->client->state, CLIENT_OPENING);
    client_tick(fixture->client, opened + 5 * CLOCK_SECOND);
    fixture_write(fixture);
    expect_error(fixture, WIRE_ERROR_TIMEOUT);
}

static void silence(void **state)
{
    struct client_fixture *fixture = *state;
    fixture_watch(fixture, WIRE_LIVE, 0, 0);
    static const struct {
        unsigned ms, pings;
    } steps[] = { { 4999, 0 }, { 5000, 1 }, { 5500, 1 }, { 9999, 1 }, { 10000, 2 }, { 14999, 2 } };
    uint64_t heard = fixture->client->received_ns;
    fixture->client->pinged_ns = heard;
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        client_tick(fixture->client, heard + steps[i].ms * CLOCK_MS);
        fixture_write(fixture);
        fixture_settle(fixture);
        assert_int_equal(fixture->peer->pings, steps[i].pings);
    }
    assert_int_equal(fixture->client->received_ns, heard);
    client_tick(fixture->client, heard + 15 * CLOCK_SECOND);
    fixture_write(fixture);
    expect_error(fixture, WIRE_ERROR_TIMEOUT);
}

static void a_sign_of_life(void **state)
{
    struct client_fixture *fixture = *state;
    fixture_watch(fixture, WIRE_LIVE, 0, 0);
    uint64_t heard = fixture->client->received_ns;
    peer_send_message(fixture->peer, &(struct wire_message){ .type = WIRE_PONG });
    FIXTURE_UNTIL(fixture, fixture->client->received_ns > heard);
    client_tick(fixture->client, heard + 15 * CLOCK_SECOND);
    assert_int_equal(fixture->client->state, CLIENT_SUBSCRIBED);
}

/* It reads nothing, since its disk is slow, and so it does not see the daemon's PINGs: its own ones
 * keep the connection, and what they are answered with waits. */
static void a_peer_that_pings_and_does_not_read(void **state)
{
    struct client_fixture *fixture = *state;
    fixture_watch(fixture, WIRE_LOSSLESS, 0, 0);
    fixture->peer->reads = false;
    for (int i = 0; i < 20; i++)
        fixture_frame(fixture, 4, 20000);
    for (uint64_t i = 0; i < 12; i++) {
        uint64_t heard = fixture->client->received_ns;
        peer_send_message(fixture->peer, &(struct wire_message){ .type = WIRE_PING, .ping.t1 = i });
        FIXTURE_UNTIL(fixture, fixture->client->received_ns > heard);
        client_tick(fixture->client, fixture->client->received_ns + 14 * CLOCK_SECOND);
        assert_int_equal(fixture->client->state, CLIENT_SUBSCRIBED);
    }
    fixture->peer->reads = true;
    FIXTURE_UNTIL(fixture, fixture->peer->delivered == 20);
    assert_in_range(fixture->peer->pongs, 1, 12);
    peer_end(fixture->peer);
    expect_end(fixture, WIRE_END_DONE);
}

static void stalled_ending(void **state)
{
    struct client_fixture *fixture = *state;
    fixture_watch(fixture, WIRE_LOSSLESS, 0, 0);
    fixture->peer->reads = false;
    fixture_frame(fixture, 20, 10000);
    client_end(fixture->client, WIRE_END_SHUTDOWN);
    uint64_t now = clock_monotonic();
    client_tick(fixture->client, now + CLOCK_SECOND);
    assert_int_equal(fixture->client->state, CLIENT_ENDING);
    client_tick(fixture->client, now + 2 * CLOCK_SECOND);
    assert_int_equal(fixture->client->state, CLIENT_DEAD);
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
    struct client_fixture *fixture = *state;
    fixture_watch(fixture, WIRE_LOSSLESS, 0, 0);
    fixture->peer->reads = false;
    for (int i = 0; i < 5; i++)
        fixture_frame(fixture, 20, 10000);
    client_end(fixture->client, WIRE_END_FINISHED);
    fixture_settle(fixture);
    for (int i = 0; i < 10; i++) {
        grow_older(fixture->client, 3 * CLOCK_SECOND / 2);
        peer_read(fixture->peer, 30000);
        fixture_settle(fixture);
        client_tick(fixture->client, clock_monotonic() + CLOCK_SECOND / 2);
        assert_int_equal(fixture->client->state, CLIENT_ENDING);
    }
    fixture->peer->reads = true;
    expect_end(fixture, WIRE_END_FINISHED);
    assert_int_equal(fixture->peer->delivered, 5);
}

static void ending_does_not_wait_for_ever(void **state)
{
    struct client_fixture *fixture = *state;
    fixture_watch(fixture, WIRE_LOSSLESS, 0, 0);
    fixture->peer->reads = false;
    for (int i = 0; i < 5; i++)
        fixture_frame(fixture, 20, 10000);
    client_end(fixture->client, WIRE_END_FINISHED);
    fixture_settle(fixture);
    grow_older(fixture->client, 29 * CLOCK_SECOND);
    peer_read(fixture->peer, 100000);
    fixture_settle(fixture);
    client_tick(fixture->client, clock_monotonic());
    assert_int_equal(fixture->client->state, CLIENT_ENDING);
    client_tick(fixture->client, clock_monotonic() + CLOCK_SECOND);
    assert_int_equal(fixture->client->state, CLIENT_DEAD);
}

static void peer_that_never_closes(void **state)
{
    struct client_fixture *fixture = *state;
    fixture_watch(fixture, WIRE_LIVE, 0, 0);
    client_end(fixture->client, WIRE_END_SHUTDOWN);
    fixture_write(fixture);
    FIXTURE_UNTIL(fixture, fixture->peer->ended);
    uint64_t now = clock_monotonic();
    client_tick(fixture->client, now + CLOCK_SECOND);
    assert_int_equal(fixture->client->state, CLIENT_DRAINING);
    client_tick(fixture->client, now + 2 * CLOCK_SECOND);
    assert_int_equal(fixture->client->state, CLIENT_DEAD);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(end_before_the_subscription),
        TEST(peers_end_that_knows_of_less),
        TEST(peers_end_that_can_not_be),
        TEST(half_closed_without_end),
        TEST(peers_end_within_a_frame),
        TEST(peers_end_with_a_queue),
        TEST(peers_end_within_a_frame_that_fails),
        TEST_SMALL(daemons_end_sends_what_waits),
        TEST(daemons_end_of_a_live_stream),
        TEST(both_end_at_once),
        TEST(both_end_with_a_frame_waiting),
        TEST(garbage_after_the_daemons_end),
        TEST(garbage_after_the_peers_end),
        TEST(pong_and_ack_after_the_peers_end),
        TEST_SMALL(peer_vanishes_within_a_frame),
        TEST(no_hello),
        TEST(silence),
        TEST(a_sign_of_life),
        TEST_SMALL(a_peer_that_pings_and_does_not_read),
        TEST_SMALL(stalled_ending),
        TEST_SMALL(ending_waits_while_the_peer_reads),
        TEST_SMALL(ending_does_not_wait_for_ever),
        TEST(peer_that_never_closes),
    };
    log_setup("test_client_end", LOG_LEVEL_ERROR);
    return cmocka_run_group_tests_name("client_end", tests, NULL, NULL);
}
