#include "device/serve/listener.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { BACKLOG = 128 };

#ifndef IPV6_FREEBIND
#define IPV6_FREEBIND 78 /* linux/in6.h, which can't be included beside netinet/in.h */
#endif

/* A path where nobody answers was left behind by a daemon that was killed. */
static void remove_stale(const struct socket_address *address)
{
    const struct sockaddr_un *un = (const struct sockaddr_un *)&address->storage;
    struct stat status;
    if (lstat(un->sun_path, &status) || !S_ISSOCK(status.st_mode))
        return;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return;
    if (connect(fd, (const struct sockaddr *)un, address->size) && errno == ECONNREFUSED)
        unlink(un->sun_path);
    close(fd);
}

/* An address that the machine does not have yet, as while it boots, may be bound all the same:
 * ip(7), IP_FREEBIND. */
static int bind_ahead(int fd, const struct socket_address *address)
{
    int on = 1;
    bool is_v6 = address->storage.ss_family == AF_INET6;
    if (setsockopt(fd, is_v6 ? IPPROTO_IPV6 : IPPROTO_IP, is_v6 ? IPV6_FREEBIND : IP_FREEBIND, &on,
                   sizeof(on)))
        return -errno;
    return bind(fd, (const struct sockaddr *)&address->storage, address->size) ? -errno : 0;
}

/* The address gets the port that was chosen where it named none. absent: it is none of the
 * machine's. */
static int bind_and_listen(int fd, struct socket_address *address, bool *absent)
{
    int on = 1, family = address->storage.ss_family;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (family == AF_INET6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
    if (family == AF_UNIX)
        remove_stale(address);
    int code = bind(fd, (const struct sockaddr *)&address->storage, address->size) ? -errno : 0;
    *absent = code == -EADDRNOTAVAIL && !socket_address_is_local(address);
    if (*absent)
        code = bind_ahead(fd, address);
    if (code || listen(fd, BACKLOG))
        return code ? code : -errno;
    if (family == AF_UNIX)
        return 0;
    address->size = sizeof(address->storage);
    return getsockname(fd, (struct sockaddr *)&address->storage, &address->size) ? -errno : 0;
}

/* Whether there may be one more, at that address. */
static int check(const struct listeners *listeners, const struct socket_address *address,
                 bool allow_remote, const char *where, struct error *error)
{
    if (listeners->count == LISTENERS_MAX)
        return error_set(error, -EINVAL, "can't listen at %s: %d addresses are the limit", where,
                         LISTENERS_MAX);
    if (!allow_remote && !socket_address_is_local(address))
        return error_set(
            error, -EINVAL,
            "others on the network could watch at %s; give each receiver a key (pitetherd "
            "--add-key NAME), or accept that everyone who reaches this address sees the camera: "
            "--insecure-plaintext",
            where);
    return 0;
}

/* BBR goes by the bandwidth and the round trip that it measures. Other ways slow down with each
 * loss, which on Wi-Fi is no sign of a queue, and frames get old meanwhile. Connections take it
 * over from the socket that listens, unless the route to the peer demands another one; where the
 * kernel does not offer it, they have the system's default. Set here, where the daemon may still be
 * root, for whom the kernel loads the module. */
static void prefer_bbr(int fd)
{
    static const char name[] = "bbr";
    setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, name, sizeof(name) - 1);
}

static struct listener *add(struct listeners *listeners, int fd,
                            const struct socket_address *address)
{
    struct listener *listener = &listeners->items[listeners->count++];
    *listener = (struct listener){ .fd = fd,
                                   .address = *address,
                                   .remote = !socket_address_is_local(address) };
    if (address->storage.ss_family != AF_UNIX)
        prefer_bbr(fd);
    return listener;
}

static const char *advice_for(int code, int family)
{
    if (code == EADDRINUSE && family == AF_UNIX)
        return "; a daemon answers there, or something else has that path: choose another one";
    if (code == EADDRINUSE)
        return "; another daemon may be running: stop it, or choose another port with --listen";
    return code == EACCES ? "; choose another port or path with --listen" : "";
}

static int open_one(struct listeners *listeners, const struct socket_address *address,
                    struct error *error)
{
    char where[ADDRESS_TEXT_MAX];
    socket_address_format(address, where);
    int fd = socket(address->storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    struct socket_address bound = *address;
    bool absent = false;
    int code = fd < 0 ? errno : -bind_and_listen(fd, &bound, &absent);
    if (code) {
        if (fd >= 0)
            close(fd);
        return error_set(error, -code, "can't listen at %s: %s%s", where, strerror(code),
                         advice_for(code, address->storage.ss_family));
    }
    struct listener *listener = add(listeners, fd, &bound);
    listener->absent = absent;
    struct stat status;
    const struct sockaddr_un *un = (const struct sockaddr_un *)&address->storage;
    if (address->storage.ss_family == AF_UNIX && lstat(un->sun_path, &status) == 0) {
        listener->device = status.st_dev;
        listener->inode = status.st_ino;
    }
    return 0;
}

int listener_parse(const char *text, struct address *address, struct error *error)
{
    int code = address_parse(text, WIRE_DEFAULT_PORT, address);
    if (code == -ENAMETOOLONG)
        return error_set(error, -EINVAL,
                         "--listen: this address is too long: %s; a host's name has at most 255 "
                         "bytes, a Unix socket's path 107",
                         text);
    if (code)
        return error_set(error, -EINVAL,
                         "--listen: this is not an address: %s; give HOST, HOST:PORT, "
                         "[IPV6]:PORT or unix:/PATH",
                         text);
    return 0;
}

int listeners_open(struct listeners *listeners, const char *text, bool allow_remote,
                   struct error *error)
{
    struct address address;
    struct socket_address found[ADDRESSES_MAX];
    const char *why = "";
    int code = listener_parse(text, &address, error);
    if (code)
        return code;
    int count = address_resolve(&address, true, found, &why);
    if (count <= 0)
        return error_set(error, -EINVAL, "--listen: can't look up %s; %s", text, why);
    for (int i = 0; i < count; i++) {
        code = check(listeners, &found[i], allow_remote, text, error);
        if (code)
            return code;
        code = open_one(listeners, &found[i], error);
        if (code)
            return code;
    }
    return 0;
}

int listeners_open_default(struct listeners *listeners, unsigned port, struct error *error)
{
    char text[32];
    int codes[2];
    snprintf(text, sizeof(text), "127.0.0.1:%u", port);
    codes[0] = listeners_open(listeners, text, false, error);
    if (codes[0] && codes[0] != -EADDRNOTAVAIL && codes[0] != -EAFNOSUPPORT)
        return codes[0];
    /* Machines without IPv6 (or without IPv4) are no error. */
    struct error second;
    snprintf(text, sizeof(text), "[::1]:%u", port);
    codes[1] = listeners_open(listeners, text, false, &second);
    if (listeners->count > 0 &&
        (codes[1] == 0 || codes[1] == -EADDRNOTAVAIL || codes[1] == -EAFNOSUPPORT))
        return 0;
    if (codes[1])
        *error = second;
    return codes[1] ? codes[1] : codes[0];
}

/* sd_listen_fds(3): they begin behind the standard ones. */
enum { FIRST_PASSED = 3 };

static int adopt_one(struct listeners *listeners, int fd, bool allow_remote, struct error *error)
{
    struct socket_address address = { .size = sizeof(address.storage) };
    char where[ADDRESS_TEXT_MAX];
    int listens = 0, type = 0;
    socklen_t size = sizeof(int);
    if (getsockname(fd, (struct sockaddr *)&address.storage, &address.size) ||
        getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) || type != SOCK_STREAM ||
        getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) || !listens)
        return error_set(error, -EINVAL,
                         "what was passed on (LISTEN_FDS) is not a listening stream socket");
    socket_address_format(&address, where);
    int code = check(listeners, &address, allow_remote, where, error);
    if (code)
        return code;
    fcntl(fd, F_SETFD, FD_CLOEXEC);
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
    add(listeners, fd, &address);
    return 0;
}

int listeners_adopt(struct listeners *listeners, bool allow_remote, struct error *error)
{
    const char *pid = getenv("LISTEN_PID"), *number = getenv("LISTEN_FDS");
    if (!pid || !number || strtol(pid, NULL, 10) != getpid())
        return 0;
    long count = strtol(number, NULL, 10);
    if (count < 0 || count > LISTENERS_MAX)
        return error_set(error, -EINVAL, "too many sockets were passed on: LISTEN_FDS is %s",
                         number);
    for (int i = 0; i < count; i++) {
        int code = adopt_one(listeners, FIRST_PASSED + i, allow_remote, error);
        if (code)
            return code;
    }
    return 0;
}

void listeners_close(struct listeners *listeners)
{
    for (unsigned i = 0; i < listeners->count; i++) {
        const struct listener *listener = &listeners->items[i];
        const struct sockaddr_un *un = (const struct sockaddr_un *)&listener->address.storage;
        struct stat status;
        if (un->sun_family == AF_UNIX && lstat(un->sun_path, &status) == 0 &&
            status.st_dev == listener->device && status.st_ino == listener->inode)
            unlink(un->sun_path);
        close(listener->fd);
    }
    listeners->count = 0;
}
