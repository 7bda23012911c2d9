#include "device/backlog.h"

/* How much too early a frame may be at most. */
#define JITTER_NS UINT64_C(15000000)

void backlog_init(struct backlog *backlog, enum wire_mode mode, size_t max_bytes,
                  uint32_t max_fps_mhz)
{
    backlog->mode = mode;
    backlog->max_bytes = max_bytes;
    backlog->all_bytes = 0;
    backlog->interval_ns = max_fps_mhz ? UINT64_C(1000000000000) / max_fps_mhz : 0;
    backlog->next_due_ns = 0;
    backlog->first = backlog->count = 0;
}

static struct backlog_item *at(struct backlog *backlog, unsigned index)
{
    return &backlog->items[(backlog->first + index) % BACKLOG_ITEMS];
}

void backlog_clear(struct backlog *backlog)
{
    for (unsigned i = 0; i < backlog->count; i++)
        frame_release(at(backlog, i)->frame);
    backlog->count = 0;
}

/* Makes one entry of the oldest two losses that are neighbours, whatever their reasons: where a
 * client reads nothing for long and reasons alternate, the count is what must not be lost. */
static bool join_losses(struct backlog *backlog)
{
    for (unsigned i = 0; i + 1 < backlog->count; i++) {
        struct backlog_item *left = at(backlog, i);
        if (left->frame || at(backlog, i + 1)->frame)
            continue;
        if (!drop_run_absorb(&left->run, at(backlog, i + 1)->run))
            continue;
        for (i++; i + 1 < backlog->count; i++)
            *at(backlog, i) = *at(backlog, i + 1);
        backlog->count--;
        return true;
    }
    return false;
}

/* There is room for a frame: a live client has one at most, and is_full() keeps an entry free. So
 * when a loss finds none, it has losses beside it. */
static void append(struct backlog *backlog, struct backlog_item item)
{
    struct backlog_item *last = backlog->count > 0 ? at(backlog, backlog->count - 1) : NULL;
    bool after_loss = !item.frame && last && !last->frame;
    if (after_loss && drop_run_extend(&last->run, item.run))
        return;
    if (backlog->count == BACKLOG_ITEMS && !join_losses(backlog) && after_loss) {
        drop_run_absorb(&last->run, item.run);
        return;
    }
    *at(backlog, backlog->count++) = item;
}

void backlog_lost(struct backlog *backlog, struct drop_run run)
{
    append(backlog, (struct backlog_item){ .run = run });
}

/* Turns the waiting frame of a live client, which is the last frame in the ring, into a loss. What
 * follows it are losses, put in again so that they join it where they can. */
static void supersede(struct backlog *backlog)
{
    unsigned end = backlog->count, index = end;
    while (index > 0 && !at(backlog, index - 1)->frame)
        index--;
    if (index == 0)
        return;
    struct frame *frame = at(backlog, index - 1)->frame;
    backlog->count = index - 1;
    backlog_lost(backlog, (struct drop_run){ frame->head.frame_id, 1, WIRE_DROP_SUPERSEDED });
    for (; index < end; index++)
        backlog_lost(backlog, at(backlog, index)->run);
    frame_release(frame);
}

static bool is_full(struct backlog *backlog)
{
    size_t bytes = 0;
    struct frame_pool *pool = NULL;
    for (unsigned i = 0; i < backlog->count; i++) {
        struct frame *frame = at(backlog, i)->frame;
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
        backlog->all_bytes && all >= backlog->all_bytes && bytes >= backlog->max_bytes / 8;
    /* An entry is kept for the loss that tells of a full queue. */
    return bytes >= backlog->max_bytes || share_used || backlog->count >= BACKLOG_ITEMS - 1;
}

/* Frames arrive with jitter, so one that comes a little early is in time; the due times themselves
 * keep their pace, so that the rate holds over time. */
static bool too_soon(struct backlog *backlog, uint64_t sensor_time)
{
    uint64_t interval = backlog->interval_ns;
    if (interval == 0)
        return false;
    uint64_t early = interval / 4 < JITTER_NS ? interval / 4 : JITTER_NS;
    if (sensor_time + early < backlog->next_due_ns)
        return true;
    backlog->next_due_ns += interval;
    if (backlog->next_due_ns < sensor_time)
        backlog->next_due_ns = sensor_time + interval;
    return false;
}

void backlog_frame(struct backlog *backlog, struct frame *frame)
{
    struct drop_run run = { frame->head.frame_id, 1, WIRE_DROP_RATE_LIMITED };
    /* Before the rate is looked at: while the queue is full, one run of losses is enough. */
    if (backlog->mode == WIRE_LOSSLESS && is_full(backlog)) {
        run.reason = WIRE_DROP_QUEUE_FULL;
        backlog_lost(backlog, run);
    } else if (too_soon(backlog, frame->head.sensor_time)) {
        backlog_lost(backlog, run);
    } else {
        if (backlog->mode == WIRE_LIVE)
            supersede(backlog);
        append(backlog, (struct backlog_item){ .frame = frame_hold(frame) });
    }
}

bool backlog_take(struct backlog *backlog, struct backlog_item *item)
{
    if (backlog->count == 0)
        return false;
    *item = *at(backlog, 0);
    backlog->first = (backlog->first + 1) % BACKLOG_ITEMS;
    backlog->count--;
    return true;
}
