#include "host/lib/session.h"

#include <string.h>

#include "host/lib/session_private.h"
#include "shared/base/clock.h"

/* PROTOCOL.md, 3. */
#define OPENING_DUE_NS (5 * CLOCK_SECOND)
#define RESUME_DUE_NS CLOCK_SECOND
#define PING_AFTER_NS (5 * CLOCK_SECOND)
#define DEAD_AFTER_NS (15 * CLOCK_SECOND)
/* After a cut of up to 2 s, TCP by itself takes no longer than that to go on. */
#define SILENT_AFTER_NS (5 * CLOCK_SECOND / 2)
/* A PING of its own, where no ACK takes one along: see SESSION_PING_EVERY_NS. */
#define PING_ALONE_NS (3 * CLOCK_SECOND / 2)

void session_init(struct session *session, const struct session_config *config,
                  const struct session_handler *handler, uint64_t now_ns)
{
    memset(session, 0, sizeof(*session));
    session->config = *config;
    session->handler = *handler;
    session->opened_ns = session->alive_ns = now_ns;
    message_reader_init(&session->reader, config->max_message);
    memcpy(session->out, wire_opening, WIRE_OPENING_SIZE);
    session->out_used = WIRE_OPENING_SIZE;
    session_send(session,
                 &(struct wire_message){ .type = WIRE_HELLO,
                                         .hello = { .max_message = config->max_message,
                                                    .software = "pitether " PITETHER_VERSION } });
    if (!config->resumes && !config->list_only)
        session_subscribe(session, 0);
    session_ping(session, now_ns);
}

void session_clear(struct session *session)
{
    pitether_frame_release(session->frame);
    session->frame = NULL;
    control_table_clear(&session->controls);
}

int session_space(struct session *session, struct iovec space[2])
{
    if (session->state >= SESSION_ENDED || session_waits(session) ||
        session->out_used > SESSION_OUT_MAX / 2)
        return 0;
    return message_reader_space(&session->reader, space);
}

void session_alive(struct session *session, uint64_t now_ns)
{
    session->alive_ns = now_ns;
}

void session_filled(struct session *session, size_t size, uint64_t now_ns)
{
    session_alive(session, now_ns);
    message_reader_filled(&session->reader, size);
}

void session_written(struct session *session, size_t size)
{
    session->out_used -= size;
    memmove(session->out, session->out + size, session->out_used);
}

uint64_t session_silent_at(const struct session *session)
{
    return session->state <= SESSION_RUNNING ? session->alive_ns + SILENT_AFTER_NS : UINT64_MAX;
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
        session->alive_ns = now_ns;
    if (session->state >= SESSION_ENDED)
        return;
    if (now_ns - session->opened_ns >= RESUME_DUE_NS)
        session_resume(session);
    if (session->epoch == 0 && now_ns - session->opened_ns >= OPENING_DUE_NS)
        session_fail(session, "no answer within 5 s: is a pitetherd listening there?");
    else if (now_ns - session->alive_ns >= DEAD_AFTER_NS)
        session_fail(session, "nothing was received for 15 s");
    else
        session_ping_if_due(session, ping_pause(reading), now_ns);
}

uint64_t session_due(const struct session *session, bool reading)
{
    uint64_t due = session->alive_ns + DEAD_AFTER_NS;
    uint64_t opening_due = session->opened_ns + OPENING_DUE_NS;
    uint64_t ping_due = session->pinged_ns + ping_pause(reading);
    if (session->epoch == 0 && opening_due < due)
        due = opening_due;
    if (session->out_used <= SESSION_OUT_MAX / 2 && ping_due < due)
        due = ping_due;
    return due;
}
