/*
 * The plain transport over socket pairs and over TCP on the loopback interface.
 */
#include "shared/net/transport.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { WAIT_MS = 20000 };

struct pair {
    struct transport *here;
    int peer; /* blocking, for WAIT_MS at most */
};

static void limit_waits(int peer)
{
    struct timeval limit = { .tv_sec = WAIT_MS / 1000 };
    assert_int_equal(setsockopt(peer, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)), 0);
}

static void connect_unix(struct pair *pair)
{
    int ends[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    pair->here = transport_plain_create(ends[0]);
    assert_non_null(pair->here);
    pair->peer = ends[1];
    limit_waits(pair->peer);
}

static void connect_tcp(struct pair *pair)
{
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t size = sizeof(address);
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(listener, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(listen(listener, 1), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &size), 0);
    assert_int_equal(connect(client, (struct sockaddr *)&address, sizeof(address)), 0);
    pair->peer = accept(listener, NULL, NULL);
    assert_true(pair->peer >= 0);
    limit_waits(pair->peer);
    close(listener);
    pair->here = transport_plain_create(client);
    assert_non_null(pair->here);
}

static void (*const connects[])(struct pair *pair) = { connect_unix, connect_tcp };

static void disconnect(struct pair *pair)
{
    transport_close(&pair->here);
    assert_null(pair->here);
    if (pair->peer >= 0)
        close(pair->peer);
}

static void wait_for(const struct transport *transport, short events)
{
    struct pollfd ready = { .fd = transport->fd, .events = events };
    assert_int_equal(poll(&ready, 1, WAIT_MS), 1);
}

static ssize_t read_some(struct transport *transport, void *to, size_t size)
{
    struct iovec room = { to, size };
    return transport->ops->read(transport, &room, 1);
}

static ssize_t write_some(struct transport *transport, const void *from, size_t size)
{
    struct iovec data = { (void *)from, size };
    return transport->ops->write(transport, &data, 1);
}

static void bytes_go_both_ways(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct pair pair;
        char a[3], b[10], peer[6];
        connects[i](&pair);
        assert_int_equal(pair.here->ops->handshake(pair.here), 0);
        struct iovec data[] = { { "ab", 2 }, { "cdef", 4 } };
        assert_int_equal(pair.here->ops->write(pair.here, data, 2), 6);
        assert_int_equal(recv(pair.peer, peer, 6, MSG_WAITALL), 6);
        assert_memory_equal(peer, "abcdef", 6);
        assert_int_equal(send(pair.peer, "12345", 5, 0), 5);
        wait_for(pair.here, POLLIN);
        struct iovec room[] = { { a, 3 }, { b, 10 } };
        assert_int_equal(pair.here->ops->read(pair.here, room, 2), 5);
        assert_memory_equal(a, "123", 3);
        assert_memory_equal(b, "45", 2);
        disconnect(&pair);
    }
}

static void nothing_to_read_is_eagain(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct pair pair;
        char byte;
        connects[i](&pair);
        assert_true(fcntl(pair.here->fd, F_GETFL) & O_NONBLOCK);
        assert_int_equal(read_some(pair.here, &byte, 1), -EAGAIN);
        assert_int_equal(pair.here->waits_for, POLLIN);
        disconnect(&pair);
    }
}

/* Writes until the kernel takes no more; the writes before may be partial, and all that was taken
 * arrives in order. */
static void writes_may_be_partial(void **state)
{
    (void)state;
    enum { OFFER = 1000003 };
    uint8_t *data = malloc(OFFER), *got = malloc(OFFER);
    assert_true(data && got);
    for (size_t i = 0; i < OFFER; i++)
        data[i] = (uint8_t)(i ^ i >> 9);
    for (int i = 0; i < 2; i++) {
        struct pair pair;
        size_t sent = 0, received = 0;
        bool partial = false, refused = false;
        connects[i](&pair);
        while (sent < OFFER) {
            ssize_t taken = write_some(pair.here, data + sent, OFFER - sent);
            if (taken == -EAGAIN) {
                refused = true;
                assert_int_equal(pair.here->waits_for, POLLOUT);
                assert_true(sent > received);
                ssize_t more = recv(pair.peer, got + received, OFFER - received, 0);
                assert_true(more > 0);
                received += (size_t)more;
                continue;
            }
            assert_true(taken > 0);
            partial |= (size_t)taken < OFFER - sent;
            sent += (size_t)taken;
        }
        pair.here->ops->finish(pair.here);
        for (ssize_t more; (more = recv(pair.peer, got + received, OFFER - received, 0)) > 0;)
            received += (size_t)more;
        assert_int_equal(received, OFFER);
        assert_memory_equal(got, data, OFFER);
        /* A socket pair holds some 200 KB. What TCP on loopback takes at once varies. */
        if (i == 0)
            assert_true(partial && refused);
        disconnect(&pair);
    }
    free(data);
    free(got);
}

static void the_peers_end_is_0(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct pair pair;
        char bytes[4];
        connects[i](&pair);
        assert_int_equal(send(pair.peer, "xy", 2, 0), 2);
        assert_int_equal(shutdown(pair.peer, SHUT_WR), 0);
        wait_for(pair.here, POLLIN);
        assert_int_equal(read_some(pair.here, bytes, 2), 2);
        wait_for(pair.here, POLLIN);
        assert_int_equal(read_some(pair.here, bytes, 4), 0);
        assert_int_equal(read_some(pair.here, bytes, 4), 0);
        /* The other direction goes on, and finish() ends it. */
        assert_int_equal(write_some(pair.here, "z", 1), 1);
        pair.here->ops->finish(pair.here);
        assert_int_equal(recv(pair.peer, bytes, 4, 0), 1);
        assert_int_equal(recv(pair.peer, bytes, 4, 0), 0);
        disconnect(&pair);
    }
}

/* Writing to a peer that is gone is an error code, not the signal that ends the program. */
static void a_gone_peer_is_an_error(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct pair pair;
        connects[i](&pair);
        assert_true(signal(SIGPIPE, SIG_DFL) != SIG_ERR);
        close(pair.peer);
        pair.peer = -1;
        ssize_t result = 0;
        /* TCP learns it from the answer to the first write. */
        for (int attempt = 0; attempt < 1000 && result >= 0; attempt++) {
            result = write_some(pair.here, "x", 1);
            if (result >= 0)
                wait_for(pair.here, POLLIN);
        }
        assert_true(result == -EPIPE || result == -ECONNRESET);
        assert_int_equal(write_some(pair.here, "x", 1), -EPIPE);
        disconnect(&pair);
    }
}

static void tcp_is_tuned_and_measured(void **state)
{
    (void)state;
    struct pair pair;
    struct transport_path path = { 0 };
    int on = 0, lowat = 0, timeout = 0;
    socklen_t size = sizeof(on);
    connect_tcp(&pair);
    assert_int_equal(getsockopt(pair.here->fd, IPPROTO_TCP, TCP_NODELAY, &on, &size), 0);
    assert_int_not_equal(on, 0);
    assert_int_equal(getsockopt(pair.here->fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &lowat, &size), 0);
    assert_in_range(lowat, 1, 256 * 1024);
    /* A receiver that doesn't read for a while is not dead. */
    assert_int_equal(getsockopt(pair.here->fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &timeout, &size), 0);
    assert_int_equal(timeout, 0);
    assert_int_equal(pair.here->ops->path(pair.here, &path), 0);
    disconnect(&pair);
    connect_unix(&pair);
    assert_int_equal(pair.here->ops->path(pair.here, &path), -ENOTSUP);
    disconnect(&pair);
}

static void close_takes_anything(void **state)
{
    (void)state;
    struct transport *none = NULL;
    struct pair pair;
    transport_close(NULL);
    transport_close(&none);
    connect_unix(&pair);
    int fd = pair.here->fd;
    transport_close(&pair.here);
    assert_int_equal(fcntl(fd, F_GETFD), -1);
    disconnect(&pair);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_go_both_ways),      cmocka_unit_test(nothing_to_read_is_eagain),
        cmocka_unit_test(writes_may_be_partial),   cmocka_unit_test(the_peers_end_is_0),
        cmocka_unit_test(a_gone_peer_is_an_error), cmocka_unit_test(tcp_is_tuned_and_measured),
        cmocka_unit_test(close_takes_anything),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
