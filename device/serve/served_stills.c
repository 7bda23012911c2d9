#include "device/serve/served_stills.h"

#include <sys/epoll.h>

#include "device/serve/client_end.h"
#include "device/serve/client_write.h"

static void on_events(void *user, uint32_t events)
{
    (void)events;
    served_stills_dispatch(user);
}

int served_stills_open(struct served_stills *served, struct stream *stream, struct loop *loop,
                       struct client *const *clients)
{
    *served = (struct served_stills){ .stream = stream,
                                      .clients = clients,
                                      .watch = { stream->events.fd, EPOLLIN, on_events, served } };
    return loop_add(loop, &served->watch);
}

void served_stills_close(struct served_stills *served)
{
    frame_release(served->frame);
    served->frame = NULL;
}

static bool is_taken_for(const struct client *client)
{
    return client_watches(client) && client->subscription.still_taking;
}

/* The still has its answer; text: why there is none, or NULL. */
static void end_taking(struct served_stills *served, const char *text)
{
    FOR_EACH_CLIENT(served, client)
    {
        if (!is_taken_for(client))
            continue;
        if (text)
            client_fail(client, WIRE_ERROR_NO_STILL, text);
        else
            client_end(client, WIRE_END_FINISHED);
    }
    served_stills_close(served);
    served->taking = served->given_up = served->begun = false;
}

static void hand_on(struct served_stills *served, const struct stream_event *event)
{
    FOR_EACH_CLIENT(served, client)
    {
        struct subscription *subscription = &client->subscription;
        if (!is_taken_for(client))
            continue;
        if (event->kind == EVENT_FRAME)
            subscription_frame(subscription, event->frame);
        else if (event->kind == EVENT_LOST)
            subscription_lost(subscription, &event->lost);
        else if (event->kind == EVENT_STREAM)
            subscription_camera_on(subscription);
    }
}

static void take(struct served_stills *served, const struct stream_event *event)
{
    hand_on(served, event);
    switch (event->kind) {
    case EVENT_STREAM:
        served->begun = true;
        break;
    case EVENT_FRAME:
        frame_release(served->frame);
        served->frame = event->frame;
        break;
    case EVENT_LOST:
        end_taking(served, NULL);
        break;
    case EVENT_STATUS:
        end_taking(served, event->status.text);
        break;
    case EVENT_FINISHED:
        /* Those who wait are sent END: see served_stills_end_finished(). */
        if (*served->clients)
            *(*served->clients)->shared->changed = true;
        break;
    }
}

void served_stills_take(struct served_stills *served)
{
    struct stream_event event;
    while (stream_take(served->stream, &event))
        take(served, &event);
    if (served->frame && frame_state(served->frame) != FRAME_GROWING)
        end_taking(served, NULL);
}

void served_stills_dispatch(struct served_stills *served)
{
    if (!events_pending(&served->stream->events) || !events_clear(&served->stream->events))
        return;
    served_stills_take(served);
    FOR_EACH_CLIENT(served, client)
    {
        if (client_may_write(client))
            client_write(client);
    }
    served_stills_follow_clients(served);
}

void served_stills_end_finished(struct served_stills *served, enum wire_end_reason reason)
{
    if (served->stream->finished)
        clients_end(*served->clients, served->stream, reason);
}

/* Whether what is requested will do for the other one, too. */
static bool will_do(const struct still_request *request, const struct still_request *other)
{
    return request->width == other->width && request->height == other->height &&
           request->quality == other->quality && (request->may_switch || !other->may_switch);
}

/* Who has waited for the longest; NULL: nobody waits. */
static const struct client *find_first(const struct served_stills *served)
{
    const struct client *first = NULL;
    FOR_EACH_CLIENT(served, client)
    {
        if (client_watches(client) && (!first || client->opened_ns < first->opened_ns))
            first = client;
    }
    return first;
}

/* All who ask for the same get the same, once what the most patient one waits for has settled. */
static void join(struct served_stills *served)
{
    struct still_request *request = &served->request;
    FOR_EACH_CLIENT(served, client)
    {
        struct subscription *subscription = &client->subscription;
        if (!client_watches(client) || !will_do(request, &subscription->still))
            continue;
        subscription->still_taking = true;
        if (!served->taking && subscription->still.settle_ns > request->settle_ns)
            request->settle_ns = subscription->still.settle_ns;
    }
}

static bool is_waited_for(const struct served_stills *served)
{
    FOR_EACH_CLIENT(served, client)
    {
        if (is_taken_for(client))
            return true;
    }
    return false;
}

void served_stills_follow_clients(struct served_stills *served)
{
    if (served->taking) {
        if (!served->begun && !served->given_up)
            join(served);
        if (!served->given_up && !is_waited_for(served)) {
            stream_cancel_still(served->stream);
            served->given_up = true;
        }
        return;
    }
    const struct client *first = served->stream->finished ? NULL : find_first(served);
    if (!first)
        return;
    served->request = first->subscription.still;
    join(served);
    served->taking = true;
    stream_request_still(served->stream, &served->request);
}
