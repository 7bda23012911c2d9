#include "device/serve/send_queue.h"

void send_queue_init(struct send_queue *send_queue, enum wire_mode mode, size_t max_bytes,
                     const struct decimation *decimation)
{
    send_queue->mode = mode;
    send_queue->max_bytes = max_bytes;
    send_queue->all_bytes = 0;
    send_queue->decimation = *decimation;
    send_queue->first = send_queue->count = 0;
}

static struct send_queue_item *at(struct send_queue *send_queue, unsigned index)
{
    return &send_queue->items[(send_queue->first + index) % SEND_QUEUE_ITEMS];
}

void send_queue_clear(struct send_queue *send_queue)
{
    for (unsigned i = 0; i < send_queue->count; i++)
        frame_release(at(send_queue, i)->frame);
    send_queue->count = 0;
}

/* Makes one entry of the oldest two losses that are neighbours, whatever their reasons: where a
 * client reads nothing for long and reasons alternate, the count is what must not be lost. */
static bool join_losses(struct send_queue *send_queue)
{
    for (unsigned i = 0; i + 1 < send_queue->count; i++) {
        struct send_queue_item *left = at(send_queue, i);
        if (left->frame || at(send_queue, i + 1)->frame)
            continue;
        if (!drop_run_absorb(&left->run, at(send_queue, i + 1)->run))
            continue;
        for (i++; i + 1 < send_queue->count; i++)
            *at(send_queue, i) = *at(send_queue, i + 1);
        send_queue->count--;
        return true;
    }
    return false;
}

/* There is space for a frame: a live client has one at most, and send_queue_is_full() keeps an
 * entry free. So when a loss finds none, it has losses beside it. */
static void append(struct send_queue *send_queue, struct send_queue_item item)
{
    struct send_queue_item *last =
        send_queue->count > 0 ? at(send_queue, send_queue->count - 1) : NULL;
    bool after_loss = !item.frame && last && !last->frame;
    if (after_loss && drop_run_extend(&last->run, item.run))
        return;
    if (send_queue->count == SEND_QUEUE_ITEMS && !join_losses(send_queue) && after_loss) {
        drop_run_absorb(&last->run, item.run);
        return;
    }
    *at(send_queue, send_queue->count++) = item;
}

static void append_loss(struct send_queue *send_queue, struct drop_run run)
{
    append(send_queue, (struct send_queue_item){ .run = run });
}

/* How many frames at the run's beginning were not requested. */
static uint64_t count_unwanted(const struct send_queue *send_queue, const struct lost_run *lost)
{
    uint64_t low = 0, high = lost->run.count; /* the answer is from low to high */
    uint64_t span = lost->last_ns > lost->first_ns ? lost->last_ns - lost->first_ns : 0;
    if (span > INT64_MAX) /* made up by a camera, and rounded it might not fit */
        span = INT64_MAX;
    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        double share = lost->run.count > 1 ? (double)middle / (double)(lost->run.count - 1) : 0;
        uint64_t time = lost->first_ns + (uint64_t)(share * (double)span);
        if (decimation_wants(&send_queue->decimation, lost->run.first + middle, time))
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

void send_queue_lost(struct send_queue *send_queue, const struct lost_run *lost)
{
    struct drop_run unwanted = { lost->run.first, count_unwanted(send_queue, lost),
                                 WIRE_DROP_RATE_LIMITED };
    struct drop_run wanted = { lost->run.first + unwanted.count, lost->run.count - unwanted.count,
                               lost->run.reason };
    if (wanted.reason == WIRE_DROP_RATE_LIMITED && send_queue->mode == WIRE_LOSSLESS)
        wanted.reason = WIRE_DROP_QUEUE_FULL;
    if (unwanted.count > 0)
        append_loss(send_queue, unwanted);
    if (wanted.count > 0)
        append_loss(send_queue, wanted);
}

void send_queue_give_up(struct send_queue *send_queue, enum wire_drop_reason reason)
{
    unsigned count = send_queue->count;
    /* What is put in again never takes more entries than were read. */
    send_queue->count = 0;
    for (unsigned i = 0; i < count; i++) {
        struct send_queue_item item = *at(send_queue, i);
        if (item.frame)
            item.run = (struct drop_run){ item.frame->head.frame_id, 1, reason };
        frame_release(item.frame);
        append_loss(send_queue, item.run);
    }
}

/* Turns the waiting frame of a live client, which is the last frame in the ring, into a loss. What
 * follows it are losses, put in again so that they join it where they can. */
static void supersede(struct send_queue *send_queue)
{
    unsigned end = send_queue->count, index = end;
    while (index > 0 && !at(send_queue, index - 1)->frame)
        index--;
    if (index == 0)
        return;
    struct frame *frame = at(send_queue, index - 1)->frame;
    send_queue->count = index - 1;
    append_loss(send_queue, (struct drop_run){ frame->head.frame_id, 1, WIRE_DROP_SUPERSEDED });
    for (; index < end; index++)
        append_loss(send_queue, at(send_queue, index)->run);
    frame_release(frame);
}

bool send_queue_is_full(struct send_queue *send_queue)
{
    if (send_queue->mode == WIRE_LIVE)
        return false;
    size_t bytes = 0;
    struct frame_pool *pool = NULL;
    for (unsigned i = 0; i < send_queue->count; i++) {
        struct frame *frame = at(send_queue, i)->frame;
        if (!frame)
            continue;
        pool = frame->pool;
        bytes += atomic_load_explicit(&frame->size, memory_order_relaxed);
    }
    if (!pool) /* one frame is always taken */
        return false;
    size_t all = atomic_load_explicit(&pool->held_bytes, memory_order_relaxed);
    /* Where all together hold too much, those who hold most give way, not those who keep up. */
    bool share_used =
        send_queue->all_bytes && all >= send_queue->all_bytes && bytes >= send_queue->max_bytes / 8;
    /* An entry is kept for the loss that a full queue causes. */
    return bytes >= send_queue->max_bytes || share_used ||
           send_queue->count >= SEND_QUEUE_ITEMS - 1;
}

void send_queue_frame(struct send_queue *send_queue, struct frame *frame)
{
    uint64_t id = frame->head.frame_id, time = frame->head.sensor_time;
    if (!decimation_wants(&send_queue->decimation, id, time)) {
        append_loss(send_queue, (struct drop_run){ id, 1, WIRE_DROP_RATE_LIMITED });
    } else if (send_queue_is_full(send_queue)) {
        append_loss(send_queue, (struct drop_run){ id, 1, WIRE_DROP_QUEUE_FULL });
    } else {
        decimation_take(&send_queue->decimation, id, time);
        if (send_queue->mode == WIRE_LIVE)
            supersede(send_queue);
        append(send_queue, (struct send_queue_item){ .frame = frame_hold(frame) });
    }
}

bool send_queue_take(struct send_queue *send_queue, struct send_queue_item *item)
{
    if (send_queue->count == 0)
        return false;
    *item = *at(send_queue, 0);
    send_queue->first = (send_queue->first + 1) % SEND_QUEUE_ITEMS;
    send_queue->count--;
    return true;
}
