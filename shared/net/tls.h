/*
 * TLS 1.3 with keys that both sides have beforehand (external PSKs: RFC 8446, 4.2.11) instead of
 * certificates: what all connections of a program share. Always with an ephemeral key exchange, so
 * that a key that is stolen later opens no recording. One thread.
 */
#ifndef PITETHER_SHARED_NET_TLS_H
#define PITETHER_SHARED_NET_TLS_H

#include <stdbool.h>

#include <openssl/ssl.h>

#include "shared/keys/keys.h"

/* What ALPN (RFC 7301) calls the protocol. */
#define TLS_PROTOCOL "pitether/1"

enum { TLS_RECORD_MAX = 16384 }; /* bytes of plain text in a record; RFC 8446, 5.1 */

enum tls_side { TLS_DAEMON, TLS_RECEIVER };

/* Whom a connection's peer has proved, or is about to prove, to be. */
struct tls_peer {
    char name[KEY_NAME_MAX + 1]; /* empty: nobody yet */
    uint8_t id[KEY_ID_SIZE];
};

struct tls {
    SSL_CTX *context;
    /* The caller's. A daemon looks a peer's id up in it with each handshake, so that it may be
     * exchanged in between; a receiver proves itself with the first one. */
    const struct keys *keys;
    struct key nobodys;             /* a daemon's, for ids that there are not */
    char identity[KEY_ID_TEXT];     /* the receiver's, as it is sent */
    uint8_t record[TLS_RECORD_MAX]; /* where small pieces become one record */
};

/* keys must outlive it, and hold at least one key for a receiver. NULL: out of memory, or this
 * OpenSSL can't do what is needed. */
struct tls *tls_create(enum tls_side side, const struct keys *keys);

/* Nobody must use it any more. Nulls the caller's pointer; NULL and *NULL are fine. */
void tls_destroy(struct tls **tls);

/* One connection over fd, which stays the caller's. `peer` is filled in by a daemon's handshake,
 * and must outlive the connection. NULL: out of memory. */
SSL *tls_connection(struct tls *tls, int fd, struct tls_peer *peer);

/* Whether a finished handshake was one of those two that have the same key, and both speak our
 * protocol: what OpenSSL takes for a success alone may lack either. */
bool tls_is_trusted(SSL *connection);

#endif
