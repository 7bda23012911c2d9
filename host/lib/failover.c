#include "host/lib/failover.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>

#include "host/lib/handshake.h"
#include "shared/base/clock.h"

/* A new connection may be cut, too, before the daemon has answered. */
#define ANSWER_NS (2 * CLOCK_SECOND)
/* A daemon that was stopped for a while and goes on answers on both, within moments. */
#define CHANCE_NS (400 * CLOCK_MS)

/* False: the waiter gave up, or it is too late. */
static bool wait_until(const struct dial_waiter *waiter, int fd, short events, uint64_t until)
{
    int left = clock_left_ms(until);
    return left > 0 && !waiter->wait(waiter->user, fd, events, left);
}

static bool has_answered(struct transport *transport, const struct dial_waiter *waiter)
{
    uint64_t until = clock_monotonic() + ANSWER_NS;
    if (handshake_wait(transport, waiter, until))
        return false;
    char byte;
    ssize_t got;
    while ((got = recv(transport->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT)) < 0 && errno == EAGAIN)
        if (!wait_until(waiter, transport->fd, POLLIN, until))
            return false;
    /* Over TLS it may be the alert that a key just revoked brings: that is not known before it is
     * read, and the first connection would not outlive the key either. */
    return got > 0;
}

static bool first_stays_silent(const struct dial_waiter *waiter)
{
    uint64_t until = clock_monotonic() + CHANCE_NS;
    for (int left; (left = clock_left_ms(until)) > 0;)
        if (waiter->wait(waiter->user, -1, 0, left))
            return false;
    return true;
}

struct transport *failover_find(struct dialer *dialer, const struct dial_waiter *waiter,
                                const struct failover_opener *opener)
{
    struct error error;
    int fd = dial(dialer, waiter, &error);
    struct transport *transport = fd >= 0 ? opener->open(opener->user, fd) : NULL;
    if (transport && !(has_answered(transport, waiter) && first_stays_silent(waiter)))
        transport_close(&transport);
    return transport;
}
