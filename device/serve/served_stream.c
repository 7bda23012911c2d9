#include "device/serve/served_stream.h"

#include <stdlib.h>
#include <sys/epoll.h>

#include "device/serve/client_controls.h"
#include "device/serve/client_write.h"
#include "device/stream/encoder.h"
#include "shared/base/log.h"

static void on_events(void *user, uint32_t events)
{
    (void)events;
    served_stream_dispatch(user);
}

int served_stream_open(struct served_stream *served, struct stream *stream, struct loop *loop,
                       struct client *const *clients, bool *changed)
{
    *served = (struct served_stream){ .stream = stream,
                                      .clients = clients,
                                      .changed = changed,
                                      .watch = { stream->events.fd, EPOLLIN, on_events, served },
                                      .adapt.max = stream->config.encoder.bits_per_second };
    int error = loop_add(loop, &served->watch);
    if (!error && stream->stills)
        error = served_stills_open(&served->stills, stream->stills, loop, clients);
    return error;
}

void served_stream_close(struct served_stream *served)
{
    served_stills_close(&served->stills);
}

static void hand_on(struct served_stream *served, const struct stream_event *event)
{
    FOR_EACH_CLIENT(served, client)
    {
        struct subscription *subscription = &client->subscription;
        if (event->kind == EVENT_FRAME)
            subscription_frame(subscription, event->frame);
        else if (event->kind == EVENT_LOST)
            subscription_lost(subscription, &event->lost);
        else if (event->kind != EVENT_FINISHED)
            subscription_status_changed(subscription);
        if (event->kind == EVENT_STREAM)
            subscription_camera_on(subscription);
    }
}

static void tell_changes(struct served_stream *served)
{
    struct change *change;
    while ((change = changes_decided(served->stream->changes))) {
        clients_tell_change(*served->clients, served->stream, change);
        free(change);
    }
}

void served_stream_take(struct served_stream *served)
{
    struct stream_event event;
    while (stream_take(served->stream, &event)) {
        hand_on(served, &event);
        if (event.kind == EVENT_FRAME)
            frame_release(event.frame);
        else if (event.kind != EVENT_LOST)
            *served->changed = true;
    }
    tell_changes(served);
    if (served->stills.stream)
        served_stills_take(&served->stills);
}

void served_stream_dispatch(struct served_stream *served)
{
    if (served->stills.stream)
        served_stills_dispatch(&served->stills);
    if (!events_pending(&served->stream->events) || !events_clear(&served->stream->events))
        return;
    served_stream_take(served);
    for (struct client *client = *served->clients; client; client = client->next) {
        /* What is set of a camera is told to those who watch its other output, too. */
        bool due = client->subscription.stream == served->stream || !outbox_empty(&client->outbox);
        if (due && client_may_write(client))
            client_write(client);
    }
}

bool served_stream_end_finished(struct served_stream *served, enum wire_end_reason reason)
{
    if (!served->stream->finished)
        return false;
    if (!served->ended && reason == WIRE_END_FINISHED)
        log_info("%sthe frame limit is reached", served->stream->config.label);
    served->ended = true;
    clients_end(*served->clients, served->stream, reason);
    if (served->stills.stream)
        served_stills_end_finished(&served->stills, reason);
    return true;
}

void served_stream_follow_clients(struct served_stream *served)
{
    served->watching = 0;
    FOR_EACH_CLIENT(served, client)
    {
        served->watching += client_watches(client);
    }
    bool wanted = served->watching > 0 || served->stream->config.always_on;
    if (wanted != served->wanted)
        stream_want(served->stream, wanted);
    served->wanted = wanted;
    if (served->stills.stream)
        served_stills_follow_clients(&served->stills);
}

void served_stream_log_stats(struct served_stream *served, unsigned seconds, uint64_t now_ns)
{
    struct delivery_totals present = { 0 };
    unsigned watching = 0;
    if (!stats_is_due(&served->stats, seconds, now_ns))
        return;
    FOR_EACH_CLIENT(served, client)
    {
        delivery_totals_add(&present, &client->subscription.totals);
        watching += client_watches(client);
    }
    stats_log(&served->stats, served->stream, &present, watching, now_ns);
}

/* What reached the slowest live client of those whose path is full, in bytes since the last call.
 */
static uint64_t slowest_limited(struct served_stream *served)
{
    uint64_t slowest = 0;
    FOR_EACH_CLIENT(served, client)
    {
        struct subscription *subscription = &client->subscription;
        const struct delivery_totals *now = &subscription->totals;
        const struct delivery_totals *last = &subscription->adapted;
        uint64_t bytes = now->bytes - last->bytes;
        bool limited = client_watches(client) && subscription->send_queue.mode == WIRE_LIVE &&
                       now->dropped[WIRE_DROP_SUPERSEDED] > last->dropped[WIRE_DROP_SUPERSEDED];
        /* One that got nothing at all is stalled, and no lower quality will mend that. */
        if (limited && bytes > 0 && (slowest == 0 || bytes < slowest))
            slowest = bytes;
        subscription->adapted = *now;
    }
    return slowest;
}

void served_stream_adapt(struct served_stream *served, uint64_t now_ns)
{
    struct encoder *encoder = served->stream->encoder;
    if (!served->stream->config.adaptive)
        return;
    uint64_t bytes = encoder_totals(encoder).bytes;
    double seconds = (double)(now_ns - served->adapted_ns) / 1e9;
    uint64_t limited = slowest_limited(served);
    if (served->adapted_ns)
        encoder_set_rate(
            encoder,
            adapt_update(&served->adapt, (uint64_t)((double)limited * 8 / seconds),
                         (uint64_t)((double)(bytes - served->adapted_bytes) * 8 / seconds)));
    served->adapted_ns = now_ns;
    served->adapted_bytes = bytes;
}
