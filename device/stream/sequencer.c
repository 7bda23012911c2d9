#include "device/stream/sequencer.h"

#include <string.h>

#include "device/encode/camera_jpeg.h"
#include "shared/base/clock.h"

/* A sensor that claims to have lost more than this in one go has restarted its count. */
enum { GAP_MAX = 1000000 };

void sequencer_init(struct sequencer *sequencer, const struct sequencer_config *config)
{
    memset(sequencer, 0, sizeof(*sequencer));
    sequencer->config = *config;
    pthread_mutex_init(&sequencer->gate, NULL);
    pthread_mutex_init(&sequencer->lock, NULL);
}

void sequencer_destroy(struct sequencer *sequencer)
{
    pthread_mutex_destroy(&sequencer->lock);
    pthread_mutex_destroy(&sequencer->gate);
}

static void count(struct sequencer *sequencer, uint64_t ids, bool captured)
{
    pthread_mutex_lock(&sequencer->lock);
    sequencer->totals.ids = ids;
    sequencer->totals.captures += captured;
    sequencer->full = sequencer->totals.captures == sequencer->config.capture_limit &&
                      sequencer->config.capture_limit > 0;
    pthread_mutex_unlock(&sequencer->lock);
    if (sequencer->full)
        sequencer->config.on_limit(sequencer->config.user);
}

/* Frames that are missing between the last report and this one: evenly spread. */
static void lose_gap(struct sequencer *sequencer, struct drop_run run, uint64_t time_ns)
{
    uint64_t between = time_ns > sequencer->last_ns ? time_ns - sequencer->last_ns : 0;
    uint64_t interval = between / (run.count + 1);
    encoder_lost(sequencer->config.encoder,
                 &(struct lost_run){ run, time_ns - run.count * interval, time_ns - interval });
}

/* How many frames are missing because the camera was switched. */
static uint32_t switched_out(struct sequencer *sequencer, uint64_t time_ns)
{
    double between =
        time_ns > sequencer->last_ns ? (double)(time_ns - sequencer->last_ns) / 1e9 : 0;
    double frames = sequencer->last_ns ? between * sequencer->bridge_fps - 0.5 : 0;
    sequencer->bridge_fps = 0;
    return frames < 1 ? 0 : frames < GAP_MAX ? (uint32_t)frames : GAP_MAX;
}

/* The id of the frame that is reported, after accounting for those before it. */
static uint64_t advance(struct sequencer *sequencer, const struct sequencer_report *report)
{
    uint32_t sequence = report->sequence;
    uint64_t next_id = sequencer->totals.ids;
    uint32_t step = sequencer->sequence_known ? sequence - sequencer->last_sequence : 1;
    if (step == 0 || step > GAP_MAX) {
        log_warning_limited(
            &sequencer->jump_limit,
            "%sthe camera's frame count jumped from %u to %u: taken as the next frame",
            sequencer->config.label, sequencer->last_sequence, sequence);
        step = 1;
    }
    sequencer->sequence_known = true;
    sequencer->last_sequence = sequence;
    enum wire_drop_reason reason = WIRE_DROP_SENSOR_GAP;
    if (sequencer->bridge_fps > 0) {
        step = 1 + switched_out(sequencer, report->time_ns);
        reason = WIRE_DROP_MODE_SWITCH;
    }
    if (step > 1)
        lose_gap(sequencer, (struct drop_run){ next_id, step - 1, reason }, report->time_ns);
    sequencer->last_ns = report->time_ns;
    return next_id + step - 1;
}

/* Whether the encoder can take it. */
static bool is_good(struct sequencer *sequencer, const struct picture *picture)
{
    struct camera_jpeg jpeg;
    const char *why;
    if (picture_check(picture))
        return false;
    if (picture->format != PIXEL_JPEG || camera_jpeg_read(&jpeg, picture, &why) == 0)
        return true;
    log_warning_limited(&sequencer->broken_limit, "%sthe camera gave a JPEG that can't be used: %s",
                        sequencer->config.label, why);
    return false;
}

/* The changes look at every picture, also at those that are not wanted. */
static void show(struct sequencer *sequencer, struct raw_frame *capture, uint64_t id)
{
    capture->id = id;
    if (sequencer->config.changes && capture->output == CAMERA_MAIN)
        changes_frame(sequencer->config.changes, capture);
}

static void account(struct sequencer *sequencer, const struct sequencer_report *report)
{
    struct raw_frame *capture = report->capture;
    if (sequencer->full) {
        if (capture)
            raw_frame_release(capture);
        return;
    }
    uint64_t id = advance(sequencer, report), time_ns = report->time_ns;
    bool good = capture && is_good(sequencer, &capture->picture);
    /* Counted before it is handed on, so that a frame that was seen is in the totals. */
    count(sequencer, id + 1, good);
    if (good)
        show(sequencer, capture, id);
    if (good &&
        (!sequencer->config.demand || demand_wants(sequencer->config.demand, id, time_ns))) {
        encoder_submit(sequencer->config.encoder, capture);
        return;
    }
    enum wire_drop_reason reason = good      ? WIRE_DROP_RATE_LIMITED
                                   : capture ? WIRE_DROP_CAPTURE_ERROR
                                             : report->reason;
    encoder_lost(sequencer->config.encoder,
                 &(struct lost_run){ { id, 1, reason }, time_ns, time_ns });
    if (capture)
        raw_frame_release(capture);
}

static void receive(struct sequencer *sequencer, struct sequencer_report report)
{
    pthread_mutex_lock(&sequencer->gate);
    if (sequencer->state == SEQUENCER_OPEN)
        account(sequencer, &report);
    else if (sequencer->state == SEQUENCER_WAITING && sequencer->early_count < SEQUENCER_EARLY_MAX)
        sequencer->early[sequencer->early_count++] = report;
    else if (report.capture) /* if it came early, its sequence number will be missed as a gap */
        raw_frame_release(report.capture);
    pthread_mutex_unlock(&sequencer->gate);
}

void sequencer_frame(struct sequencer *sequencer, struct raw_frame *capture)
{
    receive(sequencer, (struct sequencer_report){ .capture = capture,
                                                  .sequence = capture->sequence,
                                                  .time_ns = capture->sensor_time_ns });
}

void sequencer_lost(struct sequencer *sequencer, uint32_t sequence, enum wire_drop_reason reason)
{
    receive(sequencer, (struct sequencer_report){
                           .sequence = sequence, .time_ns = clock_device(), .reason = reason });
}

void sequencer_expect(struct sequencer *sequencer)
{
    pthread_mutex_lock(&sequencer->gate);
    sequencer->state = SEQUENCER_WAITING;
    pthread_mutex_unlock(&sequencer->gate);
}

void sequencer_open(struct sequencer *sequencer)
{
    pthread_mutex_lock(&sequencer->gate);
    sequencer->sequence_known = false;
    for (unsigned i = 0; i < sequencer->early_count; i++)
        account(sequencer, &sequencer->early[i]);
    sequencer->early_count = 0;
    sequencer->state = SEQUENCER_OPEN;
    pthread_mutex_unlock(&sequencer->gate);
}

void sequencer_shut(struct sequencer *sequencer)
{
    pthread_mutex_lock(&sequencer->gate);
    for (unsigned i = 0; i < sequencer->early_count; i++)
        if (sequencer->early[i].capture)
            raw_frame_release(sequencer->early[i].capture);
    sequencer->early_count = 0;
    sequencer->state = SEQUENCER_SHUT;
    pthread_mutex_unlock(&sequencer->gate);
}

void sequencer_bridge(struct sequencer *sequencer, double fps)
{
    pthread_mutex_lock(&sequencer->gate);
    sequencer->bridge_fps = fps;
    pthread_mutex_unlock(&sequencer->gate);
}

struct sequencer_totals sequencer_totals(struct sequencer *sequencer)
{
    pthread_mutex_lock(&sequencer->lock);
    struct sequencer_totals totals = sequencer->totals;
    pthread_mutex_unlock(&sequencer->lock);
    return totals;
}
