/*
 * TLS 1.3 with keys that both sides have beforehand (external PSKs: RFC 8446, 4.2.11) instead of
 * certificates: the state that all connections of a program share. Always with an ephemeral key
 * exchange, so that a key stolen later decrypts no recording. One thread.
 */
#ifndef PITETHER_SHARED_NET_TLS_H
#define PITETHER_SHARED_NET_TLS_H

#include <stdbool.h>

#include <openssl/ssl.h>

#include "shared/base/attributes.h"
#include "shared/keys/keys.h"

/* The protocol's name in ALPN (RFC 7301). */
#define TLS_PROTOCOL "pitether/1"

enum { TLS_RECORD_MAX = 16384 }; /* bytes of plain text in a record; RFC 8446, 5.1 */

enum tls_side { TLS_DAEMON, TLS_RECEIVER };

/* The identity that a connection's peer has proved, or is about to prove. */
struct tls_peer {
    char name[KEY_NAME_MAX + 1]; /* empty: none yet */
    enum key_role role;          /* what the key permits; a daemon's alone */
    uint8_t id[KEY_ID_SIZE];
};

struct tls {
    SSL_CTX *context;
    /* The caller's. A daemon looks the peer's id up in them in each handshake, so they may be
     * replaced in between; a receiver authenticates with the first one. */
    const struct keys *keys;
    struct key decoy;               /* a daemon's, for unknown ids */
    char identity[KEY_ID_TEXT];     /* the receiver's, as it is sent */
    uint8_t record[TLS_RECORD_MAX]; /* small pieces are joined to one record here */
};

/* keys must outlive it, and hold at least one key for a receiver. NULL: out of memory, or this
 * OpenSSL lacks a required feature. */
NODISCARD struct tls *tls_create(enum tls_side side, const struct keys *keys);

/* It must not be in use any more. Nulls the caller's pointer; NULL and *NULL are fine. */
void tls_destroy(struct tls **tls);

/* One connection over fd, which stays the caller's. `peer` is filled in by a daemon's handshake,
 * and must outlive the connection. NULL: out of memory. */
NODISCARD SSL *tls_connection(struct tls *tls, int fd, struct tls_peer *peer);

/* Whether a finished handshake has used the shared key, and both sides speak our protocol: OpenSSL
 * alone also reports success without either. */
NODISCARD bool tls_is_trusted(SSL *connection);

#endif
