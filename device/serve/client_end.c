#include "device/serve/client_end.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "shared/base/clock.h"
#include "shared/base/log.h"

void client_cut(struct client *client, const char *how)
{
    const struct subscription *subscription = &client->subscription;
    if (client->state == CLIENT_DEAD)
        return;
    client->state = CLIENT_DEAD;
    subscription_close(&client->subscription);
    *client->shared->changed = true;
    loop_remove(client->loop, &client->watch);
    if (subscription->started && log_passes(client->shared->visit_limit))
        log_info("%sclient %s %s: delivered %" PRIu64 ", dropped %" PRIu64,
                 subscription->stream->config.label, client->name, how,
                 subscription->totals.delivered, subscription_dropped(subscription));
    else
        log_debug("client %s %s", client->name, how);
}

void client_lose(struct client *client, int error)
{
    char how[96];
    snprintf(how, sizeof(how), "was lost (%s)", error ? strerror(-error) : "it closed");
    client_cut(client, client->final_message_sent ? "disconnected" : how);
}

static void begin_ending(struct client *client, const struct wire_message *final_message)
{
    client->final_message = *final_message;
    client->end_due = true;
    client->ending_ns = client->progress_ns = clock_monotonic();
    client->state = CLIENT_ENDING;
    subscription_close(&client->subscription);
    *client->shared->changed = true;
}

void client_end(struct client *client, enum wire_end_reason reason)
{
    if (client->state == CLIENT_HANDSHAKE)
        client_cut(client, "was not known yet");
    if (client->state >= CLIENT_ENDING)
        return;
    begin_ending(client, &(struct wire_message){ .type = WIRE_END, .end.reason = reason });
}

void client_fail(struct client *client, enum wire_error_code code, const char *text)
{
    if (client->state >= CLIENT_DRAINING || client_discards_input(client))
        return;
    struct wire_message final_message = { .type = WIRE_ERROR, .error.code = code };
    snprintf(final_message.error.text, sizeof(final_message.error.text), "%s", text);
    log_warning_limited(client->shared->fail_limit, "client %s: %s (%s)", client->name, text,
                        wire_error_name(code));
    begin_ending(client, &final_message);
    send_queue_clear(&client->subscription.send_queue);
    outbox_clear(&client->outbox);
    client->discard_input = true;
}
