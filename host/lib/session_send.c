/*
 * What a session sends, and how it fails: see session.h.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "host/lib/session_private.h"

void session_send(struct session *session, const struct wire_message *message)
{
    /* END is the last message that is sent. */
    if (session->state >= SESSION_ENDING)
        return;
    /* Reading stops long before this is full: see session_space(). */
    if (session->out_used + WIRE_ENCODED_MAX <= SESSION_OUT_MAX)
        session->out_used += wire_encode(message, session->out + session->out_used);
}

void session_fail(struct session *session, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(session->error.text, sizeof(session->error.text), format, arguments);
    va_end(arguments);
    session->state = SESSION_FAILED;
}

void session_send_error(struct session *session, enum wire_error_code code, const char *what)
{
    struct wire_message message = { .type = WIRE_ERROR, .error.code = code };
    snprintf(message.error.text, sizeof(message.error.text), "%s", what);
    session_send(session, &message);
}

void session_reject(struct session *session, const char *format, ...)
{
    char what[WIRE_BLOB_TEXT_MAX + 1];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(what, sizeof(what), format, arguments);
    va_end(arguments);
    session_send_error(session, WIRE_ERROR_PROTOCOL, what);
    session_fail(session, "the daemon broke the protocol: %s", what);
}

void session_ping(struct session *session, uint64_t now_ns)
{
    session_send(session, &(struct wire_message){ .type = WIRE_PING, .ping.t1 = now_ns });
    session->ping_sent_ns[session->pings_sent++ % SESSION_PINGS_MAX] = now_ns;
    session->pinged_ns = now_ns;
}

void session_ping_if_due(struct session *session, uint64_t after_ns, uint64_t now_ns)
{
    if (now_ns - session->pinged_ns >= after_ns && session->out_used <= SESSION_OUT_MAX / 2)
        session_ping(session, now_ns);
}

static void ask_for_still(const struct session_config *config, struct wire_subscribe *subscribe)
{
    subscribe->present = WIRE_STILL_SETTLE;
    if (config->still_width)
        subscribe->present |= WIRE_STILL_WIDTH | WIRE_STILL_HEIGHT;
    if (config->still_quality)
        subscribe->present |= WIRE_STILL_QUALITY;
    subscribe->still_width = (uint16_t)config->still_width;
    subscribe->still_height = (uint16_t)config->still_height;
    subscribe->still_quality = (uint8_t)config->still_quality;
    subscribe->still_settle_ms = config->still_settle_ms;
}

void session_subscribe(struct session *session, uint64_t first_due)
{
    const struct session_config *config = &session->config;
    struct wire_message message = { .type = WIRE_SUBSCRIBE,
                                    .subscribe = { .mode = (uint8_t)config->mode,
                                                   .max_fps_mhz = config->max_fps_mhz,
                                                   .every = config->every,
                                                   .first_due = first_due } };
    memcpy(message.subscribe.name, config->stream, sizeof(config->stream));
    if (config->mode == WIRE_STILL)
        ask_for_still(config, &message.subscribe);
    session_send(session, &message);
    session->subscribed = true;
}

/* The grid can only be resumed once it is known whose ids, or whose clock, the daemon's are. A
 * daemon that answers no PING is not waited for without end. */
void session_resume(struct session *session)
{
    if (!session->subscribed && !session->config.list_only && session->state == SESSION_RUNNING)
        session_subscribe(session, session->handler.first_due(session->handler.user));
}

void session_end(struct session *session)
{
    if (session->state == SESSION_OPENING || session->state == SESSION_RUNNING) {
        session_send(session,
                     &(struct wire_message){ .type = WIRE_END,
                                             .end = { .reason = WIRE_END_DONE,
                                                      .captured = session->totals.captured,
                                                      .delivered = session->totals.delivered,
                                                      .dropped = session->totals.dropped } });
        session->state = SESSION_ENDING;
    }
}
