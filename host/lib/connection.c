/*
 * One connection: the handshake, the conversation, its end, and what takes its place.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "host/lib/black_hole.h"
#include "host/lib/exchange.h"
#include "host/lib/failover.h"
#include "host/lib/handshake.h"
#include "host/lib/receiver_private.h"
#include "shared/base/clock.h"
#include "shared/net/transport_tls.h"

#define HANDSHAKE_NS (5 * CLOCK_SECOND)
/* After a refusal there is no hurry, and a daemon limits how often one may try. */
#define RETRY_REFUSED_NS (5 * CLOCK_SECOND)
/* How long to wait for the daemon's END: after the last byte, and in all. */
#define ENDING_NS (2 * CLOCK_SECOND)
#define ENDING_MAX_NS (10 * CLOCK_SECOND)

static struct transport *open_transport(void *user, int fd)
{
    struct pitether *receiver = user;
    return receiver->tls ? transport_tls_connect(fd, receiver->tls) : transport_plain_create(fd);
}

/* When it is to be seen whether another connection could take the place of this one, for it will
 * have been silent for long enough; UINT64_MAX: never. */
static uint64_t failover_due(const struct pitether *receiver)
{
    uint64_t due = session_silent_at(&receiver->session);
    if (!receiver->config.reconnect)
        return UINT64_MAX;
    return due > receiver->next_failover_ns ? due : receiver->next_failover_ns;
}

static bool find_failover(struct pitether *receiver)
{
    struct dial_waiter waiter = { receiver_wait_silent, receiver };
    struct failover_opener opener = { open_transport, receiver };
    struct dialer *dialer = &receiver->dialer;
    unsigned before = dialer->max_segment, smaller = black_hole_smaller(before);
    uint64_t now = clock_monotonic();
    if (now < session_silent_at(&receiver->session) || now >= failover_due(receiver))
        receiver->smaller = 0;
    if (receiver->stopping || now < failover_due(receiver))
        return false;
    if (smaller && black_hole_suspected(receiver->transport->fd, before))
        dialer->max_segment = receiver->smaller = smaller;
    receiver->failover = failover_find(dialer, &waiter, &opener);
    receiver->next_failover_ns = clock_monotonic() + RECEIVER_RETRY_FIRST_NS;
    /* It may only be the daemon that pauses. */
    dialer->max_segment = before;
    return receiver->failover;
}

/* The daemon may have said all and closed: what it said is still to be read, and reading tells how
 * it ended. */
static void flush(struct pitether *receiver)
{
    if (!receiver->unwritable)
        receiver->unwritable = exchange_write(&receiver->session, receiver->transport) < 0;
    if (receiver->unwritable)
        receiver->session.out_used = 0;
}

/* When the daemon's END is waited for no longer. */
static uint64_t ending_due(const struct pitether *receiver)
{
    uint64_t since = receiver->ending_ns, alive = receiver->session.alive_ns;
    uint64_t due = (alive > since && receiver_is_done(receiver) ? alive : since) + ENDING_NS;
    return due < since + ENDING_MAX_NS ? due : since + ENDING_MAX_NS;
}

static bool is_too_late(const struct pitether *receiver, uint64_t now)
{
    bool late = receiver_is_impatient(receiver) || now >= ending_due(receiver);
    if (late && receiver->session.started && !atomic_load(&receiver->closing))
        log_warning(
            "the daemon's END did not come: frames that still waited there are not counted");
    return late;
}

/* How long a turn of the conversation may wait, ms. */
static int turn_timeout(struct pitether *receiver, bool reading)
{
    uint64_t due = session_due(&receiver->session, reading);
    if (reading && receiver->transport->more)
        return 0;
    if (receiver->ending_ns)
        return clock_left_ms(ending_due(receiver));
    if (failover_due(receiver) < due)
        due = failover_due(receiver);
    if (receiver_rest_due(receiver) < due)
        due = receiver_rest_due(receiver);
    return clock_left_ms(due);
}

static void read_all(struct pitether *receiver, int *error)
{
    struct session *session = &receiver->session;
    *error = 0;
    for (int reads = 0; reads < 16 && *error == 0 && session->state < SESSION_ENDED; reads++) {
        *error = exchange_read(session, receiver->transport);
        flush(receiver); /* an ACK that waits costs the stream's pace */
    }
    if (*error == -EAGAIN)
        *error = 0;
}

/* One turn of the conversation. False: it is over. *error says how the socket failed, or 0. */
static bool converse(struct pitether *receiver, int *error)
{
    struct session *session = &receiver->session;
    struct iovec space[2];
    bool reading = session_space(session, space) > 0;
    bool stopping = receiver_wait(receiver, receiver->transport->fd,
                                  exchange_events(session, receiver->transport, reading), -1,
                                  turn_timeout(receiver, reading));
    uint64_t now = clock_monotonic();
    if (receiver->readable)
        session_alive(session, now);
    if (session_waits(session))
        session_advance(session, now);
    read_all(receiver, error);
    receiver_announce(receiver);
    now = clock_monotonic();
    bool rests = now >= receiver_rest_due(receiver);
    if ((stopping || rests) && receiver->ending_ns == 0) {
        session_end(session);
        receiver->ending_ns = now;
        receiver->resting = !stopping;
    }
    session_tick(session, reading, now);
    receiver_send_sets(receiver);
    flush(receiver);
    if (receiver->ending_ns && is_too_late(receiver, now))
        return false;
    return *error == 0 && session->state < SESSION_ENDED && !find_failover(receiver);
}

/* The connection is over, and large packets seem to have got lost on its way. */
static bool loses_large(const struct pitether *receiver)
{
    return receiver->smaller && (receiver->failover || receiver->session.state == SESSION_FAILED);
}

/* What became of the connection; error: of the socket. again: there is to be another one. */
static int describe_end(const struct pitether *receiver, int error, bool again, struct error *why)
{
    const struct session *session = &receiver->session;
    const char *hint = session->key_needed ? receiver->config.key_hint : "";
    if (loses_large(receiver))
        return error_set(
            why, -ENOTCONN,
            "small messages arrive and large ones don't, as where a VPN or PPPoE loses "
            "packets above its MTU; going on with TCP segments of at most %u bytes",
            receiver->smaller);
    if (receiver->failover)
        return error_set(why, -ENOTCONN, "the connection fell silent; going on over a new one");
    if (session->state == SESSION_ENDED)
        return error_set(why, -ENOTCONN, "the daemon was stopped%s",
                         again ? "; waiting for its return" : "");
    if (session->state == SESSION_FAILED)
        return error_set(why, session->key_needed ? -EACCES : -EPROTO, "%s%s%s%s",
                         session->error.text, *hint ? "; " : "", hint,
                         again ? "; connecting again" : "");
    return error_set(why, error ? error : -ENOTCONN, "the connection was cut (%s)%s",
                     error == -EPIPE ? "the daemon closed it" : strerror(-error),
                     again ? "; connecting again" : "");
}

/* Reports what became of the connection. */
static void report_end(struct pitether *receiver, int error, bool again)
{
    struct error why;
    int code = describe_end(receiver, error, again, &why);
    bool failed = receiver->session.state == SESSION_FAILED && !loses_large(receiver);
    receiver_lost(receiver, why.text);
    /* A daemon may hang up again and again; the last word is always logged. */
    if (!again)
        receiver_end(receiver, PITETHER_END_LOST, code, why.text);
    else if (log_passes(&receiver->again_limit))
        log_write(failed ? LOG_LEVEL_ERROR : LOG_LEVEL_WARNING, "%s", why.text);
}

/* Whether there is to be another connection. */
static bool goes_on(struct pitether *receiver, int error)
{
    const struct session *session = &receiver->session;
    bool again = receiver->config.reconnect && !session->fatal;
    if (receiver->stopping)
        return false;
    if (receiver->resting) {
        receiver_lost(receiver, "paused: the frames are not looked at");
        return true;
    }
    if (session->state == SESSION_ENDED && session->daemon_end.reason == WIRE_END_FINISHED) {
        log_info("the daemon's source has ended");
        receiver_end(receiver, PITETHER_END_FINISHED, 0, "");
        return false;
    }
    if (loses_large(receiver))
        receiver->dialer.max_segment = receiver->smaller;
    report_end(receiver, error, again);
    return again;
}

/* A daemon that was authenticated before may come back, so another program that answers in its
 * place meanwhile ends nothing. Neither is a single refusal: a handshake that was damaged on its
 * way looks like a wrong key to the daemon. */
static bool distrusts(struct pitether *receiver, int error)
{
    const char *host = receiver->config.address.host;
    bool refused = handshake_is_refused(error), first = error == -EACCES && !receiver->refused;
    bool again = receiver->config.reconnect && (receiver->trusted || !refused || first);
    if (error == -ECANCELED)
        return false;
    receiver->refused = refused;
    if (again && first && !receiver->trusted)
        return true;
    const char *why = handshake_why(error);
    struct error text;
    error_set(&text, error, "%s %s%s", host, why, again ? "; trying again" : "");
    if (again && !receiver->logged_untrusted)
        log_warning("%s", text.text);
    receiver->logged_untrusted = true;
    receiver_lost(receiver, text.text);
    snprintf(receiver->state, sizeof(receiver->state), "%.60s %.*s", host, (int)strcspn(why, ":,"),
             why);
    if (refused)
        receiver->retry_ns = RETRY_REFUSED_NS;
    if (!again)
        receiver_end(receiver, PITETHER_END_LOST, error, text.text);
    return again;
}

/* Ends a connection without leaving it to a kernel that still waits for the network: the daemon
 * shall not keep a queue for it. */
static void abandon(struct transport **transport)
{
    struct linger at_once = { .l_onoff = 1 };
    setsockopt((*transport)->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
    transport_close(transport);
}

/* The handshake is done. */
static void begin_session(struct pitether *receiver)
{
    const struct receiver_config *config = &receiver->config;
    struct session_handler handler = receiver_handler(receiver);
    struct session_config session = {
        .mode = (enum wire_mode)config->mode, /* the numbers are the same */
        .still_width = config->still_width,
        .still_height = config->still_height,
        .still_quality = config->still_quality,
        .still_settle_ms = (uint32_t)(config->settle_s * 1000),
        .max_fps_mhz = config->max_fps_mhz,
        .every = config->every,
        .max_message = WIRE_MAX_MESSAGE_LIMIT,
        .clock = &receiver->clock,
        .past_epoch = receiver->last_epoch,
        .past_next_id = receiver->last_next_id,
        .resumes = receiver->selection.grid.anchored,
    };
    memcpy(session.stream, config->stream, sizeof(session.stream));
    if (receiver->tls && !receiver->trusted)
        log_info("%s has proved itself; encrypted with %s", config->address.host,
                 transport_tls_suite(receiver->transport));
    receiver->trusted = true;
    receiver->refused = receiver->logged_untrusted = false;
    receiver->unwritable = receiver->announced = receiver->cut = false;
    receiver->smaller = 0;
    receiver->rested = receiver->resting;
    receiver->resting = false;
    receiver->ending_ns = 0;
    session_init(&receiver->session, &session, &handler, clock_monotonic());
    snprintf(receiver->state, sizeof(receiver->state), "waiting for the camera");
}

/* The conversation is over. */
static void end_session(struct pitether *receiver)
{
    struct session *session = &receiver->session;
    flush(receiver);
    receiver->cut = true;
    if (!receiver->stopping)
        session_cut(session);
    receiver_give_up_sets(receiver, false);
    if (session->epoch != 0)
        receiver->parted = session->state == SESSION_ENDED;
    if (session->started)
        receiver->last_next_id = session->next_id;
    if (session->totals.captured > 0)
        receiver->retry_ns = RECEIVER_RETRY_FIRST_NS;
    if (receiver->failover)
        abandon(&receiver->transport);
    else
        transport_close(&receiver->transport);
}

/* Holds the conversation over receiver->transport, and ends it; the failover, if there is one, is
 * the transport then. False: there is to be no other. */
static bool talk(struct pitether *receiver)
{
    struct session *session = &receiver->session;
    struct dial_waiter waiter = { receiver_wait_connecting, receiver };
    int error = handshake_wait(receiver->transport, &waiter, clock_monotonic() + HANDSHAKE_NS);
    if (error) {
        transport_close(&receiver->transport);
        return distrusts(receiver, error);
    }
    begin_session(receiver);
    while (converse(receiver, &error))
        ;
    end_session(receiver);
    bool again = goes_on(receiver, error);
    receiver->transport = receiver->failover;
    receiver->failover = NULL;
    session_clear(session);
    memset(session, 0, sizeof(*session));
    return again;
}

bool receiver_talk_over(struct pitether *receiver, int fd)
{
    bool again = false;
    receiver->transport = open_transport(receiver, fd);
    if (!receiver->transport)
        receiver_end(receiver, PITETHER_END_FAILED, -ENOMEM, "out of memory for a connection");
    while (receiver->transport && (again = talk(receiver)))
        ;
    transport_close(&receiver->transport);
    return again;
}
