/*
 * The TLS transport's handshake with a peer that speaks something else, or over a link that
 * damages, delays, repeats or cuts what it carries.
 */
#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "tls_pair.h"

/* Only the daemon's side is a transport; the other one is a socket. */
static void open_daemon(struct tls_pair *pair, enum tls_pair_link link, bool demanded)
{
    tls_pair_keys(pair, "laptop");
    tls_pair_tls(pair);
    tls_pair_sockets(pair, link);
    tls_pair_end(pair, TLS_DAEMON, demanded);
}

static void send_raw(const struct tls_pair *pair, enum tls_side side, const void *bytes,
                     size_t size)
{
    assert_int_equal(send(pair->fds[side], bytes, size, MSG_NOSIGNAL), size);
}

static void the_daemon_keeps_silent_until_it_is_spoken_to(void **state)
{
    (void)state;
    for (int demanded = 0; demanded < 2; demanded++) {
        struct tls_pair pair;
        char byte;
        open_daemon(&pair, TLS_PAIR_TCP, demanded);
        struct transport *daemon = pair.ends[TLS_DAEMON];
        for (int again = 0; again < 3; again++) {
            assert_int_equal(daemon->ops->handshake(daemon), -EAGAIN);
            assert_int_equal(daemon->waits_for, POLLIN);
            assert_int_equal(transport_write_from(daemon, "secret", 6), -EAGAIN);
            assert_int_equal(transport_read_into(daemon, &byte, 1), -EAGAIN);
            assert_int_equal(recv(pair.fds[TLS_RECEIVER], &byte, 1, 0), -1);
            assert_int_equal(errno, EAGAIN);
        }
        tls_pair_close(&pair);
    }
}

static void a_plain_peer_where_it_may_be_one(void **state)
{
    (void)state;
    struct tls_pair pair;
    char bytes[16];
    open_daemon(&pair, TLS_PAIR_TCP, false);
    struct transport *daemon = pair.ends[TLS_DAEMON];
    send_raw(&pair, TLS_RECEIVER, "\x89PTF\r\n\x1a\n", 8);
    tls_pair_shake(&pair);
    assert_int_equal(pair.results[TLS_DAEMON], 0);
    assert_null(daemon->peer);
    assert_int_equal(transport_read_into(daemon, bytes, sizeof(bytes)), 8);
    assert_memory_equal(bytes, "\x89PTF\r\n\x1a\n", 8);
    assert_int_equal(transport_write_from(daemon, "hello", 5), 5);
    tls_pair_wait_readable(pair.fds[TLS_RECEIVER]);
    assert_int_equal(recv(pair.fds[TLS_RECEIVER], bytes, sizeof(bytes), 0), 5);
    assert_memory_equal(bytes, "hello", 5);
    tls_pair_close(&pair);
}

static void a_plain_peer_where_it_may_not(void **state)
{
    (void)state;
    struct tls_pair pair;
    char bytes[16];
    open_daemon(&pair, TLS_PAIR_TCP, true);
    struct transport *daemon = pair.ends[TLS_DAEMON];
    send_raw(&pair, TLS_RECEIVER, "\x89", 1);
    tls_pair_shake(&pair);
    assert_int_equal(pair.results[TLS_DAEMON], -ENOKEY);
    assert_null(daemon->peer);
    assert_int_equal(transport_write_from(daemon, "no", 2), 2);
    daemon->ops->finish(daemon);
    tls_pair_wait_readable(pair.fds[TLS_RECEIVER]);
    assert_int_equal(recv(pair.fds[TLS_RECEIVER], bytes, sizeof(bytes), 0), 2);
    assert_memory_equal(bytes, "no", 2);
    tls_pair_wait_readable(pair.fds[TLS_RECEIVER]);
    assert_int_equal(recv(pair.fds[TLS_RECEIVER], bytes, sizeof(bytes), 0), 0);
    tls_pair_close(&pair);
}

/* Passes on what has come at one end, with the byte at `flip` of all of them changed. */
static void pass_on(int from, int to, size_t *passed, size_t flip)
{
    uint8_t bytes[4096];
    ssize_t got;
    while ((got = recv(from, bytes, sizeof(bytes), MSG_DONTWAIT)) > 0) {
        if (flip >= *passed && flip < *passed + (size_t)got)
            bytes[flip - *passed] ^= 1;
        *passed += (size_t)got;
        send(to, bytes, (size_t)got, MSG_NOSIGNAL);
    }
    if (got == 0)
        shutdown(to, SHUT_WR);
}

/* A handshake over a way that changes a byte of what that side says; -EAGAIN: it waits in vain.
 * Returns how many bytes that side has said. */
static size_t shake_damaged(enum tls_side speaker, size_t flip, int results[2])
{
    struct tls_pair pair;
    int ways[2][2];
    size_t passed[2] = { 0, 0 };
    tls_pair_keys(&pair, "laptop");
    tls_pair_tls(&pair);
    for (int side = 0; side < 2; side++)
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ways[side]), 0);
    struct transport *ends[2];
    ends[TLS_DAEMON] = transport_tls_accept(ways[TLS_DAEMON][0], pair.tls[TLS_DAEMON], true);
    ends[TLS_RECEIVER] = transport_tls_connect(ways[TLS_RECEIVER][0], pair.tls[TLS_RECEIVER]);
    assert_true(ends[TLS_DAEMON] && ends[TLS_RECEIVER]);
    results[TLS_DAEMON] = results[TLS_RECEIVER] = -EAGAIN;
    for (int turn = 0; turn < 12; turn++) {
        enum tls_side side = turn % 2 ? TLS_DAEMON : TLS_RECEIVER;
        if (results[side] == -EAGAIN)
            results[side] = ends[side]->ops->handshake(ends[side]);
        pass_on(ways[side][1], ways[!side][1], &passed[side], side == speaker ? flip : SIZE_MAX);
    }
    for (int side = 0; side < 2; side++) {
        transport_close(&ends[side]);
        close(ways[side][1]);
        tls_destroy(&pair.tls[side]);
        keys_clear(&pair.keys[side]);
    }
    return passed[speaker];
}

/* Where large packets are lost, as the least that IPv6 carries, it still works. */
static void a_handshake_fits_into_small_packets(void **state)
{
    (void)state;
    enum { SMALL = 1220 };
    int results[2];
    assert_in_range(shake_damaged(TLS_DAEMON, SIZE_MAX, results), 100, SMALL);
    assert_in_range(shake_damaged(TLS_RECEIVER, SIZE_MAX, results), 100, SMALL);
    assert_int_equal(results[TLS_RECEIVER], 0);
}

/* What a daemon says arrives damaged: that is no matter of keys, to either side. */
static void a_damaged_answer(void **state)
{
    (void)state;
    int results[2];
    unsigned damaged = 0;
    size_t size = shake_damaged(TLS_DAEMON, SIZE_MAX, results);
    assert_int_equal(results[TLS_RECEIVER], 0);
    assert_int_equal(results[TLS_DAEMON], 0);
    for (size_t i = 0; i < size; i++) {
        shake_damaged(TLS_DAEMON, i, results);
        if (results[TLS_RECEIVER] == -EACCES || results[TLS_DAEMON] == -EACCES)
            fail_msg("byte %zu: %d at the receiver, %d at the daemon", i, results[TLS_RECEIVER],
                     results[TLS_DAEMON]);
        damaged += results[TLS_RECEIVER] == -EBADMSG;
    }
    /* But for some of a record's head, which nobody looks at, or from which nobody can tell that it
     * is one of TLS, or how much is to come. */
    assert_in_range(damaged, size - 24, size);
}

/* The receiver's own words: a daemon finds that the key does not match them, or that they are no
 * words at all. */
static void a_damaged_question(void **state)
{
    (void)state;
    int results[2];
    unsigned wrong_key = 0, damaged = 0;
    size_t size = shake_damaged(TLS_RECEIVER, SIZE_MAX, results);
    for (size_t i = 0; i < size; i++) {
        shake_damaged(TLS_RECEIVER, i, results);
        wrong_key += results[TLS_DAEMON] == -EACCES;
        damaged += results[TLS_DAEMON] == -EBADMSG;
    }
    assert_true(wrong_key > size / 4 && damaged > 20);
}

struct text {
    const char *bytes;
    size_t size;
};
#define TEXT(literal)                                                                              \
    {                                                                                              \
        literal, sizeof(literal) - 1                                                               \
    }

static void garbage_that_begins_like_tls(void **state)
{
    (void)state;
    static const struct text texts[] = {
        TEXT("\x16"),
        TEXT("\x16garbage, as long as a record's header and then some"),
        TEXT("\x16\x03\x01\xff\xff much too long"),
        TEXT("\x16\x03\x01\x00\x00"),
        TEXT("\x16\x03\x01\x00\x04\x01\x00\x00\x00"),
        TEXT("\x16\x03\x01\x00\x04\x02\x00\x00\x00"),
        TEXT("\x16\x03\x01\x00\x04\x01\xff\xff\xff"),
        TEXT("\x16\x03\x03\x00\x05hello\x17\x03\x03\x00\x05hello"),
        TEXT("\x16\x80\x2e\x01\x00\x02\x00\x15\x00\x00\x00\x10"),
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct tls_pair pair;
        open_daemon(&pair, TLS_PAIR_UNIX, true);
        send_raw(&pair, TLS_RECEIVER, texts[i].bytes, texts[i].size);
        shutdown(pair.fds[TLS_RECEIVER], SHUT_WR);
        tls_pair_shake(&pair);
        assert_true(pair.results[TLS_DAEMON] == -EPROTO || pair.results[TLS_DAEMON] == -EBADMSG ||
                    pair.results[TLS_DAEMON] == -ECONNRESET);
        tls_pair_close(&pair);
    }
}

static void a_receiver_meets_something_that_speaks_no_tls(void **state)
{
    (void)state;
    static const struct text texts[] = {
        TEXT("\x89PTFP\r\n\x01PT\x01\x00\x00\x00\x00\x20\x00\x14\x00\x0c"),
        TEXT("HTTP/1.1 400 Bad Request\r\n\r\n"),
        TEXT("SSH-2.0-OpenSSH_9.2\r\n"),
        TEXT("220 mail ESMTP\r\n"),
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct tls_pair pair;
        tls_pair_keys(&pair, "laptop");
        tls_pair_tls(&pair);
        tls_pair_sockets(&pair, TLS_PAIR_TCP);
        tls_pair_end(&pair, TLS_RECEIVER, true);
        send_raw(&pair, TLS_DAEMON, texts[i].bytes, texts[i].size);
        tls_pair_shake(&pair);
        assert_int_equal(pair.results[TLS_RECEIVER], -EPROTO);
        tls_pair_close(&pair);
    }
}

/* Takes what a receiver says first off the wire; returns its size. */
static size_t record_client_hello(struct tls_pair *pair, uint8_t *hello, size_t size)
{
    tls_pair_end(pair, TLS_RECEIVER, true);
    assert_false(tls_pair_step(pair, TLS_RECEIVER));
    ssize_t got = recv(pair->fds[TLS_DAEMON], hello, size, 0);
    assert_true(got > 100);
    return (size_t)got;
}

static void replace_sockets(struct tls_pair *pair)
{
    transport_close(&pair->ends[TLS_DAEMON]);
    transport_close(&pair->ends[TLS_RECEIVER]);
    tls_pair_sockets(pair, TLS_PAIR_UNIX);
}

static void hang_up(struct tls_pair *pair, enum tls_side side)
{
    if (pair->ends[side])
        transport_close(&pair->ends[side]);
    else
        close(pair->fds[side]);
    pair->fds[side] = -1;
}

static void a_peer_that_vanishes_on_the_way(void **state)
{
    (void)state;
    struct tls_pair pair;
    uint8_t hello[4096];
    tls_pair_keys(&pair, "laptop");
    tls_pair_tls(&pair);
    tls_pair_sockets(&pair, TLS_PAIR_UNIX);
    size_t size = record_client_hello(&pair, hello, sizeof(hello));
    close(pair.fds[TLS_DAEMON]);
    /* In the middle of its first words, */
    const size_t cuts[] = { 0, 1, 4, 5, 6, size / 2, size - 1, size };
    for (size_t i = 0; i < sizeof(cuts) / sizeof(cuts[0]); i++) {
        replace_sockets(&pair);
        tls_pair_end(&pair, TLS_DAEMON, true);
        send_raw(&pair, TLS_RECEIVER, hello, cuts[i]);
        assert_false(tls_pair_step(&pair, TLS_DAEMON));
        hang_up(&pair, TLS_RECEIVER);
        assert_true(tls_pair_step(&pair, TLS_DAEMON));
        assert_true(pair.results[TLS_DAEMON] < 0);
    }
    /* or when either side has heard of the other. */
    for (int side = 0; side < 2; side++) {
        replace_sockets(&pair);
        tls_pair_end(&pair, TLS_DAEMON, true);
        tls_pair_end(&pair, TLS_RECEIVER, true);
        assert_false(tls_pair_step(&pair, TLS_RECEIVER));
        if (side == TLS_DAEMON)
            assert_false(tls_pair_step(&pair, TLS_DAEMON));
        hang_up(&pair, side ? TLS_DAEMON : TLS_RECEIVER);
        assert_true(tls_pair_step(&pair, (enum tls_side)side));
        assert_true(pair.results[side] < 0);
    }
    tls_pair_close(&pair);
}

/* However slowly it comes, a handshake is one; and its first words said again are none. */
static void a_replayed_client_hello(void **state)
{
    (void)state;
    struct tls_pair pair;
    uint8_t hello[4096], answer[4096];
    tls_pair_keys(&pair, "laptop");
    tls_pair_tls(&pair);
    tls_pair_sockets(&pair, TLS_PAIR_UNIX);
    size_t size = record_client_hello(&pair, hello, sizeof(hello));
    tls_pair_end(&pair, TLS_DAEMON, true);
    for (size_t i = 0; i < size; i++) {
        send_raw(&pair, TLS_RECEIVER, hello + i, 1);
        assert_false(tls_pair_step(&pair, TLS_DAEMON));
    }
    tls_pair_shake(&pair);
    assert_int_equal(pair.results[TLS_DAEMON], 0);
    assert_int_equal(pair.results[TLS_RECEIVER], 0);

    replace_sockets(&pair);
    tls_pair_end(&pair, TLS_DAEMON, true);
    send_raw(&pair, TLS_RECEIVER, hello, size);
    assert_false(tls_pair_step(&pair, TLS_DAEMON));
    assert_true(recv(pair.fds[TLS_RECEIVER], answer, sizeof(answer), 0) > 0);
    send_raw(&pair, TLS_RECEIVER, hello, size);
    assert_true(tls_pair_step(&pair, TLS_DAEMON));
    assert_true(pair.results[TLS_DAEMON] == -EBADMSG || pair.results[TLS_DAEMON] == -EPROTO);
    assert_null(pair.ends[TLS_DAEMON]->peer);
    tls_pair_close(&pair);
}

int main(void)
{
    signal(SIGPIPE, SIG_IGN);
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_daemon_keeps_silent_until_it_is_spoken_to),
        cmocka_unit_test(a_plain_peer_where_it_may_be_one),
        cmocka_unit_test(a_plain_peer_where_it_may_not),
        cmocka_unit_test(a_handshake_fits_into_small_packets),
        cmocka_unit_test(a_damaged_answer),
        cmocka_unit_test(a_damaged_question),
        cmocka_unit_test(garbage_that_begins_like_tls),
        cmocka_unit_test(a_receiver_meets_something_that_speaks_no_tls),
        cmocka_unit_test(a_peer_that_vanishes_on_the_way),
        cmocka_unit_test(a_replayed_client_hello),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
