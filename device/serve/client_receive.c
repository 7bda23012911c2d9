#include "device/serve/client_receive.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>

#include "device/serve/client_controls.h"
#include "device/serve/client_end.h"
#include "device/serve/client_subscribe.h"
#include "shared/base/clock.h"
#include "shared/base/log.h"

/* Bytes read from one client before the others have their turn: far more than a receiver sends
 * while a frame is sent, and for one that floods the daemon not much to work on. */
enum { READ_AT_ONCE = 8 * 1024 };

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

bool client_shake_hands(struct client *client)
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
        client_cut(client, "was refused");
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

static void take_ping(struct client *client, const struct wire_ping *ping)
{
    if (client->pong_count == sizeof(client->pongs) / sizeof(client->pongs[0]))
        return;
    client->pongs[client->pong_count++] =
        (struct wire_pong){ .t1 = ping->t1, .t2 = clock_device() };
}

/* The receiver has enough, and sends nothing more: what waits is not sent, but counted. It can't
 * have been told of more than was sent. */
static void take_end(struct client *client, const struct wire_end *end)
{
    if (end->delivered > client->subscription.totals.delivered ||
        end->dropped > subscription_dropped(&client->subscription) ||
        end->captured != end->delivered + end->dropped) {
        client_fail(client, WIRE_ERROR_PROTOCOL, "END's totals are not what was sent");
        return;
    }
    send_queue_give_up(&client->subscription.send_queue, WIRE_DROP_UNSENT);
    client_end(client, WIRE_END_DONE);
    client->discard_input = true;
}

static void take_message(struct client *client, const struct wire_message *message,
                         const struct wire_raw *raw)
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
        client_subscribe(client, &message->subscribe);
        break;
    case WIRE_ACK:
        in_flight_acked(&client->subscription.in_flight, message->ack.frame_id, client->transport,
                        clock_monotonic());
        break;
    case WIRE_PING:
        take_ping(client, &message->ping);
        break;
    case WIRE_PONG:
        break;
    case WIRE_SET:
        client_take_set(client, raw);
        break;
    case WIRE_END:
        take_end(client, &message->end);
        break;
    case WIRE_ERROR:
        log_warning_limited(client->shared->fail_limit, "client %s reports an error: %s (%s)",
                            client->name, message->error.text,
                            wire_error_name(message->error.code));
        client_cut(client, "gave up");
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
    while (client->state < CLIENT_DRAINING && !client_discards_input(client) &&
           (event = message_reader_next(&client->reader, &raw)) != MESSAGE_NONE) {
        if (event == MESSAGE_OPENED)
            continue;
        int error = event < 0 ? event : -EBADMSG;
        if (event == MESSAGE_CONTROL)
            error = wire_decode(&raw, &message);
        if (error == 0)
            take_message(client, &message, &raw);
        else if (error != -ENOMSG)
            fail_reading(client, error);
    }
}

void client_receive(struct client *client)
{
    for (size_t total = 0; client->state != CLIENT_DEAD;) {
        struct iovec space[2];
        if (client_discards_input(client))
            client->reader.start = client->reader.end = 0;
        int count = message_reader_space(&client->reader, space);
        /* Now it is the others' turn. What the transport holds already, epoll would not report
         * again. */
        if (total >= READ_AT_ONCE) {
            if (client->transport->ready == 0)
                return;
            count = 1;
            if (space[0].iov_len > client->transport->ready)
                space[0].iov_len = client->transport->ready;
        }
        size_t max = space[0].iov_len + (count > 1 ? space[1].iov_len : 0);
        ssize_t got = client->transport->ops->read(client->transport, space, count);
        if (got == -EAGAIN)
            return;
        if (got <= 0) {
            client_lose(client, (int)got);
            return;
        }
        total += (size_t)got;
        client->received_bytes += (size_t)got;
        client->received_ns = clock_monotonic();
        message_reader_filled(&client->reader, (size_t)got);
        if (!client_discards_input(client))
            take_events(client);
        if ((size_t)got < max)
            return;
    }
}
