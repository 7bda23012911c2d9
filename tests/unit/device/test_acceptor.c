#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "device/serve/acceptor.h"
#include "device/serve/client_end.h"
#include "fake_stream.h"
#include "shared/base/clock.h"

enum { PEERS = 5, ROUNDS_MAX = 100000, WAIT_MS = 20000 };

/* An acceptor at a Unix socket, and those who come. */
struct fixture {
    char folder[64];
    struct loop loop;
    struct listeners listeners;
    struct auth auth;
    struct acceptor acceptor;
    struct log_limit limit;
    bool changed;
    struct client_shared shared;
    struct stream stream, *streams[1];
    int peers[PEERS];
};

static int setup(void **state)
{
    static struct fixture fixture;
    char text[128];
    struct error error;
    fixture =
        (struct fixture){ .folder = "/tmp/pitether-test-XXXXXX", .streams = { &fixture.stream } };
    *state = &fixture;
    if (!mkdtemp(fixture.folder) || loop_init(&fixture.loop))
        return -1;
    snprintf(text, sizeof(text), "unix:%s/socket", fixture.folder);
    fixture.shared = (struct client_shared){ .admit = acceptor_admit,
                                             .user = &fixture.acceptor,
                                             .loop = &fixture.loop,
                                             .low_priority = &fixture.acceptor.low_priority,
                                             .changed = &fixture.changed,
                                             .fail_limit = &fixture.limit,
                                             .visit_limit = &fixture.limit,
                                             .set_limit = &fixture.limit,
                                             .epoch = 77,
                                             .streams = fixture.streams,
                                             .stream_count = 1 };
    fake_stream_init(&fixture.stream, 0, "camera");
    if (listeners_open(&fixture.listeners, text, false, &error))
        return -1;
    return acceptor_open(&fixture.acceptor, &(struct acceptor_config){
                                                .loop = &fixture.loop,
                                                .listeners = &fixture.listeners,
                                                .auth = &fixture.auth,
                                                .shared = &fixture.shared,
                                                .max_clients = PEERS,
                                            });
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;
    acceptor_close(&fixture->acceptor);
    acceptor_clear(&fixture->acceptor);
    fake_stream_destroy(&fixture->stream);
    loop_destroy(&fixture->loop);
    for (int i = 0; i < PEERS; i++)
        if (fixture->peers[i] > 0)
            close(fixture->peers[i]);
    return rmdir(fixture->folder);
}

static void come(struct fixture *fixture, int count)
{
    const struct socket_address *address = &fixture->listeners.items[0].address;
    for (int i = 0; i < count; i++) {
        fixture->peers[i] = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        assert_int_equal(
            connect(fixture->peers[i], (const struct sockaddr *)&address->storage, address->size),
            0);
    }
}

static unsigned present(const struct fixture *fixture)
{
    unsigned count = 0;
    for (const struct client *client = fixture->acceptor.clients; client; client = client->next)
        count++;
    return count;
}

static void between(void *user)
{
    (void)user;
}

static void after(void *user)
{
    loop_stop(user);
}

/* Waits until there is something to do, and does it. */
static void round_of(struct fixture *fixture)
{
    struct pollfd ready = { .fd = fixture->loop.fd, .events = POLLIN };
    assert_int_equal(poll(&ready, 1, WAIT_MS), 1);
    fixture->loop.stopping = false;
    assert_int_equal(loop_run(&fixture->loop, between, after, &fixture->loop), 0);
}

#define ROUNDS_UNTIL(fixture, condition)                                                           \
    do {                                                                                           \
        for (int rounds_ = 0; !(condition); rounds_++) {                                           \
            assert_in_range(rounds_, 0, ROUNDS_MAX);                                               \
            round_of(fixture);                                                                     \
        }                                                                                          \
    } while (0)

static void not_more_than_one_a_round(void **state)
{
    struct fixture *fixture = *state;
    come(fixture, PEERS);
    for (unsigned before = 0; before < PEERS; before = present(fixture)) {
        assert_int_equal(present(fixture), before);
        round_of(fixture);
        assert_in_range(present(fixture), before, before + 1);
    }
}

/* Who connects too often without a key is refused at once: the kernel's queue is there for others,
 * too. */
static void many_are_refused_in_a_round(void **state)
{
    struct fixture *fixture = *state;
    char byte;
    fixture->acceptor.accept_points[0].demands_key = true;
    come(fixture, PEERS);
    for (int i = 0; i < ADMISSION_BURST; i++)
        assert_true(admission_take(&fixture->acceptor.admission,
                                   &(struct socket_address){ .storage.ss_family = AF_UNIX },
                                   clock_monotonic()));
    round_of(fixture);
    assert_int_equal(present(fixture), 0);
    for (int i = 0; i < PEERS; i++)
        assert_int_equal(recv(fixture->peers[i], &byte, 1, MSG_DONTWAIT), 0);
}

static void the_oldest_comes_first(void **state)
{
    struct fixture *fixture = *state;
    come(fixture, PEERS);
    ROUNDS_UNTIL(fixture, present(fixture) == PEERS);
    const struct client *client = fixture->acceptor.clients;
    for (; client->next; client = client->next)
        assert_true(client->opened_ns <= client->next->opened_ns);
    assert_true(client->opened_ns > fixture->acceptor.clients->opened_ns);
}

static void count_gone(void *user, struct client *client)
{
    (void)client;
    ++*(unsigned *)user;
}

/* Also when the last one was among the dead. */
static void new_ones_after_others_were_reaped(void **state)
{
    struct fixture *fixture = *state;
    unsigned gone = 0;
    come(fixture, 2);
    ROUNDS_UNTIL(fixture, present(fixture) == 2);
    client_cut(fixture->acceptor.clients->next, "was cut by the test");
    assert_true(fixture->changed);
    assert_true(acceptor_reap(&fixture->acceptor, count_gone, &gone));
    assert_int_equal(gone, 1);
    assert_int_equal(fixture->acceptor.admitted, 1);
    close(fixture->peers[0]);
    close(fixture->peers[1]);
    come(fixture, 2);
    ROUNDS_UNTIL(fixture, present(fixture) == 3);
}

static void say(int peer, const struct wire_message *message)
{
    uint8_t bytes[WIRE_ENCODED_MAX];
    size_t size = wire_encode(message, bytes);
    assert_int_equal(send(peer, bytes, size, 0), size);
}

/* The low-priority loop has to pause now and then while there is something to do, and then goes on.
 */
static void low_priority_pauses(void **state)
{
    struct fixture *fixture = *state;
    const struct watch *watch = &fixture->acceptor.low_priority_watch;
    come(fixture, 1);
    ROUNDS_UNTIL(fixture, present(fixture) == 1);
    assert_int_equal(send(fixture->peers[0], wire_opening, WIRE_OPENING_SIZE, 0),
                     WIRE_OPENING_SIZE);
    say(fixture->peers[0],
        &(struct wire_message){ .type = WIRE_HELLO, .hello.max_message = WIRE_CONTROL_MAX });
    for (int i = 0; watch->events; i++) {
        assert_in_range(i, 0, ROUNDS_MAX);
        say(fixture->peers[0], &(struct wire_message){ .type = WIRE_PONG });
        round_of(fixture);
    }
    struct epoll_event event;
    say(fixture->peers[0], &(struct wire_message){ .type = WIRE_PONG });
    uint64_t received_ns = fixture->acceptor.clients->received_ns;
    assert_int_equal(epoll_wait(fixture->loop.fd, &event, 1, -1), 1);
    assert_ptr_equal(event.data.ptr, &fixture->acceptor.pause_watch);
    round_of(fixture);
    assert_int_equal(watch->events, EPOLLIN);
    struct pollfd paused = { .fd = fixture->acceptor.pause_watch.fd, .events = POLLIN };
    assert_int_equal(poll(&paused, 1, 0), 0);
    ROUNDS_UNTIL(fixture, fixture->acceptor.clients->received_ns > received_ns);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(not_more_than_one_a_round), TEST(many_are_refused_in_a_round),
        TEST(the_oldest_comes_first),    TEST(new_ones_after_others_were_reaped),
        TEST(low_priority_pauses),
    };
    return cmocka_run_group_tests_name("acceptor", tests, NULL, NULL);
}
