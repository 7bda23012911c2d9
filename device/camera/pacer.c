#include "device/camera/pacer.h"

#include <errno.h>
#include <stdlib.h>

#include "shared/base/clock.h"

void pacer_init(struct pacer *pacer)
{
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_mutex_init(&pacer->lock, NULL);
    pthread_cond_init(&pacer->changed, &attributes);
    pthread_condattr_destroy(&attributes);
}

static void give_back(struct raw_frame *frame)
{
    struct pacer *pacer = frame->owner;
    pthread_mutex_lock(&pacer->lock);
    for (unsigned i = 0; i < PACER_BUFFERS; i++)
        if (frame == &pacer->buffers[i].frame)
            pacer->buffers[i].lent = false;
    if (pacer->stopping || pacer->unpaced)
        pthread_cond_broadcast(&pacer->changed);
    pthread_mutex_unlock(&pacer->lock);
}

/* Waits until `due` (CLOCK_MONOTONIC). False: stopping. */
static bool wait_until(struct pacer *pacer, uint64_t due)
{
    struct timespec time = clock_timespec(due);
    pthread_mutex_lock(&pacer->lock);
    while (!pacer->stopping &&
           pthread_cond_timedwait(&pacer->changed, &pacer->lock, &time) != ETIMEDOUT)
        ;
    bool go = !pacer->stopping;
    pthread_mutex_unlock(&pacer->lock);
    return go;
}

static struct pacer_buffer *find_free(struct pacer *pacer)
{
    for (unsigned i = 0; i < PACER_BUFFERS; i++)
        if (!pacer->buffers[i].lent)
            return &pacer->buffers[i];
    return NULL;
}

static struct pacer_buffer *borrow(struct pacer *pacer)
{
    pthread_mutex_lock(&pacer->lock);
    struct pacer_buffer *found = find_free(pacer);
    if (found)
        found->lent = true;
    pthread_mutex_unlock(&pacer->lock);
    return found;
}

/* Waits until the next frame is due. False: stopping. */
static bool wait_for_turn(struct pacer *pacer, uint64_t due)
{
    if (!pacer->unpaced)
        return wait_until(pacer, due);
    pthread_mutex_lock(&pacer->lock);
    while (!pacer->stopping && !find_free(pacer))
        pthread_cond_wait(&pacer->changed, &pacer->lock);
    bool go = !pacer->stopping;
    pthread_mutex_unlock(&pacer->lock);
    return go;
}

static int deliver(struct pacer *pacer, uint32_t sequence)
{
    struct pacer_buffer *buffer = borrow(pacer);
    if (!buffer) {
        pacer->sink.on_lost(pacer->sink.user, sequence, WIRE_DROP_NO_BUFFER);
        return 0;
    }
    struct raw_frame *frame = &buffer->frame;
    frame->release = give_back;
    frame->owner = pacer;
    frame->sensor_time_ns = clock_device();
    frame->wall_clock_ns = clock_read(CLOCK_REALTIME);
    int error = pacer->fill(pacer, buffer, sequence);
    if (error) {
        give_back(frame);
        return error;
    }
    buffer->used = true;
    frame->sequence = sequence;
    frame->capture_time_ns = clock_device();
    pacer->sink.on_frame(pacer->sink.user, frame);
    return 0;
}

static void *run(void *user)
{
    struct pacer *pacer = user;
    uint64_t begin = clock_monotonic(), tick = 0;
    uint32_t first = pacer->next_sequence;
    while (wait_for_turn(pacer, begin + (uint64_t)((double)tick * 1e9 / pacer->fps))) {
        uint32_t sequence = first + (uint32_t)tick;
        int error = deliver(pacer, sequence);
        pacer->next_sequence = sequence + 1;
        if (error) {
            pacer->sink.on_end(pacer->sink.user, error);
            break;
        }
        /* A thread that was delayed skips the frames that are past, as a sensor would. */
        uint64_t now = (uint64_t)((double)(clock_monotonic() - begin) * pacer->fps / 1e9);
        tick = now > tick && !pacer->unpaced ? now : tick + 1;
    }
    return NULL;
}

static int make_buffers(struct pacer *pacer)
{
    for (unsigned i = 0; i < PACER_BUFFERS; i++) {
        struct pacer_buffer *buffer = &pacer->buffers[i];
        if (!buffer->memory && !(buffer->memory = calloc(1, pacer->frame_size)))
            return -ENOMEM;
        buffer->frame.picture = pacer->picture;
        for (unsigned c = 0; c < 3; c++)
            buffer->frame.picture.planes[c].data = buffer->memory + pacer->offsets[c];
    }
    return 0;
}

int pacer_start(struct pacer *pacer, const struct camera_sink *sink)
{
    pacer->sink = *sink;
    pacer->stopping = false;
    int error = make_buffers(pacer);
    if (!error)
        error = -pthread_create(&pacer->thread, NULL, run, pacer);
    if (error)
        return error;
    pthread_setname_np(pacer->thread, "camera");
    pacer->started = true;
    return 0;
}

void pacer_stop(struct pacer *pacer)
{
    if (!pacer->started)
        return;
    pthread_mutex_lock(&pacer->lock);
    pacer->stopping = true;
    pthread_cond_broadcast(&pacer->changed);
    pthread_mutex_unlock(&pacer->lock);
    pthread_join(pacer->thread, NULL);
    pthread_mutex_lock(&pacer->lock);
    for (unsigned i = 0; i < PACER_BUFFERS; i++)
        while (pacer->buffers[i].lent)
            pthread_cond_wait(&pacer->changed, &pacer->lock);
    pthread_mutex_unlock(&pacer->lock);
    pacer->started = false;
}

void pacer_destroy(struct pacer *pacer)
{
    for (unsigned i = 0; i < PACER_BUFFERS; i++)
        free(pacer->buffers[i].memory);
    pthread_cond_destroy(&pacer->changed);
    pthread_mutex_destroy(&pacer->lock);
}
