/*
 * The fate of each frame, from STREAM to END: see session.h.
 */
#include <inttypes.h>

#include "host/lib/from_wire.h"
#include "host/lib/session_private.h"
#include "shared/jpeg/jpeg_check.h"
#include "shared/protocol/crc32c.h"

#define EXPOSURE_MOST_US 1e12

/* Fails the session unless this id is the next one. */
static bool expect(struct session *session, uint64_t id)
{
    if (session->started && id == session->next_id)
        return true;
    if (session->started)
        session_reject(session, "frame %" PRIu64 " instead of %" PRIu64, id, session->next_id);
    else
        session_reject(session, "a frame before STREAM");
    return false;
}

/* Accounts for `count` ids from this one on. */
static bool account(struct session *session, uint64_t id, uint64_t count, uint64_t *total)
{
    if (!expect(session, id))
        return false;
    if (count == 0 || id + count < id) {
        session_reject(session, "an empty or endless range of frames");
        return false;
    }
    session->next_id += count;
    session->totals.captured += count;
    *total += count;
    return true;
}

/* Whether the accounting may begin with this id. */
static bool may_begin(struct session *session, uint64_t id)
{
    const struct session_config *config = &session->config;
    if (config->past_epoch != session->epoch || id >= config->past_next_id)
        return true;
    session_reject(session,
                   "frames from %" PRIu64 " on, though this epoch was at %" PRIu64 " already", id,
                   config->past_next_id);
    return false;
}

void session_take_stream(struct session *session, const struct wire_stream *stream)
{
    if (stream->codec != WIRE_CODEC_JPEG) {
        session->fatal = true;
        session_send_error(session, WIRE_ERROR_PROTOCOL, "an unknown codec");
        session_fail(session,
                     "the daemon sends codec %u, which this version does not know: update it",
                     stream->codec);
        return;
    }
    if (!wire_size_is_good(stream->width, stream->height)) {
        session_reject(session, "a stream of %ux%u", stream->width, stream->height);
        return;
    }
    if (session->started ? !expect(session, stream->first_frame_id)
                         : !may_begin(session, stream->first_frame_id))
        return;
    if (!session->started)
        session->first_id = session->next_id = stream->first_frame_id;
    session->started = true;
    session->width = stream->width;
    session->height = stream->height;
    session->handler.on_stream(session->handler.user, stream);
}

/* See pitether_times. No shutter is open for longer than EXPOSURE_MOST_US. */
static uint64_t mid_exposure(const struct pitether_frame *frame)
{
    double us = pitether_frame_number(frame, "ExposureTime");
    bool known = us >= 0 && us <= EXPOSURE_MOST_US;
    return known ? frame->times.sensor + (uint64_t)(us * 1000 / 2) : 0;
}

/* Begins the frame whose HEAD is here, if one is free. */
void session_begin_frame(struct session *session, uint64_t now_ns)
{
    struct pitether_frame *frame = session->handler.take_frame(session->handler.user);
    session->head_waits = !frame;
    if (!frame)
        return;
    const struct wire_frame_head *head = &session->head;
    session->frame = frame;
    session->frame_crc = 0;
    frame->epoch = session->epoch;
    frame->id = head->frame_id;
    frame->width = head->width;
    frame->height = head->height;
    frame->times.sensor = head->sensor_time;
    if (head->metadata.present & WIRE_META_WALL_CLOCK)
        frame->times.sensor_wall = head->metadata.wall_clock_ns;
    frame->times.captured = head->capture_time;
    frame->times.first_byte = now_ns;
    frame_set_metadata(frame, &head->metadata.values, &session->names);
    frame->times.mid_exposure = mid_exposure(frame);
}

void session_take_head(struct session *session, const struct wire_frame_head *head, uint64_t now_ns)
{
    if (!expect(session, head->frame_id))
        return;
    if (head->width != session->width || head->height != session->height) {
        session_reject(session, "a frame of %ux%u in a stream of %ux%u", head->width, head->height,
                       session->width, session->height);
        return;
    }
    session->head = *head;
    session_begin_frame(session, now_ns);
}

void session_take_part(struct session *session, uint32_t size)
{
    struct pitether_frame *frame = session->frame;
    if (!frame)
        session_reject(session, "a FRAME_PART outside a frame");
    else if (size > session->config.max_message - frame->size)
        session_reject(session, "a frame longer than max_message");
    else if (frame_reserve(frame, frame->size + size))
        session_fail(session, "out of memory for a frame of %zu bytes", frame->size + size);
    else
        message_reader_part_into(&session->reader, frame_data(frame) + frame->size);
}

void session_part_done(struct session *session)
{
    struct pitether_frame *frame = session->frame;
    uint32_t size =
        session->reader.header.length - session->reader.header.fixed - session->reader.header.tlv;
    session->frame_crc = crc32c(session->frame_crc, frame->data + frame->size, size);
    frame->size += size;
}

/* NULL, or what is wrong with the frame that is here. */
static const char *find_damage(const struct pitether_frame *frame, uint32_t crc,
                               const struct wire_frame_tail *tail)
{
    if (frame->size == 0 || frame->size != tail->length)
        return "its length is wrong";
    if (crc != tail->crc32c)
        return "its checksum is wrong";
    return jpeg_check(frame->data, frame->size, frame->width, frame->height);
}

static void finish_frame(struct session *session, const struct wire_frame_tail *tail,
                         uint64_t now_ns)
{
    struct pitether_frame *frame = session->frame;
    struct pitether_times *times = &frame->times;
    session->frame = NULL;
    frame->crc32c = tail->crc32c;
    times->encode_start = tail->encode_start;
    times->encode_end = tail->encode_end;
    times->send_start = tail->send_start;
    times->send_end = tail->send_end;
    times->last_byte = now_ns;
    uint64_t oldest = times->sensor < times->captured ? times->sensor : times->captured;
    times->offset_known =
        clock_sync_offset(session->config.clock, oldest, now_ns, &times->offset, &times->error);
    const char *damage = find_damage(frame, session->frame_crc, tail);
    if (!damage) {
        session->handler.on_frame(session->handler.user, frame);
        return;
    }
    session->handler.on_damaged(session->handler.user, frame->id, damage);
    pitether_frame_release(frame);
}

void session_take_tail(struct session *session, const struct wire_frame_tail *tail, uint64_t now_ns)
{
    if (!session->frame || tail->frame_id != session->frame->id ||
        tail->status > WIRE_FRAME_ABORTED) {
        session_reject(session, "a FRAME_TAIL that belongs to no frame");
        return;
    }
    if (tail->status == WIRE_FRAME_ABORTED) {
        if (tail->length != 0 || tail->crc32c != 0)
            session_reject(session, "an aborted frame with a length or a checksum");
        pitether_frame_release(session->frame);
        session->frame = NULL;
        session->abort_due = true;
        return;
    }
    if (!account(session, tail->frame_id, 1, &session->totals.delivered))
        return;
    session_send(session,
                 &(struct wire_message){
                     .type = WIRE_ACK, .ack = { .frame_id = tail->frame_id, .received = now_ns } });
    session_ping_if_due(session, SESSION_PING_EVERY_NS, now_ns);
    finish_frame(session, tail, now_ns);
}

void session_take_drops(struct session *session, const struct wire_drops *drops)
{
    if (drops->reason == 0) {
        session_reject(session, "DROPS without a reason");
        return;
    }
    session->abort_due = false;
    if (account(session, drops->first_frame_id, drops->count, &session->totals.dropped))
        session->handler.on_drops(session->handler.user, drops);
}

void session_take_end(struct session *session, const struct wire_end *end)
{
    const struct session_totals *totals = &session->totals;
    session->daemon_end = *end;
    if (end->captured != totals->captured || end->delivered != totals->delivered ||
        end->dropped != totals->dropped)
        session_reject(session,
                       "its totals (%" PRIu64 " captured, %" PRIu64 " delivered, %" PRIu64
                       " dropped) are not what was received (%" PRIu64 ", %" PRIu64 ", %" PRIu64
                       ")",
                       end->captured, end->delivered, end->dropped, totals->captured,
                       totals->delivered, totals->dropped);
    else
        session->state = SESSION_ENDED;
}

bool session_cut(struct session *session)
{
    if (!session->frame && !session->head_waits)
        return false;
    session_clear(session);
    session->head_waits = false;
    if (!account(session, session->head.frame_id, 1, &session->totals.delivered))
        return false;
    session->handler.on_damaged(session->handler.user, session->head.frame_id,
                                "the connection was cut in the middle of it");
    return true;
}
