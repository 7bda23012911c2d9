#include "host/dial.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "shared/clock.h"

#define CONNECT_NS (3 * CLOCK_SECOND)

/* Waits for the connection to be made: 0 or a negative errno. */
static int finish_connect(int fd, bool (*wait)(void *user, int fd, int timeout_ms), void *user)
{
    uint64_t deadline = clock_monotonic() + CONNECT_NS;
    for (;;) {
        uint64_t now = clock_monotonic();
        if (now >= deadline)
            return -ETIMEDOUT;
        if (wait(user, fd, (int)((deadline - now) / CLOCK_MS) + 1))
            return -ECANCELED;
        struct pollfd ready = { fd, POLLOUT, 0 };
        if (poll(&ready, 1, 0) <= 0)
            continue;
        int error = 0;
        socklen_t size = sizeof(error);
        getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
        return -error;
    }
}

static int connect_one(const struct socket_address *address,
                       bool (*wait)(void *user, int fd, int timeout_ms), void *user)
{
    int fd = socket(address->storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -errno;
    int error = 0;
    if (connect(fd, (const struct sockaddr *)&address->storage, address->size))
        error = errno == EINPROGRESS ? finish_connect(fd, wait, user) : -errno;
    if (!error)
        return fd;
    close(fd);
    return error;
}

int dial(const struct address *address, bool (*wait)(void *user, int fd, int timeout_ms),
         void *user, char *error)
{
    struct socket_address found[ADDRESSES_MAX];
    char text[ADDRESS_TEXT_MAX];
    const char *why = "";
    address_format(address, text);
    int count = address_resolve(address, false, found, &why), result = -ENOENT;
    if (count <= 0) {
        snprintf(error, DIAL_ERROR_MAX, "can't look up %.128s: %s", address->host, why);
        return -ENOENT;
    }
    for (int i = 0; i < count; i++) {
        result = connect_one(&found[i], wait, user);
        if (result >= 0 || result == -ECANCELED)
            return result;
    }
    snprintf(error, DIAL_ERROR_MAX, "can't connect to %.128s: %s%s", text, strerror(-result),
             result == -ECONNREFUSED || result == -ENOENT ? " (is pitetherd running there?)" : "");
    return result;
}
