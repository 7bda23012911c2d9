/*
 * A socket that behaves as an input wants it to, with TLS on it or not. What it takes is heard by
 * the unit tests' peer at once. One thread.
 */
#ifndef PITETHER_TESTS_FUZZ_FAKE_SOCKET_H
#define PITETHER_TESTS_FUZZ_FAKE_SOCKET_H

#include "shared/net/transport.h"
#include "tests/unit/device/peer.h"

enum { FAKE_INBOUND_MAX = 16 * 1024, FAKE_OFFER_MAX = 32 };

struct fake_socket {
    struct transport transport; /* first: its functions get this */
    struct peer *peer;

    /* How it behaves. */
    unsigned handshake_rounds; /* until it is known who the peer is (at least 1), ... */
    int handshake_error;       /* ... or why it is not let in; 0: it is */
    size_t room;               /* bytes that it takes before it is full */
    int read_error,
        write_error; /* negative errnos, once nothing is left to read or no room; 0: none */
    bool closed;     /* by the peer */
    struct transport_path path; /* a round trip of 0: not known */

    uint8_t inbound[FAKE_INBOUND_MAX]; /* what was not read yet: [begin, end) */
    size_t begin, end;
    uint8_t offered[FAKE_OFFER_MAX]; /* what it did not take: TLS wants it to be offered again */
    size_t offered_size;
    bool finished;
};

/* Memory of its own that transport_close() frees; fd, to wait on, stays the caller's. */
struct fake_socket *fake_socket_create(int fd, struct peer *peer);

/* The peer sends; false: there is no room for it, and nothing of it is sent. */
bool fake_socket_put(struct fake_socket *socket, const void *bytes, size_t size);

#endif
