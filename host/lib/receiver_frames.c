/*
 * What comes of a connection: frames for the sinks and the window, and news for the user.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "host/lib/receiver_internal.h"
#include "shared/base/text.h"

/* Under outputs_lock. */
static bool has_outputs(const struct receiver_outputs *outputs)
{
    bool any = outputs->null || outputs->window;
    for (unsigned i = 0; i < outputs->sink_count; i++)
        any = any || outputs->sinks[i];
    return any;
}

bool receiver_detach(struct receiver *receiver, const void *output, enum receiver_end reason)
{
    struct receiver_outputs *outputs = &receiver->outputs;
    bool found = false;
    pthread_mutex_lock(&receiver->outputs_lock);
    for (unsigned i = 0; i < outputs->sink_count; i++)
        if (outputs->sinks[i] == output) {
            outputs->sinks[i] = NULL;
            found = true;
        }
    if (outputs->window == output) {
        outputs->window = NULL;
        found = true;
    }
    bool left = has_outputs(outputs);
    pthread_mutex_unlock(&receiver->outputs_lock);
    if (found && !left)
        receiver_stop(receiver, reason);
    return left;
}

/* The stream's rate is known. */
static void set_interval(struct receiver *receiver, uint32_t fps_mhz)
{
    selection_set_rate(&receiver->selection, fps_mhz);
    uint64_t interval_ns = selection_interval(&receiver->selection);
    pthread_mutex_lock(&receiver->lock);
    bool changed = receiver->interval_ns != interval_ns;
    receiver->interval_ns = interval_ns;
    pthread_mutex_unlock(&receiver->lock);
    if (changed)
        receiver_refresh_window(receiver);
}

static struct pitether_frame *take_frame(void *user)
{
    struct receiver *receiver = user;
    return frame_pool_take(receiver->pool);
}

static void keep(struct receiver *receiver, struct pitether_frame *frame)
{
    const struct receiver_outputs *outputs = &receiver->outputs;
    pthread_mutex_lock(&receiver->outputs_lock);
    bool counts = outputs->null || outputs->window;
    for (unsigned i = 0; i < outputs->sink_count; i++)
        if (outputs->sinks[i] && sink_push(outputs->sinks[i], frame))
            counts = true;
    if (outputs->window)
        window_offer(outputs->window_stream, frame);
    pthread_mutex_unlock(&receiver->outputs_lock);
    receiver->kept++;
    receiver->counted += counts;
    if (receiver->config.frames && receiver->counted == receiver->config.frames)
        receiver_stop(receiver, RECEIVER_DONE);
}

/* How long this machine was suspended since it started. */
static uint64_t suspended_ns(void)
{
    return clock_read(CLOCK_BOOTTIME) - clock_monotonic();
}

static uint64_t first_due(void *user)
{
    struct receiver *receiver = user;
    int64_t offset;
    uint64_t error, now = clock_monotonic();
    bool known = clock_sync_offset(&receiver->clock, now, now, &offset, &error);
    return selection_resume(&receiver->selection, receiver->session.epoch, known ? &offset : NULL,
                            suspended_ns());
}

/* Whether the frame that came last is to be kept: with --duration, all that were taken in that time
 * are, though they may arrive when it is over. */
static bool is_due(struct receiver *receiver)
{
    uint64_t limit = receiver->config.frames;
    if (!selection_in_time(&receiver->selection))
        return false;
    return !receiver_is_stopping(receiver) ||
           (receiver->config.duration_s > 0 && receiver_is_done(receiver) &&
            (!limit || receiver->counted < limit));
}

static void on_frame(void *user, struct pitether_frame *frame)
{
    struct receiver *receiver = user;
    report_frame(receiver->outputs.report, frame);
    if (receiver->outputs.latency_log)
        latency_log_frame(receiver->outputs.latency_log, frame);
    receiver->last_frame_ns = frame->times.last_byte;
    if (receiver->first_frame_ns == 0)
        receiver->first_frame_ns = frame->times.last_byte;
    report_unmet(receiver->outputs.report,
                 selection_add(&receiver->selection, frame, suspended_ns()));
    if (is_due(receiver))
        keep(receiver, frame);
    pitether_frame_release(frame);
}

static void on_damaged(void *user, uint64_t id, const char *why)
{
    struct receiver *receiver = user;
    report_damaged(receiver->outputs.report);
    log_warning_limited(&receiver->damaged_limit,
                        "frame %" PRIu64 " arrived damaged: %s; thrown away", id, why);
}

static void on_drops(void *user, const struct wire_drops *drops)
{
    struct receiver *receiver = user;
    report_drops(receiver->outputs.report, drops);
    if (drops->reason == WIRE_DROP_UNSENT && receiver_is_done(receiver))
        report_unsent_due(receiver->outputs.report, selection_overdue(&receiver->selection, drops));
}

/* On the first STREAM of a connection, next_id is where its accounting begins. */
static void on_stream(void *user, const struct wire_stream *stream)
{
    struct receiver *receiver = user;
    const struct session *session = &receiver->session;
    char rate[32] = "";
    set_interval(receiver, stream->fps_mhz);
    if (stream->fps_mhz)
        snprintf(rate, sizeof(rate), ", %.6g fps", stream->fps_mhz / 1000.0);
    if (log_passes(&receiver->stream_limit))
        log_info("camera %s, %ux%u%s", stream->model, stream->width, stream->height, rate);
    if (receiver->last_epoch == session->epoch && session->first_id > receiver->last_next_id) {
        uint64_t missed = session->first_id - receiver->last_next_id;
        if (!receiver->rested)
            log_warning_limited(&receiver->stream_limit,
                                "%" PRIu64 " frames were missed while there was no connection",
                                missed);
        report_missed(receiver->outputs.report, missed);
    }
    receiver->last_epoch = session->epoch;
    receiver->last_next_id = session->next_id;
}

static void on_status(void *user, const struct wire_status *status)
{
    struct receiver *receiver = user;
    char note[sizeof(receiver->note)] = "";
    if (status->state == WIRE_STREAM_LOST) {
        log_warning_limited(&receiver->status_limit, "the daemon has no camera: %s", status->text);
        snprintf(note, sizeof(note), "no camera: %.100s", status->text);
        text_trim(note);
        receiver->told_lost = true;
    } else if (status->state == WIRE_STREAM_STARTING) {
        snprintf(note, sizeof(note), "waiting for the camera");
    } else if (receiver->told_lost) {
        /* Its STREAM may be the same as before, and is not told again then. */
        log_info("the daemon has a camera now");
        receiver->told_lost = false;
    }
    receiver_set_note(receiver, note);
}

struct session_handler receiver_handler(struct receiver *receiver)
{
    return (struct session_handler){ .first_due = first_due,
                                     .take_frame = take_frame,
                                     .on_frame = on_frame,
                                     .on_damaged = on_damaged,
                                     .on_drops = on_drops,
                                     .on_stream = on_stream,
                                     .on_status = on_status,
                                     .user = receiver };
}
