/*
 * What a session receives: which message may come when, and what becomes of it. See session.h.
 */
#include <errno.h>
#include <inttypes.h>

#include "host/lib/session_private.h"

static void take_hello(struct session *session, const struct wire_hello *hello)
{
    if (hello->epoch == 0 || hello->max_message < WIRE_CONTROL_MAX ||
        hello->max_message > WIRE_MAX_MESSAGE_LIMIT) {
        session_reject(session, "an unusable HELLO: epoch %" PRIx64 ", max_message %u",
                       hello->epoch, hello->max_message);
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
        session_fail(session, "the daemon has no stream \"%s\"; it has %s", name, names);
    else
        session_fail(session, "the daemon has several streams, name one (HOST/NAME): %s", names);
}

static void take_streams(struct session *session, const struct wire_raw *raw)
{
    struct wire_streams streams;
    if (wire_decode_streams(raw, &streams)) {
        session_reject(session, "a malformed list of streams");
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

static void take_error(struct session *session, const struct wire_error *error)
{
    session->key_needed = error->code == WIRE_ERROR_TLS_REQUIRED;
    session->fatal = error->code == WIRE_ERROR_VERSION || error->code == WIRE_ERROR_TLS_REQUIRED ||
                     error->code == WIRE_ERROR_NO_SUCH_STREAM ||
                     error->code == WIRE_ERROR_NOT_ALLOWED || error->code == WIRE_ERROR_NO_STILL;
    session_fail(session, "the daemon reports: %s (%s)", error->text, wire_error_name(error->code));
}

static void take_pong(struct session *session, const struct wire_pong *pong, uint64_t now_ns)
{
    unsigned at = 0;
    while (at < SESSION_PINGS_MAX && session->ping_sent_ns[at] != pong->t1)
        at++;
    if (at == SESSION_PINGS_MAX || pong->t1 == 0) /* the answer to no PING */
        return;
    session->ping_sent_ns[at] = 0;
    clock_sync_add(session->config.clock, pong->t1, pong->t2, pong->t3, now_ns);
    session_resume(session);
    if (session->pings_sent < SESSION_PING_BURST)
        session_ping(session, now_ns);
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
    case WIRE_METADATA:
        return message->metadata.stream == ours;
    case WIRE_CONTROLS:
        return message->controls.stream == ours;
    case WIRE_CHANGED:
        return message->changed.stream == ours;
    default:
        return true;
    }
}

/* Those that only come to a subscription. */
static bool is_of_a_stream(uint8_t type)
{
    return type == WIRE_STREAM || type == WIRE_STATUS || type == WIRE_CONTROLS ||
           type == WIRE_CHANGED || type == WIRE_METADATA;
}

/* Whether a message of this type has its place here; it is not the right one otherwise. */
static bool has_its_place(struct session *session, uint8_t type)
{
    const char *name = wire_type_name(type);
    if (type == WIRE_ERROR)
        return true;
    if (session->epoch == 0 && type != WIRE_HELLO)
        session_reject(session, "HELLO must come first");
    else if (session->epoch != 0 && type == WIRE_HELLO)
        session_reject(session, "a second HELLO");
    else if (session->epoch != 0 && !session->streams_seen && type != WIRE_STREAMS)
        session_reject(session, "%s instead of STREAMS", name);
    else if (session->streams_seen && type == WIRE_STREAMS)
        session_reject(session, "a second STREAMS");
    else if (!session->subscribed && is_of_a_stream(type))
        session_reject(session, "%s before SUBSCRIBE", name);
    else if (type == WIRE_PING || type == WIRE_PONG || type == WIRE_STATUS ||
             type == WIRE_CONTROLS || type == WIRE_CHANGED || type == WIRE_METADATA)
        return true;
    else if (session->frame && type != WIRE_FRAME_TAIL)
        session_reject(session, "%s within a frame", name);
    else if (session->abort_due && type != WIRE_DROPS)
        session_reject(session, "%s instead of DROPS of an aborted frame", name);
    return session->state != SESSION_FAILED;
}

static void take_ping(struct session *session, const struct wire_ping *ping, uint64_t now_ns)
{
    /* A flood of them must not take the space of an ACK. */
    if (session->out_used <= SESSION_OUT_MAX / 2)
        session_send(session, &(struct wire_message){ .type = WIRE_PONG,
                                                      .pong = { ping->t1, now_ns, now_ns } });
}

static void take_status(struct session *session, const struct wire_status *status)
{
    /* A state that a later version may add means nothing to this one. */
    if (status->state <= WIRE_STREAM_LOST)
        session->handler.on_status(session->handler.user, status);
}

static void take_of_stream(struct session *session, const struct wire_raw *raw,
                           const struct wire_message *message, uint64_t now_ns)
{
    switch (message->type) {
    case WIRE_STREAM:
        session_take_stream(session, &message->stream);
        break;
    case WIRE_STATUS:
        take_status(session, &message->status);
        break;
    case WIRE_METADATA:
        if (wire_decode_metadata(raw, &session->names))
            session_reject(session, "a malformed METADATA");
        break;
    case WIRE_CONTROLS:
        session_take_controls(session, raw);
        break;
    case WIRE_CHANGED:
        session_take_changed(session, raw);
        break;
    case WIRE_FRAME_HEAD:
        session_take_head(session, &message->frame_head, now_ns);
        break;
    case WIRE_FRAME_TAIL:
        session_take_tail(session, &message->frame_tail, now_ns);
        break;
    case WIRE_DROPS:
        session_take_drops(session, &message->drops);
        break;
    default:
        session_reject(session, "a message that only a receiver sends");
    }
}

static void take_message(struct session *session, const struct wire_raw *raw,
                         const struct wire_message *message, uint64_t now_ns)
{
    if (!has_its_place(session, message->type))
        return;
    if (!is_of_our_stream(session, message)) {
        session_reject(session, "%s of another stream than the one subscribed to",
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
        session_take_end(session, &message->end);
        break;
    case WIRE_PING:
        take_ping(session, &message->ping, now_ns);
        break;
    case WIRE_PONG:
        take_pong(session, &message->pong, now_ns);
        break;
    case WIRE_STREAMS:
        take_streams(session, raw);
        break;
    default:
        take_of_stream(session, raw, message, now_ns);
    }
}

static void fail_reading(struct session *session, int error)
{
    session->fatal = error == -EPROTONOSUPPORT || error == -EPROTO;
    if (error == -EPROTONOSUPPORT) {
        session_send_error(session, WIRE_ERROR_VERSION, "this receiver uses version 1");
        session_fail(
            session,
            "the daemon uses another version of the protocol than %d: update the older side",
            WIRE_VERSION);
    } else if (error == -EPROTO) {
        session_send_error(session, WIRE_ERROR_PROTOCOL, "this is not the pitether protocol");
        session_fail(session, "the peer is not a pitetherd: check the address and the port");
    } else if (error == -EMSGSIZE) {
        session_send_error(session, WIRE_ERROR_TOO_LARGE, "a message longer than allowed");
        session_fail(session, "the daemon broke the protocol: a message longer than allowed");
    } else {
        session_reject(session, "a malformed message");
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
        session_begin_frame(session, now_ns);
    while (may_advance(session)) {
        int event = message_reader_next(&session->reader, &raw);
        if (event == MESSAGE_NONE)
            break;
        int error = event < 0 ? event : 0;
        if (event == MESSAGE_PART && !(error = wire_check_part(&raw)))
            session_take_part(session, raw.header.length - raw.header.fixed - raw.header.tlv);
        else if (event == MESSAGE_PART_DONE)
            session_part_done(session);
        else if (event == MESSAGE_CONTROL && !(error = wire_decode(&raw, &message)))
            take_message(session, &raw, &message, now_ns);
        if (error && error != -ENOMSG)
            fail_reading(session, error);
    }
    return session_waits(session);
}
