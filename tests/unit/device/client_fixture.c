#include "client_fixture.h"

#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "camera_controls.h"
#include "shared/base/clock.h"

static void open_fixture(struct client_fixture *fixture, int device_fd, int peer_fd)
{
    struct socket_address address = { .size = sizeof(address.storage) };
    *fixture = (struct client_fixture){ .shared = { .loop = &fixture->loop,
                                                    .low_priority = &fixture->low_priority,
                                                    .changed = &fixture->changed,
                                                    .fail_limit = &fixture->fail_limit,
                                                    .visit_limit = &fixture->fail_limit,
                                                    .set_limit = &fixture->fail_limit,
                                                    .epoch = 77,
                                                    .queue_bytes = 8 << 20,
                                                    .streams = fixture->streams,
                                                    .stream_count = 1 },
                                        .streams = { &fixture->stream } };
    fixture->open = true;
    fake_stream_init(&fixture->stream, 0, "camera");
    assert_int_equal(getpeername(device_fd, (struct sockaddr *)&address.storage, &address.size), 0);
    frames_init(&fixture->frames);
    assert_int_equal(loop_init(&fixture->loop), 0);
    assert_int_equal(loop_init(&fixture->low_priority), 0);
    struct transport *transport = transport_plain_create(device_fd);
    assert_non_null(transport);
    fixture->client = client_create(&fixture->shared, transport, &address);
    assert_non_null(fixture->client);
    fixture->peer = calloc(1, sizeof(*fixture->peer));
    assert_non_null(fixture->peer);
    fixture->peer->fd = peer_fd;
    fixture->peer->reads = fixture->peer->acks = true;
    message_reader_init(&fixture->peer->reader, WIRE_MAX_MESSAGE_DEFAULT);
}

void fixture_unix(struct client_fixture *fixture, int buffer)
{
    int fds[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
    if (buffer)
        setsockopt(fds[0], SOL_SOCKET, SO_SNDBUF, &buffer, sizeof(buffer));
    open_fixture(fixture, fds[0], fds[1]);
}

void fixture_tcp(struct client_fixture *fixture)
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
    open_fixture(fixture, device, peer);
}

void fixture_close(struct client_fixture *fixture)
{
    if (!fixture->open) /* the test that closed it could not open it again */
        return;
    fixture->open = false;
    if (fixture->peer) { /* it is the last thing that is made */
        close(fixture->peer->fd);
        peer_clear(fixture->peer);
    }
    free(fixture->peer);
    client_destroy(&fixture->client);
    assert_null(fixture->client);
    fake_stream_destroy(&fixture->stream);
    loop_destroy(&fixture->loop);
    loop_destroy(&fixture->low_priority);
    frames_destroy(&fixture->frames);
}

static void between(void *user)
{
    (void)user;
}

static void after_round(void *user)
{
    loop_stop(user);
}

static bool step(struct client_fixture *fixture, int timeout_ms)
{
    bool listens = fixture->peer->reads && !fixture->peer->closed;
    struct pollfd fds[] = { { .fd = fixture->loop.fd, .events = POLLIN },
                            { .fd = listens ? fixture->peer->fd : -1, .events = POLLIN },
                            { .fd = fixture->low_priority.fd, .events = POLLIN } };
    if (poll(fds, 3, timeout_ms) <= 0)
        return false;
    if (fds[0].revents) {
        fixture->loop.stopping = false;
        assert_int_equal(loop_run(&fixture->loop, between, after_round, &fixture->loop), 0);
    }
    if (fds[1].revents)
        peer_read(fixture->peer, SIZE_MAX);
    if (fds[2].revents)
        loop_turn(&fixture->low_priority);
    return true;
}

void fixture_step(struct client_fixture *fixture)
{
    assert_true(step(fixture, FIXTURE_BOUND_MS));
}

void fixture_settle(struct client_fixture *fixture)
{
    int steps = 0;
    while (step(fixture, 0))
        assert_in_range(steps++, 0, 100000);
}

void fixture_greet(struct client_fixture *fixture, uint32_t max_message)
{
    peer_send(fixture->peer, wire_opening, WIRE_OPENING_SIZE);
    peer_send_message(fixture->peer, &(struct wire_message){ .type = WIRE_HELLO,
                                                             .hello.max_message = max_message });
    FIXTURE_UNTIL(fixture, fixture->peer->streams_seen && fixture->client->state == CLIENT_READY);
}

void fixture_camera_on(struct client_fixture *fixture, unsigned width)
{
    fake_stream_on(&fixture->stream, width);
    subscription_status_changed(&fixture->client->subscription);
    subscription_camera_on(&fixture->client->subscription);
    fixture_write(fixture);
}

void fixture_subscribe(struct client_fixture *fixture, const struct wire_subscribe *subscribe)
{
    if (fixture->client->state == CLIENT_OPENING)
        fixture_greet(fixture, WIRE_MAX_MESSAGE_DEFAULT);
    peer_send_message(fixture->peer,
                      &(struct wire_message){ .type = WIRE_SUBSCRIBE, .subscribe = *subscribe });
    FIXTURE_UNTIL(fixture, fixture->client->state == CLIENT_SUBSCRIBED);
    fixture_camera_on(fixture, 640);
    FIXTURE_UNTIL(fixture, fixture->peer->streams == 1);
}

void fixture_watch(struct client_fixture *fixture, enum wire_mode mode, uint32_t max_fps_mhz,
                   uint32_t queue_bytes)
{
    fixture_subscribe(fixture, &(struct wire_subscribe){ .mode = (uint8_t)mode,
                                                         .max_fps_mhz = max_fps_mhz,
                                                         .queue_bytes = queue_bytes });
}

/* As the server does: one whose socket is full is woken by the loop. */
void fixture_write(struct client_fixture *fixture)
{
    if (!(fixture->client->watch.events & EPOLLOUT))
        client_write(fixture->client);
}

static void hand_over(struct client_fixture *fixture, struct frame *frame)
{
    frame_set_stream(frame, &fixture->stream.format);
    frame->head.sensor_time = CLOCK_SECOND + fixture->given * CLOCK_SECOND / 30;
    subscription_frame(&fixture->client->subscription, frame);
    fixture->stream.next_id = ++fixture->given;
    fixture_write(fixture);
}

struct frame *fixture_growing(struct client_fixture *fixture, unsigned slices, size_t slice_size)
{
    struct frame *frame = frames_new(&fixture->frames, fixture->given, slices, slice_size);
    hand_over(fixture, frame);
    return frame;
}

struct frame *fixture_frame(struct client_fixture *fixture, unsigned slices, size_t slice_size)
{
    struct frame *frame = frames_whole(&fixture->frames, fixture->given, slices, slice_size);
    hand_over(fixture, frame);
    return frame;
}

void fixture_lost(struct client_fixture *fixture, uint64_t count, enum wire_drop_reason reason)
{
    uint64_t first_ns = CLOCK_SECOND + fixture->given * CLOCK_SECOND / 30;
    subscription_lost(&fixture->client->subscription,
                      &(struct lost_run){ { fixture->given, count, reason },
                                          first_ns,
                                          first_ns + (count - 1) * CLOCK_SECOND / 30 });
    fixture->given += count;
    fixture->stream.next_id = fixture->given;
    fixture_write(fixture);
}

/* So little that a frame of many parts gets stuck in it. */
enum { SMALL_BUFFER = 4608 };

int client_setup(void **state)
{
    static struct client_fixture fixture;
    fixture_unix(&fixture, 0);
    *state = &fixture;
    return 0;
}

int client_setup_small(void **state)
{
    static struct client_fixture fixture;
    fixture_unix(&fixture, SMALL_BUFFER);
    *state = &fixture;
    return 0;
}

int client_setup_tcp(void **state)
{
    static struct client_fixture fixture;
    fixture_tcp(&fixture);
    *state = &fixture;
    return 0;
}

int client_teardown(void **state)
{
    fixture_close(*state);
    return 0;
}

void expect_error(struct client_fixture *fixture, enum wire_error_code code)
{
    FIXTURE_UNTIL(fixture, fixture->peer->closed);
    assert_true(fixture->peer->opened);
    assert_true(fixture->peer->failed);
    assert_false(fixture->peer->ended);
    assert_int_equal(fixture->peer->error.code, code);
    assert_true(strlen(fixture->peer->error.text) > 0);
    assert_int_equal(fixture->client->state, CLIENT_DRAINING);
    shutdown(fixture->peer->fd, SHUT_WR);
    FIXTURE_UNTIL(fixture, fixture->client->state == CLIENT_DEAD);
}

void expect_end(struct client_fixture *fixture, enum wire_end_reason reason)
{
    FIXTURE_UNTIL(fixture, fixture->peer->closed);
    assert_true(fixture->peer->ended);
    assert_false(fixture->peer->failed);
    assert_int_equal(fixture->peer->end.reason, reason);
    assert_int_equal(fixture->client->state, CLIENT_DRAINING);
    shutdown(fixture->peer->fd, SHUT_WR);
    FIXTURE_UNTIL(fixture, fixture->client->state == CLIENT_DEAD);
}

void fixture_watch_controls(struct client_fixture *fixture, unsigned more_controls)
{
    struct control_table table = { .items = NULL };
    struct control_list list;
    struct error error;
    camera_controls_fill(&table);
    camera_controls_add_many(&table, more_controls);
    assert_int_equal(changes_begin(fixture->stream.changes, &table, &list, &error), 0);
    control_table_clear(&table);
    changes_started(fixture->stream.changes, true);
    fixture_watch(fixture, WIRE_LIVE, 0, 0);
    FIXTURE_UNTIL(fixture, fixture->peer->lists == 1);
}
