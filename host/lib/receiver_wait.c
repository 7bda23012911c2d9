/*
 * How the receiver waits, and what ends the run meanwhile: signals, requests, --duration,
 * --timeout.
 */
#include <poll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "host/lib/receiver_internal.h"
#include "shared/net/transport.h"

/* A window that is soon seen again costs no new connection. */
#define REST_AFTER_NS (2 * CLOCK_SECOND)

/* Signals and stop requests. A second signal ends it without a final_message. */
static void look_around(struct receiver *receiver)
{
    struct signalfd_siginfo info;
    uint64_t count;
    ssize_t got = read(receiver->wake_fd, &count, sizeof(count));
    (void)got;
    while (read(receiver->signal_fd, &info, sizeof(info)) == sizeof(info)) {
        receiver->signals++;
        receiver->impatient = receiver_is_stopping(receiver);
        receiver_stop(receiver, RECEIVER_INTERRUPTED);
    }
}

/* begin_ns and so many seconds; UINT64_MAX: never. */
static uint64_t seconds_after(uint64_t begin_ns, double seconds)
{
    return seconds > 0 && seconds < RECEIVER_NEVER_S ? begin_ns + (uint64_t)(seconds * 1e9)
                                                     : UINT64_MAX;
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
    if (receiver_is_stopping(receiver) || now < timeout_due(receiver))
        return;
    receiver_note(receiver, note, sizeof(note));
    log_error("no frame came for %g s (--timeout)%s%s", receiver->config.timeout_s,
              *note ? ": " : "", note);
    receiver_stop(receiver, RECEIVER_TIMEOUT);
}

bool receiver_sees_stop(struct receiver *receiver)
{
    bool stopping = receiver_is_stopping(receiver);
    if (stopping && !receiver->stop_seen)
        receiver->cut_off =
            !(receiver->transport && receiver->session.epoch != 0) && !receiver->parted;
    receiver->stop_seen = stopping;
    return stopping;
}

uint64_t receiver_rest_due(struct receiver *receiver)
{
    const struct receiver_config *config = &receiver->config;
    const struct receiver_outputs *outputs = &receiver->outputs;
    bool alone = config->session.mode == WIRE_LIVE && !config->frames && config->duration_s <= 0 &&
                 config->timeout_s <= 0 && !outputs->null && !outputs->latency_log;
    pthread_mutex_lock(&receiver->outputs_lock);
    for (unsigned i = 0; i < outputs->sink_count; i++)
        alone = alone && !outputs->sinks[i];
    pthread_mutex_unlock(&receiver->outputs_lock);
    pthread_mutex_lock(&receiver->lock);
    uint64_t paused_ns = receiver->paused_ns;
    pthread_mutex_unlock(&receiver->lock);
    return alone && paused_ns ? paused_ns + REST_AFTER_NS : UINT64_MAX;
}

/* timeout_ms, or less: nothing of what the run itself has to do in time may be late. */
static int bounded_timeout(struct receiver *receiver, bool stopping, int timeout_ms)
{
    uint64_t due = progress_due(&receiver->progress);
    if (!stopping && duration_due(receiver) < due)
        due = duration_due(receiver);
    if (!stopping && timeout_due(receiver) < due)
        due = timeout_due(receiver);
    int left = clock_left_ms(due);
    return left < timeout_ms ? left : timeout_ms;
}

bool receiver_wait(struct receiver *receiver, int fd, short events, int other, int timeout_ms)
{
    struct pollfd fds[5] = {
        { receiver->wake_fd, POLLIN, 0 },
        { receiver->signal_fd, POLLIN, 0 },
        { events ? fd : -1, events, 0 }, /* poll() tells of an end even to who asks for nothing */
        { receiver->session.head_waits ? frame_pool_fd(receiver->pool) : -1, POLLIN, 0 },
        { other, POLLIN, 0 },
    };
    timeout_ms = bounded_timeout(receiver, receiver_is_stopping(receiver), timeout_ms);
    /* Where waiting fails for want of memory, it still must be possible to end it. */
    bool failed = poll(fds, 5, timeout_ms) < 0;
    receiver->readable = fds[2].revents & POLLIN;
    if (failed || fds[0].revents || fds[1].revents)
        look_around(receiver);
    uint64_t now = clock_monotonic();
    progress_show(&receiver->progress, receiver->outputs.report, now);
    check_duration(receiver, now);
    check_timeout(receiver, now);
    return receiver_sees_stop(receiver);
}

bool receiver_wait_connecting(void *user, int fd, short events, int timeout_ms)
{
    return receiver_wait(user, fd, events, -1, timeout_ms);
}

bool receiver_wait_silent(void *user, int fd, short events, int timeout_ms)
{
    struct receiver *receiver = user;
    struct pollfd heard = { receiver->transport->fd, POLLIN, 0 };
    return receiver_wait(receiver, fd, events, heard.fd, timeout_ms) || poll(&heard, 1, 0) > 0;
}
