#include "device/stream/supervisor.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "device/camera/watchdog.h"
#include "shared/base/clock.h"
#include "shared/base/log.h"

/* How long to wait before a camera that failed is tried again: doubled each time. One that ran for
 * longer than the maximum counts as recovered. */
#define RETRY_MIN (CLOCK_SECOND / 2)
#define RETRY_MAX (8 * CLOCK_SECOND)

/* A camera's silence is found by so many checks in a row. One that comes late means that the
 * process was held up, and with it the camera's thread: it shows nothing about the camera. */
enum { SILENT_CHECKS = 4 };

struct supervisor {
    struct supervisor_config config;
    struct outputs outputs;
    pthread_t thread;

    /* The thread's own. */
    uint64_t retry_ns, timeout_ns;
    bool reported; /* that it can't be started */

    pthread_mutex_t lock;
    pthread_cond_t changed; /* for the thread */
    pthread_cond_t over;    /* the thread has no more to do */
    /* Under lock. */
    bool wanted[OUTPUTS_MAX], quit, finished, done;
    int ended; /* why the camera gives nothing more, though it should; 0: it does */
};

static void on_frame(void *user, struct raw_frame *capture)
{
    struct supervisor *supervisor = user;
    outputs_frame(&supervisor->outputs, capture);
}

static void on_lost(void *user, uint32_t sequence, enum wire_drop_reason reason)
{
    struct supervisor *supervisor = user;
    outputs_lost(&supervisor->outputs, sequence, reason);
}

static void on_end(void *user, int error)
{
    struct supervisor *supervisor = user;
    pthread_mutex_lock(&supervisor->lock);
    supervisor->ended = error ? error : -EIO;
    pthread_cond_signal(&supervisor->changed);
    pthread_mutex_unlock(&supervisor->lock);
}

static void on_limit(void *user)
{
    struct supervisor *supervisor = user;
    pthread_mutex_lock(&supervisor->lock);
    supervisor->finished = true;
    pthread_cond_signal(&supervisor->changed);
    pthread_mutex_unlock(&supervisor->lock);
}

/* As the camera's start. One whose pictures the protocol has no size for is off again then. */
static int start_camera(struct supervisor *supervisor, struct camera_mode *mode,
                        struct error *error)
{
    const struct camera_ops *ops = supervisor->config.ops;
    struct changes *changes = supervisor->config.changes;
    struct camera_run camera_run = {
        .sink = { .on_frame = on_frame, .on_lost = on_lost, .on_end = on_end, .user = supervisor },
    };
    if (changes) {
        changes_expect(changes);
        camera_run.controls = (struct camera_controls){ changes_begin, changes_take, changes };
    }
    int result = ops->start(supervisor->config.camera, &camera_run, mode, error);
    if (result || wire_size_is_good(mode->width, mode->height))
        return result;
    /* What came early goes back, or the stop would wait for it. */
    outputs_shut(&supervisor->outputs);
    ops->stop(supervisor->config.camera);
    return error_set(error, -EINVAL,
                     "the camera's pictures are %ux%u, and %d to %d pixels on a side are needed: "
                     "choose another --size",
                     mode->width, mode->height, WIRE_SIDE_MIN, WIRE_SIDE_MAX);
}

static void end_changes(struct supervisor *supervisor)
{
    if (supervisor->config.changes)
        changes_stop(supervisor->config.changes);
}

/* Starts the camera; false if it can't be, which is logged once. */
static bool start(struct supervisor *supervisor, struct camera_mode *mode)
{
    struct error error = { "" };
    outputs_status(&supervisor->outputs, WIRE_STREAM_STARTING, "");
    outputs_expect(&supervisor->outputs);
    if (start_camera(supervisor, mode, &error)) {
        outputs_shut(&supervisor->outputs);
        end_changes(supervisor);
        if (!supervisor->reported)
            log_warning("%s%s; trying again until it works", supervisor->config.label, error.text);
        outputs_status(&supervisor->outputs, WIRE_STREAM_LOST, error.text);
        supervisor->reported = true;
        return false;
    }
    supervisor->reported = false;
    if (supervisor->config.changes)
        changes_started(supervisor->config.changes, mode->shows_changes);
    char rate[32] = "";
    if (mode->fps > 0)
        snprintf(rate, sizeof(rate), ", %.6g fps", mode->fps);
    log_info("%scamera on: %s, %ux%u %s%s", supervisor->config.label, mode->model, mode->width,
             mode->height, pixel_format_name(mode->format), rate);
    outputs_open(&supervisor->outputs, mode);
    return true;
}

static void report_lost(struct supervisor *supervisor, int ended)
{
    char why[128];
    if (ended == -ENODEV)
        snprintf(why, sizeof(why), "the camera was unplugged");
    else if (ended == -ETIMEDOUT)
        snprintf(why, sizeof(why), "the camera stalled: no frame for %.3g s",
                 (double)supervisor->timeout_ns / 1e9);
    else
        snprintf(why, sizeof(why), "the camera stopped: %s", strerror(-ended));
    log_warning("%s%s; restarting it", supervisor->config.label, why);
    outputs_status(&supervisor->outputs, WIRE_STREAM_LOST, why);
}

static void stop(struct supervisor *supervisor, int ended)
{
    /* Before the stop: a driver that is out of order may take its time for it. */
    if (ended)
        report_lost(supervisor, ended);
    supervisor->config.ops->stop(supervisor->config.camera);
    outputs_shut(&supervisor->outputs);
    end_changes(supervisor);
    outputs_drain(&supervisor->outputs);
    if (!ended) {
        log_info("%scamera off", supervisor->config.label);
        outputs_status(&supervisor->outputs, WIRE_STREAM_STARTING, "");
    }
}

static bool is_over(const struct supervisor *supervisor)
{
    return supervisor->quit || supervisor->finished;
}

static bool is_wanted(const struct supervisor *supervisor)
{
    bool wanted = false;
    for (unsigned i = 0; i < OUTPUTS_MAX; i++)
        wanted = wanted || supervisor->wanted[i];
    return wanted;
}

static bool should_run(const struct supervisor *supervisor)
{
    return is_wanted(supervisor) && !supervisor->ended && !is_over(supervisor);
}

/* Waits, with the lock held, until the camera should not run. True: that did not come until due. */
static bool wait_until(struct supervisor *supervisor, uint64_t due)
{
    struct timespec time = clock_timespec(due);
    while (should_run(supervisor) &&
           pthread_cond_timedwait(&supervisor->changed, &supervisor->lock, &time) != ETIMEDOUT)
        ;
    return should_run(supervisor);
}

/* How long the camera may be silent. A longer exposure may be set at any time. */
static uint64_t timeout_now(struct supervisor *supervisor, const struct camera_mode *mode)
{
    const struct supervisor_config *config = &supervisor->config;
    double fps = config->min_fps > 0 ? config->min_fps : mode->fps;
    if (config->timeout_ns)
        return config->timeout_ns;
    return config->changes ? changes_patience_ns(config->changes, fps) : camera_timeout_ns(fps);
}

/* Waits, with the lock held, until the camera should not run, or stalls. What the encoder still
 * has is not the camera's fault: it may have lent out all its buffers. */
static void watch(struct supervisor *supervisor, const struct camera_mode *mode)
{
    uint64_t timeout = timeout_now(supervisor, mode), begun = clock_monotonic();
    supervisor->timeout_ns = timeout;
    bool in_call;
    unsigned silent = 0, calls = outputs_calls(&supervisor->outputs, &in_call);
    while (wait_until(supervisor, begun + timeout / SILENT_CHECKS)) {
        unsigned last = calls;
        calls = outputs_calls(&supervisor->outputs, &in_call);
        uint64_t now = clock_monotonic();
        bool alive = calls != last || in_call;
        bool late = now >= begun + 2 * timeout / SILENT_CHECKS;
        timeout = timeout_now(supervisor, mode);
        bool other = timeout != supervisor->timeout_ns;
        supervisor->timeout_ns = timeout;
        if (alive || late || other || !outputs_idle(&supervisor->outputs))
            silent = 0;
        else if (++silent == SILENT_CHECKS)
            supervisor->ended = -ETIMEDOUT;
        begun = now;
    }
}

/* One run of the camera, from its start to its stop. Holds the lock but for calls of the camera.
 * False: it failed. */
static bool run_camera(struct supervisor *supervisor)
{
    struct camera_mode mode = { 0 };
    uint64_t begin = clock_monotonic();
    supervisor->ended =
        0; /* an end that was reported while the camera was off counts for nothing */
    pthread_mutex_unlock(&supervisor->lock);
    bool started = start(supervisor, &mode);
    pthread_mutex_lock(&supervisor->lock);
    if (!started)
        return false;
    watch(supervisor, &mode);
    int ended = supervisor->ended;
    pthread_mutex_unlock(&supervisor->lock);
    stop(supervisor, ended);
    pthread_mutex_lock(&supervisor->lock);
    if (!ended || clock_monotonic() - begin > RETRY_MAX)
        supervisor->retry_ns = RETRY_MIN;
    return !ended;
}

static void *run(void *user)
{
    struct supervisor *supervisor = user;
    pthread_mutex_lock(&supervisor->lock);
    while (!is_over(supervisor)) {
        if (!is_wanted(supervisor)) {
            pthread_cond_wait(&supervisor->changed, &supervisor->lock);
        } else if (!run_camera(supervisor)) {
            supervisor->ended = 0;
            wait_until(supervisor, clock_monotonic() + supervisor->retry_ns);
            supervisor->retry_ns *= 2;
            if (supervisor->retry_ns > RETRY_MAX)
                supervisor->retry_ns = RETRY_MAX;
        }
    }
    supervisor->done = true;
    pthread_cond_broadcast(&supervisor->over);
    pthread_mutex_unlock(&supervisor->lock);
    outputs_finished(&supervisor->outputs);
    return NULL;
}

static void discard(struct supervisor *supervisor)
{
    outputs_destroy(&supervisor->outputs);
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
    self->retry_ns = RETRY_MIN;
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

struct sequencer_totals supervisor_totals(struct supervisor *supervisor)
{
    return sequencer_totals(&supervisor->outputs.items[CAMERA_MAIN].sequencer);
}
