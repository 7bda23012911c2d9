#include "host/lib/set_queue.h"

#include <errno.h>
#include <string.h>

#include "shared/base/text.h"

enum set_state { SET_FREE, SET_WAITS, SET_SENT, SET_ANSWERED };

void set_queue_init(struct set_queue *queue)
{
    *queue = (struct set_queue){ .closed = false };
    pthread_mutex_init(&queue->lock, NULL);
}

void set_queue_clear(struct set_queue *queue)
{
    pthread_mutex_destroy(&queue->lock);
}

/* The rest but for what says otherwise: with the lock. */

static struct set_request *find_free(struct set_queue *queue)
{
    for (unsigned i = 0; i < SET_QUEUE_MAX; i++)
        if (queue->items[i].state == SET_FREE)
            return &queue->items[i];
    return NULL;
}

/* NULL: none of that number is in that state. */
static struct set_request *find(struct set_queue *queue, uint32_t request, enum set_state state)
{
    for (unsigned i = 0; i < SET_QUEUE_MAX; i++)
        if (queue->items[i].state == state && queue->items[i].set.request == request)
            return &queue->items[i];
    return NULL;
}

/* Numbers begin again after the largest one: the older one of two is the one that is further from
 * the newest. */
static bool is_older(const struct set_queue *queue, const struct set_request *one,
                     const struct set_request *other)
{
    return queue->last - one->set.request > queue->last - other->set.request;
}

static struct set_request *find_oldest(struct set_queue *queue, bool waiting, bool sent)
{
    struct set_request *oldest = NULL;
    if (queue->busy == 0) /* as nearly always, when this is asked for each turn of a connection */
        return NULL;
    for (unsigned i = 0; i < SET_QUEUE_MAX; i++) {
        struct set_request *item = &queue->items[i];
        bool counts = (waiting && item->state == SET_WAITS) || (sent && item->state == SET_SENT);
        if (counts && (!oldest || is_older(queue, item, oldest)))
            oldest = item;
    }
    return oldest;
}

static int add(struct set_queue *queue, const char *assignments, uint32_t *request)
{
    struct set_request *item = find_free(queue);
    if (queue->closed)
        return -ESHUTDOWN;
    if (!item)
        return -EBUSY;
    if (++queue->last == 0)
        queue->last = 1;
    item->state = SET_WAITS;
    queue->busy++;
    item->set.request = *request = queue->last;
    memcpy(item->set.text, assignments, strlen(assignments) + 1);
    return 0;
}

/* The rest: without the lock. */

static bool is_good(const char *text)
{
    size_t size = strnlen(text, WIRE_SET_TEXT_MAX + 1);
    return size > 0 && size <= WIRE_SET_TEXT_MAX && text_is_shown(text, size);
}

int set_queue_add(struct set_queue *queue, const char *assignments, uint32_t *request)
{
    if (!is_good(assignments))
        return -EINVAL;
    pthread_mutex_lock(&queue->lock);
    int result = add(queue, assignments, request);
    pthread_mutex_unlock(&queue->lock);
    return result;
}

bool set_queue_next(struct set_queue *queue, struct wire_set *set)
{
    pthread_mutex_lock(&queue->lock);
    const struct set_request *item = find_oldest(queue, true, false);
    if (item)
        *set = item->set;
    pthread_mutex_unlock(&queue->lock);
    return item;
}

/* From one state to the next; false: it is not in the first one. */
static bool advance(struct set_queue *queue, uint32_t request, enum set_state from,
                    enum set_state to)
{
    pthread_mutex_lock(&queue->lock);
    struct set_request *item = find(queue, request, from);
    if (item) {
        item->state = to;
        queue->busy -= to == SET_ANSWERED;
    }
    pthread_mutex_unlock(&queue->lock);
    return item;
}

void set_queue_sent(struct set_queue *queue, uint32_t request)
{
    advance(queue, request, SET_WAITS, SET_SENT);
}

bool set_queue_answered(struct set_queue *queue, uint32_t request)
{
    return advance(queue, request, SET_SENT, SET_ANSWERED);
}

void set_queue_taken(struct set_queue *queue, uint32_t request)
{
    advance(queue, request, SET_ANSWERED, SET_FREE);
}

uint32_t set_queue_give_up(struct set_queue *queue, bool unsent)
{
    pthread_mutex_lock(&queue->lock);
    struct set_request *item = find_oldest(queue, unsent, true);
    if (item) {
        item->state = SET_ANSWERED;
        queue->busy--;
    }
    uint32_t request = item ? item->set.request : 0;
    pthread_mutex_unlock(&queue->lock);
    return request;
}

bool set_queue_is_busy(struct set_queue *queue)
{
    pthread_mutex_lock(&queue->lock);
    bool busy = find_oldest(queue, true, true);
    pthread_mutex_unlock(&queue->lock);
    return busy;
}

void set_queue_close(struct set_queue *queue)
{
    pthread_mutex_lock(&queue->lock);
    queue->closed = true;
    pthread_mutex_unlock(&queue->lock);
}
