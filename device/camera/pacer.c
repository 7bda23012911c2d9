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
    struct pacer_buffer *buffer = frame->owner;
    struct pacer *pacer = buffer->pacer;
    pthread_mutex_lock(&pacer->lock);
    buffer->lent = false;
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

static struct pacer_buffer *find_free(struct pacer_output *output)
{
    for (unsigned i = 0; i < PACER_BUFFERS; i++)
        if (!output->buffers[i].lent)
            return &output->buffers[i];
    return NULL;
}

static struct pacer_buffer *borrow(struct pacer *pacer, struct pacer_output *output)
{
    pthread_mutex_lock(&pacer->lock);
    struct pacer_buffer *found = find_free(output);
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
    while (!pacer->stopping && !find_free(&pacer->outputs[0]))
        pthread_cond_wait(&pacer->changed, &pacer->lock);
    bool go = !pacer->stopping;
    pthread_mutex_unlock(&pacer->lock);
    return go;
}

/* The times at which the frame begins. */
struct moment {
    uint64_t device_ns, wall_ns;
};

static int deliver_output(struct pacer *pacer, struct pacer_output *output, uint32_t sequence,
                          const struct moment *begin)
{
    struct pacer_buffer *buffer = borrow(pacer, output);
    if (!buffer) {
        if (output == &pacer->outputs[0])
            pacer->sink.on_lost(pacer->sink.user, sequence, WIRE_DROP_NO_BUFFER);
        return 0;
    }
    struct raw_frame *frame = &buffer->frame;
    frame->sensor_time_ns = begin->device_ns;
    frame->wall_clock_ns = begin->wall_ns;
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

static int deliver(struct pacer *pacer, uint32_t sequence)
{
    struct moment begin = { clock_device(), clock_read(CLOCK_REALTIME) };
    if (pacer->begin && !pacer->begin(pacer, sequence)) {
        pacer->sink.on_lost(pacer->sink.user, sequence, WIRE_DROP_CAPTURE_ERROR);
        return 0;
    }
    for (unsigned i = 0; i < pacer->output_count; i++) {
        int error = deliver_output(pacer, &pacer->outputs[i], sequence, &begin);
        if (error)
            return error;
    }
    if (pacer->finish)
        pacer->finish(pacer);
    return 0;
}

static void *run(void *user)
{
    struct pacer *pacer = user;
    uint64_t begin = clock_monotonic();
    double due = 0; /* ns after begin */
    uint32_t sequence = pacer->next_sequence;
    while (wait_for_turn(pacer, begin + (uint64_t)due)) {
        int error = deliver(pacer, sequence);
        pacer->next_sequence = ++sequence;
        if (error) {
            pacer->sink.on_end(pacer->sink.user, error);
            break;
        }
        due += pacer->frame_ns;
        /* A thread that was delayed skips the frames that are past, as a sensor would. */
        double late = (double)(clock_monotonic() - begin) - due;
        if (late >= pacer->frame_ns && !pacer->unpaced) {
            uint32_t skipped = (uint32_t)(late / pacer->frame_ns);
            sequence += skipped;
            due += skipped * pacer->frame_ns;
        }
    }
    return NULL;
}

static void free_buffers(struct pacer_output *output)
{
    for (unsigned i = 0; i < PACER_BUFFERS; i++) {
        free(output->buffers[i].memory);
        output->buffers[i] = (struct pacer_buffer){ .memory = NULL };
    }
}

static int make_buffers(struct pacer *pacer, struct pacer_output *output)
{
    if (output->allocated != output->frame_size)
        free_buffers(output);
    output->allocated = output->frame_size;
    for (unsigned i = 0; i < PACER_BUFFERS; i++) {
        struct pacer_buffer *buffer = &output->buffers[i];
        if (!buffer->memory && !(buffer->memory = calloc(1, output->frame_size)))
            return -ENOMEM;
        buffer->pacer = pacer;
        buffer->frame.output = output->output;
        buffer->frame.release = give_back;
        buffer->frame.owner = buffer;
        buffer->frame.picture = output->picture;
        for (unsigned c = 0; c < 3; c++)
            buffer->frame.picture.planes[c].data = buffer->memory + output->offsets[c];
    }
    return 0;
}

int pacer_start(struct pacer *pacer, const struct camera_sink *sink)
{
    pacer->sink = *sink;
    pacer->stopping = false;
    pacer->frame_ns = 1e9 / pacer->fps;
    int error = 0;
    for (unsigned i = 0; !error && i < pacer->output_count; i++)
        error = make_buffers(pacer, &pacer->outputs[i]);
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
    for (unsigned i = 0; i < PACER_OUTPUTS; i++)
        for (unsigned k = 0; k < PACER_BUFFERS; k++)
            while (pacer->outputs[i].buffers[k].lent)
                pthread_cond_wait(&pacer->changed, &pacer->lock);
    pthread_mutex_unlock(&pacer->lock);
    pacer->started = false;
}

void pacer_destroy(struct pacer *pacer)
{
    for (unsigned i = 0; i < PACER_OUTPUTS; i++)
        free_buffers(&pacer->outputs[i]);
    pthread_cond_destroy(&pacer->changed);
    pthread_mutex_destroy(&pacer->lock);
}
