/*
 * Where to listen or connect: "host", "host:port", "v4:port", "[v6]", "[v6]:port", "v6" bare, or
 * "unix:/path". Pure but for address_resolve(). Any thread.
 */
#ifndef PITETHER_SHARED_NET_ADDRESS_H
#define PITETHER_SHARED_NET_ADDRESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "shared/base/attributes.h"

enum { ADDRESS_HOST_MAX = 255, ADDRESS_TEXT_MAX = 300, ADDRESSES_MAX = 16 };

struct address {
    bool is_unix;
    char host[ADDRESS_HOST_MAX + 1]; /* name, number without brackets, or the socket's path */
    uint16_t port;                   /* 1..65535; 0 is taken only from text that says 0 */
};

/* A socket address as the kernel takes it. */
struct socket_address {
    struct sockaddr_storage storage;
    socklen_t size;
};

/* 0; -EINVAL: not an address; -ENAMETOOLONG: the host or path is too long. */
NODISCARD int address_parse(const char *text, uint16_t default_port, struct address *address);

/* Writes it back in the form that address_parse() accepts; text holds ADDRESS_TEXT_MAX bytes. */
void address_format(const struct address *address, char *text);

/* Looks a name up (may block). Fills up to ADDRESSES_MAX socket addresses, in the resolver's order
 * (RFC 6724), and returns how many; -ENOENT: no such host, with *why the resolver's reason. */
NODISCARD int address_resolve(const struct address *address, bool to_listen,
                              struct socket_address out[ADDRESSES_MAX], const char **why);

/* The numeric form of a socket address, e.g. "127.0.0.1:7484" or "unix:/run/x"; text holds
 * ADDRESS_TEXT_MAX bytes. A peer of a Unix socket, which has no name, is "unix". */
void socket_address_format(const struct socket_address *address, char *text);

/* True for 127.0.0.0/8, ::1 (RFC 4291, 2.5.3), the same mapped into IPv6, and Unix sockets. */
NODISCARD bool socket_address_is_local(const struct socket_address *address);

#endif
