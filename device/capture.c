#include "device/capture.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/clock.h"
#include "shared/log.h"

/* How long to wait before a camera that failed is tried again: doubling from the first. */
#define RETRY_FIRST (CLOCK_SECOND / 2)
#define RETRY_MOST (8 * CLOCK_SECOND)

/* A sensor that claims to have lost more than this in one go has begun to count anew. */
enum { GAP_MAX = 1000000 };

/* As many as a source has buffers: what it gives while it is still being started. */
enum { EARLY_MAX = 16 };

/* What the camera said of one frame. */
struct report {
    struct capture *capture; /* NULL: lost */
    uint32_t sequence;
    enum wire_drop_reason reason;
};

struct capture_control {
    struct capture_config config;
    struct encoder *encoder;
    struct hub *hub;
    pthread_t thread;

    /* Taken by the camera's thread for each report, and by ours to open and close the gate. */
    pthread_mutex_t gate;
    /* Under gate. Reports wait until the hub has been told of the camera's mode. */
    bool open;
    struct report early[EARLY_MAX];
    unsigned early_count;
    bool sequence_known;
    struct log_limit jump_limit;
    uint32_t last_sequence;
    uint64_t next_id;

    pthread_mutex_t lock;
    pthread_cond_t changed;
    /* Under lock. */
    bool wanted, quit, finished;
    int ended; /* why the source ended by itself; 0: it did not */
    struct capture_totals totals;
};

static void count(struct capture_control *control, uint64_t captures)
{
    pthread_mutex_lock(&control->lock);
    control->totals.ids = control->next_id;
    control->totals.captures += captures;
    if (control->config.frame_limit && control->totals.captures == control->config.frame_limit) {
        control->finished = true;
        pthread_cond_signal(&control->changed);
    }
    pthread_mutex_unlock(&control->lock);
}

/* The id of the frame with this sequence number, after accounting for those in between. */
static uint64_t advance(struct capture_control *control, uint32_t sequence)
{
    uint32_t step = control->sequence_known ? sequence - control->last_sequence : 1;
    if (step == 0 || step > GAP_MAX) {
        log_warning_limited(
            &control->jump_limit,
            "the camera's frame count jumped from %u to %u: taken as the next frame",
            control->last_sequence, sequence);
        step = 1;
    }
    control->sequence_known = true;
    control->last_sequence = sequence;
    if (step > 1)
        encoder_lost(control->encoder,
                     (struct drop_run){ control->next_id, step - 1, WIRE_DROP_SENSOR_GAP });
    return control->next_id + step - 1;
}

static bool is_finished(struct capture_control *control)
{
    pthread_mutex_lock(&control->lock);
    bool finished = control->finished;
    pthread_mutex_unlock(&control->lock);
    return finished;
}

static void account(struct capture_control *control, const struct report *report)
{
    struct capture *capture = report->capture;
    if (is_finished(control)) {
        if (capture)
            capture_release(capture);
        return;
    }
    uint64_t id = advance(control, report->sequence);
    bool good = capture && picture_check(&capture->picture) == 0;
    /* Counted before it is handed on, so that whoever has seen a frame finds it in the totals. */
    control->next_id = id + 1;
    count(control, good);
    if (good) {
        capture->id = id;
        encoder_submit(control->encoder, capture);
        return;
    }
    enum wire_drop_reason reason = capture ? WIRE_DROP_CAPTURE_ERROR : report->reason;
    encoder_lost(control->encoder, (struct drop_run){ id, 1, reason });
    if (capture)
        capture_release(capture);
}

static void receive(struct capture_control *control, struct report report)
{
    pthread_mutex_lock(&control->gate);
    if (control->open)
        account(control, &report);
    else if (control->early_count < EARLY_MAX)
        control->early[control->early_count++] = report;
    else if (report.capture) /* its sequence number will be missed as a gap */
        capture_release(report.capture);
    pthread_mutex_unlock(&control->gate);
}

static void on_capture(void *user, struct capture *capture)
{
    receive(user, (struct report){ .capture = capture, .sequence = capture->sequence });
}

static void on_lost(void *user, uint32_t sequence, enum wire_drop_reason reason)
{
    receive(user, (struct report){ .sequence = sequence, .reason = reason });
}

/* Lets reports through, those that came early first. */
static void open_gate(struct capture_control *control)
{
    pthread_mutex_lock(&control->gate);
    control->sequence_known = false;
    for (unsigned i = 0; i < control->early_count; i++)
        account(control, &control->early[i]);
    control->early_count = 0;
    control->open = true;
    pthread_mutex_unlock(&control->gate);
}

static void close_gate(struct capture_control *control)
{
    pthread_mutex_lock(&control->gate);
    for (unsigned i = 0; i < control->early_count; i++)
        if (control->early[i].capture)
            capture_release(control->early[i].capture);
    control->early_count = 0;
    control->open = false;
    pthread_mutex_unlock(&control->gate);
}

static void on_end(void *user, int error)
{
    struct capture_control *control = user;
    pthread_mutex_lock(&control->lock);
    control->ended = error ? error : -EIO;
    pthread_cond_signal(&control->changed);
    pthread_mutex_unlock(&control->lock);
}

/* Starts the camera; false if it can't be, which the hub and the log are told once. */
static bool start(struct capture_control *control, bool *told)
{
    char error[CAMERA_ERROR_MAX] = "";
    struct camera_mode mode = { 0 };
    struct camera_sink sink = { on_capture, on_lost, on_end, control };
    pthread_mutex_lock(&control->lock);
    control->ended = 0;
    pthread_mutex_unlock(&control->lock);
    hub_status(control->hub, WIRE_STREAM_STARTING, "");
    int result = control->config.ops->start(control->config.camera, &sink, &mode, error);
    if (result) {
        close_gate(control);
        if (!*told)
            log_warning("%s; trying again until it works", error);
        hub_status(control->hub, WIRE_STREAM_LOST, error);
        *told = true;
        return false;
    }
    *told = false;
    char rate[32] = "";
    if (mode.fps > 0)
        snprintf(rate, sizeof(rate), ", %.6g fps", mode.fps);
    log_info("camera on: %s, %ux%u %s%s", mode.model, mode.width, mode.height,
             pixel_format_name(mode.format), rate);
    hub_stream(control->hub, &mode);
    open_gate(control);
    return true;
}

static void stop(struct capture_control *control, int ended)
{
    control->config.ops->stop(control->config.camera);
    close_gate(control);
    encoder_drain(control->encoder);
    const char *why = ended == -ENODEV ? "the camera was unplugged" : "the camera stopped";
    if (ended) {
        log_warning("%s (%s); waiting for its return", why, strerror(-ended));
        hub_status(control->hub, WIRE_STREAM_LOST, why);
    } else {
        log_info("camera off");
        hub_status(control->hub, WIRE_STREAM_STARTING, "");
    }
}

static bool should_run(const struct capture_control *control)
{
    return control->wanted && !control->quit && !control->finished;
}

/* Waits, with the lock held, until the camera should not run, or for at most ns. */
static void wait_unwanted(struct capture_control *control, uint64_t ns)
{
    struct timespec until = clock_timespec(clock_monotonic() + ns);
    while (should_run(control) &&
           pthread_cond_timedwait(&control->changed, &control->lock, &until) != ETIMEDOUT)
        ;
}

static void *run(void *user)
{
    struct capture_control *control = user;
    uint64_t retry = RETRY_FIRST;
    bool told = false;
    pthread_mutex_lock(&control->lock);
    while (!control->quit && !control->finished) {
        if (!control->wanted) {
            pthread_cond_wait(&control->changed, &control->lock);
            continue;
        }
        pthread_mutex_unlock(&control->lock);
        bool started = start(control, &told);
        pthread_mutex_lock(&control->lock);
        while (started && should_run(control) && !control->ended)
            pthread_cond_wait(&control->changed, &control->lock);
        int ended = control->ended;
        if (started) {
            pthread_mutex_unlock(&control->lock);
            stop(control, ended);
            pthread_mutex_lock(&control->lock);
        }
        retry = started ? RETRY_FIRST : retry;
        if (!started || ended) {
            wait_unwanted(control, retry);
            retry = 2 * retry < RETRY_MOST ? 2 * retry : RETRY_MOST;
        }
    }
    pthread_mutex_unlock(&control->lock);
    hub_finished(control->hub);
    return NULL;
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
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_mutex_init(&self->gate, NULL);
    pthread_mutex_init(&self->lock, NULL);
    pthread_cond_init(&self->changed, &attributes);
    pthread_condattr_destroy(&attributes);
    int error = pthread_create(&self->thread, NULL, run, self);
    if (error) {
        free(self);
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

void capture_destroy(struct capture_control **control)
{
    if (!control || !*control)
        return;
    struct capture_control *self = *control;
    capture_quit(self);
    pthread_join(self->thread, NULL);
    pthread_cond_destroy(&self->changed);
    pthread_mutex_destroy(&self->lock);
    pthread_mutex_destroy(&self->gate);
    free(self);
    *control = NULL;
}

void capture_want(struct capture_control *control, bool wanted)
{
    pthread_mutex_lock(&control->lock);
    control->wanted = wanted;
    pthread_cond_signal(&control->changed);
    pthread_mutex_unlock(&control->lock);
}

struct capture_totals capture_totals(struct capture_control *control)
{
    pthread_mutex_lock(&control->lock);
    struct capture_totals totals = control->totals;
    pthread_mutex_unlock(&control->lock);
    return totals;
}
