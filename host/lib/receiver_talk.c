/*
 * One connection: the handshake, the conversation, its end, and what takes its place.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "host/lib/black_hole.h"
#include "host/lib/failover.h"
#include "host/lib/handshake.h"
#include "host/lib/receiver_internal.h"
#include "shared/net/transport_tls.h"

#define HANDSHAKE_NS (5 * CLOCK_SECOND)
/* Who is refused has time, and a daemon has no patience with those who come too often. */
#define RETRY_REFUSED_NS (5 * CLOCK_SECOND)
/* How long the daemon's END is waited for: while nothing comes, or who has interrupted it waits;
 * and while it comes behind what was on the way. */
#define ENDING_NS (2 * CLOCK_SECOND)
#define ENDING_MOST_NS (10 * CLOCK_SECOND)

static struct transport *open_transport(void *user, int fd)
{
    struct receiver *receiver = user;
    return receiver->tls ? transport_tls_connect(fd, receiver->tls) : transport_plain_create(fd);
}

/* When it is to be seen whether another connection could take the place of this one, for it will
 * have been silent for long enough; UINT64_MAX: never. */
static uint64_t failover_due(const struct receiver *receiver)
{
    uint64_t due = session_silent_at(&receiver->session);
    if (!receiver->config.reconnect)
        return UINT64_MAX;
    return due > receiver->next_failover_ns ? due : receiver->next_failover_ns;
}

static bool find_failover(struct receiver *receiver)
{
    struct dial_waiter waiter = { receiver_wait_silent, receiver };
    struct failover_opener opener = { open_transport, receiver };
    struct dialer *dialer = &receiver->dialer;
    unsigned before = dialer->max_segment, smaller = black_hole_smaller(before);
    uint64_t now = clock_monotonic();
    if (now < session_silent_at(&receiver->session) || now >= failover_due(receiver))
        receiver->smaller = 0;
    if (receiver_is_stopping(receiver) || now < failover_due(receiver))
        return false;
    if (smaller && black_hole_suspected(receiver->transport->fd, before))
        dialer->max_segment = receiver->smaller = smaller;
    receiver->failover = failover_find(dialer, &waiter, &opener);
    receiver->next_failover_ns = clock_monotonic() + RECEIVER_RETRY_FIRST_NS;
    /* It may only be the daemon that pauses. */
    dialer->max_segment = before;
    return receiver->failover;
}

static void flush(struct receiver *receiver)
{
    struct session *session = &receiver->session;
    while (session->out_used > 0) {
        if (receiver->unwritable) {
            session->out_used = 0;
            break;
        }
        struct iovec out = { session->out, session->out_used };
        ssize_t sent = receiver->transport->ops->write(receiver->transport, &out, 1);
        if (sent == -EAGAIN)
            return;
        /* The daemon may have said all and closed: what it said is still to be read, and reading
         * tells how it ended. */
        receiver->unwritable = sent < 0;
        if (sent > 0)
            session_written(session, (size_t)sent);
    }
}

/* The time, after a look at whether this machine was suspended: the two clocks part then. */
static uint64_t read_clock(struct receiver *receiver)
{
    uint64_t before = clock_monotonic(), awake = clock_read(CLOCK_BOOTTIME);
    uint64_t now = clock_monotonic();
    clock_sync_asleep(&receiver->clock, (int64_t)(awake - now), (int64_t)(awake - before));
    return now;
}

/* Reads once, as much as there is room for. 0, -EAGAIN, or a negative errno; -EPIPE at the peer's
 * end. */
static int read_once(struct receiver *receiver)
{
    struct session *session = &receiver->session;
    struct iovec room[2];
    int count = session_space(session, room);
    if (count == 0)
        return -EAGAIN;
    ssize_t got = receiver->transport->ops->read(receiver->transport, room, count);
    if (got <= 0)
        return got == 0 ? -EPIPE : (int)got;
    uint64_t now = read_clock(receiver);
    session_filled(session, (size_t)got, now);
    session_advance(session, now);
    return 0;
}

/* When the daemon's END is waited for no longer. */
static uint64_t ending_due(struct receiver *receiver)
{
    uint64_t since = receiver->ending_ns, heard = receiver->session.heard_ns;
    uint64_t due = (heard > since && receiver_is_done(receiver) ? heard : since) + ENDING_NS;
    return due < since + ENDING_MOST_NS ? due : since + ENDING_MOST_NS;
}

static bool is_too_late(struct receiver *receiver, uint64_t now)
{
    bool late = receiver->impatient || now >= ending_due(receiver);
    if (late && receiver->session.started)
        log_warning(
            "the daemon's END did not come: frames that still waited there are not counted");
    return late;
}

/* How long a turn of the conversation may wait, ms. */
static int turn_timeout(struct receiver *receiver, bool reading)
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

/* One turn of the conversation. False: it is over. *error says how the socket failed, or 0. */
static bool converse(struct receiver *receiver, int *error)
{
    struct session *session = &receiver->session;
    struct iovec room[2];
    bool reading = session_space(session, room) > 0;
    short events = (short)((reading ? POLLIN : 0) | (session->out_used > 0 ? POLLOUT : 0) |
                           (receiver->transport->waits_for & POLLOUT));
    bool stopping = receiver_wait(receiver, receiver->transport->fd, events, -1,
                                  turn_timeout(receiver, reading));
    uint64_t now = clock_monotonic();
    if (receiver->readable)
        session_heard(session, now);
    *error = 0;
    if (session->head_waits)
        session_advance(session, now);
    for (int reads = 0; reads < 16 && *error == 0 && session->state < SESSION_ENDED; reads++) {
        *error = read_once(receiver);
        flush(receiver); /* an ACK that waits costs the stream's pace */
    }
    now = clock_monotonic();
    bool rests = now >= receiver_rest_due(receiver);
    if ((stopping || rests) && receiver->ending_ns == 0) {
        session_end(session);
        receiver->ending_ns = now;
        receiver->resting = !stopping;
    }
    session_tick(session, reading, now);
    flush(receiver);
    if (*error == -EAGAIN)
        *error = 0;
    if (receiver->ending_ns && is_too_late(receiver, now))
        return false;
    return *error == 0 && session->state < SESSION_ENDED && !find_failover(receiver);
}

/* The connection is over, and large packets seem to have got lost on its way. */
static bool loses_large(const struct receiver *receiver)
{
    return receiver->smaller && (receiver->failover || receiver->session.state == SESSION_FAILED);
}

/* What became of the connection. again: there is to be another one. */
static void tell_end(const struct receiver *receiver, int error, bool again)
{
    const struct session *session = &receiver->session;
    const char *hint =
        session->key_needed && receiver->config.key_hint ? receiver->config.key_hint : "";
    if (loses_large(receiver))
        log_warning("small messages arrive and large ones don't, as where a VPN or PPPoE loses "
                    "packets above its MTU; going on with TCP segments of at most %u bytes",
                    receiver->smaller);
    else if (receiver->failover)
        log_warning("the connection fell silent; going on over a new one");
    else if (session->state == SESSION_ENDED)
        log_warning("the daemon was stopped%s", again ? "; waiting for its return" : "");
    else if (session->state == SESSION_FAILED)
        log_error("%s%s%s%s", session->error.text, *hint ? "; " : "", hint,
                  again ? "; connecting again" : "");
    else
        log_warning("the connection was cut (%s)%s",
                    error == -EPIPE ? "the daemon closed it" : strerror(-error),
                    again ? "; connecting again" : "");
}

/* Whether there is to be another connection. */
static bool goes_on(struct receiver *receiver, int error)
{
    const struct session *session = &receiver->session;
    bool again = receiver->config.reconnect && !session->fatal;
    if (receiver_is_stopping(receiver))
        return false;
    if (receiver->resting)
        return true;
    if (session->state == SESSION_ENDED && session->daemon_end.reason == WIRE_END_FINISHED) {
        log_info("the daemon's source came to its end");
        receiver_stop(receiver, RECEIVER_FINISHED);
        return false;
    }
    if (loses_large(receiver))
        receiver->dialer.max_segment = receiver->smaller;
    /* A daemon may hang up again and again; the last word is always told. */
    if (!again || log_passes(&receiver->again_limit))
        tell_end(receiver, error, again);
    if (!again)
        receiver_stop(receiver, RECEIVER_CUT);
    return again;
}

/* A daemon that proved itself before may be on its way back: whoever answers in its place is not
 * worth giving up for. Neither is a single refusal: a handshake that was damaged on its way looks
 * like a wrong key to the daemon. */
static bool distrusts(struct receiver *receiver, int error)
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
    char note[sizeof(receiver->note)];
    if (!receiver->told_untrusted)
        log_write(again ? LOG_LEVEL_WARNING : LOG_LEVEL_ERROR, "%s %s%s", host, why,
                  again ? "; trying again" : "");
    receiver->told_untrusted = true;
    snprintf(note, sizeof(note), "%.60s %.*s", host, (int)strcspn(why, ":,"), why);
    receiver_set_note(receiver, note);
    if (refused)
        receiver->retry_ns = RETRY_REFUSED_NS;
    if (!again)
        receiver_stop(receiver, RECEIVER_CUT);
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

/* Holds the conversation over receiver->transport, and ends it; the failover, if there is one, is
 * the transport then. False: there is to be no other. */
static bool talk(struct receiver *receiver)
{
    struct session *session = &receiver->session;
    struct session_handler handler = receiver_handler(receiver);
    struct session_config config = receiver->config.session;
    struct dial_waiter waiter = { receiver_wait_connecting, receiver };
    int error = handshake_wait(receiver->transport, &waiter, clock_monotonic() + HANDSHAKE_NS);
    if (error) {
        transport_close(&receiver->transport);
        return distrusts(receiver, error);
    }
    if (receiver->tls && !receiver->trusted)
        log_info("%s has proved itself; encrypted with %s", receiver->config.address.host,
                 transport_tls_suite(receiver->transport));
    receiver->trusted = true;
    receiver->refused = false;
    receiver->told_untrusted = receiver->unwritable = false;
    receiver->smaller = 0;
    receiver->rested = receiver->resting;
    receiver->resting = false;
    receiver->ending_ns = 0;
    config.past_epoch = receiver->last_epoch;
    config.past_next_id = receiver->last_next_id;
    config.resumes = receiver->selection.grid.anchored;
    session_init(session, &config, &handler, clock_monotonic());
    report_connected(receiver->outputs.report);
    receiver_set_note(receiver, "waiting for the camera");
    while (converse(receiver, &error))
        ;
    flush(receiver);
    if (!receiver_is_stopping(receiver) && session_cut(session))
        report_cut(receiver->outputs.report);
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
    bool again = goes_on(receiver, error);
    receiver->transport = receiver->failover;
    receiver->failover = NULL;
    session_clear(session);
    memset(session, 0, sizeof(*session));
    return again;
}

bool receiver_talk_over(struct receiver *receiver, int fd)
{
    bool again = false;
    receiver->transport = open_transport(receiver, fd);
    if (!receiver->transport)
        log_error("out of memory for a connection");
    while (receiver->transport && (again = talk(receiver)))
        ;
    transport_close(&receiver->transport);
    return again;
}
