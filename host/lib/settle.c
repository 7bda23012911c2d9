/*
 * The frames before exposure, white balance and focus have settled: see settle_s.
 */
#include <inttypes.h>

#include "host/lib/receiver_private.h"

static enum settling_state ask(struct pitether *receiver, const struct pitether_frame *frame)
{
    double numbers[SETTLING_NUMBERS];
    for (unsigned i = 0; i < SETTLING_NUMBERS; i++)
        numbers[i] = pitether_frame_number(frame, settling_names[i]);
    return settling_add(&receiver->settling, numbers, frame->times.last_byte);
}

bool receiver_takes(struct pitether *receiver, const struct pitether_frame *frame)
{
    const struct receiver_config *config = &receiver->config;
    if (receiver->settled || config->mode == PITETHER_STILL || config->settle_s <= 0)
        return true;
    enum settling_state state = ask(receiver, frame);
    receiver->settled = state != SETTLING_WAITS;
    receiver->unsettled += state == SETTLING_WAITS;
    if (state == SETTLING_GAVE_UP)
        log_warning("exposure, white balance or focus has not settled within %g s: the frames are "
                    "taken as they are",
                    config->settle_s);
    else if (state == SETTLING_DONE && receiver->unsettled > 0)
        log_info("exposure, white balance and focus have settled: %" PRIu64
                 " frames before that were left out",
                 receiver->unsettled);
    return receiver->settled;
}
