#include "host/sinks/sink.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

#include "host/base/cancellable.h"
#include "host/sinks/files/disk_error.h"
#include "shared/base/log.h"

struct sink {
    const struct sink_ops *ops;
    void *state;
    enum sink_policy policy;
    void (*gone)(void *user, const struct sink *sink);
    void *user;
    struct cancellable thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    /* Under lock. */
    const struct pitether_frame *queue[SINK_QUEUE]; /* a ring */
    unsigned first, count;
    bool finishing;
    struct sink_totals totals;
    /* The sink's thread alone. */
    uint64_t lost_in_a_row;
    int told; /* the error that was logged last since it worked; 0: none */
    struct log_limit limit;
    bool broken;
};

/* One line when it begins to fail, or fails in another way, and one when it works again, not one a
 * frame. */
static void note_result(struct sink *sink, const struct pitether_frame *frame, int error)
{
    if (error == 0) {
        if (sink->lost_in_a_row > 0)
            log_warning_limited(&sink->limit, "%s: works again; %llu frames were lost meanwhile",
                                sink->ops->name, (unsigned long long)sink->lost_in_a_row);
        sink->lost_in_a_row = 0;
        sink->told = 0;
        return;
    }
    sink->lost_in_a_row++;
    if (error == -EPIPE && !sink->broken) {
        sink->broken = true;
        sink->gone(sink->user, sink);
    } else if (error != -EPIPE && error != -EINTR && error != sink->told) {
        sink->told = error;
        if (log_passes(&sink->limit))
            log_error("%s: frame %llu could not be written: %s; going on, and trying again with "
                      "each frame",
                      sink->ops->name, (unsigned long long)frame->id, disk_error_text(error));
    }
}

static void write_one(struct sink *sink, const struct pitether_frame *frame, int error)
{
    if (!error)
        error = sink->ops->write(sink->state, frame);
    note_result(sink, frame, error);
    pthread_mutex_lock(&sink->lock);
    sink->totals.gone = sink->broken;
    if (error) {
        sink->totals.failed++;
    } else {
        sink->totals.written++;
        sink->totals.bytes += frame->size;
    }
    pthread_mutex_unlock(&sink->lock);
    pitether_frame_release(frame);
}

/* False: there is none, and none will come. */
static bool wait_for_frame(struct sink *sink)
{
    pthread_mutex_lock(&sink->lock);
    while (sink->count == 0 && !sink->finishing)
        pthread_cond_wait(&sink->changed, &sink->lock);
    bool any = sink->count > 0;
    pthread_mutex_unlock(&sink->lock);
    return any;
}

/* Under the lock. */
static const struct pitether_frame *take_first(struct sink *sink)
{
    const struct pitether_frame *frame = sink->queue[sink->first];
    sink->first = (sink->first + 1) % SINK_QUEUE;
    sink->count--;
    return frame;
}

static int wait_for_turn(const struct sink *sink)
{
    if (sink->broken)
        return -EPIPE;
    return sink->ops->wait ? sink->ops->wait(sink->state) : 0;
}

static void run(void *user)
{
    struct sink *sink = user;
    while (wait_for_frame(sink)) {
        int error = wait_for_turn(sink);
        pthread_mutex_lock(&sink->lock);
        const struct pitether_frame *frame = take_first(sink);
        pthread_mutex_unlock(&sink->lock);
        write_one(sink, frame, error);
    }
    int error = sink->ops->close(sink->state);
    pthread_mutex_lock(&sink->lock);
    sink->totals.close_error = error;
    pthread_mutex_unlock(&sink->lock);
}

static void discard(struct sink *sink)
{
    pthread_cond_destroy(&sink->changed);
    pthread_mutex_destroy(&sink->lock);
    free(sink);
}

int sink_start(struct sink **sink, const struct sink_ops *ops, void *state, enum sink_policy policy,
               void (*gone)(void *user, const struct sink *sink), void *user)
{
    struct sink *self = *sink = calloc(1, sizeof(*self));
    int error = -ENOMEM;
    if (self) {
        *self = (struct sink){
            .ops = ops, .state = state, .policy = policy, .gone = gone, .user = user
        };
        pthread_mutex_init(&self->lock, NULL);
        pthread_cond_init(&self->changed, NULL);
        error = cancellable_start(&self->thread, ops->name, run, self);
        if (error)
            discard(self);
    }
    if (error) {
        ops->close(state);
        *sink = NULL;
    }
    return error;
}

bool sink_push(struct sink *sink, const struct pitether_frame *frame)
{
    const struct pitether_frame *passed_over = NULL;
    pthread_mutex_lock(&sink->lock);
    if (sink->policy == SINK_LIVE && sink->count > 0) {
        passed_over = take_first(sink);
        sink->totals.passed_over++;
    }
    if (sink->count < SINK_QUEUE)
        sink->queue[(sink->first + sink->count++) % SINK_QUEUE] = pitether_frame_hold(frame);
    else /* the receiver has more frames than it should */
        sink->totals.failed++;
    pthread_cond_signal(&sink->changed);
    pthread_mutex_unlock(&sink->lock);
    pitether_frame_release(passed_over);
    return !passed_over;
}

struct sink_totals sink_finish(struct sink **sink, struct grace *grace, bool patient)
{
    struct sink_totals totals = { 0 };
    if (!sink || !*sink)
        return totals;
    struct sink *self = *sink;
    pthread_mutex_lock(&self->lock);
    self->finishing = true;
    pthread_cond_signal(&self->changed);
    pthread_mutex_unlock(&self->lock);
    cancellable_join(&self->thread, grace, patient);
    totals = self->totals;
    discard(self);
    *sink = NULL;
    return totals;
}

struct sink_totals sink_totals(struct sink *sink)
{
    pthread_mutex_lock(&sink->lock);
    struct sink_totals totals = sink->totals;
    pthread_mutex_unlock(&sink->lock);
    return totals;
}
