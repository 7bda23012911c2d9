/*
 * A receiver's thread: connects, and connects again, until the end.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>

#include "host/lib/receiver_private.h"
#include "shared/base/clock.h"

#define RETRY_MAX_NS (2 * CLOCK_SECOND / 5)
#define LOOKUP_GOOD_NS CLOCK_SECOND

static void pause_before_retry(struct pitether *receiver)
{
    uint64_t until = clock_monotonic() + receiver->retry_ns;
    for (int left; (left = clock_left_ms(until)) > 0 && !receiver_wait(receiver, -1, 0, -1, left);)
        ;
    receiver->retry_ns =
        2 * receiver->retry_ns < RETRY_MAX_NS ? 2 * receiver->retry_ns : RETRY_MAX_NS;
}

/* Waits while the receiver is paused, or the caller takes no events. */
static void rest(struct pitether *receiver)
{
    while (!receiver->stopping && (clock_monotonic() >= receiver_rest_due(receiver) ||
                                   !event_queue_has_space(receiver->events)))
        receiver_wait(receiver, -1, 0, -1, INT_MAX);
}

/* Connects once, and talks. False: no more. */
static bool attempt(struct pitether *receiver)
{
    struct error error;
    char text[ADDRESS_TEXT_MAX];
    struct dial_waiter waiter = { receiver_wait_connecting, receiver };
    address_format(&receiver->config.address, text);
    if (!receiver->logged_untrusted)
        snprintf(receiver->state, sizeof(receiver->state), "connecting to %.100s", text);
    int fd = dial(&receiver->dialer, &waiter, &error);
    if (fd >= 0) {
        receiver->logged_unreachable = false;
        return receiver_talk_over(receiver, fd);
    }
    if (fd == -ECANCELED)
        return false;
    bool again = receiver->config.reconnect && fd != -EACCES && fd != -EPERM;
    if (again && !receiver->logged_unreachable)
        log_warning("%s; trying again until it works", error.text);
    receiver->logged_unreachable = true;
    receiver_lost(receiver, error.text);
    if (!again)
        receiver_end(receiver, PITETHER_END_LOST, fd, error.text);
    return again;
}

void *receiver_run(void *user)
{
    struct pitether *receiver = user;
    log_set_handler(&receiver->log.handler);
    receiver->retry_ns = RECEIVER_RETRY_FIRST_NS;
    receiver->last_frame_ns = clock_monotonic();
    receiver->dialer.address = receiver->config.address;
    receiver->dialer.good_ns = LOOKUP_GOOD_NS;
    while (!receiver->stopping && attempt(receiver)) {
        pause_before_retry(receiver);
        rest(receiver);
    }
    receiver_end(receiver, PITETHER_END_FAILED, -EIO, "receiving ended for no known reason");
    receiver_sees_stop(receiver);
    dialer_clear(&receiver->dialer);
    set_queue_close(&receiver->sets);
    receiver_give_up_sets(receiver, true);
    receiver_put(receiver, &(struct pitether_event){ .type = PITETHER_END, .end = receiver->end });
    return NULL;
}
