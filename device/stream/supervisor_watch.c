#include "device/stream/supervisor_watch.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "device/camera/watchdog.h"
#include "shared/base/clock.h"

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
