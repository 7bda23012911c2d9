#include "device/reception.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "shared/clock.h"
#include "shared/log.h"
#include "shared/transport_tls.h"

/* Beyond max_clients: those who have not proved yet who they are, or are told why they can't stay.
 */
enum { STRANGERS_MAX = 64 };

enum { REFUSED_AT_ONCE = 32 };

/* The lobby rests for so many times what a turn took. Not for less than the first, which a timer is
 * not worth, nor for longer than the second: the turn may have been long because the machine is
 * busy.
 */
enum { REST = 3 };
#define REST_LEAST_NS (CLOCK_SECOND / 5000)
#define REST_MOST_NS (CLOCK_SECOND / 100)

static void set_accepting(struct reception *reception, bool on)
{
    reception->accepting = on;
    for (unsigned i = 0; i < reception->config.listeners->count; i++) {
        struct watch *watch = &reception->acceptors[i].watch;
        loop_change(&reception->lobby, watch, on ? EPOLLIN : 0);
        /* One that the kernel refused is tried again by reception_retry(). */
        reception->accepting = reception->accepting && watch->events;
    }
}

bool reception_admit(void *user, struct client *client)
{
    struct reception *reception = user;
    if (client->transport->peer)
        admission_give_back(&reception->admission, &client->address, clock_monotonic());
    if (reception->admitted == reception->config.max_clients)
        return false;
    reception->admitted++;
    return true;
}

/* Makes room for one more stranger: a newcomer shall have its chance, however many keep silent. */
static void limit_strangers(struct reception *reception)
{
    unsigned strangers = 0;
    struct client *oldest = NULL;
    for (struct client *client = reception->clients; client; client = client->next) {
        if (client->admitted || client->state == CLIENT_DEAD)
            continue;
        if (strangers++ == 0)
            oldest = client;
    }
    if (strangers >= STRANGERS_MAX)
        client_cut(oldest, "gave way to a newer one");
}

static bool comes_too_often(struct reception *reception, const struct acceptor *acceptor,
                            const struct socket_address *peer)
{
    char where[ADDRESS_TEXT_MAX];
    if (!acceptor->demands_key || admission_take(&reception->admission, peer, clock_monotonic()))
        return false;
    socket_address_format(peer, where);
    log_warning_limited(&reception->crowd_limit,
                        "%s comes too often without a key: not let in for now", where);
    return true;
}

/* False: it is refused, or there is no memory; either takes no time. */
static bool receive(struct acceptor *acceptor, int fd, const struct socket_address *peer)
{
    struct reception *reception = acceptor->reception;
    if (comes_too_often(reception, acceptor, peer)) {
        close(fd);
        return false;
    }
    limit_strangers(reception);
    struct tls *tls = reception->config.trust->tls;
    struct transport *transport =
        tls ? transport_tls_accept(fd, tls, acceptor->demands_key) : transport_plain_create(fd);
    struct client *client =
        transport ? client_create(reception->config.shared, transport, peer) : NULL;
    if (!client) {
        log_warning_limited(&reception->fail_limit, "no memory for one more client");
        return false;
    }
    *reception->end = client;
    reception->end = &client->next;
    client_write(client);
    return true;
}

/* One newcomer at a time, as each may begin with a handshake; those who are refused fill the queue
 * that others stand in, too. */
static void on_connection(void *user, uint32_t events)
{
    (void)events;
    struct acceptor *acceptor = user;
    for (int i = 0; i < REFUSED_AT_ONCE; i++) {
        struct socket_address peer = { .size = sizeof(peer.storage) };
        int fd = accept4(acceptor->watch.fd, (struct sockaddr *)&peer.storage, &peer.size,
                         SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd >= 0 && !receive(acceptor, fd, &peer))
            continue;
        if (fd < 0 && (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS)) {
            /* The connection stays in the queue and would wake the loop again and again. */
            log_warning_limited(&acceptor->reception->fail_limit,
                                "can't accept clients for now: %s", strerror(errno));
            set_accepting(acceptor->reception, false);
        }
        return;
    }
}

/* 0: not any more. Whether it will end. */
static bool set_rest(struct reception *reception, uint64_t rest_ns)
{
    struct itimerspec timer = { .it_value = clock_timespec(rest_ns) };
    return timerfd_settime(reception->rest_watch.fd, 0, &timer, NULL) == 0;
}

static void rest(struct reception *reception)
{
    uint64_t rest_ns = reception->rest_ns < REST_MOST_NS ? reception->rest_ns : REST_MOST_NS;
    reception->rest_ns = 0;
    if (set_rest(reception, rest_ns))
        loop_change(reception->config.loop, &reception->lobby_watch, 0);
}

static void on_rested(void *user, uint32_t events)
{
    (void)events;
    struct reception *reception = user;
    loop_change(reception->config.loop, &reception->lobby_watch, EPOLLIN);
    /* Where the kernel refused that, the timer stays ready, and it is tried again. */
    if (reception->lobby_watch.events)
        set_rest(reception, 0);
}

static void on_lobby(void *user, uint32_t events)
{
    (void)events;
    struct reception *reception = user;
    uint64_t begin_ns = clock_monotonic();
    loop_turn(&reception->lobby);
    reception->rest_ns += REST * (clock_monotonic() - begin_ns);
    if (reception->rest_ns >= REST_LEAST_NS)
        rest(reception);
}

/* One watch for newcomers, whoever they are, and one for the end of their rest. */
static int open_lobby(struct reception *reception)
{
    struct loop *loop = reception->config.loop;
    int error = loop_init(&reception->lobby);
    if (error)
        return error;
    reception->lobby_watch = (struct watch){ reception->lobby.fd, EPOLLIN, on_lobby, reception };
    int timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    if (timer < 0)
        return -errno;
    reception->rest_watch = (struct watch){ timer, EPOLLIN, on_rested, reception };
    error = loop_add(loop, &reception->lobby_watch);
    return error ? error : loop_add(loop, &reception->rest_watch);
}

int reception_open(struct reception *reception, const struct reception_config *config)
{
    reception->config = *config;
    reception->accepting = true;
    reception->end = &reception->clients;
    int error = open_lobby(reception);
    for (unsigned i = 0; i < config->listeners->count && !error; i++) {
        const struct listener *listener = &config->listeners->items[i];
        struct acceptor *acceptor = &reception->acceptors[i];
        acceptor->reception = reception;
        acceptor->demands_key = config->trust->tls && listener->remote && !config->allow_plaintext;
        acceptor->watch = (struct watch){ listener->fd, EPOLLIN, on_connection, acceptor };
        error = loop_add(&reception->lobby, &acceptor->watch);
    }
    return error;
}

void reception_retry(struct reception *reception)
{
    if (!reception->accepting)
        set_accepting(reception, true);
}

void reception_check_keys(struct reception *reception)
{
    for (struct client *client = reception->clients; client; client = client->next)
        if (client->transport->peer &&
            !trust_knows(reception->config.trust, client->transport->peer))
            client_cut(client, "was cut: its key is revoked");
}

void reception_close(struct reception *reception)
{
    for (unsigned i = 0; i < reception->config.listeners->count; i++)
        loop_remove(&reception->lobby, &reception->acceptors[i].watch);
    listeners_close(reception->config.listeners);
}

bool reception_bury(struct reception *reception, void (*gone)(void *user, struct client *client),
                    void *user)
{
    bool any = false;
    struct client **at = &reception->clients;
    while (*at) {
        struct client *client = *at;
        if (client->state != CLIENT_DEAD) {
            at = &client->next;
            continue;
        }
        *at = client->next;
        any = true;
        gone(user, client);
        reception->admitted -= client->admitted;
        client_destroy(&client);
    }
    reception->end = at;
    return any;
}

void reception_clear(struct reception *reception)
{
    while (reception->clients) {
        struct client *client = reception->clients;
        reception->clients = client->next;
        client_destroy(&client);
    }
    if (reception->rest_watch.fd > 0)
        close(reception->rest_watch.fd);
    if (reception->lobby.fd > 0)
        loop_destroy(&reception->lobby);
}
