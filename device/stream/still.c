#include "device/stream/still.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "device/encode/camera_jpeg.h"

/* What makes one picture look like another. */
static const char *const carried[STILL_SETTINGS] = { "ExposureTime", "AnalogueGain",
                                                     "ColourGains" };

void still_init(struct still *still, const struct still_config *config)
{
    *still = (struct still){ .config = *config };
    pthread_mutex_init(&still->lock, NULL);
}

void still_destroy(struct still *still)
{
    pthread_mutex_destroy(&still->lock);
}

static void wake(struct still *still)
{
    still->config.wake(still->config.user);
}

void still_request(struct still *still, const struct still_request *request)
{
    pthread_mutex_lock(&still->lock);
    assert(still_phase(still) == STILL_NONE);
    still->request = *request;
    still->metadata.size = 0;
    settling_begin(&still->settling, request->settle_ns);
    atomic_store(&still->phase, STILL_WAITS);
    pthread_mutex_unlock(&still->lock);
    wake(still);
}

/* With the lock. */
static void fail(struct still *still, const char *text)
{
    if (still_phase(still) == STILL_NONE)
        return;
    atomic_store(&still->phase, STILL_NONE);
    events_status(still->config.events, WIRE_STREAM_LOST, text);
}

void still_fail(struct still *still, const char *text)
{
    pthread_mutex_lock(&still->lock);
    fail(still, text);
    pthread_mutex_unlock(&still->lock);
    wake(still);
}

/* Whether this picture is to be left out, since not all has settled. */
static bool is_unsettled(struct still *still, const struct raw_frame *frame)
{
    double numbers[SETTLING_NUMBERS];
    for (unsigned i = 0; i < SETTLING_NUMBERS; i++)
        numbers[i] = still->config.names
                         ? metadata_number(&frame->metadata, still->config.names, settling_names[i])
                         : NAN;
    return settling_add(&still->settling, numbers, frame->sensor_time_ns) == SETTLING_WAITS;
}

void still_see(struct still *still, const struct raw_frame *frame)
{
    bool due = false;
    if (still_phase(still) != STILL_WAITS)
        return;
    pthread_mutex_lock(&still->lock);
    if (still_phase(still) == STILL_WAITS) {
        still->metadata = frame->metadata;
        due = !is_unsettled(still, frame);
        if (due)
            atomic_store(&still->phase, STILL_DUE);
    }
    pthread_mutex_unlock(&still->lock);
    if (due)
        wake(still);
}

/* With the lock: whether this is the picture, which is no longer awaited then. */
static bool take(struct still *still, const struct raw_frame *frame)
{
    const char *why;
    if (still_phase(still) != STILL_AWAITED || (still->settles && is_unsettled(still, frame)))
        return false;
    if (picture_check(&frame->picture) ||
        (frame->picture.format == PIXEL_JPEG &&
         camera_jpeg_read(&(struct camera_jpeg){ 0 }, &frame->picture, &why))) {
        fail(still, "the camera gave a broken picture");
        return false;
    }
    atomic_store(&still->phase, STILL_NONE);
    return true;
}

void still_frame(struct still *still, struct raw_frame *frame)
{
    pthread_mutex_lock(&still->lock);
    bool taken = take(still, frame);
    uint64_t id = still->next_id;
    int quality = still->request.quality;
    struct camera_mode mode = still->mode;
    still->next_id += taken;
    pthread_mutex_unlock(&still->lock);
    if (!taken) {
        raw_frame_release(frame);
        wake(still);
        return;
    }
    mode.width = picture_coded_width(&frame->picture);
    mode.height = picture_coded_height(&frame->picture);
    mode.fps = 0;
    frame->id = id;
    events_stream(still->config.events, &mode);
    encoder_set_quality(still->config.encoder, quality);
    encoder_submit(still->config.encoder, frame);
    wake(still);
}

/* With the lock. */
static void await(struct still *still, const struct camera_mode *mode)
{
    still->mode = *mode;
    if (still_phase(still) != STILL_NONE)
        atomic_store(&still->phase, STILL_AWAITED);
}

void still_await(struct still *still, const struct camera_mode *mode, uint64_t due_ns)
{
    pthread_mutex_lock(&still->lock);
    still->due_ns = due_ns;
    still->settles = false;
    await(still, mode);
    still->mode.view = 0; /* that is the stream's */
    pthread_mutex_unlock(&still->lock);
}

void still_await_run(struct still *still, const struct camera_mode *mode, bool cold)
{
    pthread_mutex_lock(&still->lock);
    still->due_ns = 0;
    still->settles = cold;
    if (cold)
        settling_begin(&still->settling, still->request.settle_ns);
    await(still, mode);
    pthread_mutex_unlock(&still->lock);
}

void still_check(struct still *still, uint64_t now_ns)
{
    pthread_mutex_lock(&still->lock);
    if (still_phase(still) == STILL_AWAITED && still->due_ns && now_ns >= still->due_ns)
        fail(still, "the camera took no still, though it goes on with the stream");
    pthread_mutex_unlock(&still->lock);
}

struct still_request still_requested(struct still *still)
{
    pthread_mutex_lock(&still->lock);
    struct still_request request = still->request;
    pthread_mutex_unlock(&still->lock);
    return request;
}

bool still_setting(struct still *still, unsigned i, char *text)
{
    struct value value;
    char number[VALUE_TEXT_SIZE];
    pthread_mutex_lock(&still->lock);
    bool known = still->config.names &&
                 metadata_find(&still->metadata, still->config.names, carried[i], &value);
    pthread_mutex_unlock(&still->lock);
    if (!known)
        return false;
    value_format(&value, number);
    snprintf(text, STILL_SETTING_MAX, "%s=%s", carried[i], number);
    return true;
}
