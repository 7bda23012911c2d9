/*
 * What a subscription has to send, put into batches: see subscription.h.
 */
#include <string.h>

#include "device/serve/subscription.h"
#include "shared/base/clock.h"

static uint8_t number(const struct subscription *subscription)
{
    return (uint8_t)subscription->stream->config.number;
}

/* What is too long for one message is pending, before all else. */
static void add_loss(struct subscription *subscription, struct write_batch *write_batch,
                     struct drop_run run)
{
    uint32_t count = run.count < UINT32_MAX ? (uint32_t)run.count : UINT32_MAX;
    write_batch_message(write_batch,
                        &(struct wire_message){ .type = WIRE_DROPS,
                                                .drops = { .stream = number(subscription),
                                                           .reason = (uint8_t)run.reason,
                                                           .first_frame_id = run.first,
                                                           .count = count } });
    subscription->totals.dropped[run.reason] += count;
    subscription->next_id = run.first + count;
    subscription->pending =
        (struct drop_run){ subscription->next_id, run.count - count, run.reason };
}

/* Why a frame that has not begun can't be sent at all; 0 if it can. */
static enum wire_drop_reason unsendable(struct frame *frame, uint32_t max_message)
{
    enum frame_state state = frame_state(frame);
    if (state == FRAME_ABORTED)
        return WIRE_DROP_ENCODE_ERROR;
    if (state == FRAME_WHOLE && frame->length > max_message)
        return WIRE_DROP_TOO_BIG;
    return 0;
}

static bool is_same_format(const struct wire_stream *one, const struct wire_stream *other)
{
    return one->width == other->width && one->height == other->height &&
           one->fps_mhz == other->fps_mhz && one->view == other->view && one->turn == other->turn &&
           strcmp(one->model, other->model) == 0;
}

static void add_format(struct subscription *subscription, struct write_batch *write_batch)
{
    write_batch_message(
        write_batch, &(struct wire_message){ .type = WIRE_STREAM, .stream = subscription->format });
    subscription->format_due = false;
}

/* The names of what a frame reports come before it. False: there is no space for all of them now.
 */
static bool add_names(struct subscription *subscription, struct write_batch *write_batch)
{
    const struct metadata_names *names = subscription->stream->config.names;
    unsigned count = names ? metadata_names_count(names) : 0;
    while (subscription->names_sent < count) {
        uint8_t *out = write_batch_reserve(write_batch);
        if (!out)
            return false;
        write_batch_add(write_batch, wire_encode_metadata(number(subscription), names,
                                                          &subscription->names_sent, count, out));
    }
    return true;
}

/* A change of the format is sent right before the first frame that shows it. Both messages are
 * small enough for the space that one has. */
static void begin_frame(struct subscription *subscription, struct write_batch *write_batch,
                        struct frame *frame, uint32_t max_message)
{
    enum wire_drop_reason reason = unsendable(frame, max_message);
    if (reason) {
        add_loss(subscription, write_batch, (struct drop_run){ frame->head.frame_id, 1, reason });
        frame_release(frame);
        return;
    }
    if (!is_same_format(&subscription->format, &frame->stream)) {
        subscription->format = frame->stream;
        subscription->format.first_frame_id = frame->head.frame_id;
        add_format(subscription, write_batch);
    }
    struct wire_message head = { .type = WIRE_FRAME_HEAD, .frame_head = frame->head };
    head.frame_head.stream = number(subscription);
    write_batch_message(write_batch, &head);
    subscription->sending = (struct sending){ .frame = frame, .start = clock_device() };
}

/* The oldest frame waits until it has something to send and the path has space for it: until then a
 * newer frame may replace it. */
static bool frame_may_begin(struct subscription *subscription, bool whole_frames)
{
    struct send_queue *send_queue = &subscription->send_queue;
    struct frame *frame = send_queue->items[send_queue->first].frame;
    bool enough = !whole_frames && frame_published(frame) > 0;
    if (frame_state(frame) == FRAME_GROWING && !enough)
        return false;
    return send_queue->mode == WIRE_LOSSLESS || in_flight_may_start(&subscription->in_flight);
}

/* Losses up to the next frame, and that frame's head. */
static void add_next(struct subscription *subscription, struct write_batch *write_batch,
                     const struct sending_rules *rules)
{
    struct send_queue *send_queue = &subscription->send_queue;
    struct send_queue_item item;
    if (subscription->format_due)
        add_format(subscription, write_batch);
    while (!subscription->sending.frame && subscription->pending.count == 0 &&
           write_batch_has_space(write_batch) && !send_queue_empty(send_queue)) {
        if (!send_queue_has_loss(send_queue) &&
            (!frame_may_begin(subscription, rules->whole_frames) ||
             !add_names(subscription, write_batch)))
            return;
        send_queue_take(send_queue, &item);
        if (item.frame)
            begin_frame(subscription, write_batch, item.frame, rules->max_message);
        else
            add_loss(subscription, write_batch, item.run);
    }
}

static void add_tail(struct subscription *subscription, struct write_batch *write_batch,
                     struct frame *frame)
{
    write_batch_message(write_batch,
                        &(struct wire_message){ .type = WIRE_FRAME_TAIL,
                                                .frame_tail = {
                                                    .frame_id = frame->head.frame_id,
                                                    .status = WIRE_FRAME_WHOLE,
                                                    .length = frame->length,
                                                    .crc32c = frame->crc32c,
                                                    .encode_start = frame->encode_start,
                                                    .encode_end = frame->encode_end,
                                                    .send_start = subscription->sending.start,
                                                    .send_end = clock_device(),
                                                } });
    subscription->totals.delivered++;
    subscription->totals.bytes += frame->length;
    subscription->next_id = frame->head.frame_id + 1;
    subscription->sending.tail_sent = true;
}

/* A frame that has begun can't be finished. */
static void add_abort(struct subscription *subscription, struct write_batch *write_batch,
                      enum wire_drop_reason reason)
{
    uint64_t id = subscription->sending.frame->head.frame_id;
    write_batch_message(
        write_batch,
        &(struct wire_message){ .type = WIRE_FRAME_TAIL,
                                .frame_tail = { .frame_id = id, .status = WIRE_FRAME_ABORTED } });
    subscription->pending = (struct drop_run){ id, 1, reason };
    subscription->sending.tail_sent = subscription->sending.aborted = true;
}

static void add_parts(struct subscription *subscription, struct write_batch *write_batch,
                      uint32_t max_message)
{
    struct sending *sending = &subscription->sending;
    struct frame *frame = sending->frame;
    enum frame_state state = frame_state(frame);
    unsigned published = frame_published(frame);
    while (sending->next_slice < published && write_batch_has_space(write_batch)) {
        const struct slice *slice = &frame->slices[sending->next_slice];
        if (sending->bytes + slice->size > max_message) {
            add_abort(subscription, write_batch, WIRE_DROP_TOO_BIG);
            return;
        }
        write_batch_part(write_batch, slice->data, (uint32_t)slice->size);
        sending->bytes += slice->size;
        sending->next_slice++;
    }
    if (!write_batch_has_space(write_batch))
        return;
    if (state == FRAME_ABORTED)
        add_abort(subscription, write_batch, WIRE_DROP_ENCODE_ERROR);
    else if (state == FRAME_WHOLE && sending->next_slice == frame->slice_count)
        add_tail(subscription, write_batch, frame);
}

void subscription_fill_status(struct subscription *subscription, struct write_batch *write_batch)
{
    if (subscription->status_due)
        write_batch_message(
            write_batch,
            &(struct wire_message){ .type = WIRE_STATUS, .status = subscription->stream->status });
    subscription->status_due = false;
}

void subscription_fill_controls(struct subscription *subscription, struct write_batch *write_batch)
{
    if (!subscription->controls_due || subscription->format_due || subscription->sending.frame)
        return;
    uint8_t *out = write_batch_reserve(write_batch);
    if (!out)
        return;
    write_batch_add(write_batch,
                    changes_encode_table(subscription->stream->changes, number(subscription),
                                         &subscription->controls, out));
    subscription->controls_due = !subscription->controls.done;
}

void subscription_fill(struct subscription *subscription, struct write_batch *write_batch,
                       const struct sending_rules *rules)
{
    if (subscription->pending.count > 0)
        add_loss(subscription, write_batch, subscription->pending);
    if (!subscription->sending.frame)
        add_next(subscription, write_batch, rules);
    if (subscription->sending.frame)
        add_parts(subscription, write_batch, rules->max_message);
}

void subscription_batch_sent(struct subscription *subscription)
{
    struct sending *sending = &subscription->sending;
    if (!sending->tail_sent)
        return;
    if (!sending->aborted)
        in_flight_sent(&subscription->in_flight, sending->frame->head.frame_id, sending->bytes);
    frame_release(sending->frame);
    *sending = (struct sending){ 0 };
}
