#include "host/lib/event_queue.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "host/lib/event_payload.h"
#include "shared/base/wakeup.h"

/* Events that are neither frames nor answers, and may wait at the same time. */
enum { OTHERS_MAX = 64 };

struct entry {
    struct pitether_event event;
    uint64_t put_ns;
};

struct event_queue {
    bool live;
    int fd, space_fd;
    unsigned capacity;
    pthread_mutex_t lock;
    /* Under lock. */
    unsigned first, used, frames, answers, notices; /* of those used, so many are such */
    bool wants_space;                               /* event_queue_has_space() has said false */
    struct entry entries[];                         /* a ring */
};

int event_queue_create(struct event_queue **queue, unsigned frames, bool live, int space_fd)
{
    unsigned capacity = frames + OTHERS_MAX + EVENT_QUEUE_ANSWERS;
    struct event_queue *self = *queue = calloc(1, sizeof(*self) + capacity * sizeof(struct entry));
    if (!self)
        return -ENOMEM;
    self->live = live;
    self->capacity = capacity;
    self->space_fd = space_fd;
    int fd = self->fd = wakeup_open();
    if (fd < 0) {
        free(self);
        *queue = NULL;
        return fd;
    }
    pthread_mutex_init(&self->lock, NULL);
    return 0;
}

/* The rest: with the lock. */

static struct entry *entry_at(struct event_queue *queue, unsigned index)
{
    return &queue->entries[(queue->first + index) % queue->capacity];
}

/* Of the oldest frame that waits; there is one. */
static unsigned oldest_frame(struct event_queue *queue)
{
    unsigned index = 0;
    while (entry_at(queue, index)->event.type != PITETHER_FRAME)
        index++;
    return index;
}

/* Whether the second range of ids goes on where the first one ends, and for the same reason: the
 * first one is both then. */
static bool join_drops(struct pitether_event *first, const struct pitether_event *second)
{
    struct pitether_drops *drops = &first->drops;
    const struct pitether_drops *more = &second->drops;
    if (first->type != PITETHER_DROPS || second->type != PITETHER_DROPS ||
        drops->epoch != more->epoch || drops->reason != more->reason ||
        drops->first_id + drops->count != more->first_id)
        return false;
    drops->count += more->count;
    drops->overdue += more->overdue;
    return true;
}

/* The few entries before it move up. */
static void remove_entry(struct event_queue *queue, unsigned index)
{
    for (; index > 0; index--)
        *entry_at(queue, index) = *entry_at(queue, index - 1);
    queue->first = (queue->first + 1) % queue->capacity;
    queue->used--;
}

static void displace(struct event_queue *queue, unsigned index)
{
    struct pitether_event *event = &entry_at(queue, index)->event;
    const struct pitether_frame *frame = event->frame;
    *event = (struct pitether_event){ .type = PITETHER_DROPS,
                                      .drops = { .epoch = frame->epoch,
                                                 .first_id = frame->id,
                                                 .count = 1,
                                                 .reason = PITETHER_DROP_NOT_TAKEN } };
    pitether_frame_release(frame);
    queue->frames--;
    if (index > 0 && join_drops(&entry_at(queue, index - 1)->event, event))
        remove_entry(queue, index);
}

static void displace_late(struct event_queue *queue, uint64_t now_ns)
{
    while (queue->live && queue->frames > 1) {
        unsigned index = oldest_frame(queue);
        if (now_ns - entry_at(queue, index)->put_ns < EVENT_QUEUE_LATE_NS)
            break;
        displace(queue, index);
    }
}

static bool has_space(const struct event_queue *queue)
{
    return queue->used - queue->answers + EVENT_QUEUE_RESERVE <=
           queue->capacity - EVENT_QUEUE_ANSWERS;
}

/* Counts an event that is in from now on (1), or no longer (-1). */
static void count_event(struct event_queue *queue, const struct pitether_event *event, int by)
{
    queue->frames += (unsigned)(event->type == PITETHER_FRAME ? by : 0);
    queue->answers += (unsigned)(event_is_answer(event) ? by : 0);
    queue->notices += (unsigned)(event_is_notice(event) ? by : 0);
}

/* Takes out the newest event for which that is true; false: there is none. */
static bool withdraw(struct event_queue *queue, bool (*is)(const struct pitether_event *event),
                     struct pitether_event *event)
{
    unsigned index = queue->used;
    while (index > 0 && !is(&entry_at(queue, index - 1)->event))
        index--;
    if (index == 0)
        return false;
    *event = entry_at(queue, index - 1)->event;
    count_event(queue, event, -1);
    remove_entry(queue, index - 1);
    return true;
}

static bool is_controls(const struct pitether_event *event)
{
    return event->type == PITETHER_CONTROLS;
}

/* Has it take the place of what waits and is no longer needed then. */
static void replace_older(struct event_queue *queue, struct pitether_event *event)
{
    struct pitether_event older;
    if (is_controls(event) && withdraw(queue, is_controls, &older))
        event_payload_free(&older);
    else if (event_is_notice(event) && queue->notices >= EVENT_QUEUE_NOTICES &&
             withdraw(queue, event_is_notice, &older))
        event_merge_notices(&older, event);
}

static void append(struct event_queue *queue, struct pitether_event event, uint64_t now_ns)
{
    replace_older(queue, &event);
    assert(queue->used < queue->capacity);
    *entry_at(queue, queue->used++) = (struct entry){ event, now_ns };
    count_event(queue, &event, 1);
    displace_late(queue, now_ns);
}

/* The rest: without the lock. */

bool event_queue_has_space(struct event_queue *queue)
{
    pthread_mutex_lock(&queue->lock);
    bool space = has_space(queue);
    queue->wants_space = !space;
    pthread_mutex_unlock(&queue->lock);
    return space;
}

void event_queue_put(struct event_queue *queue, const struct pitether_event *event, uint64_t now_ns)
{
    pthread_mutex_lock(&queue->lock);
    if (queue->used == 0 || !join_drops(&entry_at(queue, queue->used - 1)->event, event))
        append(queue, *event, now_ns);
    if (queue->used == 1)
        wakeup_send(queue->fd);
    pthread_mutex_unlock(&queue->lock);
}

bool event_queue_displace(struct event_queue *queue)
{
    pthread_mutex_lock(&queue->lock);
    bool possible = queue->live && queue->frames > 1;
    if (possible)
        displace(queue, oldest_frame(queue));
    pthread_mutex_unlock(&queue->lock);
    return possible;
}

bool event_queue_take(struct event_queue *queue, struct pitether_event *event, uint64_t now_ns)
{
    pthread_mutex_lock(&queue->lock);
    displace_late(queue, now_ns);
    bool any = queue->used > 0;
    if (any) {
        *event = entry_at(queue, 0)->event;
        count_event(queue, event, -1);
        queue->first = (queue->first + 1) % queue->capacity;
        queue->used--;
    }
    if (any && queue->used == 0)
        wakeup_clear(queue->fd);
    if (queue->wants_space && has_space(queue)) {
        queue->wants_space = false;
        wakeup_send(queue->space_fd);
    }
    pthread_mutex_unlock(&queue->lock);
    return any;
}

int event_queue_fd(const struct event_queue *queue)
{
    return queue->fd;
}

void event_queue_destroy(struct event_queue **queue)
{
    if (!queue || !*queue)
        return;
    struct event_queue *self = *queue;
    for (unsigned i = 0; i < self->used; i++) {
        const struct pitether_event *event = &entry_at(self, i)->event;
        if (event->type == PITETHER_FRAME)
            pitether_frame_release(event->frame);
        event_payload_free(event);
    }
    pthread_mutex_destroy(&self->lock);
    close(self->fd);
    free(self);
    *queue = NULL;
}
