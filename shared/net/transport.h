/*
 * A connected byte stream that never blocks, whatever carries it. One thread at a time.
 */
#ifndef PITETHER_SHARED_NET_TRANSPORT_H
#define PITETHER_SHARED_NET_TRANSPORT_H

#include <stdbool.h>
#include <sys/types.h>
#include <sys/uio.h>

#include "shared/base/attributes.h"
#include "shared/net/address.h"

struct transport;
struct tls_peer;

/* What the kernel has measured of the path to the peer. */
struct transport_path {
    uint64_t min_rtt_ns;
    uint64_t bytes_per_second; /* delivered recently; less than possible if less was offered */
};

struct transport_ops {
    /* Bytes read; 0: the peer has closed its side; -EAGAIN; or another negative errno. */
    ssize_t (*read)(struct transport *transport, const struct iovec *buffers, int count);
    /* Bytes accepted, maybe fewer than offered; -EAGAIN; or another negative errno. The others must
     * be offered again, with nothing but more bytes after them. SIGPIPE is not raised. */
    ssize_t (*write)(struct transport *transport, const struct iovec *data, int count);
    /* 0 once the peer is authenticated; -EAGAIN: call again when ready; others: refused. Must have
     * returned 0 before anything is read or written. */
    int (*handshake)(struct transport *transport);
    /* 0, or -ENOTSUP where it is not measured. */
    int (*path)(struct transport *transport, struct transport_path *path);
    /* Nothing more will be written; the peer sees the end once it has read all. */
    void (*finish)(struct transport *transport);
    void (*destroy)(struct transport *transport);
};

struct transport {
    const struct transport_ops *ops;
    int fd;          /* to poll; owned by the transport */
    short waits_for; /* POLLIN or POLLOUT, after -EAGAIN */
    bool more;       /* the last read left bytes that polling fd does not show: read again */
    size_t ready;    /* how many of them can be read without reading from fd */
    const struct tls_peer *peer; /* the peer's proved identity; NULL: none. See tls.h */
};

/*
 * TCP or a Unix socket, unencrypted. Takes over fd (connected, or connecting), makes it
 * non-blocking and tunes it: no Nagle, little unsent data in the kernel. NULL: out of memory, and
 * fd is closed.
 */
NODISCARD struct transport *transport_plain_create(int fd);

/* For transports on top of a plain one: the same tuning, and three of its operations. */
void transport_tune(int fd);
int transport_plain_path(struct transport *transport, struct transport_path *path);
void transport_plain_finish(struct transport *transport);
void transport_plain_destroy(struct transport *transport);

extern const struct transport_ops transport_plain_ops;

/* Closes and frees it, and nulls the caller's pointer. NULL and *NULL are fine. */
void transport_close(struct transport **transport);

#endif
