/*
 * The TLS transport between two that have the same key: what they agree on, and that every byte
 * arrives. test_tls_strangers.c has those that have none.
 */
#include <errno.h>
#include <fcntl.h>
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

#define CHACHA "TLS_CHACHA20_POLY1305_SHA256"
#define AES "TLS_AES_128_GCM_SHA256"

/* The connection of that side whose handshake was done last. */
static SSL *shaken[2];

static void note_shaken(const SSL *connection, int where, int value)
{
    (void)value;
    if (where & SSL_CB_HANDSHAKE_DONE)
        shaken[SSL_is_server(connection) ? TLS_DAEMON : TLS_RECEIVER] = (SSL *)connection;
}

static void watch_handshakes(struct tls_pair *pair)
{
    for (int side = 0; side < 2; side++) {
        shaken[side] = NULL;
        SSL_CTX_set_info_callback(pair->tls[side]->context, note_shaken);
    }
}

static void both_know_whom_they_speak_to(void **state)
{
    (void)state;
    for (int link = 0; link < TLS_PAIR_LINKS; link++) {
        struct tls_pair pair;
        tls_pair_open(&pair, (enum tls_pair_link)link);
        watch_handshakes(&pair);
        tls_pair_shake(&pair);
        assert_int_equal(pair.results[TLS_DAEMON], 0);
        assert_int_equal(pair.results[TLS_RECEIVER], 0);
        const struct tls_peer *peer = pair.ends[TLS_DAEMON]->peer;
        assert_non_null(peer);
        assert_string_equal(peer->name, "laptop");
        assert_memory_equal(peer->id, pair.keys[TLS_DAEMON].items[0].id, KEY_ID_SIZE);
        assert_null(pair.ends[TLS_RECEIVER]->peer);
        /* As of a plain transport, which not every emulator measures. */
        assert_ptr_equal(pair.ends[TLS_DAEMON]->ops->path, transport_plain_path);
        tls_pair_close(&pair);
    }
}

static void they_agree_on_what_the_protocol_says(void **state)
{
    (void)state;
    struct tls_pair pair;
    tls_pair_open(&pair, TLS_PAIR_UNIX);
    watch_handshakes(&pair);
    tls_pair_shake(&pair);
    for (int side = 0; side < 2; side++) {
        const SSL *connection = shaken[side];
        const unsigned char *protocol;
        unsigned size;
        assert_non_null(connection);
        assert_int_equal(SSL_version(connection), TLS1_3_VERSION);
        assert_int_equal(SSL_session_reused(connection), 1);
        SSL_get0_alpn_selected(connection, &protocol, &size);
        assert_int_equal(size, strlen("pitether/1"));
        assert_memory_equal(protocol, "pitether/1", size);
        /* An ephemeral exchange took place, and nobody has shown a certificate. */
        assert_int_not_equal(SSL_get_negotiated_group((SSL *)connection), 0);
        assert_null(SSL_get0_peer_certificate(connection));
        const char *suite = SSL_get_cipher_name(connection);
        assert_true(strcmp(suite, CHACHA) == 0 || strcmp(suite, AES) == 0);
    }
    tls_pair_close(&pair);
}

static void aes_needs_instructions_on_both_sides(void **state)
{
    (void)state;
    static const struct {
        const char *daemon, *receiver, *wanted;
    } cases[] = { { AES ":" CHACHA, AES ":" CHACHA, AES },
                  { AES ":" CHACHA, CHACHA ":" AES, CHACHA },
                  { CHACHA ":" AES, AES ":" CHACHA, CHACHA },
                  { CHACHA ":" AES, CHACHA ":" AES, CHACHA },
                  { CHACHA ":" AES, AES, AES } };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct tls_pair pair;
        tls_pair_keys(&pair, "laptop");
        tls_pair_tls(&pair);
        SSL_CTX_set_ciphersuites(pair.tls[TLS_DAEMON]->context, cases[i].daemon);
        SSL_CTX_set_ciphersuites(pair.tls[TLS_RECEIVER]->context, cases[i].receiver);
        watch_handshakes(&pair);
        tls_pair_sockets(&pair, TLS_PAIR_UNIX);
        tls_pair_end(&pair, TLS_DAEMON, true);
        tls_pair_end(&pair, TLS_RECEIVER, true);
        tls_pair_shake(&pair);
        assert_int_equal(pair.results[TLS_DAEMON], 0);
        assert_int_equal(pair.results[TLS_RECEIVER], 0);
        assert_string_equal(SSL_get_cipher_name(shaken[TLS_DAEMON]), cases[i].wanted);
        tls_pair_close(&pair);
    }
}

/* Each receiver has its own key, and the daemon tells them apart. */
static void the_daemon_knows_one_key_of_many(void **state)
{
    (void)state;
    struct tls_pair pair;
    tls_pair_keys(&pair, "last");
    struct keys *keys = &pair.keys[TLS_DAEMON];
    keys->items[KEYS_MAX - 1] = keys->items[0];
    for (unsigned i = 0; i + 1 < KEYS_MAX; i++)
        assert_int_equal(key_generate(&keys->items[i], "another", KEY_VIEW), 0);
    keys->count = KEYS_MAX;
    tls_pair_tls(&pair);
    tls_pair_sockets(&pair, TLS_PAIR_UNIX);
    tls_pair_end(&pair, TLS_DAEMON, true);
    tls_pair_end(&pair, TLS_RECEIVER, true);
    tls_pair_shake(&pair);
    assert_int_equal(pair.results[TLS_DAEMON], 0);
    assert_string_equal(pair.ends[TLS_DAEMON]->peer->name, "last");
    tls_pair_close(&pair);
}

/* One direction of a stream of bytes that are told apart by their place. */
struct flow {
    struct transport *from, *to;
    const uint8_t *data;
    size_t size;
    size_t sent, offered; /* taken so far; the end of what was offered */
    size_t received;
    unsigned offers, reads;
    bool refused; /* -EAGAIN came in the middle */
};

/* Offers what was offered before and at least one piece more, cut into pieces another way each
 * time. Returns whether any was taken. */
static bool offer(struct flow *flow)
{
    static const size_t sizes[] = { 20, 0, 1, 16384, 100000, 1, 0, 20, 16383, 7 };
    struct iovec pieces[64];
    int count = 0;
    size_t end = flow->sent;
    if (flow->sent == flow->size)
        return false;
    for (unsigned i = flow->offers++; count < 64; i++) {
        size_t size = sizes[i % (sizeof(sizes) / sizeof(sizes[0]))];
        /* The last one must hold whatever is still to be offered again. */
        if (count == 63 && end + size < flow->offered)
            size = flow->offered - end;
        if (size > flow->size - end)
            size = flow->size - end;
        pieces[count++] = (struct iovec){ (void *)(flow->data + end), size };
        end += size;
        if (end > flow->offered && i % 3 == 0)
            break;
    }
    flow->offered = end;
    ssize_t taken = flow->from->ops->write(flow->from, pieces, count);
    flow->refused |= taken == -EAGAIN;
    if (taken == -EAGAIN)
        return false;
    assert_true(taken > 0);
    flow->sent += (size_t)taken;
    assert_true(flow->sent <= flow->offered);
    return true;
}

/* Reads once, into rooms of all sizes. Returns whether anything came. */
static bool take(struct flow *flow)
{
    static const size_t sizes[] = { 1, 4096, 65536, 7, 16384, 100, 200000 };
    static uint8_t bytes[2][200000];
    size_t first = sizes[flow->reads % 7], second = sizes[(flow->reads + 3) % 7];
    struct iovec room[2] = { { bytes[0], first }, { bytes[1], second } };
    flow->reads++;
    ssize_t got = flow->to->ops->read(flow->to, room, 2);
    if (got == -EAGAIN)
        return false;
    assert_true(got > 0);
    size_t size = (size_t)got, part = size < first ? size : first;
    assert_true(flow->received + size <= flow->size);
    assert_memory_equal(bytes[0], flow->data + flow->received, part);
    assert_memory_equal(bytes[1], flow->data + flow->received + part, size - part);
    flow->received += size;
    return true;
}

/* Until either end can go on. The first flow is the second one's way back. */
static void wait_for_flows(const struct flow *there, const struct flow *back)
{
    struct pollfd ready[2] = {
        { there->from->fd, (short)(POLLIN | (there->sent < there->size ? POLLOUT : 0)), 0 },
        { there->to->fd, (short)(POLLIN | (back && back->sent < back->size ? POLLOUT : 0)), 0 },
    };
    assert_true(poll(ready, 2, TLS_PAIR_WAIT_MS) > 0);
}

/* Both directions at once; the readers have a turn for every three of the writers. */
static void every_byte_arrives_once_and_in_order(void **state)
{
    (void)state;
    enum { SIZE = 4000037 };
    uint8_t *data = malloc(SIZE);
    assert_non_null(data);
    for (size_t i = 0; i < SIZE; i++)
        data[i] = (uint8_t)(i ^ i >> 8 ^ i >> 16);
    for (int link = 0; link < TLS_PAIR_LINKS; link++) {
        struct tls_pair pair;
        tls_pair_connect(&pair, (enum tls_pair_link)link);
        struct transport *daemon = pair.ends[TLS_DAEMON], *receiver = pair.ends[TLS_RECEIVER];
        struct flow flows[2] = { { .from = daemon, .to = receiver, .data = data, .size = SIZE },
                                 { .from = receiver, .to = daemon, .data = data, .size = SIZE } };
        for (unsigned turn = 0; flows[0].received < SIZE || flows[1].received < SIZE; turn++) {
            bool moved = offer(&flows[0]) | offer(&flows[1]);
            if (turn % 3 == 0 || !moved)
                moved |= take(&flows[0]) | take(&flows[1]);
            if (!moved)
                wait_for_flows(&flows[0], &flows[1]);
        }
        assert_true(flows[0].refused && flows[1].refused);
        assert_int_equal(flows[0].sent, SIZE);
        char byte;
        assert_int_equal(transport_read_into(receiver, &byte, 1), -EAGAIN);
        assert_int_equal(receiver->waits_for, POLLIN);
        tls_pair_close(&pair);
    }
    free(data);
}

/* What was refused is on its way inside OpenSSL already: the bytes behind it come once, as well. */
static void refused_bytes_are_offered_again_with_more(void **state)
{
    (void)state;
    enum { SIZE = 1000000, FIRST = 700000 };
    uint8_t *data = malloc(SIZE);
    assert_non_null(data);
    for (size_t i = 0; i < SIZE; i++)
        data[i] = (uint8_t)(i ^ i >> 9);
    struct tls_pair pair;
    tls_pair_connect(&pair, TLS_PAIR_UNIX);
    struct transport *daemon = pair.ends[TLS_DAEMON], *receiver = pair.ends[TLS_RECEIVER];
    ssize_t taken;
    size_t sent = 0;
    /* 100 bytes at a time until a record that small is refused. */
    while ((taken = transport_write_from(daemon, data + sent, 100)) > 0)
        sent += (size_t)taken;
    assert_int_equal(taken, -EAGAIN);
    assert_int_equal(daemon->waits_for, POLLOUT);
    assert_true(sent + 100 < FIRST);
    struct flow flow = { .from = daemon,
                         .to = receiver,
                         .data = data,
                         .size = SIZE,
                         .sent = sent,
                         .offered = sent + 100 };
    while (flow.received < SIZE)
        if (!(offer(&flow) | take(&flow)))
            wait_for_flows(&flow, NULL);
    tls_pair_close(&pair);
    free(data);
}

/* Bytes that come one a record don't keep their reader for long. */
static void a_read_ends_after_some_records(void **state)
{
    (void)state;
    struct tls_pair pair;
    uint8_t got[1000];
    int size = 256 << 10;
    tls_pair_connect(&pair, TLS_PAIR_UNIX);
    setsockopt(pair.fds[TLS_RECEIVER], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
    for (int i = 0; i < 30; i++)
        assert_int_equal(transport_write_from(pair.ends[TLS_RECEIVER], "x", 1), 1);
    ssize_t first = transport_read_into(pair.ends[TLS_DAEMON], got, sizeof(got));
    assert_in_range(first, 1, 29);
    assert_int_equal(transport_read_into(pair.ends[TLS_DAEMON], got, sizeof(got)), 30 - first);
    tls_pair_close(&pair);
}

/* Key updates are no data, and each takes a while: a daemon that read on to the next data would not
 * come back from a receiver that sends nothing else. */
static void key_updates_end_a_read(void **state)
{
    (void)state;
    enum { UPDATES = 20 };
    struct tls_pair pair;
    uint8_t got[100];
    int size = 256 << 10, reads = 0;
    tls_pair_open(&pair, TLS_PAIR_UNIX);
    setsockopt(pair.fds[TLS_RECEIVER], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
    watch_handshakes(&pair);
    tls_pair_shake(&pair);
    for (int i = 0; i < UPDATES; i++) {
        assert_int_equal(SSL_key_update(shaken[TLS_RECEIVER], SSL_KEY_UPDATE_NOT_REQUESTED), 1);
        assert_int_equal(SSL_do_handshake(shaken[TLS_RECEIVER]), 1);
    }
    assert_int_equal(transport_write_from(pair.ends[TLS_RECEIVER], "x", 1), 1);
    struct transport *daemon = pair.ends[TLS_DAEMON];
    for (; transport_read_into(daemon, got, sizeof(got)) != 1; reads++) {
        assert_int_equal(daemon->waits_for, POLLIN);
        tls_pair_wait_readable(daemon->fd);
    }
    assert_int_equal(reads, UPDATES);
    tls_pair_close(&pair);
}

/* What is ready needs no look at the socket; then it is another one's turn. */
static void ready_is_what_was_decrypted(void **state)
{
    (void)state;
    struct tls_pair pair;
    uint8_t data[1000] = { 0 }, got[sizeof(data)];
    tls_pair_connect(&pair, TLS_PAIR_UNIX);
    for (int i = 0; i < 2; i++)
        assert_int_equal(transport_write_from(pair.ends[TLS_RECEIVER], data, sizeof(data)),
                         sizeof(data));
    struct transport *daemon = pair.ends[TLS_DAEMON];
    assert_int_equal(transport_read_into(daemon, got, 100), 100);
    assert_int_equal(daemon->ready, 900);
    assert_int_equal(transport_read_into(daemon, got, daemon->ready), 900);
    assert_int_equal(daemon->ready, 0);
    tls_pair_close(&pair);
}

/* A socket that shows nothing may still have something to read. */
static void more_tells_of_what_the_socket_hides(void **state)
{
    (void)state;
    for (int side = 0; side < 2; side++) {
        struct tls_pair pair;
        uint8_t data[3000], got[sizeof(data) + 70];
        tls_pair_connect(&pair, TLS_PAIR_UNIX);
        struct transport *from = pair.ends[!side], *to = pair.ends[side];
        for (size_t i = 0; i < sizeof(data); i++)
            data[i] = (uint8_t)(i ^ i >> 8);
        for (size_t record = 0; record < 3; record++)
            assert_int_equal(transport_write_from(from, data + 1000 * record, 1000), 1000);
        size_t received = 0;
        unsigned hidden = 0;
        while (received < sizeof(data)) {
            if (!to->more)
                tls_pair_wait_readable(to->fd);
            ssize_t result = transport_read_into(to, got + received, 70);
            assert_true(result > 0);
            received += (size_t)result;
            hidden += to->more;
        }
        assert_memory_equal(got, data, sizeof(data));
        assert_true(hidden > 30);
        assert_false(to->more);
        assert_int_equal(transport_read_into(to, got, 1), -EAGAIN);
        assert_false(to->more);
        tls_pair_close(&pair);
    }
}

/* To others the socket's end alone, without TLS's own word for it, is an attack. */
static void connect_strictly(struct tls_pair *pair, enum tls_pair_link link)
{
    tls_pair_keys(pair, "laptop");
    tls_pair_tls(pair);
    tls_pair_sockets(pair, link);
    for (int side = 0; side < 2; side++) {
        SSL_CTX_clear_options(pair->tls[side]->context, SSL_OP_IGNORE_UNEXPECTED_EOF);
        tls_pair_end(pair, (enum tls_side)side, true);
    }
    tls_pair_shake(pair);
}

static void after_finish_the_other_direction_goes_on(void **state)
{
    (void)state;
    for (int link = 0; link < TLS_PAIR_LINKS; link++)
        for (int side = 0; side < 2; side++) {
            struct tls_pair pair;
            char bytes[16];
            connect_strictly(&pair, (enum tls_pair_link)link);
            struct transport *here = pair.ends[side], *there = pair.ends[!side];
            assert_int_equal(transport_write_from(here, "the last", 8), 8);
            here->ops->finish(here);
            tls_pair_wait_readable(there->fd);
            assert_int_equal(transport_read_into(there, bytes, sizeof(bytes)), 8);
            assert_memory_equal(bytes, "the last", 8);
            for (int again = 0; again < 2; again++) {
                tls_pair_wait_readable(there->fd);
                assert_int_equal(transport_read_into(there, bytes, sizeof(bytes)), 0);
            }
            assert_int_equal(transport_write_from(there, "answer", 6), 6);
            there->ops->finish(there);
            tls_pair_wait_readable(here->fd);
            assert_int_equal(transport_read_into(here, bytes, sizeof(bytes)), 6);
            assert_memory_equal(bytes, "answer", 6);
            tls_pair_wait_readable(here->fd);
            assert_int_equal(transport_read_into(here, bytes, sizeof(bytes)), 0);
            tls_pair_close(&pair);
        }
}

/* TLS would have an alert say it; but the socket's end says as much. */
static void an_end_of_the_socket_is_an_end(void **state)
{
    (void)state;
    for (int side = 0; side < 2; side++) {
        struct tls_pair pair;
        char byte;
        tls_pair_connect(&pair, TLS_PAIR_TCP);
        struct transport *here = pair.ends[side], *there = pair.ends[!side];
        assert_int_equal(shutdown(here->fd, SHUT_WR), 0);
        tls_pair_wait_readable(there->fd);
        assert_int_equal(transport_read_into(there, &byte, 1), 0);
        assert_int_equal(transport_write_from(there, "x", 1), 1);
        tls_pair_wait_readable(here->fd);
        assert_int_equal(transport_read_into(here, &byte, 1), 1);
        tls_pair_close(&pair);
    }
}

static void a_peer_that_is_gone(void **state)
{
    (void)state;
    for (int link = 0; link < TLS_PAIR_LINKS; link++)
        for (int side = 0; side < 2; side++) {
            struct tls_pair pair;
            char byte;
            tls_pair_connect(&pair, (enum tls_pair_link)link);
            struct transport *here = pair.ends[side];
            assert_int_equal(transport_write_from(pair.ends[!side], "x", 1), 1);
            transport_close(&pair.ends[!side]);
            pair.fds[!side] = -1;
            tls_pair_wait_readable(here->fd);
            assert_int_equal(transport_read_into(here, &byte, 1), 1);
            tls_pair_wait_readable(here->fd);
            assert_int_equal(transport_read_into(here, &byte, 1), 0);
            ssize_t result = 0;
            /* TCP learns it from the answer to the first write. */
            for (int attempt = 0; attempt < 1000 && result >= 0; attempt++)
                result = transport_write_from(here, "x", 1);
            assert_true(result == -EPIPE || result == -ECONNRESET);
            tls_pair_close(&pair);
        }
}

/* A record that was changed on its way, or one that nobody sent, ends the conversation. */
static void a_forged_record_is_no_data(void **state)
{
    (void)state;
    static const uint8_t forged[] = "\x17\x03\x03\x00\x20 here are just 32 bytes of junk.";
    for (int side = 0; side < 2; side++) {
        struct tls_pair pair;
        char bytes[64];
        tls_pair_connect(&pair, TLS_PAIR_UNIX);
        struct transport *here = pair.ends[side];
        assert_int_equal(write(pair.fds[!side], forged, 37), 37);
        tls_pair_wait_readable(here->fd);
        assert_int_equal(transport_read_into(here, bytes, sizeof(bytes)), -EPROTO);
        assert_true(transport_read_into(here, bytes, sizeof(bytes)) < 0);
        tls_pair_close(&pair);
    }
}

/* ThreadSanitizer has no say here, but AddressSanitizer: nothing is left, wherever it ends. */
static void it_can_be_closed_at_every_stage(void **state)
{
    (void)state;
    for (int stage = 0; stage < 8; stage++) {
        struct tls_pair pair;
        tls_pair_open(&pair, TLS_PAIR_UNIX);
        for (int step = 0; step < stage; step++)
            tls_pair_step(&pair, step % 2 ? TLS_DAEMON : TLS_RECEIVER);
        if (stage == 7)
            assert_int_equal(transport_write_from(pair.ends[TLS_DAEMON], "unread", 6), 6);
        tls_pair_close(&pair);
    }
    struct tls *none = NULL;
    tls_destroy(NULL);
    tls_destroy(&none);
}

int main(void)
{
    signal(SIGPIPE, SIG_DFL); /* which would end the program */
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_know_whom_they_speak_to),
        cmocka_unit_test(they_agree_on_what_the_protocol_says),
        cmocka_unit_test(aes_needs_instructions_on_both_sides),
        cmocka_unit_test(the_daemon_knows_one_key_of_many),
        cmocka_unit_test(every_byte_arrives_once_and_in_order),
        cmocka_unit_test(refused_bytes_are_offered_again_with_more),
        cmocka_unit_test(a_read_ends_after_some_records),
        cmocka_unit_test(key_updates_end_a_read),
        cmocka_unit_test(ready_is_what_was_decrypted),
        cmocka_unit_test(more_tells_of_what_the_socket_hides),
        cmocka_unit_test(after_finish_the_other_direction_goes_on),
        cmocka_unit_test(an_end_of_the_socket_is_an_end),
        cmocka_unit_test(a_peer_that_is_gone),
        cmocka_unit_test(a_forged_record_is_no_data),
        cmocka_unit_test(it_can_be_closed_at_every_stage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
