#include "tls_pair.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <unistd.h>

#include <cmocka.h>

void tls_pair_keys(struct tls_pair *pair, const char *name)
{
    *pair = (struct tls_pair){ .fds = { -1, -1 } };
    for (int side = 0; side < 2; side++) {
        assert_int_equal(keys_reserve(&pair->keys[side]), 0);
        pair->keys[side].count = 1;
    }
    assert_int_equal(key_generate(&pair->keys[TLS_DAEMON].items[0], name, KEY_VIEW), 0);
    pair->keys[TLS_RECEIVER].items[0] = pair->keys[TLS_DAEMON].items[0];
}

void tls_pair_tls(struct tls_pair *pair)
{
    for (int side = 0; side < 2; side++) {
        pair->tls[side] = tls_create((enum tls_side)side, &pair->keys[side]);
        assert_non_null(pair->tls[side]);
    }
}

static void connect_tcp(int fds[2])
{
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t size = sizeof(address);
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    fds[TLS_RECEIVER] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(listener, (struct sockaddr *)&address, size), 0);
    assert_int_equal(listen(listener, 1), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &size), 0);
    assert_int_equal(connect(fds[TLS_RECEIVER], (struct sockaddr *)&address, size), 0);
    fds[TLS_DAEMON] = accept(listener, NULL, NULL);
    assert_true(fds[TLS_DAEMON] >= 0);
    close(listener);
}

void tls_pair_sockets(struct tls_pair *pair, enum tls_pair_link link)
{
    /* Less makes TCP wait for its delayed acknowledgements. */
    int buffer = link == TLS_PAIR_TCP ? 64 * 1024 : 4096;
    if (link == TLS_PAIR_TCP)
        connect_tcp(pair->fds);
    else
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair->fds), 0);
    for (int side = 0; side < 2; side++) {
        setsockopt(pair->fds[side], SOL_SOCKET, SO_SNDBUF, &buffer, sizeof(buffer));
        setsockopt(pair->fds[side], SOL_SOCKET, SO_RCVBUF, &buffer, sizeof(buffer));
        assert_int_equal(fcntl(pair->fds[side], F_SETFL, O_NONBLOCK), 0);
        pair->results[side] = -EAGAIN;
    }
}

void tls_pair_end(struct tls_pair *pair, enum tls_side side, bool demanded)
{
    pair->ends[side] = side == TLS_DAEMON
                           ? transport_tls_accept(pair->fds[side], pair->tls[side], demanded)
                           : transport_tls_connect(pair->fds[side], pair->tls[side]);
    assert_non_null(pair->ends[side]);
    assert_int_equal(pair->ends[side]->fd, pair->fds[side]);
    assert_null(pair->ends[side]->peer);
}

void tls_pair_open(struct tls_pair *pair, enum tls_pair_link link)
{
    tls_pair_keys(pair, "laptop");
    tls_pair_tls(pair);
    tls_pair_sockets(pair, link);
    tls_pair_end(pair, TLS_DAEMON, true);
    tls_pair_end(pair, TLS_RECEIVER, true);
}

void tls_pair_connect(struct tls_pair *pair, enum tls_pair_link link)
{
    tls_pair_open(pair, link);
    tls_pair_shake(pair);
    assert_int_equal(pair->results[TLS_DAEMON], 0);
    assert_int_equal(pair->results[TLS_RECEIVER], 0);
}

bool tls_pair_step(struct tls_pair *pair, enum tls_side side)
{
    struct transport *end = pair->ends[side];
    if (end && pair->results[side] == -EAGAIN)
        pair->results[side] = end->ops->handshake(end);
    return pair->results[side] != -EAGAIN;
}

static void hang_up(struct tls_pair *pair, int side)
{
    transport_close(&pair->ends[side]);
    assert_null(pair->ends[side]);
    pair->fds[side] = -1;
}

void tls_pair_shake(struct tls_pair *pair)
{
    for (;;) {
        bool done = true;
        for (int side = 0; side < 2; side++) {
            done &= !pair->ends[side] || tls_pair_step(pair, (enum tls_side)side);
            if (pair->ends[side] && pair->results[side] != 0 && pair->results[side] != -EAGAIN &&
                pair->results[side] != -ENOKEY)
                hang_up(pair, side);
        }
        if (done)
            return;
        tls_pair_wait(pair);
    }
}

void tls_pair_close(struct tls_pair *pair)
{
    for (int side = 0; side < 2; side++) {
        if (pair->ends[side])
            hang_up(pair, side);
        if (pair->fds[side] >= 0)
            close(pair->fds[side]);
        tls_destroy(&pair->tls[side]);
        assert_null(pair->tls[side]);
        keys_clear(&pair->keys[side]);
    }
}

void tls_pair_wait(const struct tls_pair *pair)
{
    struct pollfd ready[2];
    for (int side = 0; side < 2; side++) {
        const struct transport *end = pair->ends[side];
        bool waits = end && pair->results[side] == -EAGAIN;
        ready[side] = (struct pollfd){ waits ? end->fd : -1, waits ? end->waits_for : 0, 0 };
    }
    assert_true(poll(ready, 2, TLS_PAIR_WAIT_MS) > 0);
}

void tls_pair_wait_readable(int fd)
{
    struct pollfd ready = { .fd = fd, .events = POLLIN };
    assert_int_equal(poll(&ready, 1, TLS_PAIR_WAIT_MS), 1);
}

ssize_t transport_read_into(struct transport *transport, void *to, size_t size)
{
    struct iovec room = { to, size };
    return transport->ops->read(transport, &room, 1);
}

ssize_t transport_write_from(struct transport *transport, const void *from, size_t size)
{
    struct iovec data = { (void *)from, size };
    return transport->ops->write(transport, &data, 1);
}
