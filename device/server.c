#include "device/server.h"

#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "device/adapt.h"
#include "device/admission.h"
#include "device/client.h"
#include "device/loop.h"
#include "device/service.h"
#include "device/stats.h"
#include "shared/clock.h"
#include "shared/keys_file.h"
#include "shared/log.h"
#include "shared/signals.h"
#include "shared/transport_tls.h"

/* Beyond --max-clients: those that are told so, rather than left without a word, and those that
 * have not proved yet who they are. */
enum { REFUSED_MAX = 16, STRANGERS_MAX = 64, ACCEPT_AT_ONCE = 32 };
#define TICK_NS (CLOCK_SECOND / 2)

/* A camera that was told to stop is waited for so long before the clients are told to go. */
#define CAMERA_STOP_NS (5 * CLOCK_SECOND)

/* From so many viewers on, a system call for each slice and client takes the processor for longer
 * than sending early wins: then a frame is sent in one piece. */
enum { CROWD = 16 };

struct acceptor {
    struct watch watch;
    struct server *server;
    bool demands_key;
};

struct server {
    struct server_config config;
    struct server_parts parts;
    struct loop loop;
    struct watch hub_watch, signal_watch, tick_watch, watchdog_watch;
    struct service service;
    struct acceptor acceptors[LISTENERS_MAX];
    bool accepting, ticking;
    bool memory_due; /* clients are gone, and what they held is still ours */
    struct client *clients;
    unsigned client_count, admitted;
    struct admission admission;
    struct client_shared shared;
    struct log_limit fail_limit, news_limit, crowd_limit;
    struct stats stats;
    struct adapt adapt;
    uint64_t adapted_ns, adapted_bytes; /* when --adaptive last looked, and what was encoded then */
    bool held_up;                       /* the last tick came late */
    bool watched;                       /* the camera was told to run */
    bool camera_off;                    /* the camera was told to stop for good ... */
    uint64_t camera_off_ns;             /* ... and when; CLOCK_MONOTONIC */
    bool ending;                        /* clients were told to go */
    enum wire_end_reason reason;
};

static void set_tick(struct server *server, bool on)
{
    if (server->ticking == on)
        return;
    server->ticking = on;
    struct timespec interval = clock_timespec(on ? TICK_NS : 0);
    struct itimerspec timer = { interval, interval };
    timerfd_settime(server->tick_watch.fd, 0, &timer, NULL);
}

static void on_watchdog(void *user, uint32_t events)
{
    (void)events;
    struct server *server = user;
    uint64_t count;
    if (read(server->watchdog_watch.fd, &count, sizeof(count)) == sizeof(count))
        service_tell(&server->service, "WATCHDOG=1");
}

static void set_accepting(struct server *server, bool on)
{
    server->accepting = on;
    for (unsigned i = 0; i < server->parts.listeners->count; i++) {
        struct watch *watch = &server->acceptors[i].watch;
        loop_change(&server->loop, watch, on ? EPOLLIN : 0);
        server->accepting = server->accepting && watch->events; /* or the next tick tries again */
    }
}

static bool admit(void *user, struct client *client)
{
    struct server *server = user;
    if (client->transport->peer)
        admission_give_back(&server->admission, &client->address, clock_monotonic());
    if (server->admitted == server->config.max_clients)
        return false;
    server->admitted++;
    return true;
}

/* Makes room for one more stranger: a newcomer shall have its chance, however many keep silent. */
static void limit_strangers(struct server *server)
{
    unsigned strangers = 0;
    struct client *oldest = NULL;
    for (struct client *client = server->clients; client; client = client->next) {
        if (client->state != CLIENT_HANDSHAKE)
            continue;
        strangers++;
        oldest = client; /* the newest comes first in the list */
    }
    if (strangers >= STRANGERS_MAX)
        client_cut(oldest, "gave way to a newer one before it said who it is");
}

static struct transport *accept_transport(struct server *server, int fd, bool demands_key)
{
    return server->parts.tls ? transport_tls_accept(fd, server->parts.tls, demands_key)
                             : transport_plain_create(fd);
}

static void add_client(struct acceptor *acceptor, int fd, const struct socket_address *peer)
{
    struct server *server = acceptor->server;
    if (acceptor->demands_key && !admission_take(&server->admission, peer, clock_monotonic())) {
        char where[ADDRESS_TEXT_MAX];
        socket_address_format(peer, where);
        log_warning_limited(&server->crowd_limit,
                            "%s comes too often without a key: not let in for now", where);
        close(fd);
        return;
    }
    limit_strangers(server);
    if (server->client_count >= server->config.max_clients + REFUSED_MAX + STRANGERS_MAX) {
        close(fd);
        return;
    }
    struct transport *transport = accept_transport(server, fd, acceptor->demands_key);
    struct client *client = transport ? client_create(&server->shared, transport, peer) : NULL;
    if (!client) {
        log_warning_limited(&server->fail_limit, "no memory for one more client");
        return;
    }
    client->next = server->clients;
    server->clients = client;
    server->client_count++;
    client_write(client);
}

static void on_connection(void *user, uint32_t events)
{
    (void)events;
    struct acceptor *acceptor = user;
    for (int i = 0; i < ACCEPT_AT_ONCE; i++) {
        struct socket_address peer = { .size = sizeof(peer.storage) };
        int fd = accept4(acceptor->watch.fd, (struct sockaddr *)&peer.storage, &peer.size,
                         SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd >= 0) {
            add_client(acceptor, fd, &peer);
        } else if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS) {
            /* The connection stays in the queue and would wake the loop again and again. */
            log_warning_limited(&acceptor->server->fail_limit, "can't accept clients for now: %s",
                                strerror(errno));
            set_accepting(acceptor->server, false);
            return;
        } else if (errno != ECONNABORTED && errno != EINTR) {
            return;
        }
    }
}

static void stream_changed(struct server *server, const struct camera_mode *mode)
{
    struct wire_stream *stream = &server->shared.stream;
    *stream = (struct wire_stream){
        .codec = WIRE_CODEC_JPEG,
        .width = (uint16_t)mode->width,
        .height = (uint16_t)mode->height,
        .fps_mhz = (uint32_t)(mode->fps * 1000 + 0.5),
        .first_frame_id = server->shared.next_id,
    };
    memcpy(stream->model, mode->model, sizeof(stream->model));
    server->shared.stream_running = true;
    server->shared.status = (struct wire_status){ .state = WIRE_STREAM_RUNNING };
    service_tell(&server->service, "STATUS=The camera is on.");
    for (struct client *client = server->clients; client; client = client->next) {
        client_status_changed(client);
        client_stream_changed(client);
    }
}

static void status_changed(struct server *server, const struct wire_status *status)
{
    server->shared.status = *status;
    server->shared.stream_running = false;
    /* Not the status's own text: a camera's name in it could hold a line of the protocol. */
    service_tell(&server->service, "STATUS=%s",
                 status->state == WIRE_STREAM_LOST ? "The camera is lost; trying to start it anew."
                                                   : "The camera is off.");
    for (struct client *client = server->clients; client; client = client->next)
        client_status_changed(client);
}

static void begin_ending(struct server *server, enum wire_end_reason reason)
{
    server->reason = reason;
    server->camera_off = true;
    server->camera_off_ns = clock_monotonic();
    capture_quit(server->parts.capture);
}

/* The camera is off, and all that it gave has been handed to the clients; or it hangs. */
static void end_clients(struct server *server)
{
    if (server->ending)
        return;
    server->ending = true;
    service_tell(&server->service, "STOPPING=1");
    /* Nobody new: who is told to go may come back at once, and would keep the daemon from ending.
     */
    for (unsigned i = 0; i < server->parts.listeners->count; i++)
        loop_remove(&server->loop, &server->acceptors[i].watch);
    listeners_close(server->parts.listeners);
    for (struct client *client = server->clients; client; client = client->next)
        client_end(client, server->reason);
}

static void take_event(struct server *server, struct hub_event *event)
{
    struct client *client = server->clients;
    switch (event->kind) {
    case HUB_FRAME:
        stats_frame(&server->stats);
        for (; client; client = client->next)
            client_frame(client, event->frame);
        server->shared.next_id = event->frame->head.frame_id + 1;
        frame_release(event->frame);
        break;
    case HUB_LOST:
        stats_lost(&server->stats, event->run);
        for (; client; client = client->next)
            client_lost(client, event->run);
        server->shared.next_id = event->run.first + event->run.count;
        break;
    case HUB_STREAM:
        stream_changed(server, &event->mode);
        break;
    case HUB_STATUS:
        status_changed(server, &event->status);
        break;
    case HUB_FINISHED:
        if (!server->camera_off) {
            log_info("the frame limit is reached");
            server->reason = WIRE_END_FINISHED;
        }
        end_clients(server);
        break;
    }
}

static void on_news(void *user, uint32_t events)
{
    (void)events;
    struct server *server = user;
    struct hub_event event;
    hub_answer(server->parts.hub);
    while (hub_take(server->parts.hub, &event))
        take_event(server, &event);
    for (struct client *client = server->clients; client; client = client->next)
        if (!(client->watch.events & EPOLLOUT))
            client_write(client);
}

/* SIGHUP: whose key is gone is gone at once. */
static void reread_keys(struct server *server)
{
    char error[KEYS_ERROR_MAX];
    struct keys fresh = { 0 };
    int result = key_source_read(server->parts.key_source, &fresh, error);
    if (result && result != -ENOENT) {
        log_error("%s; the keys from before stay valid", error);
        return;
    }
    keys_clear(server->parts.keys);
    *server->parts.keys = fresh;
    log_info("keys read again: %u", fresh.count);
    for (struct client *client = server->clients; client; client = client->next)
        if (client->transport->peer &&
            !keys_find_id(server->parts.keys, client->transport->peer->id))
            client_cut(client, "was cut: its key is revoked");
}

static void on_signal(void *user, uint32_t events)
{
    (void)events;
    struct server *server = user;
    struct signalfd_siginfo info;
    if (read(server->signal_watch.fd, &info, sizeof(info)) != sizeof(info))
        return;
    if (info.ssi_signo == SIGHUP && server->parts.tls) {
        reread_keys(server);
        return;
    }
    if (server->camera_off || server->ending) {
        log_warning("told to stop again: leaving without a farewell");
        loop_stop(&server->loop);
        return;
    }
    log_info("stopping (%s)", strsignal((int)info.ssi_signo));
    service_tell(&server->service, "STOPPING=1");
    begin_ending(server, WIRE_END_SHUTDOWN);
}

/* What reached the slowest live client of those whose path is full, in bytes since the last look.
 */
static uint64_t slowest_limited(struct server *server)
{
    uint64_t slowest = 0;
    for (struct client *client = server->clients; client; client = client->next) {
        const struct client_totals *now = &client->totals, *last = &client->adapted;
        uint64_t bytes = now->bytes - last->bytes;
        bool limited = client_watches(client) && client->backlog.mode == WIRE_LIVE &&
                       now->dropped[WIRE_DROP_SUPERSEDED] > last->dropped[WIRE_DROP_SUPERSEDED];
        /* One that got nothing at all is stalled, and no lower quality will mend that. */
        if (limited && bytes > 0 && (slowest == 0 || bytes < slowest))
            slowest = bytes;
        client->adapted = *now;
    }
    return slowest;
}

static void follow_slowest(struct server *server, uint64_t now)
{
    uint64_t bytes = encoder_totals(server->parts.encoder).bytes;
    double seconds = (double)(now - server->adapted_ns) / 1e9;
    uint64_t limited = slowest_limited(server);
    if (server->adapted_ns)
        encoder_set_rate(
            server->parts.encoder,
            adapt_update(&server->adapt, (uint64_t)((double)limited * 8 / seconds),
                         (uint64_t)((double)(bytes - server->adapted_bytes) * 8 / seconds)));
    server->adapted_ns = now;
    server->adapted_bytes = bytes;
}

/* The C library keeps what lies below something still in use, and a crowd of clients, or one that
 * did not read, leaves megabytes of it. */
static void give_memory_back(struct server *server)
{
    if (server->memory_due)
        malloc_trim(0);
    server->memory_due = false;
}

static void on_tick(void *user, uint32_t events)
{
    (void)events;
    struct server *server = user;
    uint64_t count, now = clock_monotonic();
    if (read(server->tick_watch.fd, &count, sizeof(count)) != sizeof(count))
        return;
    /* A loop that was held up has yet to read what came meanwhile: before that, nobody's silence
     * counts. */
    server->held_up = count > 1 && !server->held_up;
    for (struct client *client = server->clients; client; client = client->next) {
        if (!server->held_up)
            client_tick(client, now);
        if (!(client->watch.events & EPOLLOUT))
            client_write(client);
    }
    if (server->camera_off && !server->ending && now - server->camera_off_ns >= CAMERA_STOP_NS) {
        log_warning("the camera does not stop: ending without it");
        end_clients(server);
    }
    if (!server->accepting && !server->ending)
        set_accepting(server, true);
    if (server->config.adaptive)
        follow_slowest(server, now);
    if (server->config.stats_seconds)
        stats_tick(&server->stats, server->clients, server->parts.encoder,
                   server->config.stats_seconds, now);
    give_memory_back(server);
}

/* After each round: buries the dead, and sees whether anybody is left to run the camera for. */
static void after_round(void *user)
{
    struct server *server = user;
    unsigned watching = 0;
    for (struct client **at = &server->clients; *at;) {
        struct client *client = *at;
        if (client->state == CLIENT_DEAD) {
            *at = client->next;
            stats_client_gone(&server->stats, client);
            server->admitted -= client->admitted;
            server->client_count--;
            client_destroy(&client);
            server->memory_due = true;
            continue;
        }
        watching += client_watches(client);
        at = &client->next;
    }
    bool watched = watching > 0 || server->config.always_on;
    server->shared.crowded = watching > CROWD;
    if (watched != server->watched)
        capture_want(server->parts.capture, watched);
    server->watched = watched;
    set_tick(server, server->clients || !server->accepting || server->camera_off ||
                         server->config.stats_seconds || server->memory_due);
    if (server->ending && !server->clients)
        loop_stop(&server->loop);
}

static int watch_fd(struct server *server, struct watch *watch, int fd,
                    void (*ready)(void *user, uint32_t events))
{
    if (fd < 0)
        return -errno;
    *watch = (struct watch){ fd, EPOLLIN, ready, server };
    return loop_add(&server->loop, watch);
}

/* Only a loop that turns gets to the pings: one that does not is what the watchdog is for. */
static int start_watchdog(struct server *server)
{
    if (server->service.watchdog_ns == 0)
        return 0;
    struct timespec interval = clock_timespec(server->service.watchdog_ns);
    struct itimerspec timer = { interval, interval };
    int error = watch_fd(server, &server->watchdog_watch,
                         timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK), on_watchdog);
    if (!error)
        timerfd_settime(server->watchdog_watch.fd, 0, &timer, NULL);
    return error;
}

static int watch_all(struct server *server)
{
    sigset_t signals = signals_to_end();
    int error = watch_fd(server, &server->signal_watch,
                         signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK), on_signal);
    if (!error)
        error = watch_fd(server, &server->tick_watch,
                         timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK), on_tick);
    if (!error)
        error = watch_fd(server, &server->hub_watch, server->parts.hub->fd, on_news);
    if (!error)
        error = start_watchdog(server);
    for (unsigned i = 0; !error && i < server->parts.listeners->count; i++) {
        struct acceptor *acceptor = &server->acceptors[i];
        acceptor->server = server;
        acceptor->demands_key = server->parts.tls && server->parts.listeners->items[i].remote &&
                                !server->config.allow_plaintext;
        acceptor->watch = (struct watch){ server->parts.listeners->items[i].fd, EPOLLIN,
                                          on_connection, acceptor };
        error = loop_add(&server->loop, &acceptor->watch);
    }
    return error;
}

static uint64_t draw_session(void)
{
    uint64_t session = 0;
    while (session == 0)
        if (getrandom(&session, sizeof(session), 0) != sizeof(session))
            session = clock_read(CLOCK_REALTIME);
    return session;
}

static void clear(struct server *server)
{
    while (server->clients) {
        struct client *client = server->clients;
        server->clients = client->next;
        client_destroy(&client);
    }
    if (server->signal_watch.fd > 0)
        close(server->signal_watch.fd);
    if (server->tick_watch.fd > 0)
        close(server->tick_watch.fd);
    if (server->watchdog_watch.fd > 0)
        close(server->watchdog_watch.fd);
    service_close(&server->service);
    loop_destroy(&server->loop);
    free(server);
}

int server_run(const struct server_config *config, const struct server_parts *parts)
{
    struct server *server = calloc(1, sizeof(*server));
    if (!server)
        return -ENOMEM;
    server->config = *config;
    server->parts = *parts;
    server->accepting = true;
    server->adapt.most = config->bits_per_second;
    server->shared = (struct client_shared){
        .admit = admit,
        .user = server,
        .loop = &server->loop,
        .fail_limit = &server->fail_limit,
        .news_limit = &server->news_limit,
        .session = draw_session(),
        .camera_name = config->camera_name,
        .queue_bytes = config->queue_bytes,
    };
    int error = loop_init(&server->loop);
    if (error) {
        free(server);
        return error;
    }
    service_open(&server->service);
    error = watch_all(server);
    if (!error) {
        service_tell(&server->service, "READY=1\nSTATUS=The camera is off.");
        after_round(server);
        error = loop_run(&server->loop, after_round, server);
    }
    clear(server);
    return error;
}
