/*
 * A connected byte stream that never blocks, whatever carries it. One thread at a time.
 */
#ifndef PITETHER_SHARED_NET_TRANSPORT_H
#define PITETHER_SHARED_NET_TRANSPORT_H

#include <stdbool.h>
#include <sys/types.h>
#include <sys/uio.h>

#include "shared/net/address.h"

struct transport;
struct tls_peer;

/* What the kernel has measured of the way to the peer. */
struct transport_path {
    uint64_t min_rtt_ns;
    uint64_t bytes_per_second; /* delivered of late; less than possible if less was offered */
};

struct transport_ops {
    /* Bytes read, 0 at the peer's end, -EAGAIN for now, or another negative errno. */
    ssize_t (*read)(struct transport *transport, const struct iovec *room, int count);
    /* Bytes taken, maybe fewer than offered; -EAGAIN for now, or another negative errno. What was
     * not taken must be offered again, with nothing but more bytes behind it. SIGPIPE is not raised
     * by a plain transport, and must be ignored for another one. */
    ssize_t (*write)(struct transport *transport, const struct iovec *data, int count);
    /* 0 once the peer is who it should be; -EAGAIN: call again when ready; other: refused. Must
     * have given 0 before anything is read or written. */
    int (*handshake)(struct transport *transport);
    /* 0, or -ENOTSUP where nobody measures. */
    int (*path)(struct transport *transport, struct transport_path *path);
    /* No more will be written; the peer sees the end once it has read all. */
    void (*finish)(struct transport *transport);
    void (*destroy)(struct transport *transport);
};

struct transport {
    const struct transport_ops *ops;
    int fd;                      /* what to wait on; owned by the transport */
    short waits_for;             /* POLLIN or POLLOUT: what the last -EAGAIN is waiting for */
    bool more;                   /* the last read left bytes that fd does not show: read again */
    size_t ready;                /* so many of them can be had without another look at fd */
    const struct tls_peer *peer; /* who the peer has proved to be; NULL: nobody. See tls.h */
};

/*
 * TCP or a Unix socket as it is. Takes over fd (connected, or connecting), makes it non-blocking
 * and tunes it: no Nagle, little unsent data in the kernel.
 * NULL: out of memory, and fd is closed.
 */
struct transport *transport_plain_create(int fd);

/* For transports that stand on a plain one: the same tuning, and three of its operations. */
void transport_tune(int fd);
int transport_plain_path(struct transport *transport, struct transport_path *path);
void transport_plain_finish(struct transport *transport);
void transport_plain_destroy(struct transport *transport);

extern const struct transport_ops transport_plain_ops;

/* Ends it, frees, and nulls the caller's pointer. NULL and *NULL are fine. */
void transport_close(struct transport **transport);

#endif
