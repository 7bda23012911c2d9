#include "host/sink.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "shared/clock.h"
#include "shared/log.h"

/* Interrupts a system call that the sink's thread is stuck in. */
enum { NUDGE = SIGUSR1 };
#define NUDGE_EVERY_NS (50 * CLOCK_MS)

struct sink {
    const struct sink_ops *ops;
    void *state;
    void (*gone)(void *user);
    void *user;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    /* Under lock. */
    struct frame *queue[SINK_QUEUE]; /* a ring */
    unsigned first, count;
    bool finishing;
    struct sink_totals totals;
    /* The sink's thread alone. */
    uint64_t lost_in_a_row;
    bool broken;
};

static _Thread_local bool nudged;

static void on_nudge(int signal)
{
    (void)signal;
    nudged = true;
}

bool sink_abandoned(void)
{
    return nudged;
}

/* One line when it begins to fail and one when it works again, not one a frame. */
static void note_result(struct sink *sink, int error)
{
    if (error == 0 && sink->lost_in_a_row > 0) {
        log_warning("%s: works again; %llu frames were lost meanwhile", sink->ops->name,
                    (unsigned long long)sink->lost_in_a_row);
        sink->lost_in_a_row = 0;
    }
    if (error == 0)
        return;
    sink->lost_in_a_row++;
    if (error == -EPIPE && !sink->broken) {
        sink->broken = true;
        sink->gone(sink->user);
    }
}

static void write_one(struct sink *sink, struct frame *frame)
{
    bool first_failure = sink->lost_in_a_row == 0;
    int error = sink->broken ? -EPIPE : sink->ops->write(sink->state, frame);
    if (error && error != -EPIPE && error != -EINTR && first_failure)
        log_error("%s: frame %llu could not be written: %s; going on", sink->ops->name,
                  (unsigned long long)frame->id, strerror(-error));
    note_result(sink, error);
    pthread_mutex_lock(&sink->lock);
    if (error) {
        sink->totals.failed++;
    } else {
        sink->totals.written++;
        sink->totals.bytes += frame->size;
    }
    pthread_mutex_unlock(&sink->lock);
    frame_release(frame);
}

static struct frame *next_frame(struct sink *sink)
{
    struct frame *frame = NULL;
    pthread_mutex_lock(&sink->lock);
    while (sink->count == 0 && !sink->finishing)
        pthread_cond_wait(&sink->changed, &sink->lock);
    if (sink->count > 0) {
        frame = sink->queue[sink->first];
        sink->first = (sink->first + 1) % SINK_QUEUE;
        sink->count--;
    }
    pthread_mutex_unlock(&sink->lock);
    return frame;
}

static void *run(void *user)
{
    struct sink *sink = user;
    struct frame *frame;
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, NUDGE);
    pthread_sigmask(SIG_UNBLOCK, &signals, NULL);
    while ((frame = next_frame(sink)))
        write_one(sink, frame);
    sink->ops->close(sink->state);
    return NULL;
}

int sink_start(struct sink **sink, const struct sink_ops *ops, void *state,
               void (*gone)(void *user), void *user)
{
    struct sink *self = *sink = calloc(1, sizeof(*self));
    struct sigaction action = { .sa_handler = on_nudge };
    sigaction(NUDGE, &action, NULL);
    int error = -ENOMEM;
    if (self) {
        *self = (struct sink){ .ops = ops, .state = state, .gone = gone, .user = user };
        pthread_mutex_init(&self->lock, NULL);
        pthread_cond_init(&self->changed, NULL);
        error = -pthread_create(&self->thread, NULL, run, self);
    }
    if (error) {
        ops->close(state);
        free(self);
        *sink = NULL;
        return error;
    }
    pthread_setname_np(self->thread, ops->name);
    return 0;
}

void sink_push(struct sink *sink, struct frame *frame)
{
    pthread_mutex_lock(&sink->lock);
    sink->queue[(sink->first + sink->count++) % SINK_QUEUE] = frame_hold(frame);
    pthread_cond_signal(&sink->changed);
    pthread_mutex_unlock(&sink->lock);
}

/* Joins the thread, which is given so much time for what it still has to do. */
static void join(pthread_t thread, uint64_t patience_ns)
{
    if (patience_ns == 0) {
        pthread_join(thread, NULL);
        return;
    }
    struct timespec until = clock_timespec(clock_read(CLOCK_REALTIME) + patience_ns);
    while (pthread_timedjoin_np(thread, NULL, &until)) {
        pthread_kill(thread, NUDGE);
        until = clock_timespec(clock_read(CLOCK_REALTIME) + NUDGE_EVERY_NS);
    }
}

struct sink_totals sink_finish(struct sink **sink, uint64_t patience_ns)
{
    struct sink_totals totals = { 0 };
    if (!sink || !*sink)
        return totals;
    struct sink *self = *sink;
    pthread_mutex_lock(&self->lock);
    self->finishing = true;
    pthread_cond_signal(&self->changed);
    pthread_mutex_unlock(&self->lock);
    join(self->thread, patience_ns);
    totals = self->totals;
    pthread_cond_destroy(&self->changed);
    pthread_mutex_destroy(&self->lock);
    free(self);
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
