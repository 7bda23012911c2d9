/*
 * Which frames a live or a lossless subscription is sent.
 */

#include "client_fixture.h"
#include "shared/base/clock.h"
#include "shared/base/log.h"

/* Live. */

static void stalled_live_peer_gets_the_newest(void **state)
{
    struct client_fixture *fixture = *state;
    fixture_watch(fixture, WIRE_LIVE, 0, 0);
    fixture->peer->reads = false;
    for (int i = 0; i < 6; i++)
        fixture_frame(fixture, 20, 10000);
    fixture_lost(fixture, 2, WIRE_DROP_ENCODER_BUSY);
    fixture_frame(fixture, 20, 10000);
    fixture_settle(fixture);
    fixture->peer->reads = true;
    FIXTURE_UNTIL(fixture, fixture->peer->next == 9);
    assert_int_equal(fixture->peer->delivered, 2);
    assert_true(peer_fate(fixture->peer, 0, 1, 0)); /* it had begun */
    assert_true(peer_fate(fixture->peer, 1, 6, WIRE_DROP_SUPERSEDED));
    assert_true(peer_fate(fixture->peer, 6, 8, WIRE_DROP_ENCODER_BUSY));
    assert_true(peer_fate(fixture->peer, 8, 9, 0));
    peer_end(fixture->peer);
    expect_end(fixture, WIRE_END_DONE);
}

static void no_frame_without_an_ack(void **state)
{
    struct client_fixture *fixture = *state;
    struct peer *peer = fixture->peer;
    peer->acks = false;
    fixture_watch(fixture, WIRE_LIVE, 0, 0);
    fixture_frame(fixture, 2, 1000);
    FIXTURE_UNTIL(fixture, peer->delivered == 1);
    fixture_lost(fixture, 1, WIRE_DROP_SENSOR_GAP); /* a loss needs no leave */
    FIXTURE_UNTIL(fixture, peer->dropped == 1);
    for (int i = 0; i < 3; i++)
        fixture_frame(fixture, 2, 1000);
    fixture_settle(fixture);
    assert_int_equal(peer->heads, 1);
    peer_ack(peer, 4); /* never sent */
    fixture_settle(fixture);
    assert_int_equal(peer->heads, 1);
    peer_ack(peer, 0);
    FIXTURE_UNTIL(fixture, peer->delivered == 2);
    assert_true(peer_fate(peer, 2, 4, WIRE_DROP_SUPERSEDED));
    assert_true(peer_fate(peer, 4, 5, 0));
}

/* The path's budget lets frames follow one another without an ACK in between, but not all. */
static void budget_is_held(void **state)
{
    struct client_fixture *fixture = *state;
    struct peer *peer = fixture->peer;
    peer->acks = false;
    fixture_watch(fixture, WIRE_LIVE, 0, 0);
    fixture->client->subscription.in_flight.budget = 5000;
    fixture->client->subscription.in_flight.measured_ns = clock_monotonic() + CLOCK_SECOND;
    for (int i = 0; i < 6; i++) {
        fixture_frame(fixture, 2, 1000);
        fixture_settle(fixture);
    }
    assert_int_equal(peer->heads, 3); /* 4000 bytes are less than 5000, 6000 are not */
    peer_ack(peer, 2);
    FIXTURE_UNTIL(fixture, peer->next == 6);
    assert_true(peer_fate(peer, 3, 5, WIRE_DROP_SUPERSEDED));
    assert_true(peer_fate(peer, 5, 6, 0));
}

static void a_live_conversation_over_tcp(void **state)
{
    struct client_fixture *fixture = *state;
    fixture_watch(fixture, WIRE_LIVE, 0, 0);
    for (int i = 0; i < 300; i++) {
        if (i % 10 == 9)
            fixture_lost(fixture, 1, WIRE_DROP_SENSOR_GAP);
        else
            fixture_frame(fixture, 5, 3000);
        if (i % 3 == 0)
            fixture_step(fixture);
    }
    FIXTURE_UNTIL(fixture, fixture->peer->next == 300);
    assert_int_equal(fixture->peer->dropped + fixture->peer->delivered, 300);
    assert_in_range(fixture->peer->delivered, 2, 270);
    peer_end(fixture->peer);
    expect_end(fixture, WIRE_END_DONE);
    assert_int_equal(fixture->peer->end.captured, 300);
}

static void every_is_held(void **state)
{
    struct client_fixture *fixture = *state;
    fixture_subscribe(fixture, &(struct wire_subscribe){ .mode = WIRE_LOSSLESS, .every = 4 });
    for (int i = 0; i < 20; i++)
        fixture_frame(fixture, 1, 100);
    FIXTURE_UNTIL(fixture, fixture->peer->next == 20);
    for (uint64_t id = 0; id < 20; id++)
        assert_true(peer_fate(fixture->peer, id, id + 1, id % 4 ? WIRE_DROP_RATE_LIMITED : 0));
}

static void every_goes_on_from_first_due(void **state)
{
    struct client_fixture *fixture = *state;
    fixture_subscribe(fixture, &(struct wire_subscribe){
                                   .mode = WIRE_LOSSLESS, .every = 4, .first_due = 4000003 });
    for (int i = 0; i < 20; i++)
        fixture_frame(fixture, 1, 100);
    FIXTURE_UNTIL(fixture, fixture->peer->next == 20);
    for (uint64_t id = 0; id < 20; id++)
        assert_true(peer_fate(fixture->peer, id, id + 1, id % 4 == 3 ? 0 : WIRE_DROP_RATE_LIMITED));
}

static void max_fps_and_every_exclude_one_another(void **state)
{
    struct client_fixture *fixture = *state;
    fixture_greet(fixture, WIRE_MAX_MESSAGE_DEFAULT);
    peer_send_message(fixture->peer,
                      &(struct wire_message){ .type = WIRE_SUBSCRIBE,
                                              .subscribe = { .max_fps_mhz = 1000, .every = 2 } });
    expect_error(fixture, WIRE_ERROR_PROTOCOL);
}

/* Only the first frame of three is asked for. */
static void what_was_not_asked_for_is_rate_limited_whatever_became_of_it(void **state)
{
    struct client_fixture *fixture = *state;
    fixture_watch(fixture, WIRE_LOSSLESS, 10000, 0);
    fixture_frame(fixture, 1, 100);
    fixture_lost(fixture, 1, WIRE_DROP_ENCODER_BUSY);
    fixture_lost(fixture, 1, WIRE_DROP_SENSOR_GAP);
    fixture_frame(fixture, 1, 100); /* 3 */
    fixture_lost(fixture, 5, WIRE_DROP_NO_BUFFER);
    fixture_frame(fixture, 1, 100); /* 9 */
    FIXTURE_UNTIL(fixture, fixture->peer->next == 10);
    assert_true(peer_fate(fixture->peer, 1, 3, WIRE_DROP_RATE_LIMITED));
    assert_true(peer_fate(fixture->peer, 3, 4, 0));
    assert_true(peer_fate(fixture->peer, 4, 6, WIRE_DROP_RATE_LIMITED));
    assert_true(peer_fate(fixture->peer, 6, 9, WIRE_DROP_NO_BUFFER));
    assert_true(peer_fate(fixture->peer, 9, 10, 0));
}

/* The camera's thread learns that none is wanted, until there is space again. */
static void frames_of_a_full_queue_are_not_wanted(void **state)
{
    struct client_fixture *fixture = *state;
    struct demand *demand = &fixture->stream.demand;
    fixture_watch(fixture, WIRE_LOSSLESS, 0, 100000);
    fixture->peer->reads = false;
    while (demand_wants(demand, fixture->given, CLOCK_SECOND))
        fixture_frame(fixture, 20, 10000);
    uint64_t skipped = fixture->given;
    fixture_lost(fixture, 3, WIRE_DROP_RATE_LIMITED);
    fixture->peer->reads = true;
    FIXTURE_UNTIL(fixture, fixture->peer->next == fixture->given);
    assert_true(peer_fate(fixture->peer, 0, skipped, 0));
    assert_true(peer_fate(fixture->peer, skipped, skipped + 3, WIRE_DROP_QUEUE_FULL));
    assert_true(demand_wants(demand, fixture->given, CLOCK_SECOND));
    peer_end(fixture->peer);
    expect_end(fixture, WIRE_END_DONE);
    assert_false(demand_wants(demand, fixture->given, CLOCK_SECOND));
}

static void accounting_begins_behind_what_was_skipped(void **state)
{
    struct client_fixture *fixture = *state;
    struct demand *demand = &fixture->stream.demand;
    assert_false(demand_wants(demand, 4, CLOCK_SECOND)); /* nobody watches */
    fixture_watch(fixture, WIRE_LOSSLESS, 0, 0);
    assert_int_equal(fixture->peer->stream.first_frame_id, 5);
    fixture_lost(fixture, 3, WIRE_DROP_RATE_LIMITED); /* 0 to 2: the news come late */
    fixture_lost(fixture, 3, WIRE_DROP_RATE_LIMITED);
    fixture_frame(fixture, 1, 100); /* 6 */
    FIXTURE_UNTIL(fixture, fixture->peer->next == 7);
    assert_int_equal(fixture->peer->first, 5);
    assert_true(peer_fate(fixture->peer, 6, 7, 0));
    peer_end(fixture->peer);
    expect_end(fixture, WIRE_END_DONE);
}

static void max_fps_is_held(void **state)
{
    struct client_fixture *fixture = *state;
    fixture_watch(fixture, WIRE_LIVE, 10000, 0);
    for (int i = 0; i < 30; i++) {
        fixture_frame(fixture, 1, 100);
        FIXTURE_UNTIL(fixture, fixture->peer->next == fixture->given);
        fixture_settle(fixture);
    }
    assert_int_equal(fixture->peer->delivered, 10);
    for (uint64_t id = 0; id < 30; id++)
        assert_true(peer_fate(fixture->peer, id, id + 1, id % 3 ? WIRE_DROP_RATE_LIMITED : 0));
}

/* Lossless. */

static void lossless_sends_all(void **state)
{
    struct client_fixture *fixture = *state;
    fixture->peer->acks = false;
    fixture_watch(fixture, WIRE_LOSSLESS, 0, 0);
    fixture->peer->reads = false;
    for (int i = 0; i < 60; i++)
        fixture_frame(fixture, 1 + (unsigned)i % FRAME_SLICES_MAX, 500);
    fixture->peer->reads = true;
    FIXTURE_UNTIL(fixture, fixture->peer->delivered == 60);
    assert_int_equal(fixture->peer->dropped, 0);
}

/* Four frames of 200000 bytes: one begins at once, three fill 500000 bytes. */
static void fill_queue(struct client_fixture *fixture)
{
    fixture->peer->reads = false;
    for (int i = 0; i < 10; i++)
        fixture_frame(fixture, 20, 10000);
    fixture->peer->reads = true;
    FIXTURE_UNTIL(fixture, fixture->peer->next == 10);
    assert_true(peer_fate(fixture->peer, 0, 4, 0));
    assert_true(peer_fate(fixture->peer, 4, 10, WIRE_DROP_QUEUE_FULL));
    fixture_frame(fixture, 20, 10000);
    FIXTURE_UNTIL(fixture, fixture->peer->delivered == 5);
    peer_end(fixture->peer);
    expect_end(fixture, WIRE_END_DONE);
    assert_int_equal(fixture->peer->end.captured, 11);
}

static void slow_lossless_peer(void **state)
{
    struct client_fixture *fixture = *state;
    fixture_watch(fixture, WIRE_LOSSLESS, 0, 500000);
    fill_queue(fixture);
}

static void daemons_own_bound(void **state)
{
    struct client_fixture *fixture = *state;
    fixture->shared.queue_bytes = 500000;
    fixture_watch(fixture, WIRE_LOSSLESS, 0, 0);
    fill_queue(fixture);
}

static void greedy_lossless_peer(void **state)
{
    struct client_fixture *fixture = *state;
    fixture->shared.queue_bytes = 500000;
    fixture_watch(fixture, WIRE_LOSSLESS, 0, UINT32_MAX);
    fill_queue(fixture);
}

/* Losses with ever-changing reasons while the peer reads nothing: it is told of all of them. */
static void ever_changing_reasons(void **state)
{
    struct client_fixture *fixture = *state;
    fixture_watch(fixture, WIRE_LOSSLESS, 0, 0);
    fixture->peer->reads = false;
    fixture_frame(fixture, 20, 10000);
    for (int i = 0; i < 2 * SEND_QUEUE_ITEMS; i++)
        fixture_lost(fixture, 1, i % 2 ? WIRE_DROP_SENSOR_GAP : WIRE_DROP_ENCODER_BUSY);
    assert_int_equal(fixture->client->state, CLIENT_SUBSCRIBED);
    fixture->peer->reads = true;
    client_end(fixture->client, WIRE_END_SHUTDOWN);
    expect_end(fixture, WIRE_END_SHUTDOWN);
}

/* A message has 32 bits of a count. */
static void a_loss_too_long_for_one_message(void **state)
{
    struct client_fixture *fixture = *state;
    uint64_t count = 2 * (uint64_t)UINT32_MAX + 7;
    fixture_watch(fixture, WIRE_LIVE, 0, 0);
    fixture_lost(fixture, count, WIRE_DROP_SENSOR_GAP);
    fixture_frame(fixture, 1, 100);
    FIXTURE_UNTIL(fixture, fixture->peer->delivered == 1);
    assert_int_equal(fixture->peer->dropped, count);
    client_end(fixture->client, WIRE_END_SHUTDOWN);
    expect_end(fixture, WIRE_END_SHUTDOWN);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST_SMALL(stalled_live_peer_gets_the_newest),
        TEST(no_frame_without_an_ack),
        TEST(budget_is_held),
        TEST_TCP(a_live_conversation_over_tcp),
        TEST(max_fps_is_held),
        TEST(every_is_held),
        TEST(every_goes_on_from_first_due),
        TEST(max_fps_and_every_exclude_one_another),
        TEST(what_was_not_asked_for_is_rate_limited_whatever_became_of_it),
        TEST(frames_of_a_full_queue_are_not_wanted),
        TEST(accounting_begins_behind_what_was_skipped),
        TEST_SMALL(lossless_sends_all),
        TEST_TCP(lossless_sends_all),
        TEST_SMALL(slow_lossless_peer),
        TEST_SMALL(daemons_own_bound),
        TEST_SMALL(greedy_lossless_peer),
        TEST_SMALL(ever_changing_reasons),
        TEST(a_loss_too_long_for_one_message),
    };
    log_setup("test_client_modes", LOG_LEVEL_ERROR);
    return cmocka_run_group_tests_name("client_modes", tests, NULL, NULL);
}
