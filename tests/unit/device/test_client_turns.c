/*
 * PING, and how much of the loop's time one client gets.
 */
#include <errno.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "client_fixture.h"
#include "shared/base/clock.h"
#include "shared/base/log.h"

/* PING. */

static void ping(struct client_fixture *fixture, uint64_t t1)
{
    peer_send_message(fixture->peer, &(struct wire_message){ .type = WIRE_PING, .ping.t1 = t1 });
}

static void four_pongs_wait_at_most(void **state)
{
    struct client_fixture *fixture = *state;
    fixture_watch(fixture, WIRE_LIVE, 0, 0);
    uint8_t bytes[6 * WIRE_ENCODED_MAX];
    size_t size = 0;
    for (uint64_t t1 = 0; t1 < 6; t1++)
        size +=
            wire_encode(&(struct wire_message){ .type = WIRE_PING, .ping.t1 = t1 }, bytes + size);
    uint64_t before = clock_device();
    peer_send(fixture->peer, bytes, size);
    fixture_settle(fixture);
    assert_int_equal(fixture->peer->pongs, 4);
    assert_int_equal(fixture->peer->pong.t1, 3);
    assert_true(before <= fixture->peer->pong.t2 &&
                fixture->peer->pong.t2 <= fixture->peer->pong.t3);
    ping(fixture, 99);
    FIXTURE_UNTIL(fixture, fixture->peer->pongs == 5);
    assert_int_equal(fixture->peer->pong.t1, 99);
}

static void pong_within_a_frame(void **state)
{
    struct client_fixture *fixture = *state;
    fixture_watch(fixture, WIRE_LIVE, 0, 0);
    struct frame *frame = fixture_growing(fixture, 2, 100);
    frame_grow(frame, 1);
    fixture_write(fixture);
    ping(fixture, 7);
    FIXTURE_UNTIL(fixture, fixture->peer->pongs == 1);
    assert_true(fixture->peer->in_frame);
    frame_finish(frame);
    fixture_write(fixture);
    FIXTURE_UNTIL(fixture, fixture->peer->delivered == 1);
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

/* However much a peer has sent, others have their turn soon. */
static void little_is_read_at_once(void **state)
{
    struct client_fixture *fixture = *state;
    uint8_t bytes[100 * 1024];
    fixture_watch(fixture, WIRE_LIVE, 0, 0);
    fixture_settle(fixture);
    size_t size = pings(bytes, sizeof(bytes));
    peer_send(fixture->peer, bytes, size);
    assert_int_equal(unread(fixture->client), size);
    fixture_step(fixture);
    assert_in_range(size - unread(fixture->client), 1, 32 * 1024);
    fixture_settle(fixture);
    assert_int_equal(unread(fixture->client), 0);
    assert_int_equal(fixture->client->state, CLIENT_SUBSCRIBED);
}

static void who_watches_has_the_main_loop(void **state)
{
    struct client_fixture *fixture = *state;
    assert_ptr_equal(fixture->client->loop, &fixture->low_priority);
    fixture_greet(fixture, WIRE_MAX_MESSAGE_DEFAULT);
    assert_ptr_equal(fixture->client->loop, &fixture->low_priority);
    assert_false(fixture->changed);
    fixture_watch(fixture, WIRE_LIVE, 0, 0);
    assert_ptr_equal(fixture->client->loop, &fixture->loop);
    assert_true(fixture->changed);
    fixture->changed = false;
    fixture_frame(fixture, 2, 100);
    FIXTURE_UNTIL(fixture, fixture->peer->delivered == 1);
    assert_false(fixture->changed);
    close(fixture->peer->fd);
    fixture->peer->fd = -1;
    FIXTURE_UNTIL(fixture, fixture->client->state == CLIENT_DEAD);
    assert_true(fixture->changed);
}

/* It goes on there, and may come back once it sends less. */
static void who_sends_too_much_has_low_priority(void **state)
{
    struct client_fixture *fixture = *state;
    uint8_t bytes[50 * 1024];
    fixture_watch(fixture, WIRE_LIVE, 0, 0);
    size_t size = pings(bytes, sizeof(bytes));
    for (int i = 0; i < 4; i++) {
        assert_ptr_equal(fixture->client->loop, i < 3 ? &fixture->loop : &fixture->low_priority);
        peer_send(fixture->peer, bytes, size);
        fixture_settle(fixture);
    }
    fixture_frame(fixture, 2, 100);
    FIXTURE_UNTIL(fixture, fixture->peer->delivered == 1);
    client_tick(fixture->client, clock_monotonic());
    assert_ptr_equal(fixture->client->loop, &fixture->low_priority);
    fixture_settle(fixture);
    client_tick(fixture->client, clock_monotonic());
    assert_ptr_equal(fixture->client->loop, &fixture->loop);
    unsigned before = fixture->peer->pongs;
    ping(fixture, 7);
    FIXTURE_UNTIL(fixture, fixture->peer->pongs == before + 1);
}

static void who_sends_too_much_while_leaving(void **state)
{
    struct client_fixture *fixture = *state;
    uint8_t bytes[50 * 1024];
    fixture_watch(fixture, WIRE_LIVE, 0, 0);
    peer_end(fixture->peer);
    fixture_settle(fixture);
    assert_int_equal(fixture->client->state, CLIENT_DRAINING);
    assert_ptr_equal(fixture->client->loop, &fixture->loop);
    size_t size = pings(bytes, sizeof(bytes));
    for (int i = 0; i < 4; i++) {
        peer_send(fixture->peer, bytes, size);
        fixture_settle(fixture);
    }
    assert_ptr_equal(fixture->client->loop, &fixture->low_priority);
    client_tick(fixture->client, clock_monotonic());
    client_tick(fixture->client, clock_monotonic());
    assert_ptr_equal(fixture->client->loop, &fixture->low_priority);
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
    struct client_fixture *fixture = *state;
    enum { FRAMES = 6, SLICES = 10, SLICE = 100 * 1024 };
    fixture_watch(fixture, WIRE_LOSSLESS, 0, 0);
    static struct transport_ops ops;
    ops = *fixture->client->transport->ops;
    ops.write = swallow;
    fixture->client->transport->ops = &ops;
    swallows = false;
    for (int i = 0; i < FRAMES; i++)
        fixture_frame(fixture, SLICES, SLICE);
    swallows = true;
    swallowed = 0;
    for (size_t before = 0; swallowed < FRAMES * SLICES * SLICE; before = swallowed) {
        assert_true(fixture->client->watch.events & EPOLLOUT);
        fixture_step(fixture);
        assert_in_range(swallowed - before, 1, 2200 * 1024);
    }
    fixture_settle(fixture);
    assert_true(send_queue_empty(&fixture->client->subscription.send_queue));
    assert_int_equal(fixture->client->subscription.totals.delivered, FRAMES);
    client_cut(fixture->client, "was cut by the test");
    assert_int_equal(fixture->client->state, CLIENT_DEAD);
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
    struct client_fixture *fixture = *state;
    uint8_t bytes[2 * WIRE_ENCODED_MAX];
    fixture_watch(fixture, WIRE_LIVE, 0, 0);
    static struct transport_ops ops;
    ops = *fixture->client->transport->ops;
    ops.write = write_and_note;
    fixture->client->transport->ops = &ops;
    fixture->peer->acks = false;
    fixture_frame(fixture, 1, 1000);
    fixture_settle(fixture);
    fixture_frame(fixture, 1, 1000);
    fixture_settle(fixture);
    assert_int_equal(fixture->peer->delivered, 1);
    write_count = 0;
    struct wire_message message = { .type = WIRE_ACK, .ack.frame_id = fixture->peer->first };
    size_t size = wire_encode(&message, bytes);
    message = (struct wire_message){ .type = WIRE_PING, .ping.t1 = 1 };
    peer_send(fixture->peer, bytes, size + wire_encode(&message, bytes + size));
    fixture_settle(fixture);
    assert_int_equal(fixture->peer->delivered, 2);
    assert_int_equal(fixture->peer->pongs, 1);
    assert_in_range(write_count, 2, 8);
    message = (struct wire_message){ .type = WIRE_PONG };
    assert_int_equal(writes[0], wire_encode(&message, bytes));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(four_pongs_wait_at_most),
        TEST(pong_within_a_frame),
        TEST(little_is_read_at_once),
        TEST(who_watches_has_the_main_loop),
        TEST(who_sends_too_much_has_low_priority),
        TEST(who_sends_too_much_while_leaving),
        TEST(little_is_written_at_once),
        TEST(a_pong_goes_before_a_frame),
    };
    log_setup("test_client_turns", LOG_LEVEL_ERROR);
    return cmocka_run_group_tests_name("client_turns", tests, NULL, NULL);
}
