#include "device/serve/client_write.h"

#include <errno.h>

#include "device/serve/client_end.h"
#include "device/serve/stream_list.h"
#include "shared/base/clock.h"

/* Bytes written to one client before the other clients have their turn. */
enum { WRITE_AT_ONCE = 1024 * 1024 };

/* Bytes about controls in one batch, and one message more: within a frame, which waits for them,
 * about as many as a packet takes; between frames as many as there is space for. */
enum { OUTBOX_IN_FRAME = 1024, OUTBOX_BETWEEN = WRITE_BATCH_SMALL };

static void add(struct client *client, const struct wire_message *message)
{
    write_batch_message(&client->write_batch, message);
}

static void add_opening(struct client *client)
{
    write_batch_opening(&client->write_batch);
    client->opening_due = false;
    /* Who has no key learns no more than that one is needed. */
    if (client->end_due && client->final_message.type == WIRE_ERROR &&
        client->final_message.error.code == WIRE_ERROR_TLS_REQUIRED)
        return;
    struct wire_message hello = { .type = WIRE_HELLO,
                                  .hello = { .max_message = WIRE_CONTROL_MAX,
                                             .epoch = client->shared->epoch,
                                             .software = "pitetherd " PITETHER_VERSION } };
    struct wire_streams streams;
    stream_list_fill(&streams, client->shared->streams, client->shared->stream_count);
    add(client, &hello);
    write_batch_streams(&client->write_batch, &streams);
}

/* Small messages that may stand anywhere between others, also between the parts of a frame. */
static void add_small(struct client *client)
{
    for (unsigned i = 0; i < client->pong_count; i++) {
        client->pongs[i].t3 = clock_device();
        add(client, &(struct wire_message){ .type = WIRE_PONG, .pong = client->pongs[i] });
    }
    client->pong_count = 0;
    if (client->ping_due)
        add(client, &(struct wire_message){ .type = WIRE_PING, .ping.t1 = clock_device() });
    client->ping_due = false;
    subscription_fill_status(&client->subscription, &client->write_batch);
    outbox_fill(&client->outbox, &client->write_batch,
                subscription_in_frame(&client->subscription) ? OUTBOX_IN_FRAME : OUTBOX_BETWEEN);
}

static void add_final_message(struct client *client)
{
    const struct subscription *subscription = &client->subscription;
    struct wire_message *final_message = &client->final_message;
    if (final_message->type == WIRE_END) {
        uint64_t captured = subscription->next_id - subscription->first_id;
        final_message->end.captured = captured;
        final_message->end.delivered = subscription->totals.delivered;
        final_message->end.dropped = captured - subscription->totals.delivered;
    }
    add(client, final_message);
    client->end_due = false;
    client->final_message_sent = true;
}

/* Makes the next batch; it is empty if nothing is due or can be sent now. */
static void fill(struct client *client)
{
    struct subscription *subscription = &client->subscription;
    bool answers = client->pong_count > 0;
    if (client->opening_due)
        add_opening(client);
    add_small(client);
    /* Before a frame a PONG leaves by itself: in one packet with its first bytes it would take as
     * long as they do, and tell so much less of the clock. */
    if (answers && !subscription_in_frame(subscription))
        return;
    if (client->end_due && client->final_message.type == WIRE_ERROR) {
        add_final_message(client);
        return;
    }
    subscription_fill_controls(subscription, &client->write_batch);
    subscription_fill(subscription, &client->write_batch,
                      &(struct sending_rules){ .max_message = client->max_message,
                                               .whole_frames = client->shared->crowded });
    subscription_fill_controls(subscription, &client->write_batch);
    if (client->end_due && subscription_is_empty(subscription) && outbox_empty(&client->outbox))
        add_final_message(client);
}

static void batch_sent(struct client *client)
{
    subscription_batch_sent(&client->subscription);
    if (client->final_message_sent && client->state == CLIENT_ENDING) {
        client->transport->ops->finish(client->transport);
        client->state = CLIENT_DRAINING;
    }
}

static void write_all(struct client *client)
{
    uint64_t written = 0;
    while (client->state != CLIENT_DEAD) {
        int error = write_batch_flush(&client->write_batch, client->transport, &written);
        if (written > 0 && client->state == CLIENT_ENDING)
            client->progress_ns = clock_monotonic();
        if (error && error != -EAGAIN) {
            client_lose(client, error);
            return;
        }
        if (error == 0)
            batch_sent(client);
        if (error == 0 && client->final_message_sent)
            break;
        if (error == -EAGAIN || written >= WRITE_AT_ONCE) {
            loop_change(client->loop, &client->watch, EPOLLIN | EPOLLOUT);
            return;
        }
        fill(client);
        if (write_batch_empty(&client->write_batch))
            break;
    }
    loop_change(client->loop, &client->watch, EPOLLIN);
}

void client_write(struct client *client)
{
    if (client->state == CLIENT_HANDSHAKE)
        return;
    write_all(client);
    if (client->subscription.demand.full)
        subscription_update_demand(&client->subscription);
}

void clients_end(struct client *clients, const struct stream *stream, enum wire_end_reason reason)
{
    struct client *client = client_of_stream(clients, stream);
    for (; client; client = client_of_stream(client->next, stream)) {
        if (!client_watches(client))
            continue;
        client_end(client, reason);
        if (client_may_write(client))
            client_write(client);
    }
}
