#include "device/capture.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/clock.h"
#include "shared/log.h"

/* How long to wait before a camera that failed is tried again: doubling from the first. One that
 * ran for longer than the last counts as mended. */
#define RETRY_FIRST (CLOCK_SECOND / 2)
#define RETRY_MOST (8 * CLOCK_SECOND)

/* A camera's silence is measured in so many looks. One that comes late means that the process was
 * held up, and with it the camera's thread: it says nothing about the camera. */
enum { SILENT_LOOKS = 4 };

struct capture_control {
    struct capture_config config;
    struct encoder *encoder;
    struct hub *hub;
    struct intake intake;
    pthread_t thread;

    /* The thread's own. */
    uint64_t retry_ns, patience_ns;
    bool told; /* that it can't be started */

    pthread_mutex_t lock;
    pthread_cond_t changed; /* for the thread */
    pthread_cond_t over;    /* the thread has done all that it had to */
    /* Under lock. */
    bool wanted, quit, finished, done;
    int ended; /* why the camera gives nothing more, though it should; 0: it does */
};

static void on_capture(void *user, struct capture *capture)
{
    struct capture_control *control = user;
    intake_capture(&control->intake, capture);
}

static void on_lost(void *user, uint32_t sequence, enum wire_drop_reason reason)
{
    struct capture_control *control = user;
    intake_lost(&control->intake, sequence, reason);
}

static void on_end(void *user, int error)
{
    struct capture_control *control = user;
    pthread_mutex_lock(&control->lock);
    control->ended = error ? error : -EIO;
    pthread_cond_signal(&control->changed);
    pthread_mutex_unlock(&control->lock);
}

static void on_limit(void *user)
{
    struct capture_control *control = user;
    pthread_mutex_lock(&control->lock);
    control->finished = true;
    pthread_cond_signal(&control->changed);
    pthread_mutex_unlock(&control->lock);
}

/* As the camera's start. One whose pictures the protocol has no size for is off again then. */
static int start_camera(struct capture_control *control, struct camera_mode *mode, char *error)
{
    const struct camera_ops *ops = control->config.ops;
    struct camera_sink sink = { on_capture, on_lost, on_end, control };
    int result = ops->start(control->config.camera, &sink, mode, error);
    if (result || wire_size_is_good(mode->width, mode->height))
        return result;
    intake_shut(&control->intake); /* what came early goes back, or the stop would wait for it */
    ops->stop(control->config.camera);
    snprintf(error, CAMERA_ERROR_MAX,
             "the camera's pictures are %ux%u, and %d to %d pixels on a side are needed: choose "
             "another --size",
             mode->width, mode->height, WIRE_SIDE_MIN, WIRE_SIDE_MAX);
    return -EINVAL;
}

/* Starts the camera; false if it can't be, which the hub and the log are told once. */
static bool start(struct capture_control *control, struct camera_mode *mode)
{
    char error[CAMERA_ERROR_MAX] = "";
    hub_status(control->hub, WIRE_STREAM_STARTING, "");
    intake_expect(&control->intake);
    if (start_camera(control, mode, error)) {
        intake_shut(&control->intake);
        if (!control->told)
            log_warning("%s; trying again until it works", error);
        hub_status(control->hub, WIRE_STREAM_LOST, error);
        control->told = true;
        return false;
    }
    control->told = false;
    char rate[32] = "";
    if (mode->fps > 0)
        snprintf(rate, sizeof(rate), ", %.6g fps", mode->fps);
    log_info("camera on: %s, %ux%u %s%s", mode->model, mode->width, mode->height,
             pixel_format_name(mode->format), rate);
    hub_stream(control->hub, mode);
    intake_open(&control->intake);
    return true;
}

static void tell_lost(struct capture_control *control, int ended)
{
    char why[128];
    if (ended == -ENODEV)
        snprintf(why, sizeof(why), "the camera was unplugged");
    else if (ended == -ETIMEDOUT)
        snprintf(why, sizeof(why), "the camera stalled: no frame for %.3g s",
                 (double)control->patience_ns / 1e9);
    else
        snprintf(why, sizeof(why), "the camera stopped: %s", strerror(-ended));
    log_warning("%s; starting it anew", why);
    hub_status(control->hub, WIRE_STREAM_LOST, why);
}

static void stop(struct capture_control *control, int ended)
{
    /* Before the stop: a driver that is out of order may take its time for it. */
    if (ended)
        tell_lost(control, ended);
    control->config.ops->stop(control->config.camera);
    intake_shut(&control->intake);
    encoder_drain(control->encoder);
    if (!ended) {
        log_info("camera off");
        hub_status(control->hub, WIRE_STREAM_STARTING, "");
    }
}

static bool is_over(const struct capture_control *control)
{
    return control->quit || control->finished;
}

static bool should_run(const struct capture_control *control)
{
    return control->wanted && !control->ended && !is_over(control);
}

/* Waits, with the lock held, until the camera should not run. True: that did not come until due. */
static bool wait_until(struct capture_control *control, uint64_t due)
{
    struct timespec time = clock_timespec(due);
    while (should_run(control) &&
           pthread_cond_timedwait(&control->changed, &control->lock, &time) != ETIMEDOUT)
        ;
    return should_run(control);
}

/* Waits, with the lock held, until the camera should not run, or stalls. What the encoder still
 * has is not the camera's fault: it may have lent out all its buffers. */
static void watch(struct capture_control *control)
{
    uint64_t step = control->patience_ns / SILENT_LOOKS, due = clock_monotonic() + step;
    unsigned silent = 0, calls = intake_calls(&control->intake);
    while (wait_until(control, due)) {
        unsigned last = calls;
        calls = intake_calls(&control->intake);
        uint64_t now = clock_monotonic();
        bool speaks = calls != last || calls % 2 == 1;
        if (speaks || now >= due + step || !encoder_idle(control->encoder))
            silent = 0;
        else if (++silent == SILENT_LOOKS)
            control->ended = -ETIMEDOUT;
        due = now + step;
    }
}

/* One run of the camera, from its start to its stop. Holds the lock but for calls of the camera.
 * False: it failed. */
static bool run_camera(struct capture_control *control)
{
    struct camera_mode mode = { 0 };
    uint64_t begin = clock_monotonic(), patience = control->config.patience_ns;
    control->ended = 0; /* who was off had nothing to say */
    pthread_mutex_unlock(&control->lock);
    bool started = start(control, &mode);
    control->patience_ns = patience ? patience : camera_patience_ns(mode.fps);
    pthread_mutex_lock(&control->lock);
    if (!started)
        return false;
    watch(control);
    int ended = control->ended;
    pthread_mutex_unlock(&control->lock);
    stop(control, ended);
    pthread_mutex_lock(&control->lock);
    if (!ended || clock_monotonic() - begin > RETRY_MOST)
        control->retry_ns = RETRY_FIRST;
    return !ended;
}

static void *run(void *user)
{
    struct capture_control *control = user;
    pthread_mutex_lock(&control->lock);
    while (!is_over(control)) {
        if (!control->wanted) {
            pthread_cond_wait(&control->changed, &control->lock);
        } else if (!run_camera(control)) {
            control->ended = 0;
            wait_until(control, clock_monotonic() + control->retry_ns);
            control->retry_ns *= 2;
            if (control->retry_ns > RETRY_MOST)
                control->retry_ns = RETRY_MOST;
        }
    }
    control->done = true;
    pthread_cond_broadcast(&control->over);
    pthread_mutex_unlock(&control->lock);
    hub_finished(control->hub);
    return NULL;
}

static void discard(struct capture_control *control)
{
    intake_destroy(&control->intake);
    pthread_cond_destroy(&control->over);
    pthread_cond_destroy(&control->changed);
    pthread_mutex_destroy(&control->lock);
    free(control);
}

int capture_create(struct capture_control **control, const struct capture_config *config,
                   struct encoder *encoder, struct hub *hub)
{
    struct capture_control *self = *control = calloc(1, sizeof(*self));
    if (!self)
        return -ENOMEM;
    self->config = *config;
    self->encoder = encoder;
    self->hub = hub;
    self->retry_ns = RETRY_FIRST;
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_mutex_init(&self->lock, NULL);
    pthread_cond_init(&self->changed, &attributes);
    pthread_cond_init(&self->over, &attributes);
    pthread_condattr_destroy(&attributes);
    intake_init(&self->intake, encoder, config->demand, config->frame_limit, on_limit, self);
    int error = pthread_create(&self->thread, NULL, run, self);
    if (error) {
        discard(self);
        *control = NULL;
        return -error;
    }
    pthread_setname_np(self->thread, "capture");
    return 0;
}

void capture_quit(struct capture_control *control)
{
    pthread_mutex_lock(&control->lock);
    control->quit = true;
    pthread_cond_signal(&control->changed);
    pthread_mutex_unlock(&control->lock);
}

bool capture_wait(struct capture_control *control, uint64_t ns)
{
    struct timespec due = clock_timespec(clock_monotonic() + ns);
    capture_quit(control);
    pthread_mutex_lock(&control->lock);
    while (!control->done &&
           pthread_cond_timedwait(&control->over, &control->lock, &due) != ETIMEDOUT)
        ;
    bool done = control->done;
    pthread_mutex_unlock(&control->lock);
    return done;
}

void capture_destroy(struct capture_control **control)
{
    if (!control || !*control)
        return;
    struct capture_control *self = *control;
    capture_quit(self);
    pthread_join(self->thread, NULL);
    discard(self);
    *control = NULL;
}

void capture_want(struct capture_control *control, bool wanted)
{
    pthread_mutex_lock(&control->lock);
    control->wanted = wanted;
    pthread_cond_signal(&control->changed);
    pthread_mutex_unlock(&control->lock);
}

struct intake_totals capture_totals(struct capture_control *control)
{
    return intake_totals(&control->intake);
}
