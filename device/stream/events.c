#include "device/stream/events.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "shared/base/wakeup.h"

int events_init(struct stream_events *events)
{
    memset(events, 0, sizeof(*events));
    events->fd = wakeup_open();
    if (events->fd < 0)
        return events->fd;
    pthread_mutex_init(&events->lock, NULL);
    pthread_cond_init(&events->taken, NULL);
    return 0;
}

void events_destroy(struct stream_events *events)
{
    struct stream_event event;
    while (events_take(events, &event))
        if (event.kind == EVENT_FRAME)
            frame_release(event.frame);
    pthread_cond_destroy(&events->taken);
    pthread_mutex_destroy(&events->lock);
    close(events->fd);
}

void events_notify(struct stream_events *events)
{
    if (!atomic_exchange(&events->notified, true))
        wakeup_send(events->fd);
}

bool events_pending(const struct stream_events *events)
{
    return atomic_load_explicit(&events->notified, memory_order_relaxed);
}

bool events_clear(struct stream_events *events)
{
    if (!wakeup_clear(events->fd))
        return false;
    /* After the read: a notification from here on writes again, and what an earlier one was for is
     * there for the caller to see. An exchange, since only a thread that reads what the notifying
     * one wrote is sure to see what that did before. */
    atomic_exchange(&events->notified, false);
    return true;
}

static struct stream_event *at(struct stream_events *events, unsigned index)
{
    return &events->events[(events->first + index) % STREAM_EVENTS_MAX];
}

static void remove_at(struct stream_events *events, unsigned index)
{
    for (; index + 1 < events->count; index++)
        *at(events, index) = *at(events, index + 1);
    events->count--;
}

static bool is_lost(struct stream_events *events, unsigned index)
{
    return at(events, index)->kind == EVENT_LOST;
}

/* Joins the oldest two losses that are neighbours, if any are: of one reason, or else the later one
 * takes the first one's. */
static bool join_losses(struct stream_events *events, bool whatever_reason)
{
    for (unsigned i = 0; i + 1 < events->count; i++) {
        if (!is_lost(events, i) || !is_lost(events, i + 1))
            continue;
        struct lost_run *left = &at(events, i)->lost, *next = &at(events, i + 1)->lost;
        if (whatever_reason ? lost_run_absorb(left, next) : lost_run_extend(left, next)) {
            remove_at(events, i + 1);
            return true;
        }
    }
    return false;
}

/* Keeps only the newest event of a kind of which the older ones are stale. */
static void remove_stale(struct stream_events *events, enum stream_event_kind kind)
{
    bool newer = false;
    for (unsigned i = events->count; i-- > 0;) {
        if (at(events, i)->kind != kind)
            continue;
        if (newer)
            remove_at(events, i);
        newer = true;
    }
}

/* Frees at least one entry of a full ring: gives up the oldest frame, and the next one too if that
 * has no loss beside it to join. Reasons give way where nothing else does: the count is what must
 * not be lost. */
static void make_space(struct stream_events *events)
{
    remove_stale(events, EVENT_STATUS);
    remove_stale(events, EVENT_STREAM);
    while (join_losses(events, false))
        ;
    for (unsigned i = 0; i < events->count && events->count == STREAM_EVENTS_MAX; i++) {
        struct stream_event *event = at(events, i);
        if (event->kind != EVENT_FRAME)
            continue;
        struct frame *frame = event->frame;
        *event = (struct stream_event){
            .kind = EVENT_LOST,
            .lost = { { frame->head.frame_id, 1, WIRE_DROP_SUPERSEDED },
                      frame->head.sensor_time,
                      frame->head.sensor_time },
        };
        frame_release(frame);
        if (!join_losses(events, false))
            join_losses(events, true);
    }
    if (events->count == STREAM_EVENTS_MAX)
        join_losses(events, true);
}

/* Does not notify: the caller knows whether the loop has anything to do yet. */
static void push(struct stream_events *events, const struct stream_event *event)
{
    pthread_mutex_lock(&events->lock);
    bool merged = event->kind == EVENT_LOST && events->count > 0 &&
                  is_lost(events, events->count - 1) &&
                  lost_run_extend(&at(events, events->count - 1)->lost, &event->lost);
    if (!merged && events->count == STREAM_EVENTS_MAX)
        make_space(events);
    if (!merged)
        *at(events, events->count++) = *event;
    pthread_mutex_unlock(&events->lock);
}

static void push_and_notify(struct stream_events *events, const struct stream_event *event)
{
    push(events, event);
    events_notify(events);
}

void events_publish(struct stream_events *events, struct frame *frame)
{
    push(events, &(struct stream_event){ .kind = EVENT_FRAME, .frame = frame_hold(frame) });
}

void events_lost(struct stream_events *events, const struct lost_run *lost)
{
    push(events, &(struct stream_event){ .kind = EVENT_LOST, .lost = *lost });
    /* Nobody waits for frames that were not wanted. */
    if (lost->run.reason != WIRE_DROP_RATE_LIMITED)
        events_notify(events);
}

void events_stream(struct stream_events *events, const struct camera_mode *mode)
{
    push_and_notify(events, &(struct stream_event){ .kind = EVENT_STREAM, .mode = *mode });
}

void events_status(struct stream_events *events, enum wire_stream_state state, const char *text)
{
    struct stream_event event = { .kind = EVENT_STATUS, .status = { .state = (uint8_t)state } };
    snprintf(event.status.text, sizeof(event.status.text), "%s", text);
    push_and_notify(events, &event);
}

void events_finished(struct stream_events *events)
{
    push_and_notify(events, &(struct stream_event){ .kind = EVENT_FINISHED });
}

bool events_take(struct stream_events *events, struct stream_event *event)
{
    pthread_mutex_lock(&events->lock);
    bool any = events->count > 0;
    if (any) {
        *event = *at(events, 0);
        events->first = (events->first + 1) % STREAM_EVENTS_MAX;
        events->count--;
        pthread_cond_signal(&events->taken);
    }
    pthread_mutex_unlock(&events->lock);
    return any;
}

void events_wait_for_space(struct stream_events *events)
{
    pthread_mutex_lock(&events->lock);
    while (events->count > STREAM_EVENTS_MAX / 2 && !events->closed)
        pthread_cond_wait(&events->taken, &events->lock);
    pthread_mutex_unlock(&events->lock);
}

void events_close(struct stream_events *events)
{
    pthread_mutex_lock(&events->lock);
    events->closed = true;
    pthread_cond_broadcast(&events->taken);
    pthread_mutex_unlock(&events->lock);
}
