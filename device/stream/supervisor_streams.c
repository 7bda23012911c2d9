#include "device/stream/supervisor_streams.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "device/stream/supervisor_watch.h"
#include "shared/base/clock.h"
#include "shared/base/log.h"

/* One that ran for longer than this counts as recovered. */
#define RECOVERED_NS (8 * CLOCK_SECOND)

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
    if (supervisor->config.still_encoder) /* of a still that was taken beside the streams */
        encoder_drain(supervisor->config.still_encoder);
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
        still_fail(&supervisor->still, "it would interrupt the stream, which others watch: only a "
                                       "receiver that may set controls may do that");
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
