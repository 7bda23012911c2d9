#include "device/serve/subscription.h"

#include "shared/base/clock.h"

void subscription_controls_changed(struct subscription *subscription)
{
    subscription->controls_due = subscription->stream->changes; /* stills have none */
    subscription->controls = (struct changes_cursor){ 0 };
}

static void start_accounting(struct subscription *subscription)
{
    uint64_t next_id = subscription->stream->next_id;
    subscription->started = subscription->format_due = true;
    subscription->first_id = next_id > subscription->demand_id ? next_id : subscription->demand_id;
    subscription->next_id = subscription->first_id;
    subscription->format = subscription->stream->format;
    subscription->format.first_frame_id = subscription->first_id;
    subscription_controls_changed(subscription);
}

void subscription_open(struct subscription *subscription, struct stream *stream,
                       const struct wire_subscribe *subscribe, size_t max_bytes)
{
    size_t requested = subscribe->queue_bytes;
    struct decimation decimation;
    decimation_init(&decimation, subscribe->max_fps_mhz, subscribe->every, subscribe->first_due);
    decimation_bound(&decimation, decimation.by_time ? clock_device() : stream->next_id);
    send_queue_init(&subscription->send_queue, subscribe->mode,
                    requested && requested < max_bytes ? requested : max_bytes, &decimation);
    /* Clients share frames, but those that stall at different times hold different ones. */
    subscription->send_queue.all_bytes = 2 * max_bytes;
    subscription->stream = stream;
    subscription->status_due = true;
    subscription->demand.decimation = decimation;
    subscription->demand_id = demand_add(&stream->demand, &subscription->demand);
    if (stream->running)
        start_accounting(subscription);
}

void subscription_close(struct subscription *subscription)
{
    if (subscription->stream)
        demand_remove(&subscription->stream->demand, &subscription->demand);
}

void subscription_clear(struct subscription *subscription)
{
    subscription_close(subscription);
    send_queue_clear(&subscription->send_queue);
    frame_release(subscription->sending.frame);
    subscription->sending = (struct sending){ 0 };
}

static bool takes(const struct subscription *subscription)
{
    return subscription_is_open(subscription) && subscription->started;
}

void subscription_frame(struct subscription *subscription, struct frame *frame)
{
    if (!takes(subscription) || frame->head.frame_id < subscription->first_id)
        return;
    send_queue_frame(&subscription->send_queue, frame);
    subscription_update_demand(subscription);
}

void subscription_lost(struct subscription *subscription, const struct lost_run *lost)
{
    uint64_t end = lost->run.first + lost->run.count;
    if (!takes(subscription) || end <= subscription->first_id)
        return;
    struct lost_run own = *lost;
    if (own.run.first < subscription->first_id) {
        own.run.count = end - subscription->first_id;
        own.run.first = subscription->first_id;
    }
    send_queue_lost(&subscription->send_queue, &own);
}

void subscription_camera_on(struct subscription *subscription)
{
    if (!subscription_is_open(subscription))
        return;
    /* Later changes of the format are sent with the frames that show them. */
    if (!subscription->started)
        start_accounting(subscription);
    subscription_controls_changed(subscription);
}

void subscription_status_changed(struct subscription *subscription)
{
    if (subscription_is_open(subscription))
        subscription->status_due = true;
}

void subscription_update_demand(struct subscription *subscription)
{
    if (subscription_is_open(subscription))
        demand_update(&subscription->stream->demand, &subscription->demand,
                      &subscription->send_queue.decimation,
                      send_queue_is_full(&subscription->send_queue));
}

uint64_t subscription_dropped(const struct subscription *subscription)
{
    uint64_t sum = 0;
    for (int i = 0; i < WIRE_DROP_REASONS; i++)
        sum += subscription->totals.dropped[i];
    return sum;
}

bool subscription_is_empty(const struct subscription *subscription)
{
    return !subscription->sending.frame && subscription->pending.count == 0 &&
           send_queue_empty(&subscription->send_queue);
}
