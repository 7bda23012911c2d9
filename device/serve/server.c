#include "device/serve/server.h"

#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "device/serve/acceptor.h"
#include "device/serve/client.h"
#include "device/serve/client_end.h"
#include "device/serve/client_loop.h"
#include "device/serve/client_write.h"
#include "device/serve/loop.h"
#include "device/serve/served_stream.h"
#include "device/serve/service_manager.h"
#include "shared/base/clock.h"
#include "shared/base/log.h"
#include "shared/base/signals.h"

#define TICK_NS (CLOCK_SECOND / 2)

/* How long the cameras may take to stop before the clients are sent END anyway. */
#define CAMERA_STOP_NS (5 * CLOCK_SECOND)

/* From so many clients that watch on, a system call for each slice and client takes the processor
 * for longer than sending early gains: then a frame is sent in one piece. */
enum { CROWD = 16 };

struct server {
    struct server_config config;
    struct server_parts parts;
    struct loop loop;
    struct watch signal_watch, tick_watch;
    struct service_manager manager;
    struct acceptor acceptor;
    struct served_stream *served; /* one for each of parts.streams */
    bool ticking;
    bool memory_due; /* memory that clients held is to be given back to the system */
    struct client_shared shared;
    struct log_limit fail_limit, visit_limit, set_limit;
    bool held_up;         /* the last tick came late */
    bool clients_changed; /* somebody began or ceased to watch, or is dead */
    bool streams_changed; /* a camera's state is another one, or a stream has finished */
    bool stopping;        /* the cameras were told to stop for good ... */
    uint64_t stopping_ns; /* ... and when; CLOCK_MONOTONIC */
    bool ending;          /* all clients were sent END */
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

/* The cameras stop; a stream's clients are sent END when all that it gave has been handed to them.
 */
static void begin_stopping(struct server *server)
{
    server->reason = WIRE_END_SHUTDOWN;
    server->stopping = true;
    server->stopping_ns = clock_monotonic();
    service_manager_stopping(&server->manager);
    for (unsigned i = 0; i < server->parts.camera_count; i++)
        stream_quit(server->parts.streams[i]);
}

/* All streams have finished; or a camera hangs. */
static void end_all(struct server *server)
{
    if (server->ending)
        return;
    server->ending = true;
    if (!server->stopping)
        service_manager_stopping(&server->manager);
    /* No new connections: a client that connects again after END would keep the daemon running. */
    acceptor_close(&server->acceptor);
    for (struct client *client = server->acceptor.clients; client; client = client->next) {
        client_end(client, server->reason);
        if (client_may_write(client))
            client_write(client);
    }
}

/* The clients of streams that have finished, those who came after that among them. */
static void end_finished(struct server *server)
{
    bool all = true;
    for (unsigned i = 0; i < server->parts.stream_count; i++)
        all &= served_stream_end_finished(&server->served[i], server->reason);
    if (all)
        end_all(server);
}

/* Events go before all else: they wait for one client at most, however many are ready. */
static void between_clients(void *user)
{
    struct server *server = user;
    for (unsigned i = 0; i < server->parts.stream_count; i++)
        served_stream_dispatch(&server->served[i]);
}

/* Handles SIGHUP. False: there are no keys to reload, and no service manager that sends it for
 * that, so the terminal was closed. */
static bool reread_keys(struct server *server)
{
    if (server->parts.auth->tls) {
        auth_reload(server->parts.auth);
        acceptor_check_keys(&server->acceptor);
    } else if (service_manager_is_there(&server->manager)) {
        log_warning("there were no keys at the start: restart pitetherd to use some");
    }
    return server->parts.auth->tls || service_manager_is_there(&server->manager);
}

static void on_signal(void *user, uint32_t events)
{
    (void)events;
    struct server *server = user;
    struct signalfd_siginfo info;
    if (read(server->signal_watch.fd, &info, sizeof(info)) != sizeof(info))
        return;
    if (info.ssi_signo == SIGHUP && reread_keys(server))
        return;
    if (server->stopping || server->ending) {
        log_warning("second signal: leaving at once");
        loop_stop(&server->loop);
        return;
    }
    log_info("stopping (%s)", strsignal((int)info.ssi_signo));
    begin_stopping(server);
}

/* The C library keeps free memory that lies below a block in use; many clients, or one that did
 * not read, leave megabytes of it. */
static void give_memory_back(struct server *server)
{
    if (server->memory_due)
        malloc_trim(0);
    server->memory_due = false;
}

static void tick_clients(struct server *server, uint64_t now)
{
    for (struct client *client = server->acceptor.clients; client; client = client->next) {
        if (!server->held_up)
            client_tick(client, now);
        if (!(client->watch.events & EPOLLOUT))
            client_write(client);
    }
}

static void tick_streams(struct server *server, uint64_t now)
{
    for (unsigned i = 0; i < server->parts.stream_count; i++) {
        struct served_stream *served = &server->served[i];
        served_stream_adapt(served, now);
        if (server->config.stats_seconds)
            served_stream_log_stats(served, server->config.stats_seconds, now);
    }
}

static void warn_of_hanging(const struct server *server)
{
    for (unsigned i = 0; i < server->parts.camera_count; i++)
        if (!server->parts.streams[i]->finished)
            log_warning("%sthe camera does not stop: ending without it",
                        server->parts.streams[i]->config.label);
}

static void on_tick(void *user, uint32_t events)
{
    (void)events;
    struct server *server = user;
    uint64_t count;
    if (read(server->tick_watch.fd, &count, sizeof(count)) != sizeof(count))
        return;
    /* A loop that was held up has yet to read what came meanwhile: before that, nobody's silence
     * counts. */
    server->held_up = count > 1 && !server->held_up;
    /* The events' descriptor does not report frames that nobody wanted. */
    for (unsigned i = 0; i < server->parts.stream_count; i++)
        served_stream_take(&server->served[i]);
    /* After that: it may end clients, whose time for it begins then. */
    uint64_t now = clock_monotonic();
    tick_clients(server, now);
    tick_streams(server, now);
    if (server->stopping && !server->ending && now - server->stopping_ns >= CAMERA_STOP_NS) {
        warn_of_hanging(server);
        end_all(server);
    }
    if (!server->ending)
        acceptor_retry(&server->acceptor);
    give_memory_back(server);
}

static void on_gone(void *user, struct client *client)
{
    struct server *server = user;
    struct stream *stream = client->subscription.stream;
    if (stream && stream->output != CAMERA_STILL)
        delivery_totals_add(&server->served[stream->config.number].stats.gone,
                            &client->subscription.totals);
}

/* Destroys clients that are dead, and has the cameras run for those who watch. */
static void follow_clients(struct server *server)
{
    unsigned watching = 0;
    server->clients_changed = false;
    if (acceptor_reap(&server->acceptor, on_gone, server))
        server->memory_due = true;
    for (unsigned i = 0; i < server->parts.stream_count; i++) {
        served_stream_follow_clients(&server->served[i]);
        watching += server->served[i].watching;
    }
    server->shared.crowded = watching > CROWD;
}

static void after_dispatch(void *user)
{
    struct server *server = user;
    if (server->streams_changed)
        service_manager_streams(&server->manager, server->parts.streams,
                                server->parts.camera_count);
    if (server->streams_changed || server->clients_changed)
        end_finished(server);
    if (server->clients_changed)
        follow_clients(server);
    server->streams_changed = false;
    bool alone = !server->acceptor.clients;
    set_tick(server, !alone || !server->acceptor.accepting || server->stopping ||
                         server->config.stats_seconds || server->memory_due);
    if (server->ending && alone)
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

static int watch_all(struct server *server)
{
    sigset_t signals = signals_to_end();
    int error = service_manager_open(&server->manager, &server->loop);
    if (!error)
        error = watch_fd(server, &server->signal_watch,
                         signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK), on_signal);
    if (!error)
        error = watch_fd(server, &server->tick_watch,
                         timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK), on_tick);
    for (unsigned i = 0; !error && i < server->parts.stream_count; i++)
        error = served_stream_open(&server->served[i], server->parts.streams[i], &server->loop,
                                   &server->acceptor.clients, &server->streams_changed);
    if (!error)
        error =
            acceptor_open(&server->acceptor, &(struct acceptor_config){
                                                 .loop = &server->loop,
                                                 .listeners = server->parts.listeners,
                                                 .auth = server->parts.auth,
                                                 .shared = &server->shared,
                                                 .max_clients = server->config.max_clients,
                                                 .allow_plaintext = server->config.allow_plaintext,
                                             });
    return error;
}

static uint64_t draw_epoch(void)
{
    uint64_t epoch = 0;
    while (epoch == 0)
        if (getrandom(&epoch, sizeof(epoch), 0) != sizeof(epoch))
            epoch = clock_read(CLOCK_REALTIME);
    return epoch;
}

static void clear(struct server *server)
{
    acceptor_clear(&server->acceptor);
    if (server->signal_watch.fd > 0)
        close(server->signal_watch.fd);
    if (server->tick_watch.fd > 0)
        close(server->tick_watch.fd);
    service_manager_close(&server->manager);
    loop_destroy(&server->loop);
    for (unsigned i = 0; i < server->parts.stream_count; i++)
        served_stream_close(&server->served[i]);
    free(server->served);
    free(server);
}

static void share(struct server *server)
{
    server->shared = (struct client_shared){
        .admit = acceptor_admit,
        .user = &server->acceptor,
        .loop = &server->loop,
        .low_priority = &server->acceptor.low_priority,
        .changed = &server->clients_changed,
        .fail_limit = &server->fail_limit,
        .visit_limit = &server->visit_limit,
        .set_limit = &server->set_limit,
        .epoch = draw_epoch(),
        .queue_bytes = server->config.queue_bytes,
        .view_only = server->config.view_only,
        .streams = server->parts.streams,
        .stream_count = server->parts.stream_count,
    };
}

int server_run(const struct server_config *config, const struct server_parts *parts)
{
    struct server *server = calloc(1, sizeof(*server));
    if (!server)
        return -ENOMEM;
    server->config = *config;
    server->parts = *parts;
    server->reason = WIRE_END_FINISHED;
    server->served = calloc(parts->stream_count, sizeof(*server->served));
    int error = server->served ? loop_init(&server->loop) : -ENOMEM;
    if (error) {
        free(server->served);
        free(server);
        return error;
    }
    share(server);
    error = watch_all(server);
    if (!error) {
        service_manager_ready(&server->manager);
        server->clients_changed = true;
        after_dispatch(server);
        error = loop_run(&server->loop, between_clients, after_dispatch, server);
    }
    clear(server);
    return error;
}
