#include "device/serve/acceptor.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "shared/base/clock.h"
#include "shared/base/log.h"
#include "shared/net/transport_tls.h"

/* Beyond max_clients: those who have not proved yet who they are, or are told why they can't stay.
 */
enum { STRANGERS_MAX = 64 };

enum { REFUSED_AT_ONCE = 32 };

/* The low-priority loop rests for so many times what a turn took. Not for less than the first,
 * which a timer is not worth, nor for longer than the second: the turn may have been long because
 * the machine is busy.
 */
enum { REST = 3 };
#define REST_LEAST_NS (CLOCK_SECOND / 5000)
#define REST_MOST_NS (CLOCK_SECOND / 100)

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

/* Makes room for one more stranger: a newcomer shall have its chance, however many keep silent. */
static void limit_strangers(struct acceptor *acceptor)
{
    unsigned strangers = 0;
    struct client *oldest = NULL;
    for (struct client *client = acceptor->clients; client; client = client->next) {
        if (client->admitted || client->state == CLIENT_DEAD)
            continue;
        if (strangers++ == 0)
            oldest = client;
    }
    if (strangers >= STRANGERS_MAX)
        client_cut(oldest, "gave way to a newer one");
}

static bool comes_too_often(struct acceptor *acceptor, const struct accept_point *point,
                            const struct socket_address *peer)
{
    char where[ADDRESS_TEXT_MAX];
    if (!point->demands_key || admission_take(&acceptor->admission, peer, clock_monotonic()))
        return false;
    socket_address_format(peer, where);
    log_warning_limited(&acceptor->crowd_limit,
                        "%s comes too often without a key: not let in for now", where);
    return true;
}

/* False: it is refused, or there is no memory; either takes no time. */
static bool receive(struct accept_point *point, int fd, const struct socket_address *peer)
{
    struct acceptor *acceptor = point->acceptor;
    if (comes_too_often(acceptor, point, peer)) {
        close(fd);
        return false;
    }
    limit_strangers(acceptor);
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

/* One newcomer at a time, as each may begin with a handshake; those who are refused fill the queue
 * that others stand in, too. */
static void on_connection(void *user, uint32_t events)
{
    (void)events;
    struct accept_point *point = user;
    for (int i = 0; i < REFUSED_AT_ONCE; i++) {
        struct socket_address peer = { .size = sizeof(peer.storage) };
        int fd = accept4(point->watch.fd, (struct sockaddr *)&peer.storage, &peer.size,
                         SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd >= 0 && !receive(point, fd, &peer))
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

/* 0: not any more. Whether it will end. */
static bool set_rest(struct acceptor *acceptor, uint64_t rest_ns)
{
    struct itimerspec timer = { .it_value = clock_timespec(rest_ns) };
    return timerfd_settime(acceptor->rest_watch.fd, 0, &timer, NULL) == 0;
}

static void rest(struct acceptor *acceptor)
{
    uint64_t rest_ns = acceptor->rest_ns < REST_MOST_NS ? acceptor->rest_ns : REST_MOST_NS;
    acceptor->rest_ns = 0;
    if (set_rest(acceptor, rest_ns))
        loop_change(acceptor->config.loop, &acceptor->low_priority_watch, 0);
}

static void on_rested(void *user, uint32_t events)
{
    (void)events;
    struct acceptor *acceptor = user;
    loop_change(acceptor->config.loop, &acceptor->low_priority_watch, EPOLLIN);
    /* Where the kernel refused that, the timer stays ready, and it is tried again. */
    if (acceptor->low_priority_watch.events)
        set_rest(acceptor, 0);
}

static void on_low_priority(void *user, uint32_t events)
{
    (void)events;
    struct acceptor *acceptor = user;
    uint64_t begin_ns = clock_monotonic();
    loop_turn(&acceptor->low_priority);
    acceptor->rest_ns += REST * (clock_monotonic() - begin_ns);
    if (acceptor->rest_ns >= REST_LEAST_NS)
        rest(acceptor);
}

/* One watch for newcomers, whoever they are, and one for the end of their rest. */
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
    acceptor->rest_watch = (struct watch){ timer, EPOLLIN, on_rested, acceptor };
    error = loop_add(loop, &acceptor->low_priority_watch);
    return error ? error : loop_add(loop, &acceptor->rest_watch);
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
            client_cut(client, "was cut: its key is revoked");
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
    if (acceptor->rest_watch.fd > 0)
        close(acceptor->rest_watch.fd);
    if (acceptor->low_priority.fd > 0)
        loop_destroy(&acceptor->low_priority);
}
