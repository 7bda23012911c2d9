/*
 * Two streams, each with a camera that the test plays, and clients that watch the one or the other.
 */
#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "device/serve/client_loop.h"
#include "device/serve/served_stream.h"
#include "fake_camera.h"
#include "peer.h"
#include "shared/base/clock.h"
#include "shared/base/log.h"

enum { STREAMS = 2, PEERS_MAX = 4, LIMIT = 3, FRONT = 0, REAR = 1 };

static const char *const names[STREAMS] = { "front", "rear" };

static const char *const labels[STREAMS] = { "front: ", "rear: " };

struct fixture {
    struct camera cameras[STREAMS];
    struct encode_pool *pool;
    struct stream *streams[STREAMS];
    struct loop loop, low_priority;
    struct log_limit limit;
    bool clients_changed, streams_changed;
    struct client_shared shared;
    struct served_stream served[STREAMS];
    struct client *clients, **end;
    struct peer *peers[PEERS_MAX];
    unsigned count;
};

static int open_stream(struct fixture *fixture, unsigned number, const struct stream_config *given)
{
    struct stream_config config = *given;
    config.number = number;
    config.name = config.source = names[number];
    config.label = labels[number];
    config.ops = &fake_camera_ops;
    config.camera = &fixture->cameras[number];
    config.encoder = (struct encoder_config){ .slices = 1, .quality = 50 };
    config.timeout_ns = 3600 * CLOCK_SECOND;
    fake_camera_init(&fixture->cameras[number]);
    int error = stream_create(&fixture->streams[number], &config, fixture->pool);
    return error ? error
                 : served_stream_open(&fixture->served[number], fixture->streams[number],
                                      &fixture->loop, &fixture->clients, &fixture->streams_changed);
}

/* front: what is special about that stream. */
static int setup_with(void **state, const struct stream_config *front)
{
    static struct fixture fixture;
    fixture = (struct fixture){ .end = &fixture.clients,
                                .shared = { .loop = &fixture.loop,
                                            .low_priority = &fixture.low_priority,
                                            .changed = &fixture.clients_changed,
                                            .fail_limit = &fixture.limit,
                                            .visit_limit = &fixture.limit,
                                            .set_limit = &fixture.limit,
                                            .epoch = 77,
                                            .queue_bytes = 8 << 20,
                                            .streams = fixture.streams,
                                            .stream_count = STREAMS } };
    *state = &fixture;
    int error = loop_init(&fixture.loop);
    if (!error)
        error = loop_init(&fixture.low_priority);
    if (!error)
        error = encode_pool_create(&fixture.pool, 1);
    if (!error)
        error = open_stream(&fixture, FRONT, front);
    return error ? error : open_stream(&fixture, REAR, &(struct stream_config){ 0 });
}

static int setup(void **state)
{
    return setup_with(state, &(struct stream_config){ 0 });
}

static int setup_limited(void **state)
{
    return setup_with(state, &(struct stream_config){ .frame_limit = LIMIT });
}

static int setup_always_on(void **state)
{
    return setup_with(state, &(struct stream_config){ .always_on = true });
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;
    for (unsigned i = 0; i < fixture->count; i++) {
        close(fixture->peers[i]->fd);
        peer_clear(fixture->peers[i]);
        free(fixture->peers[i]);
    }
    while (fixture->clients) {
        struct client *client = fixture->clients;
        fixture->clients = client->next;
        client_destroy(&client);
    }
    for (unsigned i = 0; i < STREAMS; i++) {
        stream_destroy(&fixture->streams[i]);
        fake_camera_destroy(&fixture->cameras[i]);
    }
    encode_pool_destroy(&fixture->pool);
    loop_destroy(&fixture->loop);
    loop_destroy(&fixture->low_priority);
    return 0;
}

static void between(void *user)
{
    (void)user;
}

static void after(void *user)
{
    loop_stop(user);
}

/* What the server does after each round. */
static void after_dispatch(struct fixture *fixture)
{
    for (unsigned i = 0; i < STREAMS; i++) {
        served_stream_end_finished(&fixture->served[i], WIRE_END_FINISHED);
        served_stream_follow_clients(&fixture->served[i]);
    }
}

/* Waits until somebody has something to do, and has it done. */
static void step(struct fixture *fixture)
{
    struct pollfd fds[2 + PEERS_MAX] = { { .fd = fixture->loop.fd, .events = POLLIN },
                                         { .fd = fixture->low_priority.fd, .events = POLLIN } };
    for (unsigned i = 0; i < fixture->count; i++)
        fds[2 + i] = (struct pollfd){ .fd = fixture->peers[i]->closed ? -1 : fixture->peers[i]->fd,
                                      .events = POLLIN };
    assert_true(poll(fds, 2 + fixture->count, FAKE_BOUND_MS) > 0);
    if (fds[0].revents) {
        fixture->loop.stopping = false;
        assert_int_equal(loop_run(&fixture->loop, between, after, &fixture->loop), 0);
    }
    if (fds[1].revents)
        loop_turn(&fixture->low_priority);
    after_dispatch(fixture);
    for (unsigned i = 0; i < fixture->count; i++)
        if (fds[2 + i].revents)
            peer_read(fixture->peers[i], SIZE_MAX);
}

#define UNTIL(fixture, condition)                                                                  \
    do {                                                                                           \
        while (!(condition))                                                                       \
            step(fixture);                                                                         \
    } while (0)

static struct peer *connect_peer(struct fixture *fixture)
{
    int fds[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
    struct transport *transport = transport_plain_create(fds[0]);
    assert_non_null(transport);
    struct client *client = client_create(&fixture->shared, transport,
                                          &(struct socket_address){ .storage.ss_family = AF_UNIX });
    assert_non_null(client);
    *fixture->end = client;
    fixture->end = &client->next;
    struct peer *peer = calloc(1, sizeof(*peer));
    assert_non_null(peer);
    fixture->peers[fixture->count++] = peer;
    peer->fd = fds[1];
    peer->acks = true;
    message_reader_init(&peer->reader, WIRE_MAX_MESSAGE_DEFAULT);
    peer_send(peer, wire_opening, WIRE_OPENING_SIZE);
    peer_send_message(peer,
                      &(struct wire_message){ .type = WIRE_HELLO,
                                              .hello.max_message = WIRE_MAX_MESSAGE_DEFAULT });
    return peer;
}

static void subscribe(struct peer *peer, uint8_t number)
{
    peer->number = number;
    peer_subscribe(peer, names[number], WIRE_LOSSLESS);
}

/* One that is subscribed, and knows how the camera is. */
static struct peer *watch(struct fixture *fixture, uint8_t number)
{
    struct peer *peer = connect_peer(fixture);
    subscribe(peer, number);
    UNTIL(fixture, peer->statuses > 0);
    return peer;
}

/* The same, with the camera on. */
static struct peer *watch_running(struct fixture *fixture, uint8_t number)
{
    struct peer *peer = watch(fixture, number);
    UNTIL(fixture, peer->streams > 0);
    return peer;
}

/* A frame that reaches this peer. */
static void give(struct fixture *fixture, unsigned number, uint32_t sequence, struct peer *peer)
{
    uint64_t delivered = peer->delivered;
    fake_camera_give(&fixture->cameras[number], sequence);
    UNTIL(fixture, peer->delivered > delivered);
}

static void frames_go_to_the_streams_own_clients(void **state)
{
    struct fixture *fixture = *state;
    struct peer *front = watch_running(fixture, FRONT), *rear = watch_running(fixture, REAR);
    struct peer *other_rear = watch_running(fixture, REAR);
    for (uint32_t sequence = 0; sequence < 5; sequence++)
        give(fixture, FRONT, sequence, front);
    give(fixture, REAR, 7, rear);
    UNTIL(fixture, other_rear->delivered == 1);
    assert_int_equal(rear->delivered, 1);
    assert_int_equal(front->delivered, 5);
    assert_int_equal(front->next, 5);
    assert_int_equal(rear->next, 1);
    assert_int_equal(fixture->served[FRONT].watching, 1);
    assert_int_equal(fixture->served[REAR].watching, 2);
}

static void losses_go_to_the_streams_own_clients(void **state)
{
    struct fixture *fixture = *state;
    struct peer *front = watch_running(fixture, FRONT), *rear = watch_running(fixture, REAR);
    give(fixture, REAR, 0, rear);
    give(fixture, REAR, 4, rear);
    give(fixture, FRONT, 0, front);
    assert_true(peer_fate(rear, 1, 4, WIRE_DROP_SENSOR_GAP));
    assert_int_equal(front->dropped, 0);
}

static void expect_error_listing(struct fixture *fixture, const char *name, const char *text)
{
    struct peer *peer = connect_peer(fixture);
    peer_subscribe(peer, name, WIRE_LIVE);
    UNTIL(fixture, peer->closed);
    assert_true(peer->failed);
    assert_int_equal(peer->error.code, WIRE_ERROR_NO_SUCH_STREAM);
    assert_string_equal(peer->error.text, text);
}

static void names_that_are_none(void **state)
{
    struct fixture *fixture = *state;
    expect_error_listing(fixture, "side", "no stream is called \"side\": there are front, rear");
    expect_error_listing(fixture, "fron", "no stream is called \"fron\": there are front, rear");
    expect_error_listing(fixture, "", "name one of the streams: front, rear");
    assert_int_equal(fixture->cameras[FRONT].starts + fixture->cameras[REAR].starts, 0);
}

/* With what is known of each when the receiver connects. */
static void all_streams_are_listed(void **state)
{
    struct fixture *fixture = *state;
    watch_running(fixture, REAR);
    struct peer *peer = connect_peer(fixture);
    UNTIL(fixture, peer->streams_seen);
    const struct wire_stream_entry *front = &peer->listed.entries[FRONT];
    const struct wire_stream_entry *rear = &peer->listed.entries[REAR];
    assert_int_equal(peer->listed.count, STREAMS);
    assert_int_equal(front->number, FRONT);
    assert_string_equal(front->name, "front");
    assert_string_equal(front->model, "front"); /* the source's, so far */
    assert_int_equal(front->state, WIRE_STREAM_STARTING);
    assert_int_equal(front->width, 0);
    assert_int_equal(rear->number, REAR);
    assert_string_equal(rear->name, "rear");
    assert_string_equal(rear->model, "fake");
    assert_int_equal(rear->state, WIRE_STREAM_RUNNING);
    assert_int_equal(rear->width, FAKE_SIDE);
    assert_int_equal(rear->height, FAKE_SIDE);
    assert_int_equal(rear->fps_mhz, 30000);
}

static void a_camera_runs_for_its_own_clients(void **state)
{
    struct fixture *fixture = *state;
    struct peer *front = watch_running(fixture, FRONT);
    give(fixture, FRONT, 0, front);
    assert_int_equal(fixture->cameras[REAR].starts, 0);
    struct peer *rear = watch_running(fixture, REAR);
    peer_end(front);
    UNTIL(fixture, front->ended);
    UNTIL(fixture, !fixture->streams[FRONT]->running);
    assert_int_equal(fixture->cameras[FRONT].stops, 1);
    give(fixture, REAR, 0, rear);
    assert_int_equal(fixture->cameras[REAR].stops, 0);
}

static void always_on_is_the_streams_own(void **state)
{
    struct fixture *fixture = *state;
    after_dispatch(fixture);
    UNTIL(fixture, fixture->streams[FRONT]->running);
    assert_int_equal(fixture->cameras[REAR].starts, 0);
}

static void a_lost_camera_is_its_own_clients_affair(void **state)
{
    struct fixture *fixture = *state;
    struct peer *front = watch_running(fixture, FRONT), *rear = watch_running(fixture, REAR);
    fixture->cameras[FRONT].failures = 1000;
    give(fixture, FRONT, 0, front);
    give(fixture, REAR, 0, rear);
    unsigned statuses = rear->statuses;
    fake_camera_give_end(&fixture->cameras[FRONT], -ENODEV);
    UNTIL(fixture, front->status.state == WIRE_STREAM_LOST);
    give(fixture, REAR, 1, rear);
    assert_int_equal(rear->statuses, statuses);
    assert_int_equal(rear->dropped, 0);
    assert_false(front->closed);
}

/* Those who come later are told at once, and those of the other stream nothing at all. */
static void the_end_of_a_stream_ends_its_clients_only(void **state)
{
    struct fixture *fixture = *state;
    struct peer *front = watch_running(fixture, FRONT), *rear = watch_running(fixture, REAR);
    for (uint32_t sequence = 0; sequence < LIMIT; sequence++)
        give(fixture, FRONT, sequence, front);
    UNTIL(fixture, front->ended);
    assert_int_equal(front->end.reason, WIRE_END_FINISHED);
    assert_int_equal(front->end.delivered, LIMIT);
    struct peer *late = connect_peer(fixture);
    subscribe(late, FRONT);
    UNTIL(fixture, late->ended);
    assert_int_equal(late->end.reason, WIRE_END_FINISHED);
    assert_int_equal(late->end.captured, 0);
    for (uint32_t sequence = 0; sequence < 2 * LIMIT; sequence++)
        give(fixture, REAR, sequence, rear);
    assert_false(rear->ended);
    assert_int_equal(fixture->served[FRONT].watching, 0);
    assert_int_equal(fixture->served[REAR].watching, 1);
}

static char line[1000];

static void keep_line(void *user, enum log_level level, const char *text)
{
    (void)user;
    assert_int_equal(level, LOG_LEVEL_INFO);
    snprintf(line, sizeof(line), "%s", text);
}

static void tick_stats(struct fixture *fixture, unsigned number, uint64_t seconds)
{
    encoder_drain(fixture->streams[number]->encoder);
    served_stream_log_stats(&fixture->served[number], 1, (1 + seconds) * CLOCK_SECOND);
}

static void stats_are_the_streams_own(void **state)
{
    struct fixture *fixture = *state;
    static const struct log_handler handler = { .write = keep_line };
    struct peer *front = watch_running(fixture, FRONT);
    watch_running(fixture, REAR);
    watch_running(fixture, REAR);
    tick_stats(fixture, FRONT, 0);
    tick_stats(fixture, REAR, 0);
    give(fixture, FRONT, 0, front);
    give(fixture, FRONT, 2, front);
    const struct log_handler *before = log_set_handler(&handler);
    tick_stats(fixture, FRONT, 1);
    assert_non_null(strstr(line, "front: 2.0 fps, "));
    assert_non_null(strstr(line, "a frame, 1 SENSOR_GAP; 1 watching, 2.0 fps and "));
    assert_non_null(strstr(line, "to all, 1 SENSOR_GAP"));
    tick_stats(fixture, REAR, 1);
    assert_non_null(strstr(line, "rear: 0.0 fps, 0.0 ms and 0 kB a frame; 2 watching, 0.0 fps and "
                                 "0.00 Mbit/s to all"));
    assert_null(strstr(line, "SENSOR_GAP"));
    log_set_handler(before);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(frames_go_to_the_streams_own_clients),
        TEST(losses_go_to_the_streams_own_clients),
        TEST(names_that_are_none),
        TEST(all_streams_are_listed),
        TEST(a_camera_runs_for_its_own_clients),
        cmocka_unit_test_setup_teardown(always_on_is_the_streams_own, setup_always_on, teardown),
        TEST(stats_are_the_streams_own),
        TEST(a_lost_camera_is_its_own_clients_affair),
        cmocka_unit_test_setup_teardown(the_end_of_a_stream_ends_its_clients_only, setup_limited,
                                        teardown),
    };
    log_setup("test_served_stream", LOG_LEVEL_ERROR);
    return cmocka_run_group_tests_name("served_stream", tests, NULL, NULL);
}
