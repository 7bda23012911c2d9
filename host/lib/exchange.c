#include "host/lib/exchange.h"

#include <errno.h>
#include <poll.h>

#include "shared/base/clock.h"

short exchange_events(const struct session *session, const struct transport *transport,
                      bool reading)
{
    return (short)((reading ? POLLIN : 0) | (session->out_used > 0 ? POLLOUT : 0) |
                   (transport->waits_for & POLLOUT));
}

int exchange_write(struct session *session, struct transport *transport)
{
    while (session->out_used > 0) {
        struct iovec out = { session->out, session->out_used };
        ssize_t sent = transport->ops->write(transport, &out, 1);
        if (sent < 0)
            return sent == -EAGAIN ? 0 : (int)sent;
        session_written(session, (size_t)sent);
    }
    return 0;
}

/* The time, after a look at whether this machine was suspended: the two clocks part then. */
static uint64_t read_clock(struct clock_sync *clock)
{
    uint64_t before = clock_monotonic(), awake = clock_read(CLOCK_BOOTTIME);
    uint64_t now = clock_monotonic();
    clock_sync_asleep(clock, (int64_t)(awake - now), (int64_t)(awake - before));
    return now;
}

int exchange_read(struct session *session, struct transport *transport)
{
    struct iovec space[2];
    int count = session_space(session, space);
    if (count == 0)
        return -EAGAIN;
    ssize_t got = transport->ops->read(transport, space, count);
    if (got <= 0)
        return got == 0 ? -EPIPE : (int)got;
    uint64_t now = read_clock(session->config.clock);
    session_filled(session, (size_t)got, now);
    session_advance(session, now);
    return 0;
}
