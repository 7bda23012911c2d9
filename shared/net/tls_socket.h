/*
 * What OpenSSL reads from and writes to: a connected socket, as BIO_new_socket() would make it, but
 * that writing to one whose peer has gone raises no SIGPIPE. Any thread.
 */
#ifndef PITETHER_SHARED_NET_TLS_SOCKET_H
#define PITETHER_SHARED_NET_TLS_SOCKET_H

#include <openssl/bio.h>

/* Over fd, which stays the caller's. NULL: out of memory. */
BIO *tls_socket_create(int fd);

#endif
