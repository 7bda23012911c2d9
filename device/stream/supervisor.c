#include "device/stream/supervisor.h"

#include <errno.h>
#include <stdlib.h>

#include "device/stream/supervisor_still.h"
#include "device/stream/supervisor_streams.h"
#include "device/stream/supervisor_watch.h"
#include "shared/base/clock.h"

/* How long to wait before a camera that failed is tried again: doubled each time. */
#define RETRY_MIN (CLOCK_SECOND / 2)
#define RETRY_MAX (8 * CLOCK_SECOND)

static void on_limit(void *user)
{
    struct supervisor *supervisor = user;
    pthread_mutex_lock(&supervisor->lock);
    supervisor->finished = true;
    pthread_cond_signal(&supervisor->changed);
    pthread_mutex_unlock(&supervisor->lock);
}

/* The still's phase is another one. */
static void on_still(void *user)
{
    struct supervisor *supervisor = user;
    pthread_mutex_lock(&supervisor->lock);
    pthread_cond_signal(&supervisor->changed);
    pthread_mutex_unlock(&supervisor->lock);
}

static bool should_retry(struct supervisor *supervisor)
{
    return supervisor_is_wanted(supervisor) && !supervisor_is_over(supervisor);
}

static void run_streams(struct supervisor *supervisor)
{
    if (supervisor_run_streams(supervisor))
        return;
    uint64_t wait_ns = supervisor->retry_ns < RETRY_MIN ? RETRY_MIN : supervisor->retry_ns;
    supervisor->ended = 0;
    supervisor_wait_until(supervisor, should_retry, clock_monotonic() + wait_ns);
    supervisor->retry_ns = 2 * wait_ns < RETRY_MAX ? 2 * wait_ns : RETRY_MAX;
}

static void *run(void *user)
{
    struct supervisor *supervisor = user;
    pthread_mutex_lock(&supervisor->lock);
    while (!supervisor_is_over(supervisor)) {
        enum still_phase phase = still_phase(&supervisor->still);
        bool wanted = supervisor_is_wanted(supervisor);
        if (phase == STILL_DUE || (phase == STILL_WAITS && !wanted))
            supervisor_run_still(supervisor);
        else if (wanted)
            run_streams(supervisor);
        else
            pthread_cond_wait(&supervisor->changed, &supervisor->lock);
    }
    pthread_mutex_unlock(&supervisor->lock);
    still_fail(&supervisor->still, "the stream has ended");
    pthread_mutex_lock(&supervisor->lock);
    supervisor->done = true;
    pthread_cond_broadcast(&supervisor->over);
    pthread_mutex_unlock(&supervisor->lock);
    outputs_finished(&supervisor->outputs);
    if (supervisor->config.still_events)
        events_finished(supervisor->config.still_events);
    return NULL;
}

static void discard(struct supervisor *supervisor)
{
    outputs_destroy(&supervisor->outputs);
    still_destroy(&supervisor->still);
    pthread_cond_destroy(&supervisor->over);
    pthread_cond_destroy(&supervisor->changed);
    pthread_mutex_destroy(&supervisor->lock);
    free(supervisor);
}

int supervisor_create(struct supervisor **supervisor, const struct supervisor_config *config,
                      struct encoder *encoder, struct stream_events *events)
{
    struct supervisor *self = *supervisor = calloc(1, sizeof(*self));
    if (!self)
        return -ENOMEM;
    self->config = *config;
    if (!config->label)
        self->config.label = "";
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_mutex_init(&self->lock, NULL);
    pthread_cond_init(&self->changed, &attributes);
    pthread_cond_init(&self->over, &attributes);
    pthread_condattr_destroy(&attributes);
    outputs_add(&self->outputs, CAMERA_MAIN,
                &(struct sequencer_config){ .label = self->config.label,
                                            .encoder = encoder,
                                            .demand = config->demand,
                                            .changes = config->changes,
                                            .capture_limit = config->frame_limit,
                                            .on_limit = on_limit,
                                            .user = self },
                events);
    still_init(&self->still, &(struct still_config){ .label = self->config.label,
                                                     .encoder = config->still_encoder,
                                                     .events = config->still_events,
                                                     .names = config->names,
                                                     .wake = on_still,
                                                     .user = self });
    int error = pthread_create(&self->thread, NULL, run, self);
    if (error) {
        discard(self);
        *supervisor = NULL;
        return -error;
    }
    pthread_setname_np(self->thread, "capture");
    return 0;
}

void supervisor_quit(struct supervisor *supervisor)
{
    pthread_mutex_lock(&supervisor->lock);
    supervisor->quit = true;
    pthread_cond_signal(&supervisor->changed);
    pthread_mutex_unlock(&supervisor->lock);
}

bool supervisor_wait(struct supervisor *supervisor, uint64_t ns)
{
    struct timespec due = clock_timespec(clock_monotonic() + ns);
    supervisor_quit(supervisor);
    pthread_mutex_lock(&supervisor->lock);
    while (!supervisor->done &&
           pthread_cond_timedwait(&supervisor->over, &supervisor->lock, &due) != ETIMEDOUT)
        ;
    bool done = supervisor->done;
    pthread_mutex_unlock(&supervisor->lock);
    return done;
}

void supervisor_destroy(struct supervisor **supervisor)
{
    if (!supervisor || !*supervisor)
        return;
    struct supervisor *self = *supervisor;
    supervisor_quit(self);
    pthread_join(self->thread, NULL);
    discard(self);
    *supervisor = NULL;
}

void supervisor_add_preview(struct supervisor *supervisor, const struct sequencer_config *config,
                            struct stream_events *events)
{
    pthread_mutex_lock(&supervisor->lock);
    outputs_add(&supervisor->outputs, CAMERA_PREVIEW, config, events);
    pthread_mutex_unlock(&supervisor->lock);
}

static void want(struct supervisor *supervisor, enum camera_output output, bool wanted)
{
    pthread_mutex_lock(&supervisor->lock);
    supervisor->wanted[output] = wanted;
    pthread_cond_signal(&supervisor->changed);
    pthread_mutex_unlock(&supervisor->lock);
}

void supervisor_want(struct supervisor *supervisor, bool wanted)
{
    want(supervisor, CAMERA_MAIN, wanted);
}

void supervisor_want_preview(struct supervisor *supervisor, bool wanted)
{
    want(supervisor, CAMERA_PREVIEW, wanted);
}

void supervisor_request_still(struct supervisor *supervisor, const struct still_request *request)
{
    still_request(&supervisor->still, request);
}

void supervisor_cancel_still(struct supervisor *supervisor)
{
    still_fail(&supervisor->still, "nobody waits for it any more");
}

struct sequencer_totals supervisor_totals(struct supervisor *supervisor)
{
    return sequencer_totals(&supervisor->outputs.items[CAMERA_MAIN].sequencer);
}
