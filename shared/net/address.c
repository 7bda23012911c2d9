#include "shared/net/address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

static int copy_host(struct address *address, const char *from, size_t size)
{
    size_t max = address->is_unix ? sizeof(((struct sockaddr_un *)0)->sun_path) - 1
                                  : (size_t)ADDRESS_HOST_MAX;
    if (size == 0)
        return -EINVAL;
    if (size > max)
        return -ENAMETOOLONG;
    for (size_t i = 0; i < size; i++)
        if ((unsigned char)from[i] < 0x20 || from[i] == 0x7F ||
            (!address->is_unix && (from[i] == '[' || from[i] == ']')))
            return -EINVAL;
    memcpy(address->host, from, size);
    address->host[size] = '\0';
    return 0;
}

static int parse_port(const char *text, uint16_t *port)
{
    unsigned long value = 0;
    if (!*text)
        return -EINVAL;
    for (; *text; text++) {
        if (*text < '0' || *text > '9')
            return -EINVAL;
        value = value * 10 + (unsigned long)(*text - '0');
        if (value > UINT16_MAX)
            return -EINVAL;
    }
    *port = (uint16_t)value;
    return 0;
}

static int parse_bracketed(const char *text, struct address *address)
{
    const char *close = strchr(text, ']');
    if (!close)
        return -EINVAL;
    int error = copy_host(address, text + 1, (size_t)(close - text - 1));
    if (error || close[1] == '\0')
        return error;
    return close[1] == ':' ? parse_port(close + 2, &address->port) : -EINVAL;
}

int address_parse(const char *text, uint16_t default_port, struct address *address)
{
    memset(address, 0, sizeof(*address));
    address->port = default_port;
    if (strncmp(text, "unix:", 5) == 0) {
        address->is_unix = true;
        return copy_host(address, text + 5, strlen(text + 5));
    }
    if (text[0] == '[')
        return parse_bracketed(text, address);
    const char *colon = strchr(text, ':');
    if (!colon || strchr(colon + 1, ':')) /* none, or a bare IPv6 number */
        return copy_host(address, text, strlen(text));
    int error = copy_host(address, text, (size_t)(colon - text));
    return error ? error : parse_port(colon + 1, &address->port);
}

void address_format(const struct address *address, char *text)
{
    /* A host may be called unix, too. */
    bool brackets = strchr(address->host, ':') || strcmp(address->host, "unix") == 0;
    if (address->is_unix)
        snprintf(text, ADDRESS_TEXT_MAX, "unix:%s", address->host);
    else if (brackets)
        snprintf(text, ADDRESS_TEXT_MAX, "[%s]:%u", address->host, address->port);
    else
        snprintf(text, ADDRESS_TEXT_MAX, "%s:%u", address->host, address->port);
}

static int resolve_unix(const struct address *address, struct socket_address *out)
{
    struct sockaddr_un *un = (struct sockaddr_un *)&out->storage;
    memset(out, 0, sizeof(*out));
    un->sun_family = AF_UNIX;
    size_t size = strnlen(address->host, sizeof(un->sun_path) - 1);
    memcpy(un->sun_path, address->host, size);
    out->size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + size + 1);
    return 1;
}

int address_resolve(const struct address *address, bool to_listen,
                    struct socket_address out[ADDRESSES_MAX], const char **why)
{
    if (address->is_unix)
        return resolve_unix(address, out);
    char port[8];
    snprintf(port, sizeof(port), "%u", address->port);
    struct addrinfo hints = {
        .ai_family = AF_UNSPEC,
        .ai_socktype = SOCK_STREAM,
        .ai_flags = AI_NUMERICSERV | (to_listen ? AI_PASSIVE : 0),
    };
    struct addrinfo *found = NULL;
    int error = getaddrinfo(address->host, port, &hints, &found);
    if (error) {
        *why = error == EAI_SYSTEM ? strerror(errno) : gai_strerror(error);
        return -ENOENT;
    }
    int count = 0;
    for (struct addrinfo *at = found; at && count < ADDRESSES_MAX; at = at->ai_next) {
        memset(&out[count], 0, sizeof(out[count]));
        memcpy(&out[count].storage, at->ai_addr, at->ai_addrlen);
        out[count++].size = at->ai_addrlen;
    }
    freeaddrinfo(found);
    return count;
}

void socket_address_format(const struct socket_address *address, char *text)
{
    char host[INET6_ADDRSTRLEN + 20], port[8];
    if (address->storage.ss_family == AF_UNIX) {
        const struct sockaddr_un *un = (const struct sockaddr_un *)&address->storage;
        bool named = address->size > offsetof(struct sockaddr_un, sun_path);
        snprintf(text, ADDRESS_TEXT_MAX, "unix%s%.*s", named ? ":" : "",
                 named ? (int)sizeof(un->sun_path) : 0, un->sun_path);
    } else if (getnameinfo((const struct sockaddr *)&address->storage, address->size, host,
                           sizeof(host), port, sizeof(port), NI_NUMERICHOST | NI_NUMERICSERV)) {
        snprintf(text, ADDRESS_TEXT_MAX, "?");
    } else {
        bool v6 = address->storage.ss_family == AF_INET6;
        snprintf(text, ADDRESS_TEXT_MAX, v6 ? "[%s]:%s" : "%s:%s", host, port);
    }
}

bool socket_address_is_local(const struct socket_address *address)
{
    const struct sockaddr *any = (const struct sockaddr *)&address->storage;
    if (any->sa_family == AF_UNIX)
        return true;
    if (any->sa_family == AF_INET) {
        const struct sockaddr_in *v4 = (const struct sockaddr_in *)any;
        return ntohl(v4->sin_addr.s_addr) >> 24 == 127;
    }
    if (any->sa_family == AF_INET6) {
        const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)any;
        const uint8_t *bytes = v6->sin6_addr.s6_addr;
        return IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr) ||
               (IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr) && bytes[12] == 127);
    }
    return false;
}
