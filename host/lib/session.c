#include "host/lib/session.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "host/lib/from_wire.h"
#include "shared/base/attributes.h"
#include "shared/base/clock.h"
#include "shared/jpeg/jpeg_check.h"
#include "shared/protocol/crc32c.h"

/* PROTOCOL.md, 3. */
#define OPENING_DUE_NS (5 * CLOCK_SECOND)
#define RESUME_DUE_NS CLOCK_SECOND
#define PING_AFTER_NS (5 * CLOCK_SECOND)
#define DEAD_AFTER_NS (15 * CLOCK_SECOND)
/* After a cut of up to 2 s, TCP by itself takes no longer than that to go on. */
#define SILENT_AFTER_NS (5 * CLOCK_SECOND / 2)

/* The clocks are related by a burst of PINGs at first, then by one now and then, since they drift
 * apart. It goes along with an ACK, so that it is answered between two frames and the PONG does not
 * wait behind the bytes of one; without any, it is sent by itself somewhat later. */
enum { PING_BURST = 8 };
#define PING_EVERY_NS CLOCK_SECOND
#define PING_ALONE_NS (3 * CLOCK_SECOND / 2)

static void say(struct session *session, const struct wire_message *message)
{
    /* END is the last thing to be said. */
    if (session->state >= SESSION_ENDING)
        return;
    /* Reading stops long before this is full: see session_space(). */
    if (session->out_used + WIRE_ENCODED_MAX <= SESSION_OUT_MAX)
        session->out_used += wire_encode(message, session->out + session->out_used);
}

static void fail(struct session *session, const char *format, ...) PRINTF_LIKE(2, 3);

static void fail(struct session *session, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(session->error.text, sizeof(session->error.text), format, arguments);
    va_end(arguments);
    session->state = SESSION_FAILED;
}

static void say_error(struct session *session, enum wire_error_code code, const char *what)
{
    struct wire_message message = { .type = WIRE_ERROR, .error.code = code };
    snprintf(message.error.text, sizeof(message.error.text), "%s", what);
    say(session, &message);
}

static void blame(struct session *session, const char *format, ...) PRINTF_LIKE(2, 3);

/* The daemon is at fault: tell it, as far as the socket still takes it. */
static void blame(struct session *session, const char *format, ...)
{
    char what[WIRE_BLOB_TEXT_MAX + 1];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(what, sizeof(what), format, arguments);
    va_end(arguments);
    say_error(session, WIRE_ERROR_PROTOCOL, what);
    fail(session, "the daemon broke the protocol: %s", what);
}

static void ping(struct session *session, uint64_t now_ns)
{
    say(session, &(struct wire_message){ .type = WIRE_PING, .ping.t1 = now_ns });
    session->asked_ns[session->pings_sent++ % SESSION_PINGS_MAX] = now_ns;
    session->pinged_ns = now_ns;
}

static void ping_if_due(struct session *session, uint64_t after_ns, uint64_t now_ns)
{
    if (now_ns - session->pinged_ns >= after_ns && session->out_used <= SESSION_OUT_MAX / 2)
        ping(session, now_ns);
}

static void subscribe(struct session *session, uint64_t first_due)
{
    const struct session_config *config = &session->config;
    struct wire_message message = { .type = WIRE_SUBSCRIBE,
                                    .subscribe = { .mode = (uint8_t)config->mode,
                                                   .max_fps_mhz = config->max_fps_mhz,
                                                   .every = config->every,
                                                   .first_due = first_due } };
    memcpy(message.subscribe.name, config->stream, sizeof(config->stream));
    say(session, &message);
    session->subscribed = true;
}

/* The grid can only be resumed once it is known whose ids, or whose clock, the daemon's are. A
 * daemon that answers no PING is not waited for without end. */
static void resume(struct session *session)
{
    if (!session->subscribed && !session->config.list_only && session->state == SESSION_RUNNING)
        subscribe(session, session->handler.first_due(session->handler.user));
}

void session_init(struct session *session, const struct session_config *config,
                  const struct session_handler *handler, uint64_t now_ns)
{
    memset(session, 0, sizeof(*session));
    session->config = *config;
    session->handler = *handler;
    session->opened_ns = session->heard_ns = now_ns;
    message_reader_init(&session->reader, config->max_message);
    memcpy(session->out, wire_opening, WIRE_OPENING_SIZE);
    session->out_used = WIRE_OPENING_SIZE;
    say(session, &(struct wire_message){ .type = WIRE_HELLO,
                                         .hello = { .max_message = config->max_message,
                                                    .software = "pitether " PITETHER_VERSION } });
    if (!config->resumes && !config->list_only)
        subscribe(session, 0);
    ping(session, now_ns);
}

void session_clear(struct session *session)
{
    pitether_frame_release(session->frame);
    session->frame = NULL;
}

int session_space(struct session *session, struct iovec room[2])
{
    if (session->state >= SESSION_ENDED || session_waits(session) ||
        session->out_used > SESSION_OUT_MAX / 2)
        return 0;
    return message_reader_space(&session->reader, room);
}

void session_heard(struct session *session, uint64_t now_ns)
{
    session->heard_ns = now_ns;
}

void session_filled(struct session *session, size_t size, uint64_t now_ns)
{
    session_heard(session, now_ns);
    message_reader_filled(&session->reader, size);
}

void session_written(struct session *session, size_t size)
{
    session->out_used -= size;
    memmove(session->out, session->out + size, session->out_used);
}

void session_end(struct session *session)
{
    if (session->state == SESSION_OPENING || session->state == SESSION_RUNNING) {
        say(session, &(struct wire_message){ .type = WIRE_END,
                                             .end = { .reason = WIRE_END_DONE,
                                                      .captured = session->totals.captured,
                                                      .delivered = session->totals.delivered,
                                                      .dropped = session->totals.dropped } });
        session->state = SESSION_ENDING;
    }
}

/* Fails the session unless this id is the next one. */
static bool expect(struct session *session, uint64_t id)
{
    if (session->started && id == session->next_id)
        return true;
    if (session->started)
        blame(session, "frame %" PRIu64 " where %" PRIu64 " is due", id, session->next_id);
    else
        blame(session, "a frame before STREAM");
    return false;
}

/* Accounts for `count` ids from this one on. */
static bool account(struct session *session, uint64_t id, uint64_t count, uint64_t *total)
{
    if (!expect(session, id))
        return false;
    if (count == 0 || id + count < id) {
        blame(session, "an empty or endless range of frames");
        return false;
    }
    session->next_id += count;
    session->totals.captured += count;
    *total += count;
    return true;
}

static void take_hello(struct session *session, const struct wire_hello *hello)
{
    if (hello->epoch == 0 || hello->max_message < WIRE_CONTROL_MAX ||
        hello->max_message > WIRE_MAX_MESSAGE_LIMIT) {
        blame(session, "an unusable HELLO: epoch %" PRIx64 ", max_message %u", hello->epoch,
              hello->max_message);
        return;
    }
    session->epoch = hello->epoch;
    clock_sync_begin(session->config.clock, hello->epoch);
    session->reader.hello_seen = true;
    if (session->state == SESSION_OPENING)
        session->state = SESSION_RUNNING;
}

/* The daemon refuses what it has no stream for, but its text has no space for 32 names. */
static void fail_without_stream(struct session *session, const struct wire_streams *streams)
{
    const char *name = session->config.stream;
    char names[sizeof(session->error.text) - 100];
    wire_list_names(streams, names, sizeof(names));
    session->fatal = true;
    if (*name)
        fail(session, "the daemon has no stream \"%s\"; it has %s", name, names);
    else
        fail(session, "the daemon has several streams, name one (HOST/NAME): %s", names);
}

static void take_streams(struct session *session, const struct wire_raw *raw)
{
    struct wire_streams streams;
    if (wire_decode_streams(raw, &streams)) {
        blame(session, "a malformed list of streams");
        return;
    }
    session->streams_seen = true;
    if (session->handler.on_streams)
        session->handler.on_streams(session->handler.user, &streams);
    if (session->config.list_only) {
        session_end(session);
        return;
    }
    const struct wire_stream_entry *entry = wire_find_stream(&streams, session->config.stream);
    if (entry)
        session->stream = *entry;
    else
        fail_without_stream(session, &streams);
}

/* Whether the accounting may begin with this id. */
static bool may_begin(struct session *session, uint64_t id)
{
    const struct session_config *config = &session->config;
    if (config->past_epoch != session->epoch || id >= config->past_next_id)
        return true;
    blame(session, "frames from %" PRIu64 " on, though this epoch was at %" PRIu64 " already", id,
          config->past_next_id);
    return false;
}

static void take_stream(struct session *session, const struct wire_stream *stream)
{
    if (stream->codec != WIRE_CODEC_JPEG) {
        session->fatal = true;
        say_error(session, WIRE_ERROR_PROTOCOL, "an unknown codec");
        fail(session, "the daemon sends codec %u, which this version does not know: update it",
             stream->codec);
        return;
    }
    if (!wire_size_is_good(stream->width, stream->height)) {
        blame(session, "a stream of %ux%u", stream->width, stream->height);
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

/* Begins the frame whose HEAD is here, if one is free. */
static void begin_frame(struct session *session, uint64_t now_ns)
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
    frame->metadata = from_wire_metadata(&head->metadata);
    frame->times.sensor = head->sensor_time;
    frame->times.captured = head->capture_time;
    frame->times.first_byte = now_ns;
}

static void take_head(struct session *session, const struct wire_frame_head *head, uint64_t now_ns)
{
    if (!expect(session, head->frame_id))
        return;
    if (head->width != session->width || head->height != session->height) {
        blame(session, "a frame of %ux%u in a stream of %ux%u", head->width, head->height,
              session->width, session->height);
        return;
    }
    session->head = *head;
    begin_frame(session, now_ns);
}

static void take_part(struct session *session, uint32_t size)
{
    struct pitether_frame *frame = session->frame;
    if (!frame)
        blame(session, "a FRAME_PART outside a frame");
    else if (size > session->config.max_message - frame->size)
        blame(session, "a frame longer than max_message");
    else if (frame_reserve(frame, frame->size + size))
        fail(session, "out of memory for a frame of %zu bytes", frame->size + size);
    else
        message_reader_part_into(&session->reader, frame_data(frame) + frame->size);
}

static void part_done(struct session *session)
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

static void take_tail(struct session *session, const struct wire_frame_tail *tail, uint64_t now_ns)
{
    if (!session->frame || tail->frame_id != session->frame->id ||
        tail->status > WIRE_FRAME_ABORTED) {
        blame(session, "a FRAME_TAIL that belongs to no frame");
        return;
    }
    if (tail->status == WIRE_FRAME_ABORTED) {
        if (tail->length != 0 || tail->crc32c != 0)
            blame(session, "an aborted frame with a length or a checksum");
        pitether_frame_release(session->frame);
        session->frame = NULL;
        session->abort_due = true;
        return;
    }
    if (!account(session, tail->frame_id, 1, &session->totals.delivered))
        return;
    say(session, &(struct wire_message){
                     .type = WIRE_ACK, .ack = { .frame_id = tail->frame_id, .received = now_ns } });
    ping_if_due(session, PING_EVERY_NS, now_ns);
    finish_frame(session, tail, now_ns);
}

static void take_drops(struct session *session, const struct wire_drops *drops)
{
    if (drops->reason == 0) {
        blame(session, "DROPS without a reason");
        return;
    }
    session->abort_due = false;
    if (account(session, drops->first_frame_id, drops->count, &session->totals.dropped))
        session->handler.on_drops(session->handler.user, drops);
}

static void take_end(struct session *session, const struct wire_end *end)
{
    const struct session_totals *totals = &session->totals;
    session->daemon_end = *end;
    if (end->captured != totals->captured || end->delivered != totals->delivered ||
        end->dropped != totals->dropped)
        blame(session,
              "its totals (%" PRIu64 " captured, %" PRIu64 " delivered, %" PRIu64
              " dropped) are not what came (%" PRIu64 ", %" PRIu64 ", %" PRIu64 ")",
              end->captured, end->delivered, end->dropped, totals->captured, totals->delivered,
              totals->dropped);
    else
        session->state = SESSION_ENDED;
}

static void take_error(struct session *session, const struct wire_error *error)
{
    session->key_needed = error->code == WIRE_ERROR_TLS_REQUIRED;
    session->fatal = error->code == WIRE_ERROR_VERSION || error->code == WIRE_ERROR_TLS_REQUIRED ||
                     error->code == WIRE_ERROR_NO_SUCH_STREAM ||
                     error->code == WIRE_ERROR_NOT_ALLOWED;
    fail(session, "the daemon says: %s (%s)", error->text, wire_error_name(error->code));
}

static void take_pong(struct session *session, const struct wire_pong *pong, uint64_t now_ns)
{
    unsigned at = 0;
    while (at < SESSION_PINGS_MAX && session->asked_ns[at] != pong->t1)
        at++;
    if (at == SESSION_PINGS_MAX || pong->t1 == 0) /* nobody asked for it */
        return;
    session->asked_ns[at] = 0;
    clock_sync_add(session->config.clock, pong->t1, pong->t2, pong->t3, now_ns);
    resume(session);
    if (session->pings_sent < PING_BURST)
        ping(session, now_ns);
}

/* Whether a message is about the stream subscribed to, or about none. */
static bool is_of_our_stream(const struct session *session, const struct wire_message *message)
{
    uint8_t ours = session->stream.number;
    switch (message->type) {
    case WIRE_STREAM:
        return message->stream.stream == ours;
    case WIRE_STATUS:
        return message->status.stream == ours;
    case WIRE_FRAME_HEAD:
        return message->frame_head.stream == ours;
    case WIRE_DROPS:
        return message->drops.stream == ours;
    default:
        return true;
    }
}

/* Whether a message of this type has its place here; it is not the right one otherwise. */
static bool has_its_place(struct session *session, uint8_t type)
{
    const char *name = wire_type_name(type);
    if (type == WIRE_ERROR)
        return true;
    if (session->epoch == 0 && type != WIRE_HELLO)
        blame(session, "HELLO must come first");
    else if (session->epoch != 0 && type == WIRE_HELLO)
        blame(session, "a second HELLO");
    else if (session->epoch != 0 && !session->streams_seen && type != WIRE_STREAMS)
        blame(session, "%s where STREAMS is due", name);
    else if (session->streams_seen && type == WIRE_STREAMS)
        blame(session, "a second STREAMS");
    else if (!session->subscribed && (type == WIRE_STREAM || type == WIRE_STATUS))
        blame(session, "%s before SUBSCRIBE", name);
    else if (type == WIRE_PING || type == WIRE_PONG || type == WIRE_STATUS)
        return true;
    else if (session->frame && type != WIRE_FRAME_TAIL)
        blame(session, "%s within a frame", name);
    else if (session->abort_due && type != WIRE_DROPS)
        blame(session, "%s where DROPS of an aborted frame is due", name);
    return session->state != SESSION_FAILED;
}

static void take_message(struct session *session, const struct wire_raw *raw,
                         const struct wire_message *message, uint64_t now_ns)
{
    if (!has_its_place(session, message->type))
        return;
    if (!is_of_our_stream(session, message)) {
        blame(session, "%s of another stream than the one subscribed to",
              wire_type_name(message->type));
        return;
    }
    switch (message->type) {
    case WIRE_HELLO:
        take_hello(session, &message->hello);
        break;
    case WIRE_ERROR:
        take_error(session, &message->error);
        break;
    case WIRE_END:
        take_end(session, &message->end);
        break;
    case WIRE_PING:
        /* A flood of them must not take the room of an ACK. */
        if (session->out_used > SESSION_OUT_MAX / 2)
            break;
        say(session, &(struct wire_message){ .type = WIRE_PONG,
                                             .pong = { message->ping.t1, now_ns, now_ns } });
        break;
    case WIRE_PONG:
        take_pong(session, &message->pong, now_ns);
        break;
    case WIRE_STREAMS:
        take_streams(session, raw);
        break;
    case WIRE_STREAM:
        take_stream(session, &message->stream);
        break;
    case WIRE_STATUS:
        /* A state that a later version may add says nothing to this one. */
        if (message->status.state <= WIRE_STREAM_LOST)
            session->handler.on_status(session->handler.user, &message->status);
        break;
    case WIRE_FRAME_HEAD:
        take_head(session, &message->frame_head, now_ns);
        break;
    case WIRE_FRAME_TAIL:
        take_tail(session, &message->frame_tail, now_ns);
        break;
    case WIRE_DROPS:
        take_drops(session, &message->drops);
        break;
    default:
        blame(session, "a message that only a receiver sends");
    }
}

static void fail_reading(struct session *session, int error)
{
    session->fatal = error == -EPROTONOSUPPORT || error == -EPROTO;
    if (error == -EPROTONOSUPPORT) {
        say_error(session, WIRE_ERROR_VERSION, "this receiver speaks version 1");
        fail(session,
             "the daemon speaks another version of the protocol than %d: update the older side",
             WIRE_VERSION);
    } else if (error == -EPROTO) {
        say_error(session, WIRE_ERROR_PROTOCOL, "this is not the pitether protocol");
        fail(session, "what answers there is no pitetherd: check the address and the port");
    } else if (error == -EMSGSIZE) {
        say_error(session, WIRE_ERROR_TOO_LARGE, "a message longer than allowed");
        fail(session, "the daemon broke the protocol: a message longer than allowed");
    } else {
        blame(session, "a malformed message");
    }
}

/* Whether the next message may be taken. */
static bool may_advance(struct session *session)
{
    const struct session_handler *handler = &session->handler;
    if (session->state >= SESSION_ENDED || session->head_waits)
        return false;
    session->full = handler->has_space && !handler->has_space(handler->user);
    return !session->full;
}

bool session_advance(struct session *session, uint64_t now_ns)
{
    struct wire_raw raw;
    struct wire_message message;
    if (session->head_waits)
        begin_frame(session, now_ns);
    while (may_advance(session)) {
        int event = message_reader_next(&session->reader, &raw);
        if (event == MESSAGE_NONE)
            break;
        int error = event < 0 ? event : 0;
        if (event == MESSAGE_PART && !(error = wire_check_part(&raw)))
            take_part(session, raw.header.length - raw.header.fixed - raw.header.tlv);
        else if (event == MESSAGE_PART_DONE)
            part_done(session);
        else if (event == MESSAGE_CONTROL && !(error = wire_decode(&raw, &message)))
            take_message(session, &raw, &message, now_ns);
        if (error && error != -ENOMSG)
            fail_reading(session, error);
    }
    return session_waits(session);
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

uint64_t session_silent_at(const struct session *session)
{
    return session->state <= SESSION_RUNNING ? session->heard_ns + SILENT_AFTER_NS : UINT64_MAX;
}

static uint64_t ping_pause(bool reading)
{
    return reading ? PING_ALONE_NS : PING_AFTER_NS;
}

void session_tick(struct session *session, bool reading, uint64_t now_ns)
{
    /* A daemon that takes nothing is as dead as a silent one: our own output is then what keeps us
     * from reading. */
    if (!reading && session->out_used <= SESSION_OUT_MAX / 2)
        session->heard_ns = now_ns;
    if (session->state >= SESSION_ENDED)
        return;
    if (now_ns - session->opened_ns >= RESUME_DUE_NS)
        resume(session);
    if (session->epoch == 0 && now_ns - session->opened_ns >= OPENING_DUE_NS)
        fail(session, "what answers there said nothing for 5 s: is it a pitetherd?");
    else if (now_ns - session->heard_ns >= DEAD_AFTER_NS)
        fail(session, "nothing was heard for 15 s");
    else
        ping_if_due(session, ping_pause(reading), now_ns);
}

uint64_t session_due(const struct session *session, bool reading)
{
    uint64_t due = session->heard_ns + DEAD_AFTER_NS;
    uint64_t opening_due = session->opened_ns + OPENING_DUE_NS;
    uint64_t ping_due = session->pinged_ns + ping_pause(reading);
    if (session->epoch == 0 && opening_due < due)
        due = opening_due;
    if (session->out_used <= SESSION_OUT_MAX / 2 && ping_due < due)
        due = ping_due;
    return due;
}
