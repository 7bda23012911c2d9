#include "host/sinks/queue.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include "host/base/cancellable.h"
#include "host/sinks/entries.h"
#include "host/sinks/files/disk_error.h"
#include "shared/base/log.h"

struct queue {
    struct sink sink;
    struct sink_ops ops;
    const struct sink_writer *writer;
    void *state;
    unsigned delay, batch;
    struct cancellable thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    /* Under lock. */
    struct entries entries; /* that wait */
    unsigned writing;       /* 1: a frame is being written; else 0 */
    size_t bytes;           /* of both */
    bool finishing;         /* nothing follows */
    bool draining;          /* those before the delayed ones are being written */
    bool overflowing;       /* frames find it full, and that was logged */
    bool space_due;         /* is_full() was true: space() is to follow */
    struct sink_totals totals;
    struct log_limit full_limit; /* of the thread that gives frames */
    /* The queue's thread alone. */
    uint64_t lost_in_a_row;
    int logged; /* the error that was logged last since it worked; 0: none */
    struct log_limit limit;
    bool broken;
    struct gap gap; /* that was taken and is being passed on */
};

/* Under the lock. */
static bool is_full(const struct queue *queue)
{
    const struct sink_bound *bound = &queue->sink.bound;
    return queue->entries.count + queue->writing >= bound->frames || queue->bytes >= bound->bytes;
}

/* One line when it begins to fail, or fails in another way, and one when it works again, not one a
 * frame. */
static void note_result(struct queue *queue, uint64_t id, int error)
{
    const struct sink_writer *writer = queue->writer;
    if (error == 0) {
        if (queue->lost_in_a_row > 0)
            log_warning_limited(&queue->limit, "%s: works again; %llu %s were lost meanwhile",
                                writer->log_name, (unsigned long long)queue->lost_in_a_row,
                                writer->units);
        queue->lost_in_a_row = 0;
        queue->logged = 0;
        return;
    }
    queue->lost_in_a_row++;
    if (error == -ESHUTDOWN && !queue->broken) {
        queue->broken = true;
        queue->sink.owner.gone(queue->sink.owner.user, &queue->sink, SINK_BROKEN);
    } else if (error != -ESHUTDOWN && error != -EINTR && error != queue->logged) {
        queue->logged = error;
        if (log_passes(&queue->limit))
            log_error("%s: %s %llu could not be written: %s; going on, and trying again with each",
                      writer->log_name, writer->unit, (unsigned long long)id,
                      disk_error_text(error));
    }
}

/* Notes what became of the frame that was being written. Whether the owner waits for space. */
static bool note_written(struct queue *queue, size_t size, int error)
{
    pthread_mutex_lock(&queue->lock);
    queue->totals.gone = queue->broken;
    if (error) {
        queue->totals.failed++;
    } else {
        queue->totals.written++;
        queue->totals.bytes += size;
    }
    queue->writing = 0;
    queue->bytes -= size;
    if (queue->entries.count <= queue->delay)
        queue->overflowing = false;
    bool due = queue->space_due && !is_full(queue);
    if (due)
        queue->space_due = false;
    pthread_mutex_unlock(&queue->lock);
    return due;
}

static void write_one(struct queue *queue, struct entry *entry, int error)
{
    const struct pitether_frame *frame = entry->frame ? entry->frame : &entry->header;
    size_t size = frame->size;
    if (!error)
        error = queue->writer->write(queue->state, frame, &entry->details);
    note_result(queue, frame->id, error);
    pitether_frame_release(entry->frame);
    if (note_written(queue, size, error))
        queue->sink.owner.space(queue->sink.owner.user);
}

/* Under the lock. */
static bool is_due(struct queue *queue)
{
    if (queue->finishing)
        return true;
    queue->draining = queue->entries.count >= queue->delay + queue->batch ||
                      (queue->draining && queue->entries.count > queue->delay);
    return queue->draining || entries_only_gap(&queue->entries);
}

enum work { NOTHING, ONLY_GAP, FRAME };

/* NOTHING: and nothing will follow. */
static enum work wait_for_work(struct queue *queue)
{
    pthread_mutex_lock(&queue->lock);
    while (!is_due(queue))
        pthread_cond_wait(&queue->changed, &queue->lock);
    enum work work = NOTHING;
    if (queue->entries.count > 0)
        work = FRAME;
    else if (entries_only_gap(&queue->entries))
        work = ONLY_GAP;
    pthread_mutex_unlock(&queue->lock);
    return work;
}

static int wait_for_turn(const struct queue *queue)
{
    if (queue->broken)
        return -ESHUTDOWN;
    return queue->writer->wait ? queue->writer->wait(queue->state) : 0;
}

/* error: of the wait for what follows it. */
static void pass_gap(struct queue *queue, int error)
{
    const struct gap *gap = &queue->gap;
    if (queue->broken || error == -ESHUTDOWN || cancellable_abandoned())
        return;
    for (unsigned i = 0; i <= gap->drops_count; i++) {
        if (gap->has_format && gap->format_at == i)
            queue->writer->format(queue->state, &gap->format);
        if (i < gap->drops_count)
            queue->writer->drops(queue->state, &gap->drops[i]);
    }
}

static void run(void *user)
{
    struct queue *queue = user;
    enum work work;
    while ((work = wait_for_work(queue)) != NOTHING) {
        int error = work == FRAME ? wait_for_turn(queue) : 0;
        struct entry entry = { 0 };
        pthread_mutex_lock(&queue->lock);
        entries_take_gap(&queue->entries, &queue->gap);
        if (work == FRAME) {
            entry = entries_take(&queue->entries);
            queue->writing = 1;
        }
        pthread_mutex_unlock(&queue->lock);
        pass_gap(queue, error);
        if (work == FRAME)
            write_one(queue, &entry, error);
    }
    int error = queue->writer->close ? queue->writer->close(queue->state) : 0;
    pthread_mutex_lock(&queue->lock);
    queue->totals.close_error = error;
    pthread_mutex_unlock(&queue->lock);
}

/* Under the lock. */
static void put_last(struct queue *queue, const struct pitether_frame *frame)
{
    entries_add(&queue->entries, frame, queue->sink.policy != SINK_OBSERVER);
    queue->bytes += frame->size;
    if (queue->entries.count >= queue->delay + queue->batch)
        pthread_cond_signal(&queue->changed);
}

static enum sink_result on_frame(struct sink *sink, const struct pitether_frame *frame)
{
    struct queue *queue = (struct queue *)sink;
    struct entry replaced = { 0 };
    enum sink_result result = SINK_TAKEN;
    bool logs = false;
    pthread_mutex_lock(&queue->lock);
    if (sink->policy == SINK_NEWEST && queue->entries.count > 0) {
        replaced = entries_take(&queue->entries);
        queue->bytes -= replaced.frame->size;
        queue->totals.passed_over++;
        result = SINK_REPLACED;
    }
    if (is_full(queue) && sink->policy != SINK_NEWEST) {
        queue->totals.failed++;
        logs = !queue->overflowing;
        queue->overflowing = true;
        result = SINK_LOST;
    } else {
        put_last(queue, frame);
    }
    pthread_mutex_unlock(&queue->lock);
    pitether_frame_release(replaced.frame);
    if (logs && log_passes(&queue->full_limit))
        log_warning("%s: %s", queue->writer->log_name, queue->writer->too_slow);
    return result;
}

static void on_format(struct sink *sink, const struct pitether_stream *stream)
{
    struct queue *queue = (struct queue *)sink;
    pthread_mutex_lock(&queue->lock);
    gap_set_format(entries_last_gap(&queue->entries), stream);
    if (queue->entries.count == 0)
        pthread_cond_signal(&queue->changed);
    pthread_mutex_unlock(&queue->lock);
}

static void on_drops(struct sink *sink, const struct pitether_drops *drops)
{
    struct queue *queue = (struct queue *)sink;
    pthread_mutex_lock(&queue->lock);
    gap_add_drops(entries_last_gap(&queue->entries), drops);
    if (queue->entries.count == 0)
        pthread_cond_signal(&queue->changed);
    pthread_mutex_unlock(&queue->lock);
}

static bool on_is_full(struct sink *sink)
{
    struct queue *queue = (struct queue *)sink;
    pthread_mutex_lock(&queue->lock);
    bool full = is_full(queue);
    queue->space_due = full;
    pthread_mutex_unlock(&queue->lock);
    return full;
}

static void on_presented(struct sink *sink, const struct pitether_frame *frame,
                         const struct sink_presentation *presentation)
{
    struct queue *queue = (struct queue *)sink;
    pthread_mutex_lock(&queue->lock);
    entries_present(&queue->entries, frame, presentation);
    pthread_mutex_unlock(&queue->lock);
}

static void discard(struct queue *queue)
{
    pthread_cond_destroy(&queue->changed);
    pthread_mutex_destroy(&queue->lock);
    entries_free(&queue->entries);
    free(queue->state);
    free(queue);
}

static bool on_close(struct sink *sink, struct grace *grace, FILE *out)
{
    struct queue *queue = (struct queue *)sink;
    pthread_mutex_lock(&queue->lock);
    queue->finishing = true;
    pthread_cond_signal(&queue->changed);
    pthread_mutex_unlock(&queue->lock);
    cancellable_join(&queue->thread, grace, queue->writer->past_grace);
    const struct sink_totals *totals = &queue->totals;
    bool took_all = totals->failed == 0 && !totals->gone && totals->close_error == 0;
    queue->writer->summarize(queue->state, totals, out);
    discard(queue);
    return took_all;
}

static struct queue *create(const struct sink_writer *writer, void *state,
                            const struct sink_queue_config *config, const struct sink_owner *owner)
{
    struct queue *queue = calloc(1, sizeof(*queue));
    if (!queue)
        return NULL;
    if (entries_create(&queue->entries, config->bound.frames, writer->format || writer->drops)) {
        free(queue);
        return NULL;
    }
    queue->sink = (struct sink){ &queue->ops, config->policy, config->bound, *owner };
    queue->ops = (struct sink_ops){ .name = writer->name, .frame = on_frame, .close = on_close };
    if (writer->format)
        queue->ops.format = on_format;
    if (writer->drops)
        queue->ops.drops = on_drops;
    if (config->policy == SINK_EVERY_FRAME)
        queue->ops.is_full = on_is_full;
    if (config->policy == SINK_OBSERVER)
        queue->ops.presented = on_presented;
    queue->writer = writer;
    queue->state = state;
    queue->delay = config->delay;
    queue->batch = config->batch ? config->batch : 1;
    pthread_mutex_init(&queue->lock, NULL);
    pthread_cond_init(&queue->changed, NULL);
    return queue;
}

int sink_queue_start(struct sink **sink, const struct sink_writer *writer, void *state,
                     const struct sink_queue_config *config, const struct sink_owner *owner)
{
    struct queue *queue = create(writer, state, config, owner);
    int error = queue ? cancellable_start(&queue->thread, writer->log_name, run, queue) : -ENOMEM;
    *sink = error ? NULL : &queue->sink;
    if (!error)
        return 0;
    if (writer->close)
        writer->close(state);
    if (queue)
        discard(queue);
    else
        free(state);
    return error;
}

void *sink_queue_state(struct sink *sink)
{
    return ((struct queue *)sink)->state;
}

struct sink_totals sink_queue_totals(struct sink *sink)
{
    struct queue *queue = (struct queue *)sink;
    pthread_mutex_lock(&queue->lock);
    struct sink_totals totals = queue->totals;
    pthread_mutex_unlock(&queue->lock);
    return totals;
}
