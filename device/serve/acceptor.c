#include "device/serve/acceptor.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "device/serve/client_end.h"
#include "device/serve/client_loop.h"
#include "device/serve/client_write.h"
#include "shared/base/clock.h"
#include "shared/base/log.h"
#include "shared/net/transport_tls.h"

/* Beyond max_clients: unauthenticated connections, and those that are told why they can't stay. */
enum { UNAUTHENTICATED_MAX = 64 };

enum { REFUSED_AT_ONCE = 32 };

/* After a turn the low-priority loop pauses for so many times what the turn took. Not for less than
 * the minimum, which a timer is not worth, nor for longer than the maximum: the turn may have been
 * long because the machine is busy. */
enum { PAUSE_FACTOR = 3 };
#define PAUSE_MIN_NS (CLOCK_SECOND / 5000)
#define PAUSE_MAX_NS (CLOCK_SECOND / 100)

static void set_accepting(struct acceptor *acceptor, bool on)
{
    acceptor->accepting = on;
    for (unsigned i = 0; i < acceptor->config.listeners->count; i++) {
        struct watch *watch = &acceptor->accept_points[i].watch;
        loop_change(&acceptor->low_priority, watch, on ? EPOLLIN : 0);
        /* One that the kernel refused is tried again by acceptor_retry(). */
        acceptor->accepting = acceptor->accepting && watch->events;
    }
}

bool acceptor_admit(void *user, struct client *client)
{
    struct acceptor *acceptor = user;
    if (client->transport->peer)
        admission_give_back(&acceptor->admission, &client->address, clock_monotonic());
    if (acceptor->admitted == acceptor->config.max_clients)
        return false;
    acceptor->admitted++;
    return true;
}

/* A new connection gets its chance, however many others stay silent. */
static void limit_unauthenticated(struct acceptor *acceptor)
{
    unsigned count = 0;
    struct client *oldest = NULL;
    for (struct client *client = acceptor->clients; client; client = client->next) {
        if (client->admitted || client->state == CLIENT_DEAD)
            continue;
        if (count++ == 0)
            oldest = client;
    }
    if (count >= UNAUTHENTICATED_MAX)
        client_cut(oldest, "gave way to a newer one");
}

static bool connects_too_often(struct acceptor *acceptor, const struct accept_point *point,
                               const struct socket_address *peer)
{
    char where[ADDRESS_TEXT_MAX];
    if (!point->demands_key || admission_take(&acceptor->admission, peer, clock_monotonic()))
        return false;
    socket_address_format(peer, where);
    log_warning_limited(&acceptor->refusal_limit,
                        "%s connects too often without a key: refused for now", where);
    return true;
}

/* False: it is refused, or there is no memory; either takes no time. */
static bool take_connection(struct accept_point *point, int fd, const struct socket_address *peer)
{
    struct acceptor *acceptor = point->acceptor;
    if (connects_too_often(acceptor, point, peer)) {
        close(fd);
        return false;
    }
    limit_unauthenticated(acceptor);
    struct tls *tls = acceptor->config.auth->tls;
    struct transport *transport =
        tls ? transport_tls_accept(fd, tls, point->demands_key) : transport_plain_create(fd);
    struct client *client =
        transport ? client_create(acceptor->config.shared, transport, peer) : NULL;
    if (!client) {
        log_warning_limited(&acceptor->fail_limit, "no memory for one more client");
        return false;
    }
    *acceptor->end = client;
    acceptor->end = &client->next;
    client_write(client);
    return true;
}

/* One new connection at a time, as each may begin with a handshake; those that are refused are
 * taken out of the kernel's queue, where others wait, too. */
static void on_connection(void *user, uint32_t events)
{
    (void)events;
    struct accept_point *point = user;
    for (int i = 0; i < REFUSED_AT_ONCE; i++) {
        struct socket_address peer = { .size = sizeof(peer.storage) };
        int fd = accept4(point->watch.fd, (struct sockaddr *)&peer.storage, &peer.size,
                         SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd >= 0 && !take_connection(point, fd, &peer))
            continue;
        if (fd < 0 && (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS)) {
            /* The connection stays in the queue and would wake the loop again and again. */
            log_warning_limited(&point->acceptor->fail_limit, "can't accept clients for now: %s",
                                strerror(errno));
            set_accepting(point->acceptor, false);
        }
        return;
    }
}

/* 0: none. False: the timer can't be set. */
static bool set_pause(struct acceptor *acceptor, uint64_t pause_ns)
{
    struct itimerspec timer = { .it_value = clock_timespec(pause_ns) };
    return timerfd_settime(acceptor->pause_watch.fd, 0, &timer, NULL) == 0;
}

static void pause_low_priority(struct acceptor *acceptor)
{
    uint64_t pause_ns = acceptor->pause_ns < PAUSE_MAX_NS ? acceptor->pause_ns : PAUSE_MAX_NS;
    acceptor->pause_ns = 0;
    if (set_pause(acceptor, pause_ns))
        loop_change(acceptor->config.loop, &acceptor->low_priority_watch, 0);
}

static void on_pause_over(void *user, uint32_t events)
{
    (void)events;
    struct acceptor *acceptor = user;
    loop_change(acceptor->config.loop, &acceptor->low_priority_watch, EPOLLIN);
    /* Where the kernel refused that, the timer stays ready, and it is tried again. */
    if (acceptor->low_priority_watch.events)
        set_pause(acceptor, 0);
}

static void on_low_priority(void *user, uint32_t events)
{
    (void)events;
    struct acceptor *acceptor = user;
    uint64_t begin_ns = clock_monotonic();
    loop_turn(&acceptor->low_priority);
    acceptor->pause_ns += PAUSE_FACTOR * (clock_monotonic() - begin_ns);
    if (acceptor->pause_ns >= PAUSE_MIN_NS)
        pause_low_priority(acceptor);
}

/* One watch in the server's loop for all of the low-priority loop, and one for the end of its
 * pause.
 */
static int open_low_priority(struct acceptor *acceptor)
{
    struct loop *loop = acceptor->config.loop;
    int error = loop_init(&acceptor->low_priority);
    if (error)
        return error;
    acceptor->low_priority_watch =
        (struct watch){ acceptor->low_priority.fd, EPOLLIN, on_low_priority, acceptor };
    int timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    if (timer < 0)
        return -errno;
    acceptor->pause_watch = (struct watch){ timer, EPOLLIN, on_pause_over, acceptor };
    error = loop_add(loop, &acceptor->low_priority_watch);
    return error ? error : loop_add(loop, &acceptor->pause_watch);
}

int acceptor_open(struct acceptor *acceptor, const struct acceptor_config *config)
{
    acceptor->config = *config;
    acceptor->accepting = true;
    acceptor->end = &acceptor->clients;
    int error = open_low_priority(acceptor);
    for (unsigned i = 0; i < config->listeners->count && !error; i++) {
        const struct listener *listener = &config->listeners->items[i];
        struct accept_point *point = &acceptor->accept_points[i];
        point->acceptor = acceptor;
        point->demands_key = config->auth->tls && listener->remote && !config->allow_plaintext;
        point->watch = (struct watch){ listener->fd, EPOLLIN, on_connection, point };
        error = loop_add(&acceptor->low_priority, &point->watch);
    }
    return error;
}

void acceptor_retry(struct acceptor *acceptor)
{
    if (!acceptor->accepting)
        set_accepting(acceptor, true);
}

void acceptor_check_keys(struct acceptor *acceptor)
{
    for (struct client *client = acceptor->clients; client; client = client->next)
        if (client->transport->peer &&
            !auth_has_key(acceptor->config.auth, client->transport->peer))
            client_cut(client, "was disconnected: its key was revoked");
}

void acceptor_close(struct acceptor *acceptor)
{
    for (unsigned i = 0; i < acceptor->config.listeners->count; i++)
        loop_remove(&acceptor->low_priority, &acceptor->accept_points[i].watch);
    listeners_close(acceptor->config.listeners);
}

bool acceptor_reap(struct acceptor *acceptor, void (*gone)(void *user, struct client *client),
                   void *user)
{
    bool any = false;
    struct client **at = &acceptor->clients;
    while (*at) {
        struct client *client = *at;
        if (client->state != CLIENT_DEAD) {
            at = &client->next;
            continue;
        }
        *at = client->next;
        any = true;
        gone(user, client);
        acceptor->admitted -= client->admitted;
        client_destroy(&client);
    }
    acceptor->end = at;
    return any;
}

void acceptor_clear(struct acceptor *acceptor)
{
    while (acceptor->clients) {
        struct client *client = acceptor->clients;
        acceptor->clients = client->next;
        client_destroy(&client);
    }
    if (acceptor->pause_watch.fd > 0)
        close(acceptor->pause_watch.fd);
    if (acceptor->low_priority.fd > 0)
        loop_destroy(&acceptor->low_priority);
}
