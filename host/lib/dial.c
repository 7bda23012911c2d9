#include "host/lib/dial.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "shared/base/clock.h"
#include "shared/base/wakeup.h"

/* Who was connected before knows that the way is short, and asks often: neither TCP's pauses
 * between its own attempts nor an address that is out of date may cost much once the network is
 * back. */
#define CONNECT_NS (3 * CLOCK_SECOND)
#define CONNECT_AGAIN_NS (6 * CLOCK_SECOND / 5)
/* Resolvers wait for seconds before they ask again. */
#define LOOKUP_PATIENCE_NS (CLOCK_SECOND / 2)
enum { LOOKUP_WAIT_MS = 10000 }; /* at a time, while there is nothing else to go by */

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
    lookup->count = address_resolve(&lookup->address, false, lookup->found, &lookup->why);
    atomic_store(&lookup->done, true);
    wakeup_send(lookup->done_fd);
    lookup_release(lookup);
    return NULL;
}

/* 0 or a negative errno. */
static int lookup_start(struct lookup **lookup, const struct address *address)
{
    struct lookup *self = *lookup = calloc(1, sizeof(*self));
    if (!self)
        return -ENOMEM;
    self->address = *address;
    self->why = "";
    self->done_fd = wakeup_open();
    atomic_init(&self->references, 2);
    int error =
        self->done_fd < 0 ? -self->done_fd : pthread_create(&self->thread, NULL, run_lookup, self);
    if (!error)
        return 0;
    if (self->done_fd >= 0)
        close(self->done_fd);
    free(self);
    *lookup = NULL;
    return -error;
}

static bool is_connected(int fd)
{
    struct pollfd ready = { fd, POLLOUT, 0 };
    return poll(&ready, 1, 0) > 0;
}

void dialer_clear(struct dialer *dialer)
{
    struct lookup *lookup = dialer->lookup;
    dialer->lookup = NULL;
    if (!lookup)
        return;
    if (atomic_load(&lookup->done))
        pthread_join(lookup->thread, NULL);
    else
        pthread_detach(lookup->thread);
    lookup_release(lookup);
}

/* The one that worked last goes first: it would be a pity to wait for another one in vain. */
static void put_good_first(struct dialer *dialer)
{
    struct socket_address *found = dialer->found;
    for (int i = 1; i < dialer->count; i++)
        if (memcmp(&found[i], &dialer->good, sizeof(found[i])) == 0) {
            found[i] = found[0];
            found[0] = dialer->good;
            return;
        }
}

/* What may help with an unknown name. */
static const char *lookup_advice(const char *host)
{
    static const char local[] = ".local";
    size_t size = strlen(host), tail = sizeof(local) - 1;
    return size > tail && strcasecmp(host + size - tail, local) == 0
               ? " (names in .local are found by mDNS, which needs libnss-mdns here and "
                 "avahi-daemon there; the machine's address works without them)"
               : "";
}

/* The look-up is done. 0, or a negative errno if nothing is known. */
static int take_found(struct dialer *dialer, struct error *error)
{
    const struct lookup *lookup = dialer->lookup;
    if (lookup->count > 0) {
        dialer->count = lookup->count;
        memcpy(dialer->found, lookup->found, sizeof(lookup->found));
        dialer->found_ns = clock_monotonic();
        put_good_first(dialer);
    } else if (dialer->count == 0) {
        error_set(error, -ENOENT, "can't look up %.128s: %.100s%s", dialer->address.host,
                  lookup->why, lookup_advice(dialer->address.host));
    }
    dialer_clear(dialer);
    return dialer->count > 0 ? 0 : -ENOENT;
}

/* Whether it needs no look-up. */
static bool is_numeric(const struct address *address)
{
    struct in6_addr parsed;
    return address->is_unix || inet_pton(AF_INET, address->host, &parsed) == 1 ||
           inet_pton(AF_INET6, address->host, &parsed) == 1;
}

static int take_address(struct dialer *dialer, struct error *error)
{
    const char *why = "";
    dialer->count = address_resolve(&dialer->address, false, dialer->found, &why);
    if (dialer->count <= 0)
        error_set(error, -ENOENT, "can't look up %.128s: %.100s", dialer->address.host, why);
    return dialer->count > 0 ? 0 : -ENOENT;
}

/* Finds out where to connect. The name is looked up again and again, since the daemon may have
 * another address by now; but with no network for the resolver, either, an answer may come long
 * after the network is back. 0, or a negative errno with error filled. */
static int look_up(struct dialer *dialer, const struct dial_waiter *waiter, struct error *error)
{
    if (is_numeric(&dialer->address))
        return take_address(dialer, error);
    if (!dialer->lookup && dialer->count > 0 &&
        clock_monotonic() - dialer->found_ns < dialer->good_ns)
        return 0;
    int result = dialer->lookup ? 0 : lookup_start(&dialer->lookup, &dialer->address);
    if (result)
        return error_set(error, result, "can't look up %.128s: %s", dialer->address.host,
                         strerror(-result));
    uint64_t until = clock_monotonic() + LOOKUP_PATIENCE_NS;
    while (!atomic_load(&dialer->lookup->done)) {
        int left = dialer->count > 0 ? clock_left_ms(until) : LOOKUP_WAIT_MS;
        if (left == 0)
            return 0;
        if (waiter->wait(waiter->user, dialer->lookup->done_fd, POLLIN, left))
            return -ECANCELED;
    }
    return take_found(dialer, error);
}

/* Waits for the connection to be made: 0 or a negative errno. */
static int finish_connect(int fd, uint64_t most_ns, const struct dial_waiter *waiter)
{
    uint64_t deadline = clock_monotonic() + most_ns;
    for (int left; (left = clock_left_ms(deadline)) > 0;) {
        if (waiter->wait(waiter->user, fd, POLLOUT, left))
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

static int connect_one(const struct socket_address *address, unsigned max_segment, uint64_t most_ns,
                       const struct dial_waiter *waiter)
{
    int fd = socket(address->storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -errno;
    int error = 0, segment = (int)max_segment;
    if (segment > 0 && address->storage.ss_family != AF_UNIX)
        setsockopt(fd, IPPROTO_TCP, TCP_MAXSEG, &segment, sizeof(segment));
    if (connect(fd, (const struct sockaddr *)&address->storage, address->size))
        error = errno == EINPROGRESS ? finish_connect(fd, most_ns, waiter) : -errno;
    if (!error)
        return fd;
    close(fd);
    return error;
}

/* Tries them in turn: the connected socket, or the last one's negative errno. */
static int connect_any(struct dialer *dialer, const struct dial_waiter *waiter)
{
    uint64_t most_ns = dialer->good.size ? CONNECT_AGAIN_NS : CONNECT_NS;
    int result = -ENOENT;
    for (int i = 0; i < dialer->count; i++) {
        result = connect_one(&dialer->found[i], dialer->max_segment, most_ns, waiter);
        if (result >= 0)
            dialer->good = dialer->found[i];
        if (result >= 0 || result == -ECANCELED)
            break;
    }
    return result;
}

/* What may help where the one that was tried last refused or did not answer. */
static const char *connect_advice(const struct dialer *dialer, int error)
{
    bool local = dialer->count > 0 && socket_address_is_local(&dialer->found[dialer->count - 1]);
    switch (error) {
    case -ECONNREFUSED:
        if (!local)
            return ": either no pitetherd runs there, or it listens to that machine alone, as it "
                   "does unless it is a service or has --listen; a receiver on another machine "
                   "needs a key, see --add-key";
        return " (is pitetherd running there?)";
    case -ENOENT:
        return " (is pitetherd running there?)";
    case -ENOTDIR:
        return " (a stream of a Unix socket's daemon is named by --stream)";
    case -EACCES:
        return " (the socket's permissions keep this user out)";
    case -ETIMEDOUT:
    case -EHOSTUNREACH:
    case -ENETUNREACH:
        return " (is it switched on, and in the same network? A firewall may be in the way)";
    default:
        return "";
    }
}

int dial(struct dialer *dialer, const struct dial_waiter *waiter, struct error *error)
{
    char text[ADDRESS_TEXT_MAX];
    int result = look_up(dialer, waiter, error);
    if (result == 0) {
        result = connect_any(dialer, waiter);
        address_format(&dialer->address, text);
        if (result < 0)
            error_set(error, result, "can't connect to %.128s: %s%s", text, strerror(-result),
                      connect_advice(dialer, result));
    }
    /* Only a call that follows at once may take what this one's look-up finds. */
    if (result >= 0 || result == -ECANCELED)
        dialer_clear(dialer);
    return result;
}
