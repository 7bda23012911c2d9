#include "device/serve/server.h"

#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "device/metrics/stats.h"
#include "device/serve/acceptor.h"
#include "device/serve/adapt.h"
#include "device/serve/client.h"
#include "device/serve/loop.h"
#include "device/system/sd_notify.h"
#include "shared/base/clock.h"
#include "shared/base/log.h"
#include "shared/base/signals.h"

#define TICK_NS (CLOCK_SECOND / 2)

/* A camera that was told to stop is waited for so long before the clients are told to go. */
#define CAMERA_STOP_NS (5 * CLOCK_SECOND)

/* From so many viewers on, a system call for each slice and client takes the processor for longer
 * than sending early wins: then a frame is sent in one piece. */
enum { CROWD = 16 };

struct server {
    struct server_config config;
    struct server_parts parts;
    struct loop loop;
    struct watch events_watch, signal_watch, tick_watch, watchdog_watch;
    struct sd_notify service;
    struct acceptor acceptor;
    bool ticking;
    bool memory_due; /* clients are gone, and what they held is still ours */
    struct client_shared shared;
    struct log_limit fail_limit, news_limit;
    struct stats stats;
    struct adapt adapt;
    uint64_t adapted_ns, adapted_bytes; /* when --adaptive last looked, and what was encoded then */
    bool held_up;                       /* the last tick came late */
    bool changed;                       /* watching is to be counted anew, or somebody is dead */
    unsigned watching;
    bool watched;           /* the camera was told to run */
    bool camera_off;        /* the camera was told to stop for good ... */
    uint64_t camera_off_ns; /* ... and when; CLOCK_MONOTONIC */
    bool ending;            /* clients were told to go */
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
        sd_notify_send(&server->service, "WATCHDOG=1");
}

static void stream_changed(struct server *server, const struct camera_mode *mode)
{
    struct wire_stream *stream = &server->shared.stream;
    *stream = (struct wire_stream){
        .codec = WIRE_CODEC_JPEG,
        .width = (uint16_t)mode->width,
        .height = (uint16_t)mode->height,
        .fps_mhz = (uint32_t)(mode->fps * 1000 + 0.5),
    };
    memcpy(stream->model, mode->model, sizeof(stream->model));
    server->shared.stream_running = true;
    server->shared.status = (struct wire_status){ .state = WIRE_STREAM_RUNNING };
    sd_notify_send(&server->service, "STATUS=The camera is on.");
    for (struct client *client = server->acceptor.clients; client; client = client->next) {
        client_status_changed(client);
        client_stream_changed(client);
    }
}

static void status_changed(struct server *server, const struct wire_status *status)
{
    server->shared.status = *status;
    server->shared.stream_running = false;
    /* Not the status's own text: a camera's name in it could hold a line of the protocol. */
    sd_notify_send(&server->service, "STATUS=%s",
                   status->state == WIRE_STREAM_LOST
                       ? "The camera is lost; trying to start it anew."
                       : "The camera is off.");
    for (struct client *client = server->acceptor.clients; client; client = client->next)
        client_status_changed(client);
}

static void begin_ending(struct server *server, enum wire_end_reason reason)
{
    server->reason = reason;
    server->camera_off = true;
    server->camera_off_ns = clock_monotonic();
    sd_notify_send(&server->service, "STOPPING=1");
    supervisor_quit(server->parts.supervisor);
}

/* The camera is off, and all that it gave has been handed to the clients; or it hangs. */
static void end_clients(struct server *server)
{
    if (server->ending)
        return;
    server->ending = true;
    if (!server->camera_off)
        sd_notify_send(&server->service, "STOPPING=1");
    /* Nobody new: who is told to go may come back at once, and would keep the daemon from ending.
     */
    acceptor_close(&server->acceptor);
    for (struct client *client = server->acceptor.clients; client; client = client->next)
        client_end(client, server->reason);
}

/* A frame may wait for a client for longer than the camera runs as it does now. */
static void take_frame(struct server *server, struct frame *frame)
{
    frame->stream = server->shared.stream;
    frame->stream.width = frame->head.width;
    frame->stream.height = frame->head.height;
    stats_frame(&server->stats);
    for (struct client *client = server->acceptor.clients; client; client = client->next)
        client_frame(client, frame);
    server->shared.next_id = frame->head.frame_id + 1;
    frame_release(frame);
}

static void take_event(struct server *server, struct stream_event *event)
{
    struct client *client = server->acceptor.clients;
    switch (event->kind) {
    case EVENT_FRAME:
        take_frame(server, event->frame);
        break;
    case EVENT_LOST:
        stats_lost(&server->stats, event->lost.run);
        for (; client; client = client->next)
            client_lost(client, &event->lost);
        server->shared.next_id = event->lost.run.first + event->lost.run.count;
        break;
    case EVENT_STREAM:
        stream_changed(server, &event->mode);
        break;
    case EVENT_STATUS:
        status_changed(server, &event->status);
        break;
    case EVENT_FINISHED:
        if (!server->camera_off) {
            log_info("the frame limit is reached");
            server->reason = WIRE_END_FINISHED;
        }
        end_clients(server);
        break;
    }
}

static void take_events(struct server *server)
{
    struct stream_event event;
    while (events_take(server->parts.events, &event))
        take_event(server, &event);
}

static void on_news(void *user, uint32_t events)
{
    (void)events;
    struct server *server = user;
    if (!events_clear(server->parts.events))
        return;
    take_events(server);
    for (struct client *client = server->acceptor.clients; client; client = client->next)
        if (client_wants_news(client))
            client_write(client);
}

/* News go before all else: they wait for one client at most, however many are ready. */
static void between_clients(void *user)
{
    struct server *server = user;
    if (events_pending(server->parts.events))
        on_news(server, EPOLLIN);
}

/* SIGHUP. False: there are no keys, and no service manager that would mean them; so it is a
 * terminal that is gone. */
static bool reread_keys(struct server *server)
{
    if (server->parts.auth->tls) {
        auth_reload(server->parts.auth);
        acceptor_check_keys(&server->acceptor);
    } else if (server->service.fd >= 0) {
        log_warning("there were no keys at the start: restart pitetherd to take some up");
    }
    return server->parts.auth->tls || server->service.fd >= 0;
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
    if (server->camera_off || server->ending) {
        log_warning("told to stop again: leaving without a final_message");
        loop_stop(&server->loop);
        return;
    }
    log_info("stopping (%s)", strsignal((int)info.ssi_signo));
    begin_ending(server, WIRE_END_SHUTDOWN);
}

/* What reached the slowest live client of those whose path is full, in bytes since the last look.
 */
static uint64_t slowest_limited(struct server *server)
{
    uint64_t slowest = 0;
    for (struct client *client = server->acceptor.clients; client; client = client->next) {
        const struct client_totals *now = &client->totals, *last = &client->adapted;
        uint64_t bytes = now->bytes - last->bytes;
        bool limited = client_watches(client) && client->send_queue.mode == WIRE_LIVE &&
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
    /* The loop's events does not call for frames that nobody wanted. */
    take_events(server);
    for (struct client *client = server->acceptor.clients; client; client = client->next) {
        if (!server->held_up)
            client_tick(client, now);
        if (!(client->watch.events & EPOLLOUT))
            client_write(client);
    }
    if (server->camera_off && !server->ending && now - server->camera_off_ns >= CAMERA_STOP_NS) {
        log_warning("the camera does not stop: ending without it");
        end_clients(server);
    }
    if (!server->ending)
        acceptor_retry(&server->acceptor);
    if (server->config.adaptive)
        follow_slowest(server, now);
    if (server->config.stats_seconds)
        stats_tick(&server->stats, server->acceptor.clients, server->parts.encoder,
                   server->config.stats_seconds, now);
    give_memory_back(server);
}

static void on_gone(void *user, struct client *client)
{
    struct server *server = user;
    stats_client_gone(&server->stats, client);
}

/* Buries the dead, and counts those who watch. */
static void look_around(struct server *server)
{
    server->changed = false;
    if (acceptor_reap(&server->acceptor, on_gone, server))
        server->memory_due = true;
    server->watching = 0;
    for (struct client *client = server->acceptor.clients; client; client = client->next)
        server->watching += client_watches(client);
    server->shared.crowded = server->watching > CROWD;
}

/* After each round: sees whether anybody is left to run the camera for. */
static void after_round(void *user)
{
    struct server *server = user;
    if (server->changed)
        look_around(server);
    bool watched = server->watching > 0 || server->config.always_on;
    if (watched != server->watched)
        supervisor_want(server->parts.supervisor, watched);
    server->watched = watched;
    bool alone = !server->acceptor.clients;
    set_tick(server, !alone || !server->acceptor.accepting || server->camera_off ||
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
        error = watch_fd(server, &server->events_watch, server->parts.events->fd, on_news);
    if (!error)
        error = start_watchdog(server);
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
    if (server->watchdog_watch.fd > 0)
        close(server->watchdog_watch.fd);
    sd_notify_close(&server->service);
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
    server->adapt.most = config->bits_per_second;
    server->shared = (struct client_shared){
        .admit = acceptor_admit,
        .demand = parts->demand,
        .user = &server->acceptor,
        .loop = &server->loop,
        .low_priority = &server->acceptor.low_priority,
        .changed = &server->changed,
        .fail_limit = &server->fail_limit,
        .news_limit = &server->news_limit,
        .epoch = draw_epoch(),
        .camera_name = config->camera_name,
        .queue_bytes = config->queue_bytes,
    };
    int error = loop_init(&server->loop);
    if (error) {
        free(server);
        return error;
    }
    sd_notify_open(&server->service);
    error = watch_all(server);
    if (!error) {
        sd_notify_ready(&server->service);
        after_round(server);
        error = loop_run(&server->loop, between_clients, after_round, server);
    }
    clear(server);
    return error;
}
