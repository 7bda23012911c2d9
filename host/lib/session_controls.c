/*
 * What a session does with the controls of the camera: the daemon's list, what is set, and what
 * became of that. See session.h.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "host/lib/session_private.h"

void session_take_controls(struct session *session, const struct wire_raw *raw)
{
    int result = wire_decode_controls(raw, &session->controls);
    if (result == -ENOMEM)
        session_fail(session, "out of memory for the camera's controls");
    else if (result < 0)
        session_reject(session, "a malformed list of controls");
    if (result <= 0)
        return;
    session->controls_seen = true;
    if (session->handler.on_controls)
        session->handler.on_controls(session->handler.user, &session->controls);
}

void session_take_changed(struct session *session, const struct wire_raw *raw)
{
    const struct session_handler *handler = &session->handler;
    struct wire_changed changed;
    if (wire_decode_changed(raw, &changed))
        session_reject(session, "a malformed CHANGED");
    /* A status that a later version may add means nothing to this one, but an answer it is. */
    else if (handler->on_changed && !handler->on_changed(handler->user, &changed))
        session_reject(session, "a CHANGED for request %" PRIu32 ", which has no answer due",
                       changed.head.request);
}

bool session_set(struct session *session, const struct wire_set *set)
{
    uint8_t encoded[WIRE_MESSAGE_MAX];
    if (session->state != SESSION_RUNNING || !session->controls_seen)
        return false;
    size_t size = wire_encode_set(set, encoded);
    /* More would keep the session from reading: see session_space(). */
    if (session->out_used + size > SESSION_OUT_MAX / 2)
        return false;
    memcpy(session->out + session->out_used, encoded, size);
    session->out_used += size;
    return true;
}
