/*
 * What a client is owed, put into batches and written: see client.h.
 */
#include <errno.h>
#include <string.h>
#include <sys/epoll.h>

#include "device/serve/client.h"
#include "shared/base/clock.h"
#include "shared/base/log.h"

/* Then it is the others' turn, however much there is and however fast it would go. */
enum { WRITE_AT_ONCE = 1024 * 1024 };

static void add(struct client *client, const struct wire_message *message)
{
    write_batch_message(&client->write_batch, message);
}

static void add_opening(struct client *client)
{
    write_batch_opening(&client->write_batch);
    client->opening_due = false;
    /* Who has no key learns no more than that one is needed. */
    if (client->end_due && client->final_message.type == WIRE_ERROR &&
        client->final_message.error.code == WIRE_ERROR_TLS_REQUIRED)
        return;
    struct wire_message hello = { .type = WIRE_HELLO,
                                  .hello = { .max_message = WIRE_CONTROL_MAX,
                                             .epoch = client->shared->epoch,
                                             .software = "pitetherd " PITETHER_VERSION } };
    struct wire_message streams = { .type = WIRE_STREAMS, .streams.count = 1 };
    strncpy(streams.streams.name, client->shared->camera_name, WIRE_TEXT_MAX);
    add(client, &hello);
    add(client, &streams);
}

/* Small messages that may stand anywhere between others, also between the parts of a frame. */
static void add_small(struct client *client)
{
    for (unsigned i = 0; i < client->pong_count; i++) {
        client->pongs[i].t3 = clock_device();
        add(client, &(struct wire_message){ .type = WIRE_PONG, .pong = client->pongs[i] });
    }
    client->pong_count = 0;
    if (client->ping_due)
        add(client, &(struct wire_message){ .type = WIRE_PING, .ping.t1 = clock_device() });
    client->ping_due = false;
    if (client->status_due)
        add(client,
            &(struct wire_message){ .type = WIRE_STATUS, .status = client->shared->status });
    client->status_due = false;
}

/* What is too long for one message is pending, before all else. */
static void add_loss(struct client *client, struct drop_run run)
{
    uint32_t count = run.count < UINT32_MAX ? (uint32_t)run.count : UINT32_MAX;
    add(client, &(struct wire_message){ .type = WIRE_DROPS,
                                        .drops = { .reason = (uint8_t)run.reason,
                                                   .first_frame_id = run.first,
                                                   .count = count } });
    client->totals.dropped[run.reason] += count;
    client->next_id = run.first + count;
    client->pending = (struct drop_run){ client->next_id, run.count - count, run.reason };
}

/* Why a frame that has not begun can't be sent at all; 0 if it can. */
static enum wire_drop_reason unsendable(const struct client *client, struct frame *frame)
{
    enum frame_state state = frame_state(frame);
    if (state == FRAME_ABORTED)
        return WIRE_DROP_ENCODE_ERROR;
    if (state == FRAME_WHOLE && frame->length > client->max_message)
        return WIRE_DROP_TOO_BIG;
    return 0;
}

static bool is_same_stream(const struct wire_stream *one, const struct wire_stream *other)
{
    return one->width == other->width && one->height == other->height &&
           one->fps_mhz == other->fps_mhz && strcmp(one->model, other->model) == 0;
}

static void add_stream(struct client *client)
{
    add(client, &(struct wire_message){ .type = WIRE_STREAM, .stream = client->stream });
    client->stream_due = false;
}

/* A change of the stream is told right before the first frame that shows it. Both messages are
 * small enough for one's room. */
static void begin_frame(struct client *client, struct frame *frame)
{
    enum wire_drop_reason reason = unsendable(client, frame);
    if (reason) {
        add_loss(client, (struct drop_run){ frame->head.frame_id, 1, reason });
        frame_release(frame);
        return;
    }
    if (!is_same_stream(&client->stream, &frame->stream)) {
        client->stream = frame->stream;
        client->stream.first_frame_id = frame->head.frame_id;
        add_stream(client);
    }
    add(client, &(struct wire_message){ .type = WIRE_FRAME_HEAD, .frame_head = frame->head });
    client->sending = (struct sending){ .frame = frame, .start = clock_device() };
}

/* The oldest frame waits until it has something to send and the path has room for it: so long, a
 * newer one may still take its place. */
static bool frame_may_begin(struct client *client)
{
    struct frame *frame = client->send_queue.items[client->send_queue.first].frame;
    bool enough = !client->shared->crowded && frame_published(frame) > 0;
    if (frame_state(frame) == FRAME_GROWING && !enough)
        return false;
    return client->send_queue.mode == WIRE_LOSSLESS || in_flight_may_start(&client->in_flight);
}

/* Losses up to the next frame, and that frame's head. */
static void add_next(struct client *client)
{
    struct send_queue_item item;
    if (client->stream_due)
        add_stream(client);
    while (!client->sending.frame && client->pending.count == 0 &&
           write_batch_has_room(&client->write_batch) && !send_queue_empty(&client->send_queue)) {
        if (!send_queue_has_loss(&client->send_queue) && !frame_may_begin(client))
            return;
        send_queue_take(&client->send_queue, &item);
        if (item.frame)
            begin_frame(client, item.frame);
        else
            add_loss(client, item.run);
    }
}

static void add_tail(struct client *client, struct frame *frame)
{
    add(client, &(struct wire_message){ .type = WIRE_FRAME_TAIL,
                                        .frame_tail = {
                                            .frame_id = frame->head.frame_id,
                                            .status = WIRE_FRAME_WHOLE,
                                            .length = frame->length,
                                            .crc32c = frame->crc32c,
                                            .encode_start = frame->encode_start,
                                            .encode_end = frame->encode_end,
                                            .send_start = client->sending.start,
                                            .send_end = clock_device(),
                                        } });
    client->totals.delivered++;
    client->totals.bytes += frame->length;
    client->next_id = frame->head.frame_id + 1;
    client->sending.tail_sent = true;
}

/* A frame that has begun can't be finished. */
static void add_abort(struct client *client, enum wire_drop_reason reason)
{
    uint64_t id = client->sending.frame->head.frame_id;
    add(client,
        &(struct wire_message){ .type = WIRE_FRAME_TAIL,
                                .frame_tail = { .frame_id = id, .status = WIRE_FRAME_ABORTED } });
    client->pending = (struct drop_run){ id, 1, reason };
    client->sending.tail_sent = client->sending.aborted = true;
}

static void add_parts(struct client *client)
{
    struct sending *sending = &client->sending;
    struct frame *frame = sending->frame;
    enum frame_state state = frame_state(frame);
    unsigned published = frame_published(frame);
    while (sending->next_slice < published && write_batch_has_room(&client->write_batch)) {
        const struct slice *slice = &frame->slices[sending->next_slice];
        if (sending->bytes + slice->size > client->max_message) {
            add_abort(client, WIRE_DROP_TOO_BIG);
            return;
        }
        write_batch_part(&client->write_batch, slice->data, (uint32_t)slice->size);
        sending->bytes += slice->size;
        sending->next_slice++;
    }
    if (!write_batch_has_room(&client->write_batch))
        return;
    if (state == FRAME_ABORTED)
        add_abort(client, WIRE_DROP_ENCODE_ERROR);
    else if (state == FRAME_WHOLE && sending->next_slice == frame->slice_count)
        add_tail(client, frame);
}

static void add_final_message(struct client *client)
{
    struct wire_message *final_message = &client->final_message;
    if (final_message->type == WIRE_END) {
        final_message->end.captured = client->next_id - client->first_id;
        final_message->end.delivered = client->totals.delivered;
        final_message->end.dropped = final_message->end.captured - final_message->end.delivered;
    }
    add(client, final_message);
    client->end_due = false;
    client->final_message_sent = true;
}

/* Makes the next batch; it is empty if nothing is owed or can be sent now. A batch holds one frame
 * at most, so that the frame can be released once it is out. */
static void fill(struct client *client)
{
    bool answers = client->pong_count > 0;
    if (client->opening_due)
        add_opening(client);
    add_small(client);
    /* Before a frame a PONG leaves by itself: in one packet with its first bytes it would take as
     * long as they do, and tell so much less of the clock. */
    if (answers && !client->sending.frame)
        return;
    if (client->end_due && client->final_message.type == WIRE_ERROR) {
        add_final_message(client);
        return;
    }
    if (client->pending.count > 0)
        add_loss(client, client->pending);
    if (!client->sending.frame)
        add_next(client);
    if (client->sending.frame)
        add_parts(client);
    if (client->end_due && !client->sending.frame && client->pending.count == 0 &&
        send_queue_empty(&client->send_queue))
        add_final_message(client);
}

/* The batch is out. */
static void batch_done(struct client *client)
{
    struct sending *sending = &client->sending;
    if (sending->tail_sent) {
        if (!sending->aborted)
            in_flight_sent(&client->in_flight, sending->frame->head.frame_id, sending->bytes);
        frame_release(sending->frame);
        *sending = (struct sending){ 0 };
    }
    if (client->final_message_sent && client->state == CLIENT_ENDING) {
        client->transport->ops->finish(client->transport);
        client->state = CLIENT_DRAINING;
    }
}

static void write_all(struct client *client)
{
    uint64_t written = 0;
    while (client->state != CLIENT_DEAD) {
        int error = write_batch_flush(&client->write_batch, client->transport, &written);
        if (written > 0 && client->state == CLIENT_ENDING)
            client->progress_ns = clock_monotonic();
        if (error && error != -EAGAIN) {
            client_lose(client, error);
            return;
        }
        if (error == 0)
            batch_done(client);
        if (error == 0 && client->final_message_sent)
            break;
        if (error == -EAGAIN || written >= WRITE_AT_ONCE) {
            loop_change(client->loop, &client->watch, EPOLLIN | EPOLLOUT);
            return;
        }
        fill(client);
        if (write_batch_empty(&client->write_batch))
            break;
    }
    loop_change(client->loop, &client->watch, EPOLLIN);
}

void client_write(struct client *client)
{
    if (client->state == CLIENT_HANDSHAKE)
        return;
    write_all(client);
    if (client->demand.full)
        client_update_demand(client);
}
