#include "device/serve/client_subscribe.h"

#include <stdio.h>

#include "device/serve/client_controls.h"
#include "device/serve/client_end.h"
#include "device/serve/stream_list.h"
#include "shared/base/log.h"

enum { STILL_SETTLE_MAX_MS = 60000 };

static void open_subscription(struct client *client, struct stream *stream,
                              const struct wire_subscribe *subscribe, const char *what)
{
    subscription_open(&client->subscription, stream, subscribe, client->shared->queue_bytes);
    client->state = CLIENT_SUBSCRIBED;
    *client->shared->changed = true;
    if (log_passes(client->shared->visit_limit))
        log_info("%sclient %s %s", stream->config.label, client->name, what);
}

/* NULL, or what is wrong with it. */
static const char *find_fault(const struct wire_subscribe *subscribe)
{
    uint32_t present = subscribe->present;
    bool sized = present & WIRE_STILL_WIDTH;
    if (subscribe->mode > WIRE_STILL)
        return "unknown mode";
    if (subscribe->max_fps_mhz > 0 && subscribe->every > 1)
        return "both max_fps and every";
    if (subscribe->mode != WIRE_STILL)
        return NULL;
    if (sized != !!(present & WIRE_STILL_HEIGHT))
        return "one side of a still's size";
    if (sized && !wire_size_is_good(subscribe->still_width, subscribe->still_height))
        return "a still's size that no picture may have";
    if (present & WIRE_STILL_QUALITY &&
        (subscribe->still_quality < 1 || subscribe->still_quality > 100))
        return "a still's quality is not within 1 and 100";
    if (present & WIRE_STILL_SETTLE && subscribe->still_settle_ms > STILL_SETTLE_MAX_MS)
        return "a still may wait for 60 s at most";
    return NULL;
}

/* Absent fields are 0. */
static struct still_request request_of(const struct client *client, const struct stream *stream,
                                       const struct wire_subscribe *subscribe)
{
    uint32_t present = subscribe->present;
    bool sized = present & WIRE_STILL_WIDTH;
    return (struct still_request){
        .width = sized ? subscribe->still_width : 0,
        .height = sized ? subscribe->still_height : 0,
        .may_switch = client_may_control(client),
        .quality = present & WIRE_STILL_QUALITY ? subscribe->still_quality
                                                : stream->config.encoder.quality,
        .settle_ns =
            present & WIRE_STILL_SETTLE ? subscribe->still_settle_ms * UINT64_C(1000000) : 0,
    };
}

/* A still is lossless: its one frame is never replaced by another one. */
static void open_still(struct client *client, struct stream *stream,
                       const struct wire_subscribe *subscribe)
{
    char text[WIRE_BLOB_TEXT_MAX + 1];
    if (!stream->stills) {
        snprintf(text, sizeof(text), "%s is a preview, which has no stills: ask its stream for one",
                 stream->config.name);
        client_fail(client, WIRE_ERROR_NO_SUCH_STREAM, text);
        return;
    }
    client->subscription.still = request_of(client, stream, subscribe);
    open_subscription(client, stream->stills, &(struct wire_subscribe){ .mode = WIRE_LOSSLESS },
                      "asks for a still");
}

void client_subscribe(struct client *client, const struct wire_subscribe *subscribe)
{
    const struct client_shared *shared = client->shared;
    const char *fault = find_fault(subscribe);
    char text[WIRE_BLOB_TEXT_MAX + 1];
    int number = stream_list_find(shared->streams, shared->stream_count, subscribe->name, text);
    if (client->state != CLIENT_READY)
        client_fail(client, WIRE_ERROR_PROTOCOL, "a second SUBSCRIBE");
    else if (number < 0)
        client_fail(client, WIRE_ERROR_NO_SUCH_STREAM, text);
    else if (fault)
        client_fail(client, WIRE_ERROR_PROTOCOL, fault);
    else if (subscribe->mode == WIRE_STILL)
        open_still(client, shared->streams[number], subscribe);
    else
        open_subscription(client, shared->streams[number], subscribe,
                          subscribe->mode == WIRE_LIVE ? "watches, live" : "watches, lossless");
}
