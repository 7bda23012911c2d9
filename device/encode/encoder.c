#include "device/encode/encoder.h"

#include <errno.h>
#include <sched.h>
#include <stdlib.h>

#include "device/encode/jpeg_slice.h"
#include "device/encode/rate_control.h"
#include "shared/base/clock.h"
#include "shared/base/log.h"
#include "shared/protocol/crc32c.h"

/* Four slices for each core, so that the others soon make up for one that takes longer; the loop is
 * told of a frame's growth four times, since each time costs a write for each viewer. */
enum { SLICES_A_THREAD = 4, TOLD_MAX = 4 };

/* Losses that came after the waiting capture and must be told after it. */
enum { LATER_MAX = 8 };

/* A picture in work. The workers write the slices; all else here is under the encoder's lock. */
struct job {
    struct raw_frame *capture; /* NULL: the job is free */
    struct frame *frame;
    struct slice_plan plan;
    int quality;
    unsigned next;       /* slice to hand out */
    unsigned unfinished; /* slices not yet done */
    uint64_t done;       /* a bit for each slice that is done; FRAME_SLICES_MAX fit */
    bool failed;
};

struct encoder {
    struct encoder_config config;
    struct stream_events *events;
    struct frame_pool pool;

    pthread_mutex_t lock;
    pthread_cond_t work, idle, begun;
    /* The rest is under lock. Each worker is in one job, so one more job than workers is enough
     * for the next picture to begin while the others end. */
    struct job jobs[ENCODER_THREADS_MAX + 1];
    unsigned first, active; /* ring of jobs in the order in which they began */
    struct raw_frame *waiting;
    struct lost_run later[LATER_MAX];
    unsigned later_count;
    struct encoder_totals totals;
    struct rate_control rate;
    struct log_limit failed_limit;
    bool stopping;

    unsigned worker_count; /* running; set by create alone */
    struct worker {
        pthread_t thread;
        struct encoder *encoder;
        struct jpeg_slicer *slicer; /* the worker's own */
    } workers[ENCODER_THREADS_MAX];
};

static unsigned cores(void)
{
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof(set), &set))
        return 1;
    int count = CPU_COUNT(&set);
    return count < 1 ? 1 : count > ENCODER_THREADS_MAX ? ENCODER_THREADS_MAX : (unsigned)count;
}

static struct job *job_at(struct encoder *encoder, unsigned index)
{
    return &encoder->jobs[(encoder->first + index) % (encoder->config.threads + 1)];
}

static void tell_later(struct encoder *encoder)
{
    for (unsigned i = 0; i < encoder->later_count; i++)
        events_lost(encoder->events, &encoder->later[i]);
    encoder->later_count = 0;
}

static void give_up_waiting(struct encoder *encoder, enum wire_drop_reason reason)
{
    if (!encoder->waiting)
        return;
    struct raw_frame *capture = encoder->waiting;
    encoder->waiting = NULL;
    events_lost(encoder->events, &(struct lost_run){ { capture->id, 1, reason },
                                                     capture->sensor_time_ns,
                                                     capture->sensor_time_ns });
    raw_frame_release(capture);
    tell_later(encoder);
    pthread_cond_signal(&encoder->begun);
    if (encoder->active == 0)
        pthread_cond_broadcast(&encoder->idle);
}

static void describe(struct frame *frame, const struct raw_frame *capture)
{
    frame->head = (struct wire_frame_head){
        .frame_id = capture->id,
        .sensor_time = capture->sensor_time_ns,
        .capture_time = capture->capture_time_ns,
        .width = (uint16_t)capture->picture.width,
        .height = (uint16_t)capture->picture.height,
        .metadata = capture->metadata,
    };
    frame->encode_start = clock_device();
}

/* Moves the waiting capture into a job, if there are both. */
static void begin_job(struct encoder *encoder)
{
    if (!encoder->waiting || encoder->active > encoder->config.threads)
        return;
    struct frame *frame = frame_take(&encoder->pool);
    if (!frame) {
        log_warning_limited(&encoder->failed_limit, "out of memory for a frame");
        give_up_waiting(encoder, WIRE_DROP_ENCODE_ERROR);
        return;
    }
    struct job *job = job_at(encoder, encoder->active++);
    struct raw_frame *capture = encoder->waiting;
    encoder->waiting = NULL;
    *job = (struct job){ .capture = capture,
                         .frame = frame,
                         .quality = rate_control_quality(&encoder->rate) };
    job->plan = slice_plan(&capture->picture, encoder->config.slices);
    job->unfinished = frame->slice_count = job->plan.count;
    describe(frame, capture);
    events_publish(encoder->events, frame);
    tell_later(encoder);
    pthread_cond_signal(&encoder->begun);
    if (job->plan.count > 1)
        pthread_cond_broadcast(&encoder->work);
}

static struct job *find_work(struct encoder *encoder)
{
    for (int attempt = 0; attempt < 2; attempt++) {
        for (unsigned i = 0; i < encoder->active; i++)
            if (job_at(encoder, i)->next < job_at(encoder, i)->plan.count)
                return job_at(encoder, i);
        begin_job(encoder);
    }
    return NULL;
}

/* Publishes the slices that now join the prefix. Returns whether the loop should be told of it. */
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
    return to * TOLD_MAX / job->plan.count > from * TOLD_MAX / job->plan.count;
}

/* Called without the lock: the job has no more slices, so nobody else looks at its frame's end. */
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

/* Frees the jobs at the ring's begin that are done. A job that ends out of turn waits for those
 * before it, which have no slices left to hand out either. */
static void retire_jobs(struct encoder *encoder)
{
    while (encoder->active > 0 && !job_at(encoder, 0)->frame) {
        encoder->first = (encoder->first + 1) % (encoder->config.threads + 1);
        encoder->active--;
    }
    if (encoder->active == 0 && !encoder->waiting)
        pthread_cond_broadcast(&encoder->idle);
    else if (encoder->waiting)
        pthread_cond_signal(&encoder->work);
}

/* The last slice of a job is done. Called with the lock, which is given up in between. */
static void finish_job(struct encoder *encoder, struct job *job)
{
    struct frame *frame = job->frame;
    struct raw_frame *capture = job->capture;
    bool failed = job->failed;
    pthread_mutex_unlock(&encoder->lock);
    raw_frame_release(capture);
    finish_frame(frame, failed);
    events_notify(encoder->events);
    pthread_mutex_lock(&encoder->lock);
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

static void work_on(struct encoder *encoder, struct jpeg_slicer *slicer, struct job *job)
{
    unsigned index = job->next++;
    pthread_mutex_unlock(&encoder->lock);
    int error = jpeg_slice_encode(slicer, &job->capture->picture, &job->plan, index, job->quality,
                                  &job->frame->slices[index]);
    pthread_mutex_lock(&encoder->lock);
    if (error && !job->failed) {
        job->failed = true;
        log_warning_limited(&encoder->failed_limit, "frame %llu could not be encoded (%s)",
                            (unsigned long long)job->frame->head.frame_id,
                            error == -EBADMSG  ? "the camera's JPEG is broken"
                            : error == -ENOMEM ? "out of memory"
                                               : "libjpeg failed");
    }
    job->done |= UINT64_C(1) << index;
    if (publish(job) && job->unfinished > 1)
        events_notify(encoder->events);
    if (--job->unfinished == 0)
        finish_job(encoder, job);
}

static void *run_worker(void *user)
{
    struct worker *worker = user;
    struct encoder *encoder = worker->encoder;
    pthread_mutex_lock(&encoder->lock);
    for (;;) {
        struct job *job = find_work(encoder);
        if (job)
            work_on(encoder, worker->slicer, job);
        else if (encoder->stopping)
            break;
        else
            pthread_cond_wait(&encoder->work, &encoder->lock);
    }
    pthread_mutex_unlock(&encoder->lock);
    return NULL;
}

static int start_worker(struct encoder *encoder, struct worker *worker)
{
    worker->encoder = encoder;
    worker->slicer = jpeg_slicer_create();
    if (!worker->slicer)
        return -ENOMEM;
    int error = pthread_create(&worker->thread, NULL, run_worker, worker);
    if (error) {
        jpeg_slicer_destroy(worker->slicer);
        return -error;
    }
    pthread_setname_np(worker->thread, "encoder");
    return 0;
}

int encoder_create(struct encoder **encoder, const struct encoder_config *config,
                   struct stream_events *events)
{
    struct encoder *self = *encoder = calloc(1, sizeof(*self));
    if (!self)
        return -ENOMEM;
    self->config = *config;
    self->events = events;
    if (self->config.threads == 0)
        self->config.threads = cores();
    if (self->config.slices == 0)
        self->config.slices = SLICES_A_THREAD * self->config.threads;
    if (self->config.min_quality == 0)
        self->config.min_quality = self->config.quality;
    rate_control_init(&self->rate, self->config.min_quality, self->config.quality,
                      self->config.bits_per_second);
    frame_pool_init(&self->pool);
    pthread_mutex_init(&self->lock, NULL);
    pthread_cond_init(&self->work, NULL);
    pthread_cond_init(&self->idle, NULL);
    pthread_cond_init(&self->begun, NULL);
    for (; self->worker_count < self->config.threads; self->worker_count++) {
        int error = start_worker(self, &self->workers[self->worker_count]);
        if (error) {
            encoder_destroy(encoder);
            return error;
        }
    }
    return 0;
}

void encoder_destroy(struct encoder **encoder)
{
    if (!encoder || !*encoder)
        return;
    struct encoder *self = *encoder;
    pthread_mutex_lock(&self->lock);
    self->stopping = true;
    pthread_cond_broadcast(&self->work);
    pthread_mutex_unlock(&self->lock);
    for (unsigned i = 0; i < self->worker_count; i++) {
        pthread_join(self->workers[i].thread, NULL);
        jpeg_slicer_destroy(self->workers[i].slicer);
    }
    frame_pool_destroy(&self->pool);
    pthread_cond_destroy(&self->begun);
    pthread_cond_destroy(&self->idle);
    pthread_cond_destroy(&self->work);
    pthread_mutex_destroy(&self->lock);
    free(self);
    *encoder = NULL;
}

void encoder_submit(struct encoder *encoder, struct raw_frame *capture)
{
    if (encoder->config.patient)
        events_wait_for_room(encoder->events);
    pthread_mutex_lock(&encoder->lock);
    while (encoder->config.patient && encoder->waiting)
        pthread_cond_wait(&encoder->begun, &encoder->lock);
    give_up_waiting(encoder, WIRE_DROP_ENCODER_BUSY);
    encoder->waiting = capture;
    pthread_cond_signal(&encoder->work);
    pthread_mutex_unlock(&encoder->lock);
}

void encoder_lost(struct encoder *encoder, const struct lost_run *lost)
{
    pthread_mutex_lock(&encoder->lock);
    unsigned count = encoder->later_count;
    bool merged = count > 0 && lost_run_extend(&encoder->later[count - 1], lost);
    if (encoder->waiting && count == LATER_MAX && !merged)
        give_up_waiting(encoder, WIRE_DROP_ENCODER_BUSY);
    if (!encoder->waiting)
        events_lost(encoder->events, lost);
    else if (!merged)
        encoder->later[encoder->later_count++] = *lost;
    pthread_mutex_unlock(&encoder->lock);
}

void encoder_drain(struct encoder *encoder)
{
    pthread_mutex_lock(&encoder->lock);
    while (encoder->waiting || encoder->active > 0)
        pthread_cond_wait(&encoder->idle, &encoder->lock);
    pthread_mutex_unlock(&encoder->lock);
}

bool encoder_idle(struct encoder *encoder)
{
    pthread_mutex_lock(&encoder->lock);
    bool idle = !encoder->waiting && encoder->active == 0;
    pthread_mutex_unlock(&encoder->lock);
    return idle;
}

void encoder_set_rate(struct encoder *encoder, uint64_t bits_per_second)
{
    pthread_mutex_lock(&encoder->lock);
    rate_control_set(&encoder->rate, bits_per_second);
    pthread_mutex_unlock(&encoder->lock);
}

struct encoder_totals encoder_totals(struct encoder *encoder)
{
    pthread_mutex_lock(&encoder->lock);
    struct encoder_totals totals = encoder->totals;
    pthread_mutex_unlock(&encoder->lock);
    return totals;
}
