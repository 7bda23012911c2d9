#include "device/stream/stream.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/base/clock.h"

static void destroy_part(struct stream *stream)
{
    if (!stream)
        return;
    events_destroy(&stream->events);
    encoder_destroy(&stream->encoder);
    demand_destroy(&stream->demand);
    free(stream);
}

/* A stream without its camera. 0 or a negative errno, with *part NULL. */
static int create_part(struct stream **part, const struct stream_config *config,
                       struct encode_pool *pool)
{
    struct stream *self = *part = calloc(1, sizeof(*self));
    int error = self ? events_init(&self->events) : -ENOMEM;
    if (error) {
        free(self);
        *part = NULL;
        return error;
    }
    self->config = *config;
    self->format.stream = self->status.stream = (uint8_t)config->number;
    self->format.codec = WIRE_CODEC_JPEG;
    snprintf(self->format.model, sizeof(self->format.model), "%s", config->source);
    demand_init(&self->demand);
    error = encoder_create(&self->encoder, &config->encoder, pool, &self->events);
    if (error) {
        destroy_part(self);
        *part = NULL;
    }
    return error;
}

static int start_supervisor(struct stream *stream)
{
    const struct stream_config *config = &stream->config;
    struct supervisor_config supervisor = {
        .label = config->label,
        .ops = config->ops,
        .camera = config->camera,
        .frame_limit = config->frame_limit,
        /* Without a pace, frames that nobody wants would be made as fast as the source can. */
        .demand = config->encoder.blocking ? NULL : &stream->demand,
        .changes = stream->changes,
        .still_encoder = stream->stills->encoder,
        .still_events = &stream->stills->events,
        .names = config->names,
        .timeout_ns = config->timeout_ns,
        .min_fps = config->min_fps,
    };
    return supervisor_create(&stream->supervisor, &supervisor, stream->encoder, &stream->events);
}

/* The configuration of the camera's other outputs, which have no bit rate of their own, and whose
 * encoder blocks nobody. */
static struct stream_config config_of_part(const struct stream_config *config)
{
    struct stream_config own = *config;
    own.preview.name = NULL;
    own.camera = NULL;
    own.encoder.blocking = own.always_on = own.adaptive = false;
    own.encoder.bits_per_second = own.frame_limit = 0;
    return own;
}

static struct stream_config config_of_preview(const struct stream_config *config)
{
    struct stream_config own = config_of_part(config);
    own.number = config->preview.number;
    own.name = config->preview.name;
    own.label = own.encoder.label = config->preview.label;
    return own;
}

static int create_stills(struct stream *stream, struct encode_pool *pool)
{
    struct stream_config own = config_of_part(&stream->config);
    int error = create_part(&stream->stills, &own, pool);
    if (!error)
        stream->stills->output = CAMERA_STILL;
    return error;
}

static int add_preview(struct stream *stream, struct encode_pool *pool)
{
    if (!stream->config.preview.name)
        return 0;
    struct stream_config config = config_of_preview(&stream->config);
    int error = create_part(&stream->preview, &config, pool);
    if (error)
        return error;
    struct stream *preview = stream->preview;
    preview->output = CAMERA_PREVIEW;
    preview->supervisor = stream->supervisor;
    preview->changes = stream->changes;
    supervisor_add_preview(stream->supervisor,
                           &(struct sequencer_config){ .label = preview->config.label,
                                                       .encoder = preview->encoder,
                                                       .demand = &preview->demand },
                           &preview->events);
    return 0;
}

/* Destroys each part that was created. */
static void discard(struct stream *stream)
{
    supervisor_destroy(&stream->supervisor);
    changes_destroy(&stream->changes);
    stream->config.ops->close(&stream->config.camera);
    destroy_part(stream->preview);
    destroy_part(stream->stills);
    destroy_part(stream);
}

int stream_create(struct stream **stream, const struct stream_config *config,
                  struct encode_pool *pool)
{
    struct camera *camera = config->camera;
    int error = create_part(stream, config, pool);
    if (error) {
        config->ops->close(&camera);
        return error;
    }
    error = changes_create(&(*stream)->changes,
                           &(struct changes_config){ .label = config->label,
                                                     .controls = config->controls,
                                                     .names = config->names,
                                                     .events = &(*stream)->events });
    if (!error)
        error = create_stills(*stream, pool);
    if (!error)
        error = start_supervisor(*stream);
    if (!error)
        (*stream)->stills->supervisor = (*stream)->supervisor;
    if (!error)
        error = add_preview(*stream, pool);
    if (error) {
        discard(*stream);
        *stream = NULL;
    }
    return error;
}

static void close_events(struct stream *stream)
{
    events_close(&stream->events);
    if (stream->preview)
        events_close(&stream->preview->events);
    events_close(&stream->stills->events);
}

void stream_quit(struct stream *stream)
{
    supervisor_quit(stream->supervisor);
}

bool stream_wait(struct stream *stream, uint64_t due_ns)
{
    uint64_t now_ns = clock_monotonic();
    close_events(stream);
    return supervisor_wait(stream->supervisor, due_ns > now_ns ? due_ns - now_ns : 0);
}

void stream_destroy(struct stream **stream)
{
    if (!stream || !*stream)
        return;
    close_events(*stream);
    discard(*stream);
    *stream = NULL;
}

static uint8_t turn_of(const struct orientation *turn)
{
    return (uint8_t)((turn->hflip ? WIRE_TURN_HFLIP : 0) | (turn->vflip ? WIRE_TURN_VFLIP : 0) |
                     (turn->transpose ? WIRE_TURN_TRANSPOSE : 0));
}

static void take_mode(struct stream *stream, const struct camera_mode *mode)
{
    stream->format.width = (uint16_t)mode->width;
    stream->format.height = (uint16_t)mode->height;
    stream->format.fps_mhz = (uint32_t)(mode->fps * 1000 + 0.5);
    stream->format.view = (uint16_t)mode->view;
    stream->format.turn = turn_of(&mode->turn);
    stream->format.present =
        (mode->view ? WIRE_STREAM_VIEW : 0) | (stream->format.turn ? WIRE_STREAM_TURN : 0);
    memcpy(stream->format.model, mode->model, sizeof(stream->format.model));
    if (stream->output == CAMERA_STILL) /* whoever asks for the next one waits for the camera */
        return;
    stream->status.state = WIRE_STREAM_RUNNING;
    stream->status.text[0] = '\0';
    stream->running = true;
    if (stream->stills)
        memcpy(stream->stills->format.model, mode->model, sizeof(mode->model));
}

/* Of stills it tells of one that was not taken: the next one is waited for then. */
static void take_status(struct stream *stream, const struct wire_status *status)
{
    /* A camera that is switched for a still goes on. */
    stream->running = stream->running && status->state == WIRE_STREAM_RUNNING;
    if (stream->output == CAMERA_STILL)
        return;
    stream->status = *status;
    stream->status.stream = stream->format.stream;
}

/* A frame has the format that it was made with, since it may be sent when the camera already runs
 * with another one. */
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
        take_status(stream, &event->status);
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
    if (stream->output == CAMERA_PREVIEW)
        supervisor_want_preview(stream->supervisor, wanted);
    else
        supervisor_want(stream->supervisor, wanted);
}

void stream_request_still(struct stream *stills, const struct still_request *request)
{
    supervisor_request_still(stills->supervisor, request);
}

void stream_cancel_still(struct stream *stills)
{
    supervisor_cancel_still(stills->supervisor);
}
