/*
 * How a receiver's thread waits, and what ends the run meanwhile: requests, the duration, the
 * timeout.
 */
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

#include "host/lib/receiver_private.h"
#include "shared/base/clock.h"
#include "shared/base/wakeup.h"

/* A pause that is shorter keeps the connection. */
#define REST_AFTER_NS (2 * CLOCK_SECOND)

static void take_requests(struct pitether *receiver)
{
    wakeup_clear(receiver->wake_fd);
    if (atomic_load(&receiver->closing) || atomic_load(&receiver->stops) > 0)
        receiver_end(receiver, PITETHER_END_STOPPED, 0, "");
}

/* begin_ns and so many seconds; UINT64_MAX: never. */
static uint64_t seconds_after(uint64_t begin_ns, double seconds)
{
    return seconds > 0 && seconds < RECEIVER_NEVER_S ? begin_ns + (uint64_t)(seconds * 1e9)
                                                     : UINT64_MAX;
}

static uint64_t duration_due(const struct pitether *receiver)
{
    uint64_t begin_ns = receiver->first_frame_ns;
    return begin_ns ? seconds_after(begin_ns, receiver->config.duration_s) : UINT64_MAX;
}

static uint64_t timeout_due(const struct pitether *receiver)
{
    return seconds_after(receiver->last_frame_ns, receiver->config.timeout_s);
}

static void check_duration(struct pitether *receiver, uint64_t now)
{
    if (receiver->stopping || now < duration_due(receiver))
        return;
    /* Without a connection, what was asked for was not brought to its end. */
    if (receiver->transport)
        receiver_end(receiver, PITETHER_END_DURATION, 0, "");
    else
        receiver_end(receiver, PITETHER_END_LOST, -ENOTCONN,
                     "there was no connection when the duration was over");
}

static void check_timeout(struct pitether *receiver, uint64_t now)
{
    char text[256];
    /* While the caller takes nothing, nothing is read. */
    if (session_waits(&receiver->session))
        receiver->last_frame_ns = now;
    if (receiver->stopping || now < timeout_due(receiver))
        return;
    snprintf(text, sizeof(text), "no frame came for %g s%s%s", receiver->config.timeout_s,
             *receiver->state ? ": " : "", receiver->state);
    receiver_end(receiver, PITETHER_END_TIMEOUT, -ETIMEDOUT, text);
}

uint64_t receiver_rest_due(struct pitether *receiver)
{
    const struct receiver_config *config = &receiver->config;
    if (config->mode != PITETHER_LIVE || config->duration_s > 0 || config->timeout_s > 0 ||
        set_queue_is_busy(&receiver->sets))
        return UINT64_MAX;
    pthread_mutex_lock(&receiver->lock);
    uint64_t paused_ns = receiver->paused_ns;
    pthread_mutex_unlock(&receiver->lock);
    return paused_ns ? paused_ns + REST_AFTER_NS : UINT64_MAX;
}

/* timeout_ms, or less: nothing of what the run itself has to do in time may be late. */
static int bounded_timeout(const struct pitether *receiver, int timeout_ms)
{
    if (receiver->stopping)
        return timeout_ms;
    uint64_t due = duration_due(receiver);
    if (timeout_due(receiver) < due)
        due = timeout_due(receiver);
    int left = clock_left_ms(due);
    return left < timeout_ms ? left : timeout_ms;
}

bool receiver_wait(struct pitether *receiver, int fd, short events, int other, int timeout_ms)
{
    struct pollfd fds[4] = {
        { receiver->wake_fd, POLLIN, 0 },
        { events ? fd : -1, events, 0 }, /* poll() tells of an end even to who asks for nothing */
        { receiver->session.head_waits ? frame_pool_fd(receiver->pool) : -1, POLLIN, 0 },
        { other, POLLIN, 0 },
    };
    /* Where waiting fails for want of memory, it still must be possible to end it. */
    bool failed = poll(fds, 4, bounded_timeout(receiver, timeout_ms)) < 0;
    receiver->readable = fds[1].revents & POLLIN;
    if (failed || fds[0].revents)
        take_requests(receiver);
    uint64_t now = clock_monotonic();
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
    struct pitether *receiver = user;
    struct pollfd current = { receiver->transport->fd, POLLIN, 0 };
    return receiver_wait(receiver, fd, events, current.fd, timeout_ms) || poll(&current, 1, 0) > 0;
}
