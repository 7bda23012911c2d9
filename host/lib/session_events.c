/*
 * What a session reports, as events for the receiver's caller.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "host/lib/from_wire.h"
#include "host/lib/receiver_private.h"
#include "shared/base/clock.h"
#include "shared/base/text.h"

static void put_drops(struct pitether *receiver, const struct pitether_drops *drops)
{
    receiver_put(receiver, &(struct pitether_event){ .type = PITETHER_DROPS, .drops = *drops });
}

static void put_drop(struct pitether *receiver, uint64_t id, uint64_t count,
                     enum pitether_drop_reason reason)
{
    put_drops(receiver, &(struct pitether_drops){ .epoch = receiver->session.epoch,
                                                  .first_id = id,
                                                  .count = count,
                                                  .reason = reason });
}

void receiver_announce(struct pitether *receiver)
{
    if (receiver->announced || receiver->session.epoch == 0)
        return;
    receiver->announced = true;
    receiver->reported_lost = false;
    receiver_put(receiver, &(struct pitether_event){ .type = PITETHER_CONNECTED,
                                                     .epoch = receiver->session.epoch });
}

void receiver_lost(struct pitether *receiver, const char *why)
{
    struct pitether_event event = { .type = PITETHER_LOST };
    if (receiver->reported_lost)
        return;
    receiver->reported_lost = true;
    snprintf(event.text, sizeof(event.text), "%s", why);
    text_trim(event.text);
    receiver_put(receiver, &event);
}

static bool has_space(void *user)
{
    struct pitether *receiver = user;
    return event_queue_has_space(receiver->events);
}

static struct pitether_frame *take_frame(void *user)
{
    struct pitether *receiver = user;
    struct pitether_frame *frame;
    while (!(frame = frame_pool_take(receiver->pool)))
        if (!event_queue_displace(receiver->events))
            break;
    return frame;
}

/* How long this machine was suspended since it started. */
static uint64_t suspended_ns(void)
{
    return clock_read(CLOCK_BOOTTIME) - clock_monotonic();
}

static uint64_t first_due(void *user)
{
    struct pitether *receiver = user;
    int64_t offset;
    uint64_t error, now = clock_monotonic();
    bool known = clock_sync_offset(&receiver->clock, now, now, &offset, &error);
    return selection_resume(&receiver->selection, receiver->session.epoch, known ? &offset : NULL,
                            suspended_ns());
}

/* Why a frame that has come is not passed on; 0: it is. With a duration, all frames that were taken
 * in that time are, though they may arrive when it is over; and none of the others. */
static enum pitether_drop_reason judge(struct pitether *receiver,
                                       const struct pitether_frame *frame)
{
    uint64_t unmet = selection_add(&receiver->selection, frame, suspended_ns());
    receiver->last_frame_ns = frame->times.last_byte;
    if (!receiver_takes(receiver, frame)) {
        selection_begin_later(&receiver->selection);
        return PITETHER_DROP_NOT_SETTLED;
    }
    if (receiver->first_frame_ns == 0)
        receiver->first_frame_ns = frame->times.last_byte;
    receiver->end.unmet += unmet;
    return selection_in_time(&receiver->selection) ? 0 : PITETHER_DROP_AFTER_END;
}

static void on_frame(void *user, struct pitether_frame *frame)
{
    struct pitether *receiver = user;
    enum pitether_drop_reason reason = judge(receiver, frame);
    if (!reason) {
        receiver_put(receiver, &(struct pitether_event){ .type = PITETHER_FRAME, .frame = frame });
    } else {
        put_drop(receiver, frame->id, 1, reason);
        pitether_frame_release(frame);
    }
}

static void on_damaged(void *user, uint64_t id, const char *why)
{
    struct pitether *receiver = user;
    log_warning_limited(&receiver->damaged_limit,
                        "frame %" PRIu64 " arrived damaged: %s; thrown away", id, why);
    put_drop(receiver, id, 1, receiver->cut ? PITETHER_DROP_CUT : PITETHER_DROP_DAMAGED);
}

static void on_drops(void *user, const struct wire_drops *wire)
{
    struct pitether *receiver = user;
    struct pitether_drops drops = from_wire_drops(wire, receiver->session.epoch);
    if (drops.reason == PITETHER_DROP_UNSENT && receiver_is_done(receiver))
        drops.overdue = selection_overdue(&receiver->selection, wire);
    put_drops(receiver, &drops);
}

/* On the first STREAM of a connection, next_id is where its accounting begins. */
static void report_missed(struct pitether *receiver)
{
    const struct session *session = &receiver->session;
    uint64_t from = receiver->last_next_id, missed = session->first_id - from;
    /* Ids of stills that others took in the meantime are no loss. */
    if (receiver->last_epoch != session->epoch || session->first_id <= from ||
        receiver->config.mode == PITETHER_STILL)
        return;
    if (!receiver->rested)
        log_warning_limited(&receiver->stream_limit,
                            "%" PRIu64 " frames were missed while there was no connection", missed);
    put_drop(receiver, from, missed, PITETHER_DROP_MISSED);
}

static void on_stream(void *user, const struct wire_stream *wire)
{
    struct pitether *receiver = user;
    struct pitether_event event = { .type = PITETHER_STREAM };
    char rate[32] = "";
    receiver_announce(receiver);
    selection_set_rate(&receiver->selection, wire->fps_mhz);
    event.stream = from_wire_stream(wire, receiver->session.stream.name,
                                    selection_interval(&receiver->selection));
    if (wire->fps_mhz)
        snprintf(rate, sizeof(rate), ", %.6g fps", event.stream.fps);
    if (log_passes(&receiver->stream_limit))
        log_info("camera %s, %ux%u%s", wire->model, wire->width, wire->height, rate);
    report_missed(receiver);
    receiver->last_epoch = receiver->session.epoch;
    receiver->last_next_id = receiver->session.next_id;
    receiver_put(receiver, &event);
}

static void on_status(void *user, const struct wire_status *wire)
{
    struct pitether *receiver = user;
    struct pitether_event event = { .type = PITETHER_STATUS, .status = from_wire_status(wire) };
    const struct pitether_status *status = &event.status;
    receiver_announce(receiver);
    receiver->state[0] = '\0';
    if (status->state == PITETHER_CAMERA_LOST) {
        log_warning_limited(&receiver->status_limit, "the daemon has no camera: %s", status->text);
        snprintf(receiver->state, sizeof(receiver->state), "no camera: %.100s", status->text);
        text_trim(receiver->state);
        receiver->logged_no_camera = true;
    } else if (status->state == PITETHER_CAMERA_STARTING) {
        snprintf(receiver->state, sizeof(receiver->state), "waiting for the camera");
    } else if (receiver->logged_no_camera) {
        /* Its STREAM may be the same as before, and is not sent again then. */
        log_info("the daemon has a camera now");
        receiver->logged_no_camera = false;
    }
    receiver_put(receiver, &event);
}

static void on_controls(void *user, const struct control_table *controls)
{
    receiver_take_controls(user, controls);
}

static bool on_changed(void *user, const struct wire_changed *changed)
{
    return receiver_take_changed(user, changed);
}

struct session_handler receiver_handler(struct pitether *receiver)
{
    return (struct session_handler){
        .first_due = first_due,
        .take_frame = take_frame,
        .on_frame = on_frame,
        .on_damaged = on_damaged,
        .on_drops = on_drops,
        .on_stream = on_stream,
        .on_status = on_status,
        .on_controls = on_controls,
        .on_changed = on_changed,
        .user = receiver,
        .has_space = has_space,
    };
}
