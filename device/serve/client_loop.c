#include "device/serve/client_loop.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "device/serve/client_end.h"
#include "device/serve/client_receive.h"
#include "device/serve/client_write.h"
#include "shared/base/clock.h"

/* PROTOCOL.md, 3. */
#define OPENING_DUE_NS (5 * CLOCK_SECOND)
#define PING_AFTER_NS (5 * CLOCK_SECOND)
#define DEAD_AFTER_NS (15 * CLOCK_SECOND)
#define STALLED_NS (2 * CLOCK_SECOND)
#define ENDING_NS (30 * CLOCK_SECOND)

/* Who sends more than this from one tick to the next waits in the low-priority loop until it sends
 * less. It is what a receiver sends for 2800 frames a second. Receiving next to nothing is work,
 * too. */
enum { FLOOD_BYTES = 128 * 1024, TURN_BYTES = 64 };

void client_destroy(struct client **client)
{
    struct client *self = *client;
    if (self->watch.ready)
        loop_remove(self->loop, &self->watch);
    if (self->subscription.stream && self->subscription.stream->changes)
        changes_forget(self->subscription.stream->changes, self);
    subscription_clear(&self->subscription);
    outbox_clear(&self->outbox);
    transport_close(&self->transport);
    free(self);
    *client = NULL;
}

static bool floods(const struct client *client)
{
    return client->received_bytes > FLOOD_BYTES;
}

/* Those who watch have a loop to themselves. */
static void choose_loop(struct client *client)
{
    struct loop *loop = client->loop;
    if (client->state == CLIENT_DEAD)
        return;
    if (floods(client))
        loop = client->shared->low_priority;
    else if (client_watches(client))
        loop = client->shared->loop;
    if (loop == client->loop)
        return;
    int error = loop_move(client->loop, loop, &client->watch);
    client->loop = loop;
    if (error)
        client_lose(client, error);
}

static void ready(void *user, uint32_t events)
{
    struct client *client = user;
    if (!client_shake_hands(client))
        return;
    if (events & (EPOLLIN | EPOLLERR | EPOLLHUP)) {
        client->received_bytes += TURN_BYTES;
        client_receive(client);
    }
    client_write(client);
    choose_loop(client);
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
    client->opened_ns = client->received_ns = client->pinged_ns = clock_monotonic();
    client->address = *peer;
    /* The name that a Unix socket's peer may have bound says nothing about it. */
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
    client_shake_hands(client);
    return client;
}

void client_tick(struct client *client, uint64_t now_ns)
{
    choose_loop(client);
    client->received_bytes = 0;
    if (client->state >= CLIENT_ENDING) {
        if (now_ns - client->progress_ns >= STALLED_NS || now_ns - client->ending_ns >= ENDING_NS)
            client_cut(client, "did not close in time");
        return;
    }
    bool late = now_ns - client->opened_ns >= OPENING_DUE_NS;
    if (client->state == CLIENT_HANDSHAKE && late)
        client_cut(client, "did not authenticate within 5 s");
    else if (client->state == CLIENT_OPENING && late)
        client_fail(client, WIRE_ERROR_TIMEOUT, "no HELLO within 5 s");
    else if (now_ns - client->received_ns >= DEAD_AFTER_NS)
        client_fail(client, WIRE_ERROR_TIMEOUT, "nothing received for 15 s");
    else if (now_ns - client->received_ns >= PING_AFTER_NS &&
             now_ns - client->pinged_ns >= PING_AFTER_NS) {
        client->ping_due = true;
        client->pinged_ns = now_ns;
    }
}
