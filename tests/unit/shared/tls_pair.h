/*
 * Both ends of a TLS transport on the test's thread, over a socket pair or TCP on the loopback
 * interface, with small buffers in the kernel. Nothing waits for more than TLS_PAIR_WAIT_MS.
 */
#ifndef PITETHER_TESTS_UNIT_SHARED_TLS_PAIR_H
#define PITETHER_TESTS_UNIT_SHARED_TLS_PAIR_H

#include "shared/net/transport_tls.h"

enum { TLS_PAIR_WAIT_MS = 20000 };

enum tls_pair_link { TLS_PAIR_UNIX, TLS_PAIR_TCP, TLS_PAIR_LINKS };

/* What is of one side each is indexed by enum tls_side. */
struct tls_pair {
    struct keys keys[2];
    struct tls *tls[2];
    struct transport *ends[2]; /* NULL: no TLS there, see fds; or closed */
    int fds[2];                /* of the ends; where there is none, the test's own; -1: closed */
    int results[2];            /* of the handshake */
};

/* The pair's begin: the same key, of that name, on both sides. */
void tls_pair_keys(struct tls_pair *pair, const char *name);
/* Both sides' struct tls, from their keys as they are now. */
void tls_pair_tls(struct tls_pair *pair);
/* Only sockets. */
void tls_pair_sockets(struct tls_pair *pair, enum tls_pair_link link);
/* Makes that side's socket a transport. demanded: see transport_tls_accept(). */
void tls_pair_end(struct tls_pair *pair, enum tls_side side, bool demanded);

/* All of the above. */
void tls_pair_open(struct tls_pair *pair, enum tls_pair_link link);
/* And the handshake, which must succeed. */
void tls_pair_connect(struct tls_pair *pair, enum tls_pair_link link);

/* Calls that side's handshake if it isn't done. Returns whether it is now. */
bool tls_pair_step(struct tls_pair *pair, enum tls_side side);
/* Until neither side waits for the other any more; what came of it is in results. A side that
 * fails is closed, as its user would do. */
void tls_pair_shake(struct tls_pair *pair);

/* Closes what is open and frees everything. */
void tls_pair_close(struct tls_pair *pair);

/* Waits until one of those sockets whose handshake isn't done is ready for what its end waits for.
 */
void tls_pair_wait(const struct tls_pair *pair);
void tls_pair_wait_readable(int fd);

ssize_t transport_read_into(struct transport *transport, void *to, size_t size);
ssize_t transport_write_from(struct transport *transport, const void *from, size_t size);

#endif
