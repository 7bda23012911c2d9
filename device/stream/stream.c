#include "device/stream/stream.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/base/clock.h"

static int start(struct stream *stream, struct encode_pool *pool)
{
    const struct stream_config *config = &stream->config;
    int error = encoder_create(&stream->encoder, &config->encoder, pool, &stream->events);
    if (error)
        return error;
    struct supervisor_config supervisor = {
        .label = config->label,
        .ops = config->ops,
        .camera = config->camera,
        .frame_limit = config->frame_limit,
        /* Without a pace, frames that nobody wants would be made as fast as the source can. */
        .demand = config->encoder.blocking ? NULL : &stream->demand,
        .timeout_ns = config->timeout_ns,
    };
    return supervisor_create(&stream->supervisor, &supervisor, stream->encoder, &stream->events);
}

/* Each as far as it was created. */
static void discard(struct stream *stream)
{
    supervisor_destroy(&stream->supervisor);
    events_destroy(&stream->events);
    encoder_destroy(&stream->encoder);
    demand_destroy(&stream->demand);
    stream->config.ops->close(&stream->config.camera);
    free(stream);
}

int stream_create(struct stream **stream, const struct stream_config *config,
                  struct encode_pool *pool)
{
    struct camera *camera = config->camera;
    struct stream *self = *stream = calloc(1, sizeof(*self));
    int error = self ? events_init(&self->events) : -ENOMEM;
    if (error) {
        config->ops->close(&camera);
        free(self);
        *stream = NULL;
        return error;
    }
    self->config = *config;
    self->format.stream = self->status.stream = (uint8_t)config->number;
    self->format.codec = WIRE_CODEC_JPEG;
    snprintf(self->format.model, sizeof(self->format.model), "%s", config->source);
    demand_init(&self->demand);
    error = start(self, pool);
    if (error) {
        discard(self);
        *stream = NULL;
    }
    return error;
}

void stream_quit(struct stream *stream)
{
    supervisor_quit(stream->supervisor);
}

bool stream_wait(struct stream *stream, uint64_t due_ns)
{
    uint64_t now_ns = clock_monotonic();
    events_close(&stream->events);
    return supervisor_wait(stream->supervisor, due_ns > now_ns ? due_ns - now_ns : 0);
}

void stream_destroy(struct stream **stream)
{
    if (!stream || !*stream)
        return;
    events_close(&(*stream)->events);
    discard(*stream);
    *stream = NULL;
}

static void take_mode(struct stream *stream, const struct camera_mode *mode)
{
    stream->format.width = (uint16_t)mode->width;
    stream->format.height = (uint16_t)mode->height;
    stream->format.fps_mhz = (uint32_t)(mode->fps * 1000 + 0.5);
    memcpy(stream->format.model, mode->model, sizeof(stream->format.model));
    stream->status.state = WIRE_STREAM_RUNNING;
    stream->status.text[0] = '\0';
    stream->running = true;
}

/* A frame may wait for a client for longer than the camera runs as it does now. */
static void take_frame(struct stream *stream, struct frame *frame)
{
    frame->stream = stream->format;
    frame->stream.width = frame->head.width;
    frame->stream.height = frame->head.height;
    stream->next_id = frame->head.frame_id + 1;
}

bool stream_take(struct stream *stream, struct stream_event *event)
{
    if (!events_take(&stream->events, event))
        return false;
    switch (event->kind) {
    case EVENT_FRAME:
        take_frame(stream, event->frame);
        break;
    case EVENT_LOST:
        stream->next_id = event->lost.run.first + event->lost.run.count;
        stream->lost[event->lost.run.reason] += event->lost.run.count;
        break;
    case EVENT_STREAM:
        take_mode(stream, &event->mode);
        break;
    case EVENT_STATUS:
        stream->status = event->status;
        stream->status.stream = stream->format.stream;
        stream->running = false;
        break;
    case EVENT_FINISHED:
        stream->running = false;
        stream->finished = true;
        break;
    }
    return true;
}

void stream_want(struct stream *stream, bool wanted)
{
    supervisor_want(stream->supervisor, wanted);
}
