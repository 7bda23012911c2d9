#include "shared/net/tls.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>

#if defined(__aarch64__) || defined(__arm__)
#include <asm/hwcap.h>
#endif

#include "shared/net/tls_socket.h"

/* Both hash with SHA-256, as keys are bound to a hash and must not be to a cipher. The first one is
 * four to five times as fast where there are no instructions for AES. */
#define CHACHA_FIRST "TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256"
#define AES_FIRST "TLS_AES_128_GCM_SHA256:TLS_CHACHA20_POLY1305_SHA256"

/* TLS_CHACHA20_POLY1305_SHA256; RFC 8446, B.4. */
static const unsigned char session_cipher[2] = { 0x13, 0x03 };

/* Newer OpenSSLs begin with a hybrid key exchange, whose messages don't fit into a packet: that is
 * another round trip, or none at all where large packets are lost. What is recorded now is safe
 * from a later quantum computer all the same, as the key is part of all that is derived; RFC
 * 8446, 7.1. */
#define GROUPS "X25519:P-256"

static const unsigned char protocols[] = {
    sizeof(TLS_PROTOCOL) - 1, 'p', 'i', 't', 'e', 't', 'h', 'e', 'r', '/', '1'
};

static bool has_aes_instructions(void)
{
#if defined(__x86_64__) || defined(__i386__)
    return __builtin_cpu_supports("aes");
#elif defined(__aarch64__)
    return getauxval(AT_HWCAP) & HWCAP_AES;
#elif defined(__arm__)
    return getauxval(AT_HWCAP2) & HWCAP2_AES;
#else
    return false;
#endif
}

/* To OpenSSL an external key is a session to resume. */
static SSL_SESSION *session_of(SSL *connection, const struct key *key)
{
    SSL_SESSION *session = SSL_SESSION_new();
    const SSL_CIPHER *cipher = SSL_CIPHER_find(connection, session_cipher);
    if (session && cipher && SSL_SESSION_set1_master_key(session, key->secret, KEY_SECRET_SIZE) &&
        SSL_SESSION_set_cipher(session, cipher) &&
        SSL_SESSION_set_protocol_version(session, TLS1_3_VERSION))
        return session;
    SSL_SESSION_free(session);
    return NULL;
}

static struct tls *tls_of(SSL *connection)
{
    return SSL_CTX_get_app_data(SSL_get_SSL_CTX(connection));
}

/* The daemon's lookup. An unknown id gets a secret that nobody has, and so fails like a wrong
 * secret: a peer can't learn which ids exist. */
static int find_session(SSL *connection, const unsigned char *identity, size_t size,
                        SSL_SESSION **session)
{
    struct tls *tls = tls_of(connection);
    struct tls_peer *peer = SSL_get_app_data(connection);
    uint8_t id[KEY_ID_SIZE];
    const struct key *key =
        key_id_parse((const char *)identity, size, id) ? keys_find_id(tls->keys, id) : NULL;
    if (key) {
        strcpy(peer->name, key->name);
        peer->role = key->role;
        memcpy(peer->id, key->id, sizeof(peer->id));
    }
    *session = session_of(connection, key ? key : &tls->decoy);
    return *session != NULL;
}

/* The receiver's offer. `hash`: the daemon's choice, once it has chosen. */
static int use_session(SSL *connection, const EVP_MD *hash, const unsigned char **identity,
                       size_t *size, SSL_SESSION **session)
{
    struct tls *tls = tls_of(connection);
    *session = NULL;
    *identity = NULL;
    *size = 0;
    if (hash && !EVP_MD_is_a(hash, "SHA256"))
        return 1;
    *session = session_of(connection, &tls->keys->items[0]);
    *identity = (const unsigned char *)tls->identity;
    *size = strlen(tls->identity);
    return *session != NULL;
}

static int choose_protocol(SSL *connection, const unsigned char **chosen, unsigned char *size,
                           const unsigned char *offered, unsigned offered_size, void *user)
{
    (void)connection;
    (void)user;
    unsigned char *found;
    if (SSL_select_next_proto(&found, size, protocols, sizeof(protocols), offered, offered_size) !=
        OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    *chosen = found;
    return SSL_TLSEXT_ERR_OK;
}

static bool set_up_daemon(struct tls *tls)
{
    SSL_CTX *context = tls->context;
    SSL_CTX_set_psk_find_session_callback(context, find_session);
    SSL_CTX_set_alpn_select_cb(context, choose_protocol, NULL);
    /* AES only if both sides put it first. */
    SSL_CTX_set_options(context, SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
    /* A record without data ends a read: otherwise a receiver could keep it busy with key updates.
     */
    SSL_CTX_clear_mode(context, SSL_MODE_AUTO_RETRY);
    return key_generate(&tls->decoy, "", KEY_VIEW) == 0 && SSL_CTX_set_num_tickets(context, 0);
}

static bool set_up_receiver(struct tls *tls)
{
    key_id_format(tls->keys->items[0].id, tls->identity);
    SSL_CTX_set_psk_use_session_callback(tls->context, use_session);
    /* Without a trusted authority, a certificate instead of the key is refused at once. */
    SSL_CTX_set_verify(tls->context, SSL_VERIFY_PEER, NULL);
    /* One system call for several records. */
    SSL_CTX_set_read_ahead(tls->context, 1);
    SSL_CTX_set_default_read_buffer_len(tls->context, 4 * TLS_RECORD_MAX);
    return SSL_CTX_set_alpn_protos(tls->context, protocols, sizeof(protocols)) == 0;
}

static bool set_up(struct tls *tls, enum tls_side side)
{
    SSL_CTX *context = tls->context;
    SSL_CTX_set_app_data(context, tls);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    /* The protocol's own END tells a clean end from a lost connection; and after a peer has closed
     * its half, this side may go on writing. */
    SSL_CTX_set_options(context,
                        SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION | SSL_OP_IGNORE_UNEXPECTED_EOF);
    SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                  SSL_MODE_RELEASE_BUFFERS);
    return SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION) &&
           SSL_CTX_set_max_proto_version(context, TLS1_3_VERSION) &&
           SSL_CTX_set1_groups_list(context, GROUPS) &&
           SSL_CTX_set_ciphersuites(context, has_aes_instructions() ? AES_FIRST : CHACHA_FIRST) &&
           (side == TLS_DAEMON ? set_up_daemon(tls) : set_up_receiver(tls));
}

struct tls *tls_create(enum tls_side side, const struct keys *keys)
{
    struct tls *tls = calloc(1, sizeof(*tls));
    if (!tls)
        return NULL;
    tls->keys = keys;
    tls->context = SSL_CTX_new(side == TLS_DAEMON ? TLS_server_method() : TLS_client_method());
    if (!tls->context || !set_up(tls, side))
        tls_destroy(&tls);
    return tls;
}

void tls_destroy(struct tls **tls)
{
    if (!tls || !*tls)
        return;
    SSL_CTX_free((*tls)->context);
    free(*tls);
    *tls = NULL;
}

SSL *tls_connection(struct tls *tls, int fd, struct tls_peer *peer)
{
    SSL *connection = SSL_new(tls->context);
    BIO *socket = connection ? tls_socket_create(fd) : NULL;
    if (!socket) {
        SSL_free(connection);
        return NULL;
    }
    SSL_set_bio(connection, socket, socket);
    SSL_set_app_data(connection, peer);
    if (SSL_CTX_get_ssl_method(tls->context) == TLS_client_method())
        SSL_set_connect_state(connection);
    else
        SSL_set_accept_state(connection);
    return connection;
}

bool tls_is_trusted(SSL *connection)
{
    const unsigned char *protocol;
    unsigned size;
    SSL_get0_alpn_selected(connection, &protocol, &size);
    return SSL_session_reused(connection) && size == sizeof(TLS_PROTOCOL) - 1 &&
           memcmp(protocol, TLS_PROTOCOL, size) == 0;
}
