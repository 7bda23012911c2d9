/*
 * How often an address may connect without authenticating: a bucket of tokens for each address, of
 * which each connection takes one, and gives it back once it is authenticated. The loop thread
 * alone.
 */
#ifndef PITETHER_DEVICE_SERVE_ADMISSION_H
#define PITETHER_DEVICE_SERVE_ADMISSION_H

#include <stdbool.h>
#include <stdint.h>

#include "shared/base/attributes.h"
#include "shared/net/address.h"

enum {
    ADMISSION_BURST = 20,     /* connections in a row */
    ADMISSION_ADDRESSES = 256 /* remembered; then the one whose bucket is full first is forgotten */
};

struct admission {
    struct admission_entry {
        uint8_t network[16]; /* IPv4 mapped into IPv6 (RFC 4291, 2.5.5.2); of IPv6 the first 64
                                bits, which one customer has all of (RFC 6177) */
        uint64_t full_ns;    /* CLOCK_MONOTONIC: when the bucket will be full again; 0: unused */
    } entries[ADMISSION_ADDRESSES];
};

/* Takes a token. False: there is none, come back later. */
NODISCARD bool admission_take(struct admission *admission, const struct socket_address *address,
                              uint64_t now_ns);

/* The connection is authenticated. */
void admission_give_back(struct admission *admission, const struct socket_address *address,
                         uint64_t now_ns);

#endif
