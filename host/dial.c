#include "host/dial.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "shared/clock.h"

#define CONNECT_NS (3 * CLOCK_SECOND)

/* A look-up that goes on even if nobody waits for it any more: the resolver can't be interrupted.
 */
struct lookup {
    pthread_t thread; /* joined if it was waited for, else detached */
    struct address address;
    struct socket_address found[ADDRESSES_MAX];
    const char *why;
    int count;
    int done_fd;            /* readable when `done` is worth a look */
    atomic_bool done;       /* the fields above are set */
    atomic_uint references; /* the thread's and the waiter's; the last one frees */
};

static void lookup_release(struct lookup *lookup)
{
    if (atomic_fetch_sub(&lookup->references, 1) > 1)
        return;
    close(lookup->done_fd);
    free(lookup);
}

static void *run_lookup(void *user)
{
    struct lookup *lookup = user;
    uint64_t one = 1;
    lookup->count = address_resolve(&lookup->address, false, lookup->found, &lookup->why);
    atomic_store(&lookup->done, true);
    ssize_t written = write(lookup->done_fd, &one, sizeof(one));
    (void)written;
    lookup_release(lookup);
    return NULL;
}

static struct lookup *lookup_start(const struct address *address)
{
    struct lookup *lookup = calloc(1, sizeof(*lookup));
    if (!lookup)
        return NULL;
    lookup->address = *address;
    lookup->why = "";
    lookup->done_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    atomic_init(&lookup->references, 2);
    if (lookup->done_fd >= 0 && pthread_create(&lookup->thread, NULL, run_lookup, lookup) == 0)
        return lookup;
    if (lookup->done_fd >= 0)
        close(lookup->done_fd);
    free(lookup);
    return NULL;
}

static bool is_connected(int fd)
{
    struct pollfd ready = { fd, POLLOUT, 0 };
    return poll(&ready, 1, 0) > 0;
}

/* Fills found, and returns how many there are, or a negative errno with the error told. */
static int look_up(const struct address *address, const struct dial_waiter *waiter,
                   struct socket_address *found, char *error)
{
    struct lookup *lookup = lookup_start(address);
    if (!lookup) {
        snprintf(error, DIAL_ERROR_MAX, "out of memory to look up %.128s", address->host);
        return -ENOMEM;
    }
    int result = -ECANCELED;
    while (!atomic_load(&lookup->done))
        if (waiter->wait(waiter->user, lookup->done_fd, POLLIN, 1000))
            break;
    if (atomic_load(&lookup->done)) {
        pthread_join(lookup->thread, NULL);
        result = lookup->count > 0 ? lookup->count : -ENOENT;
        memcpy(found, lookup->found, sizeof(lookup->found));
        if (result < 0)
            snprintf(error, DIAL_ERROR_MAX, "can't look up %.128s: %.100s", address->host,
                     lookup->why);
    } else {
        pthread_detach(lookup->thread);
    }
    lookup_release(lookup);
    return result;
}

/* Waits for the connection to be made: 0 or a negative errno. */
static int finish_connect(int fd, const struct dial_waiter *waiter)
{
    uint64_t deadline = clock_monotonic() + CONNECT_NS, now;
    while ((now = clock_monotonic()) < deadline) {
        if (waiter->wait(waiter->user, fd, POLLOUT, (int)((deadline - now) / CLOCK_MS) + 1))
            return -ECANCELED;
        if (!is_connected(fd))
            continue;
        int error = 0;
        socklen_t size = sizeof(error);
        getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
        return -error;
    }
    return -ETIMEDOUT;
}

static int connect_one(const struct socket_address *address, const struct dial_waiter *waiter)
{
    int fd = socket(address->storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -errno;
    int error = 0;
    if (connect(fd, (const struct sockaddr *)&address->storage, address->size))
        error = errno == EINPROGRESS ? finish_connect(fd, waiter) : -errno;
    if (!error)
        return fd;
    close(fd);
    return error;
}

int dial(const struct address *address, const struct dial_waiter *waiter, char *error)
{
    struct socket_address found[ADDRESSES_MAX];
    char text[ADDRESS_TEXT_MAX];
    int count = look_up(address, waiter, found, error), result = count;
    for (int i = 0; i < count; i++) {
        result = connect_one(&found[i], waiter);
        if (result >= 0 || result == -ECANCELED)
            return result;
    }
    if (count <= 0)
        return result;
    address_format(address, text);
    snprintf(error, DIAL_ERROR_MAX, "can't connect to %.128s: %s%s", text, strerror(-result),
             result == -ECONNREFUSED || result == -ENOENT ? " (is pitetherd running there?)" : "");
    return result;
}
