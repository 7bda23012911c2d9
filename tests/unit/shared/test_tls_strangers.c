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

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(strangers_are_refused_by_both_sides),
        cmocka_unit_test(an_unknown_id_fails_like_a_wrong_secret),
        cmocka_unit_test(a_key_revoked_during_the_handshake),
        cmocka_unit_test(keys_are_exchanged_between_handshakes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
