#include "device/stream/encoder.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "device/encode/rate_control.h"
#include "shared/base/clock.h"
#include "shared/base/log.h"
#include "shared/protocol/crc32c.h"

/* Four slices for each worker, so that the others soon make up for one that takes longer; the loop
 * is notified of a frame's growth four times, since each time costs a write for each client. */
enum { SLICES_PER_THREAD = 4, NOTIFICATIONS_MAX = 4 };

/* Losses behind the waiting raw frame, which must be reported after it. */
enum { LATER_MAX = 8 };

/* A frame being encoded. The workers write the slices; all else here is under the encoder's lock.
 */
struct job {
    struct raw_frame *raw;
    struct frame *frame; /* NULL: finished, but some before it are not */
    struct slice_plan plan;
    int quality;
    unsigned next;       /* slice to hand out */
    unsigned unfinished; /* slices not yet done */
    uint64_t done;       /* a bit for each slice that is done; FRAME_SLICES_MAX fit */
    bool failed;
};

struct encoder {
    struct encoder_config config;
    struct encode_pool *pool;
    struct stream_events *events;
    struct frame_pool frames;

    pthread_mutex_t *lock; /* the pool's */
    pthread_cond_t idle, begun;
    /* The rest is under lock. Only the newest job has slices to hand out, and each other one has a
     * worker, so one more job than workers is enough for the next to begin while the others end. */
    struct encode_queue queue;
    struct job jobs[ENCODE_THREADS_MAX + 1];
    unsigned jobs_max;      /* workers + 1 */
    unsigned first, active; /* ring of jobs in the order in which they began */
    struct raw_frame *waiting;
    struct lost_run later[LATER_MAX];
    unsigned later_count;
    unsigned releasing; /* raw frames on their way back to the camera */
    struct encoder_totals totals;
    struct rate_control rate;
    struct log_limit failed_limit;
};

static struct job *job_at(struct encoder *encoder, unsigned index)
{
    return &encoder->jobs[(encoder->first + index) % encoder->jobs_max];
}

static bool is_idle(const struct encoder *encoder)
{
    return !encoder->waiting && encoder->active == 0 && encoder->releasing == 0;
}

static void signal_if_idle(struct encoder *encoder)
{
    if (is_idle(encoder))
        pthread_cond_broadcast(&encoder->idle);
}

/* Without the lock meanwhile: a camera that takes its time must not hold up other streams. */
static void release(struct encoder *encoder, struct raw_frame *raw)
{
    encoder->releasing++;
    pthread_mutex_unlock(encoder->lock);
    raw_frame_release(raw);
    pthread_mutex_lock(encoder->lock);
    encoder->releasing--;
}

static void report_later(struct encoder *encoder)
{
    for (unsigned i = 0; i < encoder->later_count; i++)
        events_lost(encoder->events, &encoder->later[i]);
    encoder->later_count = 0;
}

/* Gives up the lock in between. */
static void drop_waiting(struct encoder *encoder, enum wire_drop_reason reason)
{
    struct raw_frame *raw = encoder->waiting;
    if (!raw)
        return;
    encoder->waiting = NULL;
    events_lost(
        encoder->events,
        &(struct lost_run){ { raw->id, 1, reason }, raw->sensor_time_ns, raw->sensor_time_ns });
    report_later(encoder);
    pthread_cond_signal(&encoder->begun);
    release(encoder, raw);
    signal_if_idle(encoder);
}

static void describe(struct frame *frame, const struct raw_frame *raw)
{
    frame->head = (struct wire_frame_head){
        .frame_id = raw->id,
        .sensor_time = raw->sensor_time_ns,
        .capture_time = raw->capture_time_ns,
        .width = (uint16_t)picture_coded_width(&raw->picture),
        .height = (uint16_t)picture_coded_height(&raw->picture),
        .metadata = { .present = raw->wall_clock_ns ? WIRE_META_WALL_CLOCK : 0,
                      .wall_clock_ns = raw->wall_clock_ns,
                      .values = raw->metadata },
    };
    frame->encode_start = clock_device();
}

/* Moves the waiting raw frame into a job; NULL: there are not both, or there is no memory. */
static struct job *begin_job(struct encoder *encoder)
{
    if (!encoder->waiting || encoder->active == encoder->jobs_max)
        return NULL;
    struct frame *frame = frame_take(&encoder->frames);
    if (!frame) {
        log_warning_limited(&encoder->failed_limit, "%sout of memory for a frame",
                            encoder->config.label);
        drop_waiting(encoder, WIRE_DROP_ENCODE_ERROR);
        return NULL;
    }
    struct job *job = job_at(encoder, encoder->active++);
    struct raw_frame *raw = encoder->waiting;
    encoder->waiting = NULL;
    *job = (struct job){ .raw = raw,
                         .frame = frame,
                         .plan = slice_plan(&raw->picture, encoder->config.slices),
                         .quality = rate_control_quality(&encoder->rate) };
    job->unfinished = frame->slice_count = job->plan.count;
    describe(frame, raw);
    events_publish(encoder->events, frame);
    report_later(encoder);
    pthread_cond_signal(&encoder->begun);
    encode_pool_offer(encoder->pool, &encoder->queue, job->plan.count - 1);
    return job;
}

static bool take_slice(void *user, struct slice_task *task)
{
    struct encoder *encoder = user;
    struct job *job = encoder->active > 0 ? job_at(encoder, encoder->active - 1) : NULL;
    if (!job || job->next == job->plan.count)
        job = begin_job(encoder);
    if (!job)
        return false;
    unsigned index = job->next++;
    *task = (struct slice_task){ .picture = &job->raw->picture,
                                 .plan = &job->plan,
                                 .index = index,
                                 .quality = job->quality,
                                 .out = &job->frame->slices[index],
                                 .job = job };
    return true;
}

/* Publishes the slices that now join the prefix. Returns whether the loop should be notified. */
static bool publish(struct job *job)
{
    struct frame *frame = job->frame;
    unsigned from = atomic_load_explicit(&frame->published, memory_order_relaxed), to = from;
    size_t size = atomic_load_explicit(&frame->size, memory_order_relaxed);
    /* A failed slice leaves a hole that nothing may be published behind. */
    while (!job->failed && to < job->plan.count && job->done >> to & 1)
        size += frame->slices[to++].size;
    if (to == from)
        return false;
    atomic_store_explicit(&frame->size, size, memory_order_relaxed);
    atomic_store_explicit(&frame->published, to, memory_order_release);
    return to * NOTIFICATIONS_MAX / job->plan.count > from * NOTIFICATIONS_MAX / job->plan.count;
}

/* Called without the lock: the job has no more slices, so no other thread finishes its frame. */
static void finish_frame(struct frame *frame, bool failed)
{
    size_t length = atomic_load(&frame->size);
    uint32_t crc = 0;
    for (unsigned i = 0; i < frame->slice_count && !failed; i++)
        crc = crc32c(crc, frame->slices[i].data, frame->slices[i].size);
    frame->length = (uint32_t)length;
    frame->crc32c = crc;
    frame->encode_end = clock_device();
    frame_charge(frame);
    atomic_store_explicit(&frame->state, failed ? FRAME_ABORTED : FRAME_WHOLE,
                          memory_order_release);
}

/* Frees the jobs at the ring's begin that are finished. A job that is finished out of turn waits
 * for those before it, which have no slices left to hand out either. */
static void retire_jobs(struct encoder *encoder)
{
    while (encoder->active > 0 && !job_at(encoder, 0)->frame) {
        encoder->first = (encoder->first + 1) % encoder->jobs_max;
        encoder->active--;
    }
    if (encoder->waiting)
        encode_pool_offer(encoder->pool, &encoder->queue, 0);
    signal_if_idle(encoder);
}

/* The last slice of a job is done. Gives up the lock in between. */
static void finish_job(struct encoder *encoder, struct job *job)
{
    struct frame *frame = job->frame;
    bool failed = job->failed;
    pthread_mutex_unlock(encoder->lock);
    raw_frame_release(job->raw);
    finish_frame(frame, failed);
    events_notify(encoder->events);
    pthread_mutex_lock(encoder->lock);
    if (!failed) {
        rate_control_frame(&encoder->rate, job->quality, frame->length, frame->head.sensor_time);
        encoder->totals.frames++;
        encoder->totals.bytes += frame->length;
        encoder->totals.encode_ns += frame->encode_end - frame->encode_start;
    }
    frame_release(frame);
    job->frame = NULL;
    retire_jobs(encoder);
}

static void finish_slice(void *user, const struct slice_task *task, int error)
{
    struct encoder *encoder = user;
    struct job *job = task->job;
    if (error && !job->failed) {
        job->failed = true;
        log_warning_limited(&encoder->failed_limit, "%sframe %llu could not be encoded (%s)",
                            encoder->config.label, (unsigned long long)job->frame->head.frame_id,
                            error == -EBADMSG  ? "the camera's JPEG is broken"
                            : error == -ENOMEM ? "out of memory"
                                               : "libjpeg failed");
    }
    job->done |= UINT64_C(1) << task->index;
    if (publish(job) && job->unfinished > 1)
        events_notify(encoder->events);
    if (--job->unfinished == 0)
        finish_job(encoder, job);
}

int encoder_create(struct encoder **encoder, const struct encoder_config *config,
                   struct encode_pool *pool, struct stream_events *events)
{
    struct encoder *self = *encoder = calloc(1, sizeof(*self));
    if (!self)
        return -ENOMEM;
    self->config = *config;
    if (!config->label)
        self->config.label = "";
    self->pool = pool;
    self->lock = encode_pool_lock(pool);
    self->events = events;
    self->queue = (struct encode_queue){ .take = take_slice, .finish = finish_slice, .user = self };
    self->jobs_max = encode_pool_threads(pool) + 1;
    if (self->config.slices == 0)
        self->config.slices = SLICES_PER_THREAD * encode_pool_threads(pool);
    if (self->config.min_quality == 0)
        self->config.min_quality = self->config.quality;
    rate_control_init(&self->rate, self->config.min_quality, self->config.quality,
                      self->config.bits_per_second);
    frame_pool_init(&self->frames);
    pthread_cond_init(&self->idle, NULL);
    pthread_cond_init(&self->begun, NULL);
    return 0;
}

void encoder_destroy(struct encoder **encoder)
{
    if (!encoder || !*encoder)
        return;
    struct encoder *self = *encoder;
    pthread_mutex_lock(self->lock);
    assert(is_idle(self));
    encode_pool_withdraw(self->pool, &self->queue);
    pthread_mutex_unlock(self->lock);
    frame_pool_destroy(&self->frames);
    pthread_cond_destroy(&self->begun);
    pthread_cond_destroy(&self->idle);
    free(self);
    *encoder = NULL;
}

void encoder_submit(struct encoder *encoder, struct raw_frame *raw)
{
    if (encoder->config.blocking)
        events_wait_for_space(encoder->events);
    pthread_mutex_lock(encoder->lock);
    while (encoder->config.blocking && encoder->waiting)
        pthread_cond_wait(&encoder->begun, encoder->lock);
    drop_waiting(encoder, WIRE_DROP_ENCODER_BUSY);
    encoder->waiting = raw;
    encode_pool_offer(encoder->pool, &encoder->queue, 1);
    pthread_mutex_unlock(encoder->lock);
}

void encoder_lost(struct encoder *encoder, const struct lost_run *lost)
{
    pthread_mutex_lock(encoder->lock);
    unsigned count = encoder->later_count;
    bool merged = count > 0 && lost_run_extend(&encoder->later[count - 1], lost);
    if (count == LATER_MAX && !merged)
        drop_waiting(encoder, WIRE_DROP_ENCODER_BUSY);
    if (!encoder->waiting)
        events_lost(encoder->events, lost);
    else if (!merged)
        encoder->later[encoder->later_count++] = *lost;
    pthread_mutex_unlock(encoder->lock);
}

void encoder_drain(struct encoder *encoder)
{
    pthread_mutex_lock(encoder->lock);
    while (!is_idle(encoder))
        pthread_cond_wait(&encoder->idle, encoder->lock);
    pthread_mutex_unlock(encoder->lock);
}

bool encoder_idle(struct encoder *encoder)
{
    pthread_mutex_lock(encoder->lock);
    bool idle = is_idle(encoder);
    pthread_mutex_unlock(encoder->lock);
    return idle;
}

void encoder_set_rate(struct encoder *encoder, uint64_t bits_per_second)
{
    pthread_mutex_lock(encoder->lock);
    rate_control_set(&encoder->rate, bits_per_second);
    pthread_mutex_unlock(encoder->lock);
}

void encoder_set_quality(struct encoder *encoder, int quality)
{
    pthread_mutex_lock(encoder->lock);
    rate_control_init(&encoder->rate, quality, quality, 0);
    pthread_mutex_unlock(encoder->lock);
}

struct encoder_totals encoder_totals(struct encoder *encoder)
{
    pthread_mutex_lock(encoder->lock);
    struct encoder_totals totals = encoder->totals;
    pthread_mutex_unlock(encoder->lock);
    return totals;
}
