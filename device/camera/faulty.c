/*
 * It is a sink of the pattern that passes frames on, on the pattern's thread, or delays, skips or
 * breaks them. Delayed frames are delivered in the end, and no number is used twice: the number in
 * a picture stays the frame's id, so that tests can check ids from outside.
 */
#include "device/camera/faulty.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

#include "device/camera/faults.h"
#include "device/camera/pattern.h"
#include "shared/base/clock.h"

struct camera {
    struct camera *pattern;
    struct camera_sink sink;
    /* The pattern's thread alone. */
    enum camera_output of; /* whose faults: the stream's, or those of a run for stills */
    bool passed;           /* the last frame of that output was passed on */
    uint64_t shown_change; /* of frames that were not passed on */

    pthread_mutex_t lock;
    pthread_cond_t changed; /* stopping, or last */
    /* Under lock. */
    struct fault_script script;
    uint32_t sequence;          /* of the last frame that arrived, ... */
    uint32_t last;              /* ... and of the last one that was handled */
    uint32_t to_skip, to_break; /* numbers of frames */
    uint64_t back_ns;           /* when the camera is plugged in again; CLOCK_MONOTONIC */
    bool stopping;

    bool running; /* only for start and stop */
};

static bool take(struct camera *camera, enum fault_kind kind, struct fault *fault)
{
    return faults_take(&camera->script, kind, camera->sequence, fault);
}

/* Waits, with the lock held, for so long (0: forever) or until *end. */
static void pause_for(struct camera *camera, uint64_t ns, const bool *end)
{
    struct timespec due = clock_timespec(clock_monotonic() + ns);
    while (!*end &&
           (ns == 0 ? pthread_cond_wait(&camera->changed, &camera->lock)
                    : pthread_cond_timedwait(&camera->changed, &camera->lock, &due)) != ETIMEDOUT)
        ;
}

static const bool never = false;

enum action { ACTION_PASS, ACTION_SKIP, ACTION_BREAK };

/* What to do with the next frame; waits if it is to be delayed. */
static enum action choose_action(struct camera *camera, uint32_t sequence, bool *unplugged)
{
    struct fault fault;
    enum action action = ACTION_PASS;
    pthread_mutex_lock(&camera->lock);
    camera->sequence = sequence;
    /* A stall while the camera is being stopped would end at once, unnoticed. */
    if (!camera->stopping && take(camera, FAULT_STALL, &fault))
        pause_for(camera, fault.ns, &camera->stopping);
    if (take(camera, FAULT_GAP, &fault))
        camera->to_skip += fault.count;
    if (take(camera, FAULT_BROKEN, &fault))
        camera->to_break += fault.count;
    *unplugged = take(camera, FAULT_UNPLUG, &fault);
    if (*unplugged)
        camera->back_ns = clock_monotonic() + fault.ns;
    if (camera->to_skip > 0) {
        camera->to_skip--;
        action = ACTION_SKIP;
    } else if (camera->to_break > 0) {
        camera->to_break--;
        action = ACTION_BREAK;
    }
    pthread_mutex_unlock(&camera->lock);
    return action;
}

static void pass(struct camera *camera, struct raw_frame *frame)
{
    if (frame->shown_change == 0)
        frame->shown_change = camera->shown_change;
    camera->shown_change = 0;
    camera->sink.on_frame(camera->sink.user, frame);
}

/* The frame is not passed on, so the next one is the first to show its change. */
static void hold_back(struct camera *camera, struct raw_frame *frame)
{
    if (frame->shown_change)
        camera->shown_change = frame->shown_change;
    raw_frame_release(frame);
}

/* A preview is lost with its frame; a still is always passed on. */
static void on_other_frame(struct camera *camera, struct raw_frame *frame)
{
    if (frame->output != CAMERA_PREVIEW || camera->passed)
        camera->sink.on_frame(camera->sink.user, frame);
    else
        raw_frame_release(frame);
}

static void on_frame(void *user, struct raw_frame *frame)
{
    struct camera *camera = user;
    struct camera_sink *sink = &camera->sink;
    uint32_t sequence = frame->sequence;
    bool unplugged;
    if (frame->output != camera->of) {
        on_other_frame(camera, frame);
        return;
    }
    enum action action = choose_action(camera, sequence, &unplugged);
    camera->passed = action == ACTION_PASS;
    if (camera->passed)
        pass(camera, frame);
    else
        hold_back(camera, frame);
    if (action == ACTION_BREAK)
        sink->on_lost(sink->user, sequence, WIRE_DROP_CAPTURE_ERROR);
    if (unplugged)
        sink->on_end(sink->user, -ENODEV);
    pthread_mutex_lock(&camera->lock);
    camera->last = sequence;
    pthread_cond_broadcast(&camera->changed);
    if (unplugged)
        pause_for(camera, 0, &camera->stopping);
    pthread_mutex_unlock(&camera->lock);
}

static void on_lost(void *user, uint32_t sequence, enum wire_drop_reason reason)
{
    struct camera *camera = user;
    camera->sink.on_lost(camera->sink.user, sequence, reason);
}

static void on_still_lost(void *user)
{
    struct camera *camera = user;
    camera->sink.on_still_lost(camera->sink.user);
}

static void on_end(void *user, int error)
{
    struct camera *camera = user;
    camera->sink.on_end(camera->sink.user, error);
}

static int fail_unplugged(struct error *error)
{
    return error_set(error, -ENODEV, "the test picture is unplugged (--pattern-faults)");
}

static int faulty_open(struct camera **camera, const char *argument,
                       const struct camera_request *request, struct error *error)
{
    struct camera *self = *camera = calloc(1, sizeof(*self));
    if (!self)
        return error_set(error, -ENOMEM, "out of memory for the test pattern");
    int result = camera_pattern.open(&self->pattern, argument, request, error);
    if (result) {
        free(self);
        *camera = NULL;
        return result;
    }
    if (request->faults)
        self->script = *request->faults;
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_mutex_init(&self->lock, NULL);
    pthread_cond_init(&self->changed, &attributes);
    pthread_condattr_destroy(&attributes);
    struct fault fault;
    if (!take(self, FAULT_ABSENT, &fault))
        return 0;
    self->back_ns = clock_monotonic() + fault.ns;
    return fail_unplugged(error);
}

static int faulty_describe(struct camera *camera, struct camera_description *description,
                           struct error *error)
{
    if (clock_monotonic() < camera->back_ns)
        return fail_unplugged(error);
    return camera_pattern.describe(camera->pattern, description, error);
}

static int faulty_start(struct camera *camera, const struct camera_run *run,
                        struct camera_mode *mode, struct error *error)
{
    struct camera_run ours = *run;
    struct fault fault;
    pthread_mutex_lock(&camera->lock);
    if (take(camera, FAULT_SLOW_START, &fault))
        pause_for(camera, fault.ns, &never);
    bool gone = clock_monotonic() < camera->back_ns;
    camera->stopping = false;
    pthread_mutex_unlock(&camera->lock);
    if (gone)
        return fail_unplugged(error);
    camera->sink = run->sink;
    camera->of = run->still ? CAMERA_STILL : CAMERA_MAIN;
    camera->passed = false;
    camera->shown_change = 0;
    ours.sink = (struct camera_sink){ .on_frame = on_frame,
                                      .on_lost = on_lost,
                                      .on_still_lost = on_still_lost,
                                      .on_end = on_end,
                                      .user = camera };
    int result = camera_pattern.start(camera->pattern, &ours, mode, error);
    camera->running = result == 0;
    return result;
}

static int faulty_still(struct camera *camera)
{
    return camera_pattern.still(camera->pattern);
}

static void faulty_stop(struct camera *camera)
{
    struct fault fault;
    if (!camera->running)
        return;
    camera->running = false;
    pthread_mutex_lock(&camera->lock);
    if (take(camera, FAULT_HANG, &fault))
        pause_for(camera, fault.ns, &never);
    camera->stopping = true;
    pthread_cond_broadcast(&camera->changed);
    uint32_t sequence = camera->sequence;
    if (take(camera, FAULT_LATE, &fault))
        while (camera->last <= sequence)
            pthread_cond_wait(&camera->changed, &camera->lock);
    pthread_mutex_unlock(&camera->lock);
    camera_pattern.stop(camera->pattern);
}

static void faulty_close(struct camera **camera)
{
    if (!camera || !*camera)
        return;
    struct camera *self = *camera;
    faulty_stop(self);
    camera_pattern.close(&self->pattern);
    pthread_cond_destroy(&self->changed);
    pthread_mutex_destroy(&self->lock);
    free(self);
    *camera = NULL;
}

const struct camera_ops camera_faulty = { .open = faulty_open,
                                          .describe = faulty_describe,
                                          .start = faulty_start,
                                          .still = faulty_still,
                                          .stop = faulty_stop,
                                          .close = faulty_close };
