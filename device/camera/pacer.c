#include "device/camera/pacer.h"

#include <errno.h>
#include <stdlib.h>

#include "shared/base/clock.h"

void pacer_init(struct pacer *source)
{
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_mutex_init(&source->lock, NULL);
    pthread_cond_init(&source->changed, &attributes);
    pthread_condattr_destroy(&attributes);
}

static void give_back(struct raw_frame *capture)
{
    struct pacer *source = capture->owner;
    pthread_mutex_lock(&source->lock);
    for (unsigned i = 0; i < PACER_BUFFERS; i++)
        if (capture == &source->buffers[i].capture)
            source->buffers[i].lent = false;
    if (source->stopping || source->unpaced)
        pthread_cond_broadcast(&source->changed);
    pthread_mutex_unlock(&source->lock);
}

/* Waits until `due` (CLOCK_MONOTONIC). False: stopping. */
static bool wait_until(struct pacer *source, uint64_t due)
{
    struct timespec time = clock_timespec(due);
    pthread_mutex_lock(&source->lock);
    while (!source->stopping &&
           pthread_cond_timedwait(&source->changed, &source->lock, &time) != ETIMEDOUT)
        ;
    bool go = !source->stopping;
    pthread_mutex_unlock(&source->lock);
    return go;
}

static struct pacer_buffer *find_free(struct pacer *source)
{
    for (unsigned i = 0; i < PACER_BUFFERS; i++)
        if (!source->buffers[i].lent)
            return &source->buffers[i];
    return NULL;
}

static struct pacer_buffer *borrow(struct pacer *source)
{
    pthread_mutex_lock(&source->lock);
    struct pacer_buffer *found = find_free(source);
    if (found)
        found->lent = true;
    pthread_mutex_unlock(&source->lock);
    return found;
}

/* Waits until the next frame is due. False: stopping. */
static bool wait_for_turn(struct pacer *source, uint64_t due)
{
    if (!source->unpaced)
        return wait_until(source, due);
    pthread_mutex_lock(&source->lock);
    while (!source->stopping && !find_free(source))
        pthread_cond_wait(&source->changed, &source->lock);
    bool go = !source->stopping;
    pthread_mutex_unlock(&source->lock);
    return go;
}

static int deliver(struct pacer *source, uint32_t sequence)
{
    struct pacer_buffer *buffer = borrow(source);
    if (!buffer) {
        source->sink.on_lost(source->sink.user, sequence, WIRE_DROP_NO_BUFFER);
        return 0;
    }
    struct raw_frame *capture = &buffer->capture;
    capture->release = give_back;
    capture->owner = source;
    capture->sensor_time_ns = clock_device();
    capture->metadata = (struct wire_metadata){ .present = WIRE_META_WALL_CLOCK,
                                                .wall_clock_ns = clock_read(CLOCK_REALTIME) };
    int error = source->fill(source, buffer, sequence);
    if (error) {
        give_back(capture);
        return error;
    }
    buffer->used = true;
    capture->sequence = sequence;
    capture->capture_time_ns = clock_device();
    source->sink.on_capture(source->sink.user, capture);
    return 0;
}

static void *run(void *user)
{
    struct pacer *source = user;
    uint64_t begin = clock_monotonic(), tick = 0;
    uint32_t first = source->next_sequence;
    while (wait_for_turn(source, begin + (uint64_t)((double)tick * 1e9 / source->fps))) {
        uint32_t sequence = first + (uint32_t)tick;
        int error = deliver(source, sequence);
        source->next_sequence = sequence + 1;
        if (error) {
            source->sink.on_end(source->sink.user, error);
            break;
        }
        /* A thread that was held up skips what is past, as a sensor would. */
        uint64_t now = (uint64_t)((double)(clock_monotonic() - begin) * source->fps / 1e9);
        tick = now > tick && !source->unpaced ? now : tick + 1;
    }
    return NULL;
}

static int make_buffers(struct pacer *source)
{
    for (unsigned i = 0; i < PACER_BUFFERS; i++) {
        struct pacer_buffer *buffer = &source->buffers[i];
        if (!buffer->memory && !(buffer->memory = calloc(1, source->frame_size)))
            return -ENOMEM;
        buffer->capture.picture = source->picture;
        for (unsigned c = 0; c < 3; c++)
            buffer->capture.picture.planes[c].data = buffer->memory + source->offsets[c];
    }
    return 0;
}

int pacer_start(struct pacer *source, const struct camera_sink *sink)
{
    source->sink = *sink;
    source->stopping = false;
    int error = make_buffers(source);
    if (!error)
        error = -pthread_create(&source->thread, NULL, run, source);
    if (error)
        return error;
    pthread_setname_np(source->thread, "camera");
    source->started = true;
    return 0;
}

void pacer_stop(struct pacer *source)
{
    if (!source->started)
        return;
    pthread_mutex_lock(&source->lock);
    source->stopping = true;
    pthread_cond_broadcast(&source->changed);
    pthread_mutex_unlock(&source->lock);
    pthread_join(source->thread, NULL);
    pthread_mutex_lock(&source->lock);
    for (unsigned i = 0; i < PACER_BUFFERS; i++)
        while (source->buffers[i].lent)
            pthread_cond_wait(&source->changed, &source->lock);
    pthread_mutex_unlock(&source->lock);
    source->started = false;
}

void pacer_destroy(struct pacer *source)
{
    for (unsigned i = 0; i < PACER_BUFFERS; i++)
        free(source->buffers[i].memory);
    pthread_cond_destroy(&source->changed);
    pthread_mutex_destroy(&source->lock);
}
