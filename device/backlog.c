#include "device/backlog.h"

void backlog_init(struct backlog *backlog, enum wire_mode mode, size_t max_bytes,
                  const struct decimation *decimation)
{
    backlog->mode = mode;
    backlog->max_bytes = max_bytes;
    backlog->all_bytes = 0;
    backlog->decimation = *decimation;
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

/* There is room for a frame: a live client has one at most, and backlog_is_full() keeps an entry
 * free. So when a loss finds none, it has losses beside it. */
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

static void append_loss(struct backlog *backlog, struct drop_run run)
{
    append(backlog, (struct backlog_item){ .run = run });
}

/* How many frames at the run's beginning were not asked for. */
static uint64_t count_unwanted(const struct backlog *backlog, const struct lost_run *lost)
{
    uint64_t low = 0, high = lost->run.count; /* the answer is from low to high */
    uint64_t span = lost->last_ns > lost->first_ns ? lost->last_ns - lost->first_ns : 0;
    if (span > INT64_MAX) /* made up by a camera, and rounded it might not fit */
        span = INT64_MAX;
    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        double share = lost->run.count > 1 ? (double)middle / (double)(lost->run.count - 1) : 0;
        uint64_t time = lost->first_ns + (uint64_t)(share * (double)span);
        if (decimation_wants(&backlog->decimation, lost->run.first + middle, time))
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

void backlog_lost(struct backlog *backlog, const struct lost_run *lost)
{
    struct drop_run unwanted = { lost->run.first, count_unwanted(backlog, lost),
                                 WIRE_DROP_RATE_LIMITED };
    struct drop_run wanted = { lost->run.first + unwanted.count, lost->run.count - unwanted.count,
                               lost->run.reason };
    if (wanted.reason == WIRE_DROP_RATE_LIMITED && backlog->mode == WIRE_LOSSLESS)
        wanted.reason = WIRE_DROP_QUEUE_FULL;
    if (unwanted.count > 0)
        append_loss(backlog, unwanted);
    if (wanted.count > 0)
        append_loss(backlog, wanted);
}

void backlog_give_up(struct backlog *backlog, enum wire_drop_reason reason)
{
    unsigned count = backlog->count;
    /* What is put in again never takes more entries than were read. */
    backlog->count = 0;
    for (unsigned i = 0; i < count; i++) {
        struct backlog_item item = *at(backlog, i);
        if (item.frame)
            item.run = (struct drop_run){ item.frame->head.frame_id, 1, reason };
        frame_release(item.frame);
        append_loss(backlog, item.run);
    }
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
    append_loss(backlog, (struct drop_run){ frame->head.frame_id, 1, WIRE_DROP_SUPERSEDED });
    for (; index < end; index++)
        append_loss(backlog, at(backlog, index)->run);
    frame_release(frame);
}

bool backlog_is_full(struct backlog *backlog)
{
    if (backlog->mode == WIRE_LIVE)
        return false;
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

void backlog_frame(struct backlog *backlog, struct frame *frame)
{
    uint64_t id = frame->head.frame_id, time = frame->head.sensor_time;
    if (!decimation_wants(&backlog->decimation, id, time)) {
        append_loss(backlog, (struct drop_run){ id, 1, WIRE_DROP_RATE_LIMITED });
    } else if (backlog_is_full(backlog)) {
        append_loss(backlog, (struct drop_run){ id, 1, WIRE_DROP_QUEUE_FULL });
    } else {
        decimation_take(&backlog->decimation, id, time);
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
