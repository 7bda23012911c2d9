#include "device/serve/client_controls.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "device/serve/client_end.h"
#include "shared/base/log.h"
#include "shared/base/text.h"

/* Those that the request named come first. */
static void fill_items(struct wire_changed *changed, const struct change *change, bool named)
{
    for (unsigned i = 0; i < change->count; i++) {
        const struct change_item *item = &change->items[i];
        if (item->named != named || changed->count == CONTROL_LIST_MAX)
            continue;
        struct wire_change *to = &changed->items[changed->count++];
        *to =
            (struct wire_change){ .result = item->result, .asked = item->asked, .now = item->now };
        strcpy(to->name, item->name);
        strcpy(to->why, item->why);
    }
}

/* request: the receiver's number for it; 0: it is another one's. Ids are those of the camera's main
 * stream. NULL: out of memory. */
static struct shared_message *encode(const struct stream *stream, const struct change *change,
                                     uint32_t request)
{
    uint8_t bytes[WIRE_MESSAGE_MAX];
    bool same_ids = stream->output == CAMERA_MAIN || change->status != WIRE_CHANGED_DONE;
    struct wire_changed changed = { .head = { .stream = (uint8_t)stream->config.number,
                                              .status = change->status,
                                              .request = request,
                                              .first_frame_id = same_ids ? change->first_frame_id
                                                                         : CHANGE_NO_FRAME } };
    strcpy(changed.head.by, change->by);
    strcpy(changed.head.text, change->text);
    fill_items(&changed, change, true);
    fill_items(&changed, change, false);
    return shared_message_create(bytes, wire_encode_changed(&changed, bytes));
}

static void answer(struct client *client, const struct change *change)
{
    struct shared_message *message = encode(client->subscription.stream, change, change->request);
    if (message)
        outbox_answer(&client->outbox, message);
    else
        client_fail(client, WIRE_ERROR_INTERNAL, "out of memory for an answer");
    shared_message_release(message);
}

/* "NAME=VALUE,..." as far as it fits. */
static void list_items(const struct change *change, char *text, size_t size)
{
    size_t used = 0;
    text[0] = '\0';
    for (unsigned i = 0; i < change->count && used < size; i++) {
        static const char *const results[] = {
            "",       " (clamped)", " (ignored)",  " (unknown)",
            " (bad)", " (not set)", " (replaced)", " (not reported)"
        };
        const struct change_item *item = &change->items[i];
        char value[VALUE_TEXT_SIZE];
        if (!item->named)
            continue;
        value_format(item->now.type == VALUE_NONE ? &item->asked : &item->now, value);
        used += (size_t)snprintf(text + used, size - used, "%s%s=%.60s%s", used ? ", " : "",
                                 item->name, value, results[item->result]);
    }
}

static void log_change(struct log_limit *limit, const struct stream *stream,
                       const struct change *change)
{
    char items[320];
    if (!log_passes(limit))
        return;
    list_items(change, items, sizeof(items));
    text_trim(items);
    if (change->status == WIRE_CHANGED_LOST)
        log_info("%s%s set %s: %s", stream->config.label, change->by, items, change->text);
    else if (change->status != WIRE_CHANGED_DONE)
        log_info("%s%s set nothing: %s", stream->config.label, change->by, change->text);
    else if (change->first_frame_id == CHANGE_NO_FRAME)
        log_info("%s%s set %s: no frame shows it", stream->config.label, change->by, items);
    else
        log_info("%s%s set %s: from frame %llu on", stream->config.label, change->by, items,
                 (unsigned long long)change->first_frame_id);
}

/* One that takes no more notices is sent the whole list in their place. */
static void notify(struct client *client, struct shared_message *notice)
{
    if (!notice || !outbox_notice(&client->outbox, notice))
        subscription_controls_changed(&client->subscription);
}

void clients_tell_change(struct client *clients, const struct stream *stream,
                         const struct change *change)
{
    struct shared_message *notices[CAMERA_OUTPUTS] = { NULL };
    bool visible = change_is_visible(change);
    for (struct client *client = clients; client; client = client->next) {
        const struct stream *own = client->subscription.stream;
        if (!client_watches(client) || own->changes != stream->changes)
            continue;
        if (client == change->requester) {
            answer(client, change);
        } else if (visible) {
            struct shared_message **notice = &notices[own->output];
            if (!*notice)
                *notice = encode(own, change, 0);
            notify(client, *notice);
        }
    }
    for (unsigned i = 0; i < CAMERA_OUTPUTS; i++)
        shared_message_release(notices[i]);
    if (clients)
        log_change(clients->shared->set_limit, stream, change);
}

bool client_may_control(const struct client *client)
{
    const struct tls_peer *peer = client->transport->peer;
    return peer ? peer->role == KEY_CONTROL : !client->shared->view_only;
}

/* Why the client may not set anything. */
static void explain_refusal(const struct client *client, char text[WIRE_BLOB_TEXT_MAX + 1])
{
    const struct tls_peer *peer = client->transport->peer;
    if (peer)
        snprintf(
            text, WIRE_BLOB_TEXT_MAX + 1,
            "the key '%s' may only view: make one with pitetherd --add-key NAME --role control",
            peer->name);
    else
        snprintf(text, WIRE_BLOB_TEXT_MAX + 1,
                 "the daemon runs with --view-only: without a key of the role control, receivers "
                 "may only view");
}

/* 0, with the answer if there is one already; -ENOMEM. */
static int request_change(struct client *client, const struct wire_set *set, struct change **now)
{
    char refusal[WIRE_BLOB_TEXT_MAX + 1];
    const struct tls_peer *peer = client->transport->peer;
    struct change_request request = { .requester = client,
                                      .request = set->request,
                                      .by = peer ? peer->name : client->name,
                                      .text = set->text };
    if (client_may_control(client))
        return changes_request(client->subscription.stream->changes, &request, now);
    explain_refusal(client, refusal);
    *now = change_create(&request, WIRE_CHANGED_NOT_ALLOWED, refusal, NULL);
    return *now ? 0 : -ENOMEM;
}

static void set(struct client *client, const struct wire_set *set)
{
    struct change *now;
    client->outbox.due++;
    if (request_change(client, set, &now)) {
        client_fail(client, WIRE_ERROR_INTERNAL, "out of memory for what it sets");
    } else if (now) {
        answer(client, now);
        log_change(client->shared->set_limit, client->subscription.stream, now);
        free(now);
    }
}

void client_take_set(struct client *client, const struct wire_raw *raw)
{
    struct wire_set message;
    const struct stream *stream = client->subscription.stream;
    if (!stream) /* also of one that is ending */
        client_fail(client, WIRE_ERROR_PROTOCOL, "SET before SUBSCRIBE");
    else if (!stream->changes)
        client_fail(client, WIRE_ERROR_PROTOCOL, "SET with a still");
    else if (wire_decode_set(raw, &message))
        client_fail(client, WIRE_ERROR_PROTOCOL, "the message is malformed");
    else if (client->outbox.due == OUTBOX_ANSWERS)
        client_fail(client, WIRE_ERROR_PROTOCOL, "more than 64 SETs without an answer");
    else if (client_watches(client)) /* else our END is on its way */
        set(client, &message);
}
