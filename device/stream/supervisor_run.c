/*
 * The runs of the camera for its streams: see supervisor_private.h.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "device/camera/watchdog.h"
#include "device/stream/supervisor_private.h"
#include "shared/base/clock.h"
#include "shared/base/log.h"

/* One that ran for longer than this counts as recovered. */
#define RECOVERED_NS (8 * CLOCK_SECOND)

/* A camera's silence is found by so many checks in a row. One that comes late means that the
 * process was held up, and with it the camera's thread: it shows nothing about the camera. */
enum { SILENT_CHECKS = 4 };

static void on_frame(void *user, struct raw_frame *frame)
{
    struct supervisor *supervisor = user;
    atomic_fetch_add(&supervisor->calls, 1);
    if (frame->output == CAMERA_MAIN)
        still_see(&supervisor->still, frame);
    if (frame->output == CAMERA_STILL || atomic_load(&supervisor->still_run))
        still_frame(&supervisor->still, frame);
    else
        outputs_frame(&supervisor->outputs, frame);
    atomic_fetch_add(&supervisor->calls, 1);
}

static void on_lost(void *user, uint32_t sequence, enum wire_drop_reason reason)
{
    struct supervisor *supervisor = user;
    atomic_fetch_add(&supervisor->calls, 1);
    if (!atomic_load(&supervisor->still_run))
        outputs_lost(&supervisor->outputs, sequence, reason);
    atomic_fetch_add(&supervisor->calls, 1);
}

static void on_still_lost(void *user)
{
    struct supervisor *supervisor = user;
    still_fail(&supervisor->still, "the camera could not take it");
}

static void on_end(void *user, int error)
{
    struct supervisor *supervisor = user;
    pthread_mutex_lock(&supervisor->lock);
    supervisor->ended = error ? error : -EIO;
    pthread_cond_signal(&supervisor->changed);
    pthread_mutex_unlock(&supervisor->lock);
}

struct camera_sink supervisor_sink(struct supervisor *supervisor)
{
    return (struct camera_sink){ .on_frame = on_frame,
                                 .on_lost = on_lost,
                                 .on_still_lost = on_still_lost,
                                 .on_end = on_end,
                                 .user = supervisor };
}

/* As the camera's start. One whose pictures the protocol has no size for is off again then. */
static int start_camera(struct supervisor *supervisor, struct error *error)
{
    struct camera_mode *mode = &supervisor->mode;
    const struct camera_ops *ops = supervisor->config.ops;
    struct changes *changes = supervisor->config.changes;
    struct camera_run camera_run = { .sink = supervisor_sink(supervisor) };
    if (changes) {
        changes_expect(changes);
        camera_run.controls = (struct camera_controls){
            .begin = changes_begin, .take = changes_take, .refuse = changes_refuse, .user = changes
        };
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

static void end_changes(struct supervisor *supervisor, bool runs_again)
{
    if (supervisor->config.changes)
        changes_stop(supervisor->config.changes, runs_again);
}

/* Somebody may have come while the camera was being stopped for want of others. */
static bool runs_again(struct supervisor *supervisor)
{
    pthread_mutex_lock(&supervisor->lock);
    bool wanted = supervisor_is_wanted(supervisor) && !supervisor_is_over(supervisor);
    pthread_mutex_unlock(&supervisor->lock);
    return wanted;
}

/* It can't be started, which is logged once for each reason. */
static void report_failure(struct supervisor *supervisor, const struct error *why)
{
    outputs_shut(&supervisor->outputs);
    outputs_bridge(&supervisor->outputs, 0);
    end_changes(supervisor, false);
    if (strcmp(supervisor->reported.text, why->text) != 0)
        log_warning("%s%s; trying again until it works", supervisor->config.label, why->text);
    outputs_status(&supervisor->outputs, WIRE_STREAM_LOST, why->text);
    still_fail(&supervisor->still, why->text);
    supervisor->reported = *why;
}

static void log_mode(const struct supervisor *supervisor, const struct camera_mode *mode)
{
    char rate[32] = "", view[48] = "";
    if (mode->fps > 0)
        snprintf(rate, sizeof(rate), ", %.6g fps", mode->fps);
    if (mode->view > 0)
        snprintf(view, sizeof(view), ", %.0f %% of the sensor's view", mode->view / 100.0);
    log_info("%scamera on: %s, %ux%u %s%s%s", supervisor->config.label, mode->model, mode->width,
             mode->height, pixel_format_name(mode->format), rate, view);
}

/* Starts the camera; false if it can't be. */
static bool start(struct supervisor *supervisor)
{
    const struct camera_mode *mode = &supervisor->mode;
    struct error error = { "" };
    bool switching = supervisor->switching;
    supervisor->switching = false;
    if (!switching)
        outputs_status(&supervisor->outputs, WIRE_STREAM_STARTING, "");
    outputs_expect(&supervisor->outputs);
    if (start_camera(supervisor, &error)) {
        report_failure(supervisor, &error);
        return false;
    }
    supervisor->reported.text[0] = '\0';
    if (supervisor->config.changes)
        changes_started(supervisor->config.changes, mode->shows_changes);
    log_mode(supervisor, mode);
    outputs_open(&supervisor->outputs, mode);
    return true;
}

void supervisor_explain(const struct supervisor *supervisor, int ended, char *text)
{
    if (ended == -ENODEV)
        snprintf(text, SUPERVISOR_WHY_MAX, "the camera was unplugged");
    else if (ended == -ETIMEDOUT)
        snprintf(text, SUPERVISOR_WHY_MAX, "the camera stalled: no frame for %.3g s",
                 (double)supervisor->timeout_ns / 1e9);
    else
        snprintf(text, SUPERVISOR_WHY_MAX, "the camera stopped: %s", strerror(-ended));
}

static void report_lost(struct supervisor *supervisor, int ended)
{
    char why[SUPERVISOR_WHY_MAX];
    supervisor_explain(supervisor, ended, why);
    log_warning("%s%s; restarting it", supervisor->config.label, why);
    outputs_status(&supervisor->outputs, WIRE_STREAM_LOST, why);
    still_fail(&supervisor->still, why);
}

/* The streams are to go on soon: what they lose until then has its own reason. */
static void begin_switch(struct supervisor *supervisor)
{
    supervisor->switching = true;
    outputs_status(&supervisor->outputs, WIRE_STREAM_RUNNING, "taking a still");
}

void supervisor_end_switch(struct supervisor *supervisor)
{
    supervisor->switching = false;
    outputs_bridge(&supervisor->outputs, 0);
    outputs_status(&supervisor->outputs, WIRE_STREAM_STARTING, "");
}

static void stop(struct supervisor *supervisor, int ended, bool switches)
{
    /* Before the stop: a driver that is out of order may take its time for it. */
    if (ended)
        report_lost(supervisor, ended);
    else if (switches)
        begin_switch(supervisor);
    supervisor->config.ops->stop(supervisor->config.camera);
    outputs_shut(&supervisor->outputs);
    end_changes(supervisor, !ended && runs_again(supervisor));
    outputs_drain(&supervisor->outputs);
    if (supervisor->switching) {
        outputs_bridge(&supervisor->outputs, supervisor->mode.fps);
    } else if (!ended) {
        log_info("%scamera off", supervisor->config.label);
        outputs_status(&supervisor->outputs, WIRE_STREAM_STARTING, "");
    }
}

/* A still that is due is no longer waited for: it is taken. */
static bool should_run(struct supervisor *supervisor)
{
    enum still_phase phase = still_phase(&supervisor->still);
    bool used = supervisor_is_wanted(supervisor) || phase == STILL_AWAITED;
    return used && phase != STILL_DUE && !supervisor->ended && !supervisor_is_over(supervisor);
}

bool supervisor_wait_until(struct supervisor *supervisor, supervisor_condition goes_on,
                           uint64_t due)
{
    struct timespec time = clock_timespec(due);
    while (goes_on(supervisor) &&
           pthread_cond_timedwait(&supervisor->changed, &supervisor->lock, &time) != ETIMEDOUT)
        ;
    return goes_on(supervisor);
}

/* How long the camera may be silent. A longer exposure may be set at any time. */
static uint64_t timeout_now(struct supervisor *supervisor)
{
    const struct supervisor_config *config = &supervisor->config;
    double fps = config->min_fps > 0 ? config->min_fps : supervisor->mode.fps;
    if (config->timeout_ns)
        return config->timeout_ns;
    return config->changes ? changes_timeout_ns(config->changes, fps) : camera_timeout_ns(fps);
}

/* What the encoders still have is not the camera's fault: it may have lent out all its buffers. */
static bool is_idle(struct supervisor *supervisor)
{
    struct encoder *stills = supervisor->config.still_encoder;
    return outputs_idle(&supervisor->outputs) && (!stills || encoder_idle(stills));
}

void supervisor_watch(struct supervisor *supervisor, supervisor_condition goes_on)
{
    uint64_t timeout = timeout_now(supervisor), begun = clock_monotonic();
    unsigned silent = 0, calls = atomic_load(&supervisor->calls);
    supervisor->timeout_ns = timeout;
    while (supervisor_wait_until(supervisor, goes_on, begun + timeout / SILENT_CHECKS)) {
        unsigned last = calls;
        calls = atomic_load(&supervisor->calls);
        uint64_t now = clock_monotonic();
        bool alive = calls != last || calls % 2 == 1;
        bool late = now >= begun + 2 * timeout / SILENT_CHECKS;
        timeout = timeout_now(supervisor);
        bool other = timeout != supervisor->timeout_ns;
        supervisor->timeout_ns = timeout;
        if (alive || late || other || !is_idle(supervisor))
            silent = 0;
        else if (++silent == SILENT_CHECKS)
            supervisor->ended = -ETIMEDOUT;
        still_check(&supervisor->still, now);
        begun = now;
    }
}

/* The camera takes it beside the streams. */
static bool is_beside(const struct camera_mode *mode, const struct still_request *request)
{
    return mode->still_width > 0 &&
           (request->width == 0 ||
            (request->width == mode->still_width && request->height == mode->still_height));
}

static void ask_for_still(struct supervisor *supervisor)
{
    still_await(&supervisor->still, &supervisor->mode, clock_monotonic() + supervisor->timeout_ns);
    int error = supervisor->config.ops->still(supervisor->config.camera);
    if (error)
        still_fail(&supervisor->still, strerror(-error));
}

/* Sees to the still that is due, while the camera goes on. False: none is due, or the camera is to
 * be switched for it. */
static bool serve_still(struct supervisor *supervisor)
{
    if (still_phase(&supervisor->still) != STILL_DUE || supervisor->ended ||
        supervisor_is_over(supervisor))
        return false;
    const struct still_request request = still_requested(&supervisor->still);
    bool beside = is_beside(&supervisor->mode, &request);
    if (!beside && (request.may_switch || !supervisor_is_wanted(supervisor)))
        return false;
    pthread_mutex_unlock(&supervisor->lock);
    if (beside)
        ask_for_still(supervisor);
    else
        still_fail(&supervisor->still, "it would interrupt the stream, which is watched: only who "
                                       "may set controls may do that");
    pthread_mutex_lock(&supervisor->lock);
    return true;
}

bool supervisor_run_streams(struct supervisor *supervisor)
{
    uint64_t begin = clock_monotonic();
    /* An end that was reported while the camera was off counts for nothing. */
    supervisor->ended = 0;
    pthread_mutex_unlock(&supervisor->lock);
    supervisor->mode = (struct camera_mode){ 0 };
    bool started = start(supervisor);
    pthread_mutex_lock(&supervisor->lock);
    if (!started)
        return false;
    do
        supervisor_watch(supervisor, should_run);
    while (serve_still(supervisor));
    int ended = supervisor->ended;
    bool switches =
        supervisor_is_wanted(supervisor) && still_phase(&supervisor->still) == STILL_DUE;
    pthread_mutex_unlock(&supervisor->lock);
    stop(supervisor, ended, switches);
    pthread_mutex_lock(&supervisor->lock);
    if (!ended || clock_monotonic() - begin > RECOVERED_NS)
        supervisor->retry_ns = 0;
    return !ended;
}
