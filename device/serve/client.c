#include "device/serve/client.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "shared/base/clock.h"
#include "shared/base/log.h"

/* PROTOCOL.md, 3. */
#define OPENING_DUE_NS (5 * CLOCK_SECOND)
#define PING_AFTER_NS (5 * CLOCK_SECOND)
#define DEAD_AFTER_NS (15 * CLOCK_SECOND)
#define STALLED_NS (2 * CLOCK_SECOND)
#define ENDING_NS (30 * CLOCK_SECOND)

/* Bytes read from one client before the others have their turn: far more than a receiver says while
 * a frame is sent, and for one that floods the daemon not much to work on. */
enum { READ_AT_ONCE = 8 * 1024 };

/* Who says more than this from one tick to the next waits in the low-priority loop until it says
 * less. It is what a receiver says to 2800 frames a second. Hearing next to nothing is work, too.
 */
enum { FLOOD_BYTES = 128 * 1024, TURN_BYTES = 64 };

static void stop_watching(struct client *client)
{
    if (client->shared->demand)
        demand_remove(client->shared->demand, &client->demand);
}

void client_destroy(struct client **client)
{
    struct client *self = *client;
    if (self->watch.ready)
        loop_remove(self->loop, &self->watch);
    stop_watching(self);
    transport_close(&self->transport);
    send_queue_clear(&self->send_queue);
    frame_release(self->sending.frame);
    free(self);
    *client = NULL;
}

static uint64_t dropped(const struct client *client)
{
    uint64_t sum = 0;
    for (int i = 0; i < WIRE_DROP_REASONS; i++)
        sum += client->totals.dropped[i];
    return sum;
}

static void die(struct client *client, const char *how)
{
    if (client->state == CLIENT_DEAD)
        return;
    client->state = CLIENT_DEAD;
    stop_watching(client);
    *client->shared->changed = true;
    loop_remove(client->loop, &client->watch);
    if (client->started && log_passes(client->shared->news_limit))
        log_info("client %s %s: delivered %" PRIu64 ", dropped %" PRIu64, client->name, how,
                 client->totals.delivered, dropped(client));
    else
        log_debug("client %s %s", client->name, how);
}

void client_cut(struct client *client, const char *how)
{
    die(client, how);
}

void client_lose(struct client *client, int error)
{
    char how[96];
    snprintf(how, sizeof(how), "was lost (%s)", error ? strerror(-error) : "it closed");
    die(client, client->final_message_sent ? "is gone" : how);
}

/* What comes from a peer that is not listened to any more still has to be read: closing a socket
 * with unread bytes would cut off what was last written to it. */
static bool discards_input(const struct client *client)
{
    return client->discard_input || client->final_message_sent;
}

static void begin_ending(struct client *client, const struct wire_message *final_message)
{
    client->final_message = *final_message;
    client->end_due = true;
    client->ending_ns = client->progress_ns = clock_monotonic();
    client->state = CLIENT_ENDING;
    stop_watching(client);
    *client->shared->changed = true;
}

void client_end(struct client *client, enum wire_end_reason reason)
{
    if (client->state == CLIENT_HANDSHAKE)
        die(client, "was not known yet");
    if (client->state >= CLIENT_ENDING)
        return;
    begin_ending(client, &(struct wire_message){ .type = WIRE_END, .end.reason = reason });
}

void client_fail(struct client *client, enum wire_error_code code, const char *text)
{
    if (client->state >= CLIENT_DRAINING || discards_input(client))
        return;
    struct wire_message final_message = { .type = WIRE_ERROR, .error.code = code };
    snprintf(final_message.error.text, sizeof(final_message.error.text), "%s", text);
    log_warning_limited(client->shared->fail_limit, "client %s: %s (%s)", client->name, text,
                        wire_error_name(code));
    begin_ending(client, &final_message);
    send_queue_clear(&client->send_queue);
    client->discard_input = true;
}

static void admit(struct client *client)
{
    size_t used = strlen(client->name);
    if (client->transport->peer)
        snprintf(client->name + used, sizeof(client->name) - used, " (%s)",
                 client->transport->peer->name);
    client->admitted =
        !client->shared->admit || client->shared->admit(client->shared->user, client);
    if (!client->admitted)
        client_fail(client, WIRE_ERROR_TOO_MANY_CLIENTS,
                    "the daemon has as many clients as it may (--max-clients)");
}

/* Whether it is known who the peer is, and it is still there. */
static bool shake_hands(struct client *client)
{
    if (client->state != CLIENT_HANDSHAKE)
        return client->state != CLIENT_DEAD;
    int error = client->transport->ops->handshake(client->transport);
    if (error == -EAGAIN) {
        loop_change(client->loop, &client->watch,
                    client->transport->waits_for == POLLOUT ? EPOLLOUT : EPOLLIN);
        return false;
    }
    if (error && error != -ENOKEY) {
        log_warning_limited(client->shared->fail_limit, "client %s was refused: %s", client->name,
                            error == -EACCES    ? "it has none of the keys"
                            : error == -EPROTO  ? "it speaks neither TLS nor pitether's protocol"
                            : error == -EBADMSG ? "its handshake is damaged"
                            : error == -ECONNABORTED ? "TLS failed, here or there"
                                                     : strerror(-error));
        die(client, "was refused");
        return false;
    }
    client->state = CLIENT_OPENING;
    if (error)
        client_fail(
            client, WIRE_ERROR_TLS_REQUIRED,
            "a key is needed here: have one made where the daemon runs (pitetherd --add-key "
            "NAME) and give what it prints to pitether --import-key HOST");
    else
        admit(client);
    return true;
}

static void fail_reading(struct client *client, int error)
{
    if (error == -EPROTONOSUPPORT)
        client_fail(client, WIRE_ERROR_VERSION, "this daemon speaks version 1 of the protocol");
    else if (error == -EPROTO)
        client_fail(client, WIRE_ERROR_PROTOCOL, "this is not the pitether protocol");
    else if (error == -EMSGSIZE)
        client_fail(client, WIRE_ERROR_TOO_LARGE, "the message is longer than allowed");
    else
        client_fail(client, WIRE_ERROR_PROTOCOL, "the message is malformed");
}

static void start_accounting(struct client *client)
{
    client->started = client->stream_due = true;
    client->first_id =
        client->shared->next_id > client->demand_id ? client->shared->next_id : client->demand_id;
    client->next_id = client->first_id;
    client->stream = client->shared->stream;
    client->stream.first_frame_id = client->first_id;
}

static void take_hello(struct client *client, const struct wire_hello *hello)
{
    if (client->state != CLIENT_OPENING) {
        client_fail(client, WIRE_ERROR_PROTOCOL, "a second HELLO");
        return;
    }
    if (hello->max_message < WIRE_CONTROL_MAX || hello->max_message > WIRE_MAX_MESSAGE_LIMIT) {
        client_fail(client, WIRE_ERROR_PROTOCOL, "max_message is not within 4096 and 67108864");
        return;
    }
    client->reader.hello_seen = true;
    client->state = CLIENT_READY;
    client->max_message = hello->max_message;
    log_debug("client %s is %s", client->name, hello->software[0] ? hello->software : "nameless");
}

static void ready(void *user, uint32_t events);

static void move_to(struct client *client, struct loop *loop)
{
    if (client->loop == loop)
        return;
    loop_remove(client->loop, &client->watch);
    client->watch.ready = ready;
    client->loop = loop;
    int error = loop_add(loop, &client->watch);
    if (error)
        client_lose(client, error);
}

static void begin_to_watch(struct client *client)
{
    client->state = CLIENT_SUBSCRIBED;
    *client->shared->changed = true;
    if (client->shared->demand) {
        client->demand.decimation = client->send_queue.decimation;
        client->demand_id = demand_add(client->shared->demand, &client->demand);
    }
    if (client->shared->stream_running)
        start_accounting(client);
    move_to(client, client->shared->loop);
}

static void take_subscribe(struct client *client, const struct wire_subscribe *subscribe)
{
    if (client->state != CLIENT_READY) {
        client_fail(client, WIRE_ERROR_PROTOCOL, "a second SUBSCRIBE");
    } else if (subscribe->stream != 0) {
        client_fail(client, WIRE_ERROR_NO_SUCH_STREAM, "there is only stream 0");
    } else if (subscribe->mode > WIRE_LOSSLESS) {
        client_fail(client, WIRE_ERROR_PROTOCOL, "unknown mode");
    } else if (subscribe->max_fps_mhz > 0 && subscribe->every > 1) {
        client_fail(client, WIRE_ERROR_PROTOCOL, "both max_fps and every");
    } else {
        size_t most = client->shared->queue_bytes, asked = subscribe->queue_bytes;
        struct decimation decimation;
        decimation_init(&decimation, subscribe->max_fps_mhz, subscribe->every,
                        subscribe->first_due);
        decimation_bound(&decimation,
                         decimation.by_time ? clock_device() : client->shared->next_id);
        send_queue_init(&client->send_queue, subscribe->mode, asked && asked < most ? asked : most,
                        &decimation);
        /* Clients share frames, but those that stall at different times hold different ones. */
        client->send_queue.all_bytes = 2 * most;
        client->status_due = true;
        begin_to_watch(client);
        if (log_passes(client->shared->news_limit))
            log_info("client %s watches, %s", client->name,
                     subscribe->mode == WIRE_LIVE ? "live" : "lossless");
    }
}

static void take_ping(struct client *client, const struct wire_ping *ping)
{
    if (client->pong_count == sizeof(client->pongs) / sizeof(client->pongs[0]))
        return;
    client->pongs[client->pong_count++] =
        (struct wire_pong){ .t1 = ping->t1, .t2 = clock_device() };
}

/* The receiver has enough, and nothing more to say: what waits is not sent, but counted. It can't
 * have been told of more than was sent. */
static void take_end(struct client *client, const struct wire_end *end)
{
    if (end->delivered > client->totals.delivered || end->dropped > dropped(client) ||
        end->captured != end->delivered + end->dropped) {
        client_fail(client, WIRE_ERROR_PROTOCOL, "END's totals are not what was sent");
        return;
    }
    send_queue_give_up(&client->send_queue, WIRE_DROP_UNSENT);
    client_end(client, WIRE_END_DONE);
    client->discard_input = true;
}

static void take_message(struct client *client, const struct wire_message *message)
{
    if (client->state == CLIENT_OPENING && message->type != WIRE_HELLO &&
        message->type != WIRE_ERROR) {
        client_fail(client, WIRE_ERROR_PROTOCOL, "HELLO must come first");
        return;
    }
    switch (message->type) {
    case WIRE_HELLO:
        take_hello(client, &message->hello);
        break;
    case WIRE_SUBSCRIBE:
        take_subscribe(client, &message->subscribe);
        break;
    case WIRE_ACK:
        in_flight_acked(&client->in_flight, message->ack.frame_id, client->transport,
                        clock_monotonic());
        break;
    case WIRE_PING:
        take_ping(client, &message->ping);
        break;
    case WIRE_PONG:
        break;
    case WIRE_END:
        take_end(client, &message->end);
        break;
    case WIRE_ERROR:
        log_warning_limited(client->shared->fail_limit, "client %s complains: %s (%s)",
                            client->name, message->error.text,
                            wire_error_name(message->error.code));
        die(client, "gave up");
        break;
    default:
        client_fail(client, WIRE_ERROR_PROTOCOL, "a message that only a daemon sends");
    }
}

static void take_events(struct client *client)
{
    struct wire_raw raw;
    struct wire_message message;
    int event;
    while (client->state < CLIENT_DRAINING && !discards_input(client) &&
           (event = message_reader_next(&client->reader, &raw)) != MESSAGE_NONE) {
        if (event == MESSAGE_OPENED)
            continue;
        int error = event < 0 ? event : -EBADMSG;
        if (event == MESSAGE_CONTROL)
            error = wire_decode(&raw, &message);
        if (error == 0)
            take_message(client, &message);
        else if (error != -ENOMSG)
            fail_reading(client, error);
    }
}

static void read_some(struct client *client)
{
    for (size_t total = 0; client->state != CLIENT_DEAD;) {
        struct iovec room[2];
        if (discards_input(client))
            client->reader.start = client->reader.end = 0;
        int count = message_reader_space(&client->reader, room);
        /* Now it is the others' turn; but what the transport has, epoll would not tell of again. */
        if (total >= READ_AT_ONCE) {
            if (client->transport->ready == 0)
                return;
            count = 1;
            if (room[0].iov_len > client->transport->ready)
                room[0].iov_len = client->transport->ready;
        }
        size_t most = room[0].iov_len + (count > 1 ? room[1].iov_len : 0);
        ssize_t got = client->transport->ops->read(client->transport, room, count);
        if (got == -EAGAIN)
            return;
        if (got <= 0) {
            client_lose(client, (int)got);
            return;
        }
        total += (size_t)got;
        client->said_bytes += (size_t)got;
        client->heard_ns = clock_monotonic();
        message_reader_filled(&client->reader, (size_t)got);
        if (!discards_input(client))
            take_events(client);
        if ((size_t)got < most)
            return;
    }
}

static bool floods(const struct client *client)
{
    return client->said_bytes > FLOOD_BYTES;
}

static void ready(void *user, uint32_t events)
{
    struct client *client = user;
    if (!shake_hands(client))
        return;
    if (events & (EPOLLIN | EPOLLERR | EPOLLHUP)) {
        client->said_bytes += TURN_BYTES;
        read_some(client);
    }
    client_write(client);
    if (client->state != CLIENT_DEAD && floods(client))
        move_to(client, client->shared->low_priority);
}

struct client *client_create(const struct client_shared *shared, struct transport *transport,
                             const struct socket_address *peer)
{
    struct client *client = calloc(1, sizeof(*client));
    if (!client) {
        transport_close(&transport);
        return NULL;
    }
    client->shared = shared;
    client->loop = shared->low_priority;
    client->transport = transport;
    client->watch = (struct watch){ transport->fd, EPOLLIN, ready, client };
    client->opening_due = true;
    client->max_message = WIRE_MAX_MESSAGE_DEFAULT;
    client->opened_ns = client->heard_ns = client->pinged_ns = clock_monotonic();
    client->address = *peer;
    /* The name that a Unix socket's peer may have bound is nothing to go by, or to log. */
    if (peer->storage.ss_family == AF_UNIX)
        strcpy(client->name, "unix");
    else
        socket_address_format(peer, client->name);
    message_reader_init(&client->reader, WIRE_CONTROL_MAX);
    if (loop_add(client->loop, &client->watch)) {
        transport_close(&transport);
        free(client);
        return NULL;
    }
    shake_hands(client);
    return client;
}

void client_update_demand(struct client *client)
{
    if (client->demand.listed)
        demand_update(client->shared->demand, &client->demand, &client->send_queue.decimation,
                      send_queue_is_full(&client->send_queue));
}

void client_frame(struct client *client, struct frame *frame)
{
    if (!client_watches(client) || !client->started || frame->head.frame_id < client->first_id)
        return;
    send_queue_frame(&client->send_queue, frame);
    client_update_demand(client);
}

void client_lost(struct client *client, const struct lost_run *lost)
{
    uint64_t end = lost->run.first + lost->run.count;
    if (!client_watches(client) || !client->started || end <= client->first_id)
        return;
    struct lost_run own = *lost;
    if (own.run.first < client->first_id) {
        own.run.count = end - client->first_id;
        own.run.first = client->first_id;
    }
    send_queue_lost(&client->send_queue, &own);
}

void client_stream_changed(struct client *client)
{
    /* Frames tell of later changes. */
    if (client_watches(client) && !client->started)
        start_accounting(client);
}

void client_status_changed(struct client *client)
{
    if (client_watches(client))
        client->status_due = true;
}

void client_tick(struct client *client, uint64_t now_ns)
{
    if (client_watches(client) && !floods(client))
        move_to(client, client->shared->loop);
    client->said_bytes = 0;
    if (client->state >= CLIENT_ENDING) {
        if (now_ns - client->progress_ns >= STALLED_NS || now_ns - client->ending_ns >= ENDING_NS)
            die(client, "did not close in time");
        return;
    }
    bool late = now_ns - client->opened_ns >= OPENING_DUE_NS;
    if (client->state == CLIENT_HANDSHAKE && late)
        die(client, "did not say who it is within 5 s");
    else if (client->state == CLIENT_OPENING && late)
        client_fail(client, WIRE_ERROR_TIMEOUT, "no HELLO within 5 s");
    else if (now_ns - client->heard_ns >= DEAD_AFTER_NS)
        client_fail(client, WIRE_ERROR_TIMEOUT, "nothing heard for 15 s");
    else if (now_ns - client->heard_ns >= PING_AFTER_NS &&
             now_ns - client->pinged_ns >= PING_AFTER_NS) {
        client->ping_due = true;
        client->pinged_ns = now_ns;
    }
}
