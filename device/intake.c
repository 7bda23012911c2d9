#include "device/intake.h"

#include <string.h>

#include "device/camera_jpeg.h"
#include "shared/clock.h"

/* A sensor that claims to have lost more than this in one go has begun to count anew. */
enum { GAP_MAX = 1000000 };

void intake_init(struct intake *intake, struct encoder *encoder, struct demand *demand,
                 uint64_t capture_limit, void (*on_limit)(void *user), void *user)
{
    memset(intake, 0, sizeof(*intake));
    intake->encoder = encoder;
    intake->demand = demand;
    intake->capture_limit = capture_limit;
    intake->on_limit = on_limit;
    intake->user = user;
    pthread_mutex_init(&intake->gate, NULL);
    pthread_mutex_init(&intake->lock, NULL);
}

void intake_destroy(struct intake *intake)
{
    pthread_mutex_destroy(&intake->lock);
    pthread_mutex_destroy(&intake->gate);
}

static void count(struct intake *intake, uint64_t ids, bool captured)
{
    pthread_mutex_lock(&intake->lock);
    intake->totals.ids = ids;
    intake->totals.captures += captured;
    intake->full = intake->totals.captures == intake->capture_limit && intake->capture_limit > 0;
    pthread_mutex_unlock(&intake->lock);
    if (intake->full)
        intake->on_limit(intake->user);
}

/* Frames that the sensor left out between the last report and this one: evenly spread. */
static void lose_gap(struct intake *intake, uint64_t first_id, uint32_t count, uint64_t time_ns)
{
    uint64_t between = time_ns > intake->last_ns ? time_ns - intake->last_ns : 0;
    uint64_t interval = between / (count + 1);
    encoder_lost(intake->encoder, &(struct lost_run){ { first_id, count, WIRE_DROP_SENSOR_GAP },
                                                      time_ns - count * interval,
                                                      time_ns - interval });
}

/* The id of the frame that is reported, after accounting for those before it. */
static uint64_t advance(struct intake *intake, const struct intake_report *report)
{
    uint32_t sequence = report->sequence;
    uint64_t next_id = intake->totals.ids;
    uint32_t step = intake->sequence_known ? sequence - intake->last_sequence : 1;
    if (step == 0 || step > GAP_MAX) {
        log_warning_limited(
            &intake->jump_limit,
            "the camera's frame count jumped from %u to %u: taken as the next frame",
            intake->last_sequence, sequence);
        step = 1;
    }
    intake->sequence_known = true;
    intake->last_sequence = sequence;
    if (step > 1)
        lose_gap(intake, next_id, step - 1, report->time_ns);
    intake->last_ns = report->time_ns;
    return next_id + step - 1;
}

/* Whether it is what the encoder takes. */
static bool is_good(struct intake *intake, const struct picture *picture)
{
    struct camera_jpeg jpeg;
    const char *why;
    if (picture_check(picture))
        return false;
    if (picture->format != PIXEL_JPEG || camera_jpeg_read(&jpeg, picture, &why) == 0)
        return true;
    log_warning_limited(&intake->broken_limit, "the camera gave a JPEG that can't be used: %s",
                        why);
    return false;
}

static void account(struct intake *intake, const struct intake_report *report)
{
    struct capture *capture = report->capture;
    if (intake->full) {
        if (capture)
            capture_release(capture);
        return;
    }
    uint64_t id = advance(intake, report), time_ns = report->time_ns;
    bool good = capture && is_good(intake, &capture->picture);
    /* Counted before it is handed on, so that whoever has seen a frame finds it in the totals. */
    count(intake, id + 1, good);
    if (good && (!intake->demand || demand_wants(intake->demand, id, time_ns))) {
        capture->id = id;
        encoder_submit(intake->encoder, capture);
        return;
    }
    enum wire_drop_reason reason = good      ? WIRE_DROP_RATE_LIMITED
                                   : capture ? WIRE_DROP_CAPTURE_ERROR
                                             : report->reason;
    encoder_lost(intake->encoder, &(struct lost_run){ { id, 1, reason }, time_ns, time_ns });
    if (capture)
        capture_release(capture);
}

static void receive(struct intake *intake, struct intake_report report)
{
    atomic_fetch_add(&intake->calls, 1);
    pthread_mutex_lock(&intake->gate);
    if (intake->state == INTAKE_OPEN)
        account(intake, &report);
    else if (intake->state == INTAKE_WAITING && intake->early_count < INTAKE_EARLY_MAX)
        intake->early[intake->early_count++] = report;
    else if (report.capture) /* if it came early, its sequence number will be missed as a gap */
        capture_release(report.capture);
    pthread_mutex_unlock(&intake->gate);
    atomic_fetch_add(&intake->calls, 1);
}

void intake_capture(struct intake *intake, struct capture *capture)
{
    receive(intake, (struct intake_report){ .capture = capture,
                                            .sequence = capture->sequence,
                                            .time_ns = capture->sensor_time_ns });
}

void intake_lost(struct intake *intake, uint32_t sequence, enum wire_drop_reason reason)
{
    receive(intake, (struct intake_report){
                        .sequence = sequence, .time_ns = clock_device(), .reason = reason });
}

void intake_expect(struct intake *intake)
{
    pthread_mutex_lock(&intake->gate);
    intake->state = INTAKE_WAITING;
    pthread_mutex_unlock(&intake->gate);
}

void intake_open(struct intake *intake)
{
    pthread_mutex_lock(&intake->gate);
    intake->sequence_known = false;
    for (unsigned i = 0; i < intake->early_count; i++)
        account(intake, &intake->early[i]);
    intake->early_count = 0;
    intake->state = INTAKE_OPEN;
    pthread_mutex_unlock(&intake->gate);
}

void intake_shut(struct intake *intake)
{
    pthread_mutex_lock(&intake->gate);
    for (unsigned i = 0; i < intake->early_count; i++)
        if (intake->early[i].capture)
            capture_release(intake->early[i].capture);
    intake->early_count = 0;
    intake->state = INTAKE_SHUT;
    pthread_mutex_unlock(&intake->gate);
}

unsigned intake_calls(struct intake *intake)
{
    return atomic_load(&intake->calls);
}

struct intake_totals intake_totals(struct intake *intake)
{
    pthread_mutex_lock(&intake->lock);
    struct intake_totals totals = intake->totals;
    pthread_mutex_unlock(&intake->lock);
    return totals;
}
