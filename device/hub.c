#include "device/hub.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

int hub_init(struct hub *hub)
{
    memset(hub, 0, sizeof(*hub));
    hub->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (hub->fd < 0)
        return -errno;
    pthread_mutex_init(&hub->lock, NULL);
    pthread_cond_init(&hub->taken, NULL);
    return 0;
}

void hub_destroy(struct hub *hub)
{
    struct hub_event event;
    while (hub_take(hub, &event))
        if (event.kind == HUB_FRAME)
            frame_release(event.frame);
    pthread_cond_destroy(&hub->taken);
    pthread_mutex_destroy(&hub->lock);
    close(hub->fd);
}

void hub_poke(struct hub *hub)
{
    if (atomic_exchange(&hub->poked, true))
        return;
    /* The counter can't overflow, so the write can't fail for want of room. */
    uint64_t one = 1;
    ssize_t written = write(hub->fd, &one, sizeof(one));
    (void)written;
}

bool hub_calls(const struct hub *hub)
{
    return atomic_load_explicit(&hub->poked, memory_order_relaxed);
}

bool hub_answer(struct hub *hub)
{
    uint64_t count;
    if (read(hub->fd, &count, sizeof(count)) != sizeof(count))
        return false;
    /* After the read: a poke that comes from here on writes again, one that came before belongs to
     * news that the caller is about to see. An exchange, since only one who reads what the poker
     * wrote is sure to see what it did before. */
    atomic_exchange(&hub->poked, false);
    return true;
}

static struct hub_event *at(struct hub *hub, unsigned index)
{
    return &hub->events[(hub->first + index) % HUB_EVENTS_MAX];
}

static void remove_at(struct hub *hub, unsigned index)
{
    for (; index + 1 < hub->count; index++)
        *at(hub, index) = *at(hub, index + 1);
    hub->count--;
}

static bool is_lost(struct hub *hub, unsigned index)
{
    return at(hub, index)->kind == HUB_LOST;
}

/* Joins the oldest two losses that are neighbours, if any are: of one reason, or else the later one
 * takes the first one's. */
static bool join_losses(struct hub *hub, bool whatever_reason)
{
    for (unsigned i = 0; i + 1 < hub->count; i++) {
        if (!is_lost(hub, i) || !is_lost(hub, i + 1))
            continue;
        struct lost_run *left = &at(hub, i)->lost, *next = &at(hub, i + 1)->lost;
        if (whatever_reason ? lost_run_absorb(left, next) : lost_run_extend(left, next)) {
            remove_at(hub, i + 1);
            return true;
        }
    }
    return false;
}

/* Keeps only the newest event of a kind that makes the older ones stale. */
static void remove_stale(struct hub *hub, enum hub_event_kind kind)
{
    bool newer = false;
    for (unsigned i = hub->count; i-- > 0;) {
        if (at(hub, i)->kind != kind)
            continue;
        if (newer)
            remove_at(hub, i);
        newer = true;
    }
}

/* Frees at least one entry of a full ring: gives up the oldest frame, and the next one too if that
 * has no loss beside it to join. Reasons give way where nothing else does: the count is what must
 * not be lost. */
static void make_room(struct hub *hub)
{
    remove_stale(hub, HUB_STATUS);
    remove_stale(hub, HUB_STREAM);
    while (join_losses(hub, false))
        ;
    for (unsigned i = 0; i < hub->count && hub->count == HUB_EVENTS_MAX; i++) {
        struct hub_event *event = at(hub, i);
        if (event->kind != HUB_FRAME)
            continue;
        struct frame *frame = event->frame;
        *event = (struct hub_event){
            .kind = HUB_LOST,
            .lost = { { frame->head.frame_id, 1, WIRE_DROP_SUPERSEDED },
                      frame->head.sensor_time,
                      frame->head.sensor_time },
        };
        frame_release(frame);
        if (!join_losses(hub, false))
            join_losses(hub, true);
    }
    if (hub->count == HUB_EVENTS_MAX)
        join_losses(hub, true);
}

/* Without a poke: whoever pushes knows whether the loop has anything to do with it yet. */
static void push(struct hub *hub, const struct hub_event *event)
{
    pthread_mutex_lock(&hub->lock);
    bool merged = event->kind == HUB_LOST && hub->count > 0 && is_lost(hub, hub->count - 1) &&
                  lost_run_extend(&at(hub, hub->count - 1)->lost, &event->lost);
    if (!merged && hub->count == HUB_EVENTS_MAX)
        make_room(hub);
    if (!merged)
        *at(hub, hub->count++) = *event;
    pthread_mutex_unlock(&hub->lock);
}

static void tell(struct hub *hub, const struct hub_event *event)
{
    push(hub, event);
    hub_poke(hub);
}

void hub_publish(struct hub *hub, struct frame *frame)
{
    push(hub, &(struct hub_event){ .kind = HUB_FRAME, .frame = frame_hold(frame) });
}

void hub_lost(struct hub *hub, const struct lost_run *lost)
{
    push(hub, &(struct hub_event){ .kind = HUB_LOST, .lost = *lost });
    /* Nobody waits for news of what nobody wanted. */
    if (lost->run.reason != WIRE_DROP_RATE_LIMITED)
        hub_poke(hub);
}

void hub_stream(struct hub *hub, const struct camera_mode *mode)
{
    tell(hub, &(struct hub_event){ .kind = HUB_STREAM, .mode = *mode });
}

void hub_status(struct hub *hub, enum wire_stream_state state, const char *text)
{
    struct hub_event event = { .kind = HUB_STATUS, .status = { .state = (uint8_t)state } };
    snprintf(event.status.text, sizeof(event.status.text), "%s", text);
    tell(hub, &event);
}

void hub_finished(struct hub *hub)
{
    tell(hub, &(struct hub_event){ .kind = HUB_FINISHED });
}

bool hub_take(struct hub *hub, struct hub_event *event)
{
    pthread_mutex_lock(&hub->lock);
    bool any = hub->count > 0;
    if (any) {
        *event = *at(hub, 0);
        hub->first = (hub->first + 1) % HUB_EVENTS_MAX;
        hub->count--;
        pthread_cond_signal(&hub->taken);
    }
    pthread_mutex_unlock(&hub->lock);
    return any;
}

void hub_wait_for_room(struct hub *hub)
{
    pthread_mutex_lock(&hub->lock);
    while (hub->count > HUB_EVENTS_MAX / 2 && !hub->closed)
        pthread_cond_wait(&hub->taken, &hub->lock);
    pthread_mutex_unlock(&hub->lock);
}

void hub_close(struct hub *hub)
{
    pthread_mutex_lock(&hub->lock);
    hub->closed = true;
    pthread_cond_broadcast(&hub->taken);
    pthread_mutex_unlock(&hub->lock);
}
