#include "host/receiver.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "host/black_hole.h"
#include "host/dial.h"
#include "host/handshake.h"
#include "host/progress.h"
#include "host/selection.h"
#include "host/standby.h"
#include "shared/clock.h"
#include "shared/log.h"
#include "shared/signals.h"
#include "shared/transport_tls.h"

/* Frames that may wait for slow sinks; what they hold is bounded in bytes as well. */
enum { POOL_FRAMES = SINK_QUEUE, POOL_BYTES = 256 << 20 };

#define RETRY_FIRST_NS (CLOCK_SECOND / 10)
#define RETRY_MOST_NS (2 * CLOCK_SECOND / 5)
#define LOOKUP_GOOD_NS CLOCK_SECOND
#define HANDSHAKE_NS (5 * CLOCK_SECOND)
/* Who is refused has time, and a daemon has no patience with those who come too often. */
#define RETRY_REFUSED_NS (5 * CLOCK_SECOND)
/* How long the daemon's END is waited for: while nothing comes, or who has interrupted it waits;
 * and while it comes behind what was on the way. */
#define ENDING_NS (2 * CLOCK_SECOND)
#define ENDING_MOST_NS (10 * CLOCK_SECOND)
/* What is longer never ends. */
#define NEVER_S 1e9

struct receiver {
    struct receiver_config config;
    struct frame_pool *pool;
    int wake_fd, signal_fd;

    /* The receiver's thread alone. */
    struct dialer dialer;
    struct clock_sync clock;
    struct session session;
    struct transport *transport;
    struct transport *standby; /* takes the place of transport, which fell silent; or NULL */
    unsigned smaller; /* large packets seem to get lost: the largest segment to go on with; or 0 */
    uint64_t last_session, last_next_id; /* of the connection before; 0: none */
    uint64_t counted; /* kept, but for those that took the place of another one everywhere */
    uint64_t kept, first_frame_ns, ending_ns;
    uint64_t last_frame_ns; /* or when it all began */
    bool stop_seen, cut_off;
    bool parted;  /* the last daemon has ended in order */
    bool refused; /* the last handshake was */
    struct selection selection;
    uint64_t retry_ns, next_standby_ns;
    unsigned signals;
    struct progress progress;
    struct log_limit status_limit, stream_limit, damaged_limit, again_limit;
    bool told_lost;  /* that the daemon has no camera */
    struct tls *tls; /* NULL: plain text */
    bool trusted;    /* a handshake has been done */
    bool readable;   /* the last wait's descriptor */
    bool told_unreachable, told_untrusted, unwritable, impatient;

    pthread_mutex_t lock;
    /* Under lock. */
    bool stopping;
    enum receiver_end reason;
    char note[128];
    uint64_t interval_ns;

    pthread_mutex_t outlets_lock;
    /* sinks and window: under outlets_lock; NULL: none, or detached. */
    struct receiver_outlets outlets;
};

static void refresh_window(struct receiver *receiver)
{
    pthread_mutex_lock(&receiver->outlets_lock);
    if (receiver->outlets.window)
        window_refresh(receiver->outlets.window);
    pthread_mutex_unlock(&receiver->outlets_lock);
}

static void set_note(struct receiver *receiver, const char *note)
{
    pthread_mutex_lock(&receiver->lock);
    bool changed = strncmp(receiver->note, note, sizeof(receiver->note) - 1) != 0;
    snprintf(receiver->note, sizeof(receiver->note), "%s", note);
    pthread_mutex_unlock(&receiver->lock);
    if (changed)
        refresh_window(receiver);
}

void receiver_note(struct receiver *receiver, char *note, size_t size)
{
    pthread_mutex_lock(&receiver->lock);
    snprintf(note, size, "%s", receiver->note);
    pthread_mutex_unlock(&receiver->lock);
}

uint64_t receiver_interval(struct receiver *receiver)
{
    pthread_mutex_lock(&receiver->lock);
    uint64_t interval_ns = receiver->interval_ns;
    pthread_mutex_unlock(&receiver->lock);
    return interval_ns;
}

/* The stream's rate is known. */
static void set_interval(struct receiver *receiver, uint32_t fps_mhz)
{
    selection_set_rate(&receiver->selection, fps_mhz);
    uint64_t interval_ns = selection_interval(&receiver->selection);
    pthread_mutex_lock(&receiver->lock);
    bool changed = receiver->interval_ns != interval_ns;
    receiver->interval_ns = interval_ns;
    pthread_mutex_unlock(&receiver->lock);
    if (changed)
        refresh_window(receiver);
}

void receiver_stop(struct receiver *receiver, enum receiver_end reason)
{
    pthread_mutex_lock(&receiver->lock);
    if (!receiver->stopping)
        receiver->reason = reason;
    receiver->stopping = true;
    pthread_mutex_unlock(&receiver->lock);
    uint64_t one = 1;
    ssize_t written = write(receiver->wake_fd, &one, sizeof(one));
    (void)written;
}

unsigned receiver_signals(const struct receiver *receiver)
{
    return receiver->signals;
}

static bool is_stopping(struct receiver *receiver)
{
    pthread_mutex_lock(&receiver->lock);
    bool stopping = receiver->stopping;
    pthread_mutex_unlock(&receiver->lock);
    return stopping;
}

/* Under outlets_lock. */
static bool has_outlets(const struct receiver_outlets *outlets)
{
    bool any = outlets->null || outlets->window;
    for (unsigned i = 0; i < outlets->sink_count; i++)
        any = any || outlets->sinks[i];
    return any;
}

bool receiver_detach(struct receiver *receiver, const void *outlet, enum receiver_end reason)
{
    struct receiver_outlets *outlets = &receiver->outlets;
    bool found = false;
    pthread_mutex_lock(&receiver->outlets_lock);
    for (unsigned i = 0; i < outlets->sink_count; i++)
        if (outlets->sinks[i] == outlet) {
            outlets->sinks[i] = NULL;
            found = true;
        }
    if (outlets->window == outlet) {
        outlets->window = NULL;
        found = true;
    }
    bool left = has_outlets(outlets);
    pthread_mutex_unlock(&receiver->outlets_lock);
    if (found && !left)
        receiver_stop(receiver, reason);
    return left;
}

/* Whether --frames or --duration has ended it. */
static bool is_done(struct receiver *receiver)
{
    pthread_mutex_lock(&receiver->lock);
    bool done = receiver->stopping && receiver->reason == RECEIVER_DONE;
    pthread_mutex_unlock(&receiver->lock);
    return done;
}

static struct frame *take_frame(void *user)
{
    struct receiver *receiver = user;
    return frame_pool_take(receiver->pool);
}

static void keep(struct receiver *receiver, struct frame *frame)
{
    const struct receiver_outlets *outlets = &receiver->outlets;
    pthread_mutex_lock(&receiver->outlets_lock);
    bool counts = outlets->null || outlets->window;
    for (unsigned i = 0; i < outlets->sink_count; i++)
        if (outlets->sinks[i] && sink_push(outlets->sinks[i], frame))
            counts = true;
    if (outlets->window)
        window_offer(outlets->window, frame);
    pthread_mutex_unlock(&receiver->outlets_lock);
    receiver->kept++;
    receiver->counted += counts;
    if (receiver->counted == receiver->config.frames)
        receiver_stop(receiver, RECEIVER_DONE);
}

/* How long this machine was suspended since it started. */
static uint64_t suspended_ns(void)
{
    return clock_read(CLOCK_BOOTTIME) - clock_monotonic();
}

static uint64_t first_due(void *user)
{
    struct receiver *receiver = user;
    int64_t offset;
    uint64_t error, now = clock_monotonic();
    bool known = clock_sync_offset(&receiver->clock, now, now, &offset, &error);
    return selection_resume(&receiver->selection, receiver->session.id, known ? &offset : NULL,
                            suspended_ns());
}

/* Whether the frame that came last is to be kept: with --duration, all that were taken in that time
 * are, though they may arrive when it is over. */
static bool is_due(struct receiver *receiver)
{
    uint64_t limit = receiver->config.frames;
    if (!selection_in_time(&receiver->selection))
        return false;
    return !is_stopping(receiver) || (receiver->config.duration_s > 0 && is_done(receiver) &&
                                      (!limit || receiver->counted < limit));
}

static void on_frame(void *user, struct frame *frame)
{
    struct receiver *receiver = user;
    report_frame(receiver->outlets.report, frame);
    if (receiver->outlets.latency_log)
        latency_log_frame(receiver->outlets.latency_log, frame);
    receiver->last_frame_ns = frame->times.last_byte;
    if (receiver->first_frame_ns == 0)
        receiver->first_frame_ns = frame->times.last_byte;
    report_unmet(receiver->outlets.report,
                 selection_add(&receiver->selection, frame, suspended_ns()));
    if (is_due(receiver))
        keep(receiver, frame);
    frame_release(frame);
}

static void on_damaged(void *user, uint64_t id, const char *why)
{
    struct receiver *receiver = user;
    report_damaged(receiver->outlets.report);
    log_warning_limited(&receiver->damaged_limit,
                        "frame %" PRIu64 " arrived damaged: %s; thrown away", id, why);
}

static void on_drops(void *user, const struct wire_drops *drops)
{
    struct receiver *receiver = user;
    report_drops(receiver->outlets.report, drops);
    if (drops->reason == WIRE_DROP_UNSENT && is_done(receiver))
        report_unsent_due(receiver->outlets.report, selection_overdue(&receiver->selection, drops));
}

/* On the first STREAM of a connection, next_id is where its accounting begins. */
static void on_stream(void *user, const struct wire_stream *stream)
{
    struct receiver *receiver = user;
    const struct session *session = &receiver->session;
    char rate[32] = "";
    set_interval(receiver, stream->fps_mhz);
    if (stream->fps_mhz)
        snprintf(rate, sizeof(rate), ", %.6g fps", stream->fps_mhz / 1000.0);
    if (log_passes(&receiver->stream_limit))
        log_info("camera %s, %ux%u%s", stream->model, stream->width, stream->height, rate);
    if (receiver->last_session == session->id && session->first_id > receiver->last_next_id) {
        uint64_t missed = session->first_id - receiver->last_next_id;
        log_warning_limited(&receiver->stream_limit,
                            "%" PRIu64 " frames were missed while there was no connection", missed);
        report_missed(receiver->outlets.report, missed);
    }
    receiver->last_session = session->id;
    receiver->last_next_id = session->next_id;
}

static void on_status(void *user, const struct wire_status *status)
{
    struct receiver *receiver = user;
    char note[sizeof(receiver->note)] = "";
    if (status->state == WIRE_STREAM_LOST) {
        log_warning_limited(&receiver->status_limit, "the daemon has no camera: %s", status->text);
        snprintf(note, sizeof(note), "no camera: %.100s", status->text);
        wire_trim_text(note);
        receiver->told_lost = true;
    } else if (status->state == WIRE_STREAM_STARTING) {
        snprintf(note, sizeof(note), "waiting for the camera");
    } else if (receiver->told_lost) {
        /* Its STREAM may be the same as before, and is not told again then. */
        log_info("the daemon has a camera now");
        receiver->told_lost = false;
    }
    set_note(receiver, note);
}

/* Signals and stop requests. A second signal ends it without a farewell. */
static void look_around(struct receiver *receiver)
{
    struct signalfd_siginfo info;
    uint64_t count;
    ssize_t got = read(receiver->wake_fd, &count, sizeof(count));
    (void)got;
    while (read(receiver->signal_fd, &info, sizeof(info)) == sizeof(info)) {
        receiver->signals++;
        receiver->impatient = is_stopping(receiver);
        receiver_stop(receiver, RECEIVER_INTERRUPTED);
    }
}

/* begin_ns and so many seconds; UINT64_MAX: never. */
static uint64_t seconds_after(uint64_t begin_ns, double seconds)
{
    return seconds > 0 && seconds < NEVER_S ? begin_ns + (uint64_t)(seconds * 1e9) : UINT64_MAX;
}

static uint64_t duration_due(const struct receiver *receiver)
{
    uint64_t begin_ns = receiver->first_frame_ns;
    return begin_ns ? seconds_after(begin_ns, receiver->config.duration_s) : UINT64_MAX;
}

static uint64_t timeout_due(const struct receiver *receiver)
{
    return seconds_after(receiver->last_frame_ns, receiver->config.timeout_s);
}

static void check_duration(struct receiver *receiver, uint64_t now)
{
    if (now >= duration_due(receiver))
        /* Without a connection, what was asked for was not brought to its end. */
        receiver_stop(receiver, receiver->transport ? RECEIVER_DONE : RECEIVER_CUT);
}

static void check_timeout(struct receiver *receiver, uint64_t now)
{
    char note[sizeof(receiver->note)];
    if (is_stopping(receiver) || now < timeout_due(receiver))
        return;
    receiver_note(receiver, note, sizeof(note));
    log_error("no frame came for %g s (--timeout)%s%s", receiver->config.timeout_s,
              *note ? ": " : "", note);
    receiver_stop(receiver, RECEIVER_TIMEOUT);
}

/* As is_stopping(); notes how things stood when that began. */
static bool sees_stop(struct receiver *receiver)
{
    bool stopping = is_stopping(receiver);
    if (stopping && !receiver->stop_seen)
        receiver->cut_off =
            !(receiver->transport && receiver->session.id != 0) && !receiver->parted;
    receiver->stop_seen = stopping;
    return stopping;
}

/* timeout_ms, or less: nothing of what the run itself has to do in time may be late. */
static int bounded_timeout(const struct receiver *receiver, bool stopping, int timeout_ms)
{
    uint64_t due = progress_due(&receiver->progress);
    if (!stopping && duration_due(receiver) < due)
        due = duration_due(receiver);
    if (!stopping && timeout_due(receiver) < due)
        due = timeout_due(receiver);
    int left = clock_left_ms(due);
    return left < timeout_ms ? left : timeout_ms;
}

/* Waits for fd (-1: none) and for requests to stop; or until `other` (-1: none) can be read.
 * Returns whether it is time to stop. */
static bool wait_for(struct receiver *receiver, int fd, short events, int other, int timeout_ms)
{
    struct pollfd fds[5] = {
        { receiver->wake_fd, POLLIN, 0 },
        { receiver->signal_fd, POLLIN, 0 },
        { events ? fd : -1, events, 0 }, /* poll() tells of an end even to who asks for nothing */
        { receiver->session.head_waits ? frame_pool_fd(receiver->pool) : -1, POLLIN, 0 },
        { other, POLLIN, 0 },
    };
    timeout_ms = bounded_timeout(receiver, is_stopping(receiver), timeout_ms);
    /* Where waiting fails for want of memory, it still must be possible to end it. */
    bool failed = poll(fds, 5, timeout_ms) < 0;
    receiver->readable = fds[2].revents & POLLIN;
    if (failed || fds[0].revents || fds[1].revents)
        look_around(receiver);
    uint64_t now = clock_monotonic();
    progress_show(&receiver->progress, receiver->outlets.report, now);
    check_duration(receiver, now);
    check_timeout(receiver, now);
    return sees_stop(receiver);
}

static bool wait_connecting(void *user, int fd, short events, int timeout_ms)
{
    return wait_for(user, fd, events, -1, timeout_ms);
}

/* As wait_connecting(), until the connection is heard again. */
static bool wait_silent(void *user, int fd, short events, int timeout_ms)
{
    struct receiver *receiver = user;
    struct pollfd heard = { receiver->transport->fd, POLLIN, 0 };
    return wait_for(receiver, fd, events, heard.fd, timeout_ms) || poll(&heard, 1, 0) > 0;
}

static struct transport *open_transport(void *user, int fd)
{
    struct receiver *receiver = user;
    return receiver->tls ? transport_tls_connect(fd, receiver->tls) : transport_plain_create(fd);
}

/* When it is to be seen whether another connection could take the place of this one, for it will
 * have been silent for long enough; UINT64_MAX: never. */
static uint64_t standby_due(const struct receiver *receiver)
{
    uint64_t due = session_silent_at(&receiver->session);
    if (!receiver->config.reconnect)
        return UINT64_MAX;
    return due > receiver->next_standby_ns ? due : receiver->next_standby_ns;
}

static bool find_standby(struct receiver *receiver)
{
    struct dial_waiter waiter = { wait_silent, receiver };
    struct standby_opener opener = { open_transport, receiver };
    struct dialer *dialer = &receiver->dialer;
    unsigned before = dialer->max_segment, smaller = black_hole_smaller(before);
    uint64_t now = clock_monotonic();
    if (now < session_silent_at(&receiver->session) || now >= standby_due(receiver))
        receiver->smaller = 0;
    if (is_stopping(receiver) || now < standby_due(receiver))
        return false;
    if (smaller && black_hole_suspected(receiver->transport->fd, before))
        dialer->max_segment = receiver->smaller = smaller;
    receiver->standby = standby_find(dialer, &waiter, &opener);
    receiver->next_standby_ns = clock_monotonic() + RETRY_FIRST_NS;
    /* It may only be the daemon that pauses. */
    dialer->max_segment = before;
    return receiver->standby;
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
    uint64_t due = (heard > since && is_done(receiver) ? heard : since) + ENDING_NS;
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
    if (standby_due(receiver) < due)
        due = standby_due(receiver);
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
    bool stopping =
        wait_for(receiver, receiver->transport->fd, events, -1, turn_timeout(receiver, reading));
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
    if (stopping && receiver->ending_ns == 0) {
        session_end(session);
        receiver->ending_ns = now;
    }
    session_tick(session, reading, now);
    flush(receiver);
    if (*error == -EAGAIN)
        *error = 0;
    if (receiver->ending_ns && is_too_late(receiver, now))
        return false;
    return *error == 0 && session->state < SESSION_ENDED && !find_standby(receiver);
}

/* The connection is over, and large packets seem to have got lost on its way. */
static bool loses_large(const struct receiver *receiver)
{
    return receiver->smaller && (receiver->standby || receiver->session.state == SESSION_FAILED);
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
    else if (receiver->standby)
        log_warning("the connection fell silent; going on over a new one");
    else if (session->state == SESSION_ENDED)
        log_warning("the daemon was stopped%s", again ? "; waiting for its return" : "");
    else if (session->state == SESSION_FAILED)
        log_error("%s%s%s%s", session->error, *hint ? "; " : "", hint,
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
    bool again = receiver->config.reconnect && !session->hopeless;
    if (is_stopping(receiver))
        return false;
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
    set_note(receiver, note);
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

/* Holds the conversation over receiver->transport, and ends it; the standby, if there is one, is
 * the transport then. False: there is to be no other. */
static bool talk(struct receiver *receiver)
{
    struct session *session = &receiver->session;
    struct session_handler handler = { first_due, take_frame, on_frame,  on_damaged,
                                       on_drops,  on_stream,  on_status, receiver };
    struct session_config config = receiver->config.session;
    struct dial_waiter waiter = { wait_connecting, receiver };
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
    config.past_session = receiver->last_session;
    config.past_next_id = receiver->last_next_id;
    config.resumes = receiver->selection.grid.anchored;
    session_init(session, &config, &handler, clock_monotonic());
    report_connected(receiver->outlets.report);
    set_note(receiver, "waiting for the camera");
    while (converse(receiver, &error))
        ;
    flush(receiver);
    if (!is_stopping(receiver) && session_cut(session))
        report_cut(receiver->outlets.report);
    if (session->id != 0)
        receiver->parted = session->state == SESSION_ENDED;
    if (session->started)
        receiver->last_next_id = session->next_id;
    if (session->totals.captured > 0)
        receiver->retry_ns = RETRY_FIRST_NS;
    if (receiver->standby)
        abandon(&receiver->transport);
    else
        transport_close(&receiver->transport);
    bool again = goes_on(receiver, error);
    receiver->transport = receiver->standby;
    receiver->standby = NULL;
    session_clear(session);
    memset(session, 0, sizeof(*session));
    return again;
}

static void pause_before_retry(struct receiver *receiver)
{
    uint64_t until = clock_monotonic() + receiver->retry_ns;
    for (int left; (left = clock_left_ms(until)) > 0 && !wait_for(receiver, -1, 0, -1, left);)
        ;
    receiver->retry_ns =
        2 * receiver->retry_ns < RETRY_MOST_NS ? 2 * receiver->retry_ns : RETRY_MOST_NS;
}

/* The same over this socket, and over what takes its place. */
static bool talk_over(struct receiver *receiver, int fd)
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

/* Connects once, and talks. False: no more. */
static bool attempt(struct receiver *receiver)
{
    char error[DIAL_ERROR_MAX], text[ADDRESS_TEXT_MAX], note[sizeof(receiver->note)];
    struct dial_waiter waiter = { wait_connecting, receiver };
    address_format(&receiver->config.address, text);
    snprintf(note, sizeof(note), "connecting to %.100s", text);
    if (!receiver->told_untrusted)
        set_note(receiver, note);
    int fd = dial(&receiver->dialer, &waiter, error);
    if (fd >= 0) {
        receiver->told_unreachable = false;
        return talk_over(receiver, fd);
    }
    if (fd == -ECANCELED)
        return false;
    if (!receiver->config.reconnect || fd == -EACCES || fd == -EPERM) {
        log_error("%s", error);
        receiver_stop(receiver, RECEIVER_CUT);
        return false;
    }
    if (!receiver->told_unreachable)
        log_warning("%s; trying again until it works (Ctrl-C ends)", error);
    receiver->told_unreachable = true;
    return true;
}

enum receiver_end receiver_run(struct receiver *receiver, uint64_t *kept)
{
    receiver->retry_ns = RETRY_FIRST_NS;
    receiver->last_frame_ns = clock_monotonic();
    receiver->dialer.address = receiver->config.address;
    receiver->dialer.good_ns = LOOKUP_GOOD_NS;
    while (!is_stopping(receiver) && attempt(receiver))
        pause_before_retry(receiver);
    sees_stop(receiver);
    dialer_clear(&receiver->dialer);
    progress_end(&receiver->progress, receiver->outlets.report, clock_monotonic());
    pthread_mutex_lock(&receiver->outlets_lock);
    if (receiver->outlets.window)
        window_close_soon(receiver->outlets.window);
    pthread_mutex_unlock(&receiver->outlets_lock);
    *kept = receiver->kept;
    pthread_mutex_lock(&receiver->lock);
    enum receiver_end reason = receiver->stopping ? receiver->reason : RECEIVER_FAILED;
    pthread_mutex_unlock(&receiver->lock);
    return reason;
}

bool receiver_was_cut_off(const struct receiver *receiver)
{
    return receiver->cut_off;
}

/* What may fail of it; each says why at once. 0 or a negative errno. */
static int prepare(struct receiver *receiver)
{
    sigset_t signals = signals_to_end();
    receiver->pool = frame_pool_create(POOL_FRAMES, POOL_BYTES);
    if (!receiver->pool)
        return -errno;
    receiver->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (receiver->wake_fd < 0)
        return -errno;
    receiver->signal_fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
    if (receiver->signal_fd < 0)
        return -errno;
    if (!receiver->config.keys)
        return 0;
    receiver->tls = tls_create(TLS_RECEIVER, receiver->config.keys);
    return receiver->tls ? 0 : -ENOMEM;
}

int receiver_create(struct receiver **receiver, const struct receiver_config *config,
                    const struct receiver_outlets *outlets)
{
    struct receiver *self = *receiver = calloc(1, sizeof(*self));
    if (!self)
        return -ENOMEM;
    self->config = *config;
    self->config.session.clock = &self->clock;
    self->outlets = *outlets;
    self->wake_fd = self->signal_fd = -1;
    selection_init(&self->selection, config->session.max_fps_mhz, config->session.every,
                   config->duration_s);
    self->progress = (struct progress){ .draws = config->progress, .logs = config->stats };
    pthread_mutex_init(&self->lock, NULL);
    pthread_mutex_init(&self->outlets_lock, NULL);
    int error = prepare(self);
    if (error)
        receiver_destroy(receiver);
    return error;
}

void receiver_destroy(struct receiver **receiver)
{
    if (!receiver || !*receiver)
        return;
    struct receiver *self = *receiver;
    frame_pool_destroy(self->pool);
    tls_destroy(&self->tls);
    if (self->wake_fd >= 0)
        close(self->wake_fd);
    if (self->signal_fd >= 0)
        close(self->signal_fd);
    pthread_mutex_destroy(&self->outlets_lock);
    pthread_mutex_destroy(&self->lock);
    free(self);
    *receiver = NULL;
}
