/*
 * Who lacks the key, or what goes with it, gets nowhere with the TLS transport: on either side.
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

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "tls_pair.h"

/* Errors that a side may have. */
enum { ANY = 1 };

/* A pair that differs in one thing from a good one. */
struct stranger {
    const char *what;
    void (*change_keys)(struct tls_pair *pair); /* before struct tls is made of them, or NULL */
    void (*change_tls)(struct tls_pair *pair);  /* behind it, or NULL */
    int daemon, receiver;                       /* results wanted; ANY: any but success */
};

static struct key *receivers_key(struct tls_pair *pair)
{
    return &pair->keys[TLS_RECEIVER].items[0];
}

static SSL_CTX *receivers_context(struct tls_pair *pair)
{
    return pair->tls[TLS_RECEIVER]->context;
}

static void other_secret(struct tls_pair *pair)
{
    receivers_key(pair)->secret[KEY_SECRET_SIZE - 1] ^= 1;
}

static void other_id(struct tls_pair *pair)
{
    receivers_key(pair)->id[0] ^= 1;
}

static void no_keys_left(struct tls_pair *pair)
{
    pair->keys[TLS_DAEMON].count = 0;
}

static void name_for_id(struct tls_pair *pair)
{
    strcpy(pair->tls[TLS_RECEIVER]->identity, "laptop");
}

static void short_id(struct tls_pair *pair)
{
    pair->tls[TLS_RECEIVER]->identity[2 * KEY_ID_SIZE - 1] = '\0';
}

static void id_that_is_no_number(struct tls_pair *pair)
{
    pair->tls[TLS_RECEIVER]->identity[2 * KEY_ID_SIZE - 1] = 'g';
}

static void id_with_signs(struct tls_pair *pair)
{
    strcpy(pair->tls[TLS_RECEIVER]->identity, "00:11:22:33:44:55:66:77:88:99:aa");
}

/* An identity that the receiver's struct tls has no room for, with the right secret. */
static int use_endless_id(SSL *connection, const EVP_MD *hash, const unsigned char **identity,
                          size_t *size, SSL_SESSION **session)
{
    (void)hash;
    static unsigned char endless[128];
    static const unsigned char cipher[2] = { 0x13, 0x03 };
    const struct tls *tls = SSL_CTX_get_app_data(SSL_get_SSL_CTX(connection));
    memset(endless, '0', sizeof(endless));
    memcpy(endless, tls->identity, 2 * KEY_ID_SIZE);
    *identity = endless;
    *size = sizeof(endless);
    *session = SSL_SESSION_new();
    return SSL_SESSION_set1_master_key(*session, tls->keys->items[0].secret, KEY_SECRET_SIZE) &&
           SSL_SESSION_set_cipher(*session, SSL_CIPHER_find(connection, cipher)) &&
           SSL_SESSION_set_protocol_version(*session, TLS1_3_VERSION);
}

static void endless_id(struct tls_pair *pair)
{
    SSL_CTX_set_psk_use_session_callback(receivers_context(pair), use_endless_id);
}

static void no_key_at_all(struct tls_pair *pair)
{
    SSL_CTX_set_psk_use_session_callback(receivers_context(pair), NULL);
}

static void older_version(struct tls_pair *pair)
{
    SSL_CTX_set_min_proto_version(receivers_context(pair), TLS1_2_VERSION);
    SSL_CTX_set_max_proto_version(receivers_context(pair), TLS1_2_VERSION);
}

static void no_protocol(struct tls_pair *pair)
{
    SSL_CTX_set_alpn_protos(receivers_context(pair), NULL, 0);
}

static void other_protocol(struct tls_pair *pair)
{
    SSL_CTX_set_alpn_protos(receivers_context(pair), (const uint8_t *)"\2h2\10http/1.1", 12);
}

static int choose_nothing(SSL *connection, const unsigned char **chosen, unsigned char *size,
                          const unsigned char *offered, unsigned offered_size, void *user)
{
    (void)connection;
    (void)chosen;
    (void)size;
    (void)offered;
    (void)offered_size;
    (void)user;
    return SSL_TLSEXT_ERR_NOACK;
}

static void daemon_without_protocol(struct tls_pair *pair)
{
    SSL_CTX_set_alpn_select_cb(pair->tls[TLS_DAEMON]->context, choose_nothing, NULL);
}

static void longer_suite(struct tls_pair *pair)
{
    SSL_CTX_set_ciphersuites(receivers_context(pair), "TLS_AES_256_GCM_SHA384");
}

/* OpenSSL since 3.2 would not offer it at its usual level. */
static void weaker_suite(struct tls_pair *pair)
{
    SSL_CTX_set_security_level(receivers_context(pair), 0);
    SSL_CTX_set_ciphersuites(receivers_context(pair), "TLS_AES_128_CCM_8_SHA256");
}

/* The receiver would do without an ephemeral exchange, and there is none that both know: but who
 * steals the key later could read what was recorded. */
static void no_ephemeral_exchange(struct tls_pair *pair)
{
    SSL_CTX_set_options(receivers_context(pair), SSL_OP_ALLOW_NO_DHE_KEX);
    SSL_CTX_set1_groups_list(receivers_context(pair), "X448");
    SSL_CTX_set1_groups_list(pair->tls[TLS_DAEMON]->context, "P-256");
}

/* A daemon that can prove to own a certificate, but not the key. */
static void certificate(struct tls_pair *pair)
{
    SSL_CTX *context = pair->tls[TLS_DAEMON]->context;
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *x509 = X509_new();
    X509_NAME *name = X509_get_subject_name(x509);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const uint8_t *)"pi.local", -1, -1, 0);
    X509_set_issuer_name(x509, name);
    X509_gmtime_adj(X509_getm_notBefore(x509), -3600);
    X509_gmtime_adj(X509_getm_notAfter(x509), 3600);
    X509_set_pubkey(x509, key);
    assert_true(X509_sign(x509, key, EVP_sha256()) > 0);
    assert_int_equal(SSL_CTX_use_certificate(context, x509), 1);
    assert_int_equal(SSL_CTX_use_PrivateKey(context, key), 1);
    X509_free(x509);
    EVP_PKEY_free(key);
}

/* The same, to a receiver that OpenSSL lets take it: the transport's own check is left. */
static void certificate_taken(struct tls_pair *pair)
{
    certificate(pair);
    SSL_CTX_set_verify(receivers_context(pair), SSL_VERIFY_NONE, NULL);
}

static const struct stranger strangers[] = {
    { "a secret that differs in one bit", other_secret, NULL, -EACCES, -EACCES },
    { "an id that differs in one bit", other_id, NULL, -EACCES, -EACCES },
    { "a daemon whose keys are all revoked", no_keys_left, NULL, -EACCES, -EACCES },
    { "an id that is a name", NULL, name_for_id, -EACCES, -EACCES },
    { "an id that lacks a digit", NULL, short_id, -EACCES, -EACCES },
    { "an id with a letter in it", NULL, id_that_is_no_number, -EACCES, -EACCES },
    { "an id with colons", NULL, id_with_signs, -EACCES, -EACCES },
    { "an id with more behind it", NULL, endless_id, -EACCES, -EACCES },
    { "no key", NULL, no_key_at_all, -EACCES, -EACCES },
    { "TLS 1.2", NULL, older_version, -EPROTO, ANY },
    { "no ALPN", NULL, no_protocol, -EACCES, -EACCES },
    { "an ALPN of others", NULL, other_protocol, -EACCES, -EACCES },
    { "a daemon without ALPN", NULL, daemon_without_protocol, -EACCES, -EACCES },
    { "a suite of another hash", NULL, longer_suite, -EACCES, -EACCES },
    { "a suite with a short tag", NULL, weaker_suite, -EACCES, -EACCES },
    { "a key exchange without forward secrecy", NULL, no_ephemeral_exchange, -EACCES, -EACCES },
    { "a certificate", other_id, certificate, ANY, -EACCES },
    { "a certificate that is taken", other_id, certificate_taken, -EACCES, -EACCES },
};

static void check_result(int result, int wanted, const struct stranger *stranger, const char *side)
{
    if (wanted == ANY ? result >= 0 || result == -EAGAIN : result != wanted)
        fail_msg("%s: the %s gives %d (%s)", stranger->what, side, result, strerror(-result));
}

static void strangers_are_refused_by_both_sides(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(strangers) / sizeof(strangers[0]); i++)
        for (int link = 0; link < TLS_PAIR_LINKS; link++) {
            const struct stranger *stranger = &strangers[i];
            struct tls_pair pair;
            tls_pair_keys(&pair, "laptop");
            if (stranger->change_keys)
                stranger->change_keys(&pair);
            tls_pair_tls(&pair);
            if (stranger->change_tls)
                stranger->change_tls(&pair);
            tls_pair_sockets(&pair, (enum tls_pair_link)link);
            tls_pair_end(&pair, TLS_DAEMON, false);
            tls_pair_end(&pair, TLS_RECEIVER, false);
            tls_pair_shake(&pair);
            check_result(pair.results[TLS_DAEMON], stranger->daemon, stranger, "daemon");
            check_result(pair.results[TLS_RECEIVER], stranger->receiver, stranger, "receiver");
            tls_pair_close(&pair);
        }
}

static int alert_read;

static void note_alert(const SSL *connection, int where, int value)
{
    (void)connection;
    if (where == SSL_CB_READ_ALERT)
        alert_read = value;
}

/* Who hears the same whether the id or the secret is wrong can't find out which ids there are. */
static void an_unknown_id_fails_like_a_wrong_secret(void **state)
{
    (void)state;
    void (*const changes[])(struct tls_pair *) = { other_secret, other_id, no_keys_left };
    int alerts[3];
    for (int i = 0; i < 3; i++) {
        struct tls_pair pair;
        tls_pair_keys(&pair, "laptop");
        changes[i](&pair);
        tls_pair_tls(&pair);
        SSL_CTX_set_info_callback(receivers_context(&pair), note_alert);
        tls_pair_sockets(&pair, TLS_PAIR_UNIX);
        tls_pair_end(&pair, TLS_DAEMON, true);
        tls_pair_end(&pair, TLS_RECEIVER, true);
        alert_read = 0;
        tls_pair_shake(&pair);
        alerts[i] = alert_read;
        tls_pair_close(&pair);
    }
    assert_int_not_equal(alerts[0], 0);
    assert_int_equal(alerts[1], alerts[0]);
    assert_int_equal(alerts[2], alerts[0]);
}

/* From ClientHello to the end of it: only what the daemon has when it is done counts. */
static void a_key_revoked_during_the_handshake(void **state)
{
    (void)state;
    struct tls_pair pair;
    char byte;
    tls_pair_open(&pair, TLS_PAIR_UNIX);
    assert_false(tls_pair_step(&pair, TLS_RECEIVER));
    assert_false(tls_pair_step(&pair, TLS_DAEMON));
    pair.keys[TLS_DAEMON].count = 0;
    assert_true(tls_pair_step(&pair, TLS_RECEIVER));
    assert_int_equal(pair.results[TLS_RECEIVER], 0);
    assert_int_equal(transport_write_from(pair.ends[TLS_RECEIVER], "me!", 3), 3);
    assert_true(tls_pair_step(&pair, TLS_DAEMON));
    assert_int_equal(pair.results[TLS_DAEMON], -EACCES);
    assert_null(pair.ends[TLS_DAEMON]->peer);
    transport_close(&pair.ends[TLS_DAEMON]);
    pair.fds[TLS_DAEMON] = -1;
    tls_pair_wait_readable(pair.fds[TLS_RECEIVER]);
    assert_true(transport_read_into(pair.ends[TLS_RECEIVER], &byte, 1) <= 0);
    tls_pair_close(&pair);
}

/* The keys may be read again, into other memory, while connections last. */
static void keys_are_exchanged_between_handshakes(void **state)
{
    (void)state;
    struct tls_pair pair;
    tls_pair_open(&pair, TLS_PAIR_UNIX);
    struct key key = pair.keys[TLS_DAEMON].items[0];
    keys_clear(&pair.keys[TLS_DAEMON]);
    assert_int_equal(keys_reserve(&pair.keys[TLS_DAEMON]), 0);
    pair.keys[TLS_DAEMON].items[0] = key;
    pair.keys[TLS_DAEMON].count = 1;
    tls_pair_shake(&pair);
    assert_int_equal(pair.results[TLS_DAEMON], 0);
    assert_int_equal(pair.results[TLS_RECEIVER], 0);
    tls_pair_close(&pair);
}

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
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(strangers_are_refused_by_both_sides),
        cmocka_unit_test(an_unknown_id_fails_like_a_wrong_secret),
        cmocka_unit_test(a_key_revoked_during_the_handshake),
        cmocka_unit_test(keys_are_exchanged_between_handshakes),
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
