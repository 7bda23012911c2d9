/*
 * Whether, how and why a receiver ends.
 */
#include <stdio.h>

#include "host/lib/receiver_private.h"
#include "shared/base/text.h"

void receiver_end(struct pitether *receiver, enum pitether_end_reason reason, int error,
                  const char *text)
{
    struct pitether_end *end = &receiver->end;
    if (receiver->stopping)
        return;
    receiver->stopping = true;
    end->reason = reason;
    end->error = error;
    snprintf(end->text, sizeof(end->text), "%s", text);
    text_trim(end->text);
    if (*text)
        log_error("%s", text);
}

bool receiver_is_done(const struct pitether *receiver)
{
    return receiver->stopping && receiver->end.reason == PITETHER_END_DURATION;
}

bool receiver_sees_stop(struct pitether *receiver)
{
    if (receiver->stopping && !receiver->stop_seen)
        receiver->end.connected =
            (receiver->transport && receiver->session.epoch != 0) || receiver->parted;
    receiver->stop_seen = receiver->stopping;
    return receiver->stopping;
}

bool receiver_is_impatient(const struct pitether *receiver)
{
    return atomic_load(&receiver->closing) || atomic_load(&receiver->stops) > 1;
}
