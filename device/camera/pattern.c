#include "device/camera/pattern.h"

#include <errno.h>
#include <stdlib.h>

#include "device/camera/pacer.h"
#include "device/image/test_card.h"

enum { DEFAULT_WIDTH = 1280, DEFAULT_HEIGHT = 720, DEFAULT_FPS = 30 };

struct camera {
    struct pacer paced; /* first: fill() gets back from it to the camera */
    struct pattern pattern;
    struct pattern_moment painted[PACER_BUFFERS]; /* in the buffers that are used */
};

static int fill(struct pacer *source, struct pacer_buffer *buffer, uint32_t sequence)
{
    struct camera *camera = (struct camera *)source;
    struct pattern_moment *painted = &camera->painted[buffer - source->buffers];
    struct pattern_moment now = { sequence, buffer->capture.metadata.wall_clock_ns };
    if (buffer->used)
        pattern_update(&camera->pattern, buffer->memory, *painted, now);
    else
        pattern_paint(&camera->pattern, buffer->memory, now);
    *painted = now;
    return 0;
}

static int pattern_open(struct camera **camera, const char *argument,
                        const struct camera_request *request, struct error *error)
{
    (void)argument;
    struct camera *self = *camera = calloc(1, sizeof(*self));
    if (!self)
        return error_set(error, -ENOMEM, "out of memory for the test pattern");
    struct pattern *pattern = &self->pattern;
    pattern->width = request->width ? request->width : DEFAULT_WIDTH;
    pattern->height = request->height ? request->height : DEFAULT_HEIGHT;
    size_t width = pattern->width, height = pattern->height;
    size_t half_width = (width + 1) / 2, half_height = (height + 1) / 2;
    pacer_init(&self->paced);
    self->paced.fps = request->fps > 0 ? request->fps : DEFAULT_FPS;
    self->paced.unpaced = request->unpaced;
    self->paced.frame_size = pattern_size(pattern);
    self->paced.fill = fill;
    self->paced.picture = (struct picture){
        .format = PIXEL_YUV420,
        .width = pattern->width,
        .height = pattern->height,
        .planes = { { NULL, width, width * height },
                    { NULL, half_width, half_width * half_height },
                    { NULL, half_width, half_width * half_height } },
        .hflip = request->hflip,
        .vflip = request->vflip,
    };
    self->paced.offsets[1] = width * height;
    self->paced.offsets[2] = width * height + half_width * half_height;
    return 0;
}

static int pattern_start(struct camera *camera, const struct camera_sink *sink,
                         struct camera_mode *mode, struct error *error)
{
    *mode = (struct camera_mode){
        .width = camera->pattern.width,
        .height = camera->pattern.height,
        .fps = camera->paced.fps,
        .format = PIXEL_YUV420,
        .model = "test pattern",
    };
    int result = pacer_start(&camera->paced, sink);
    if (result)
        return error_set(error, result, "out of memory for test pictures of %ux%u",
                         camera->pattern.width, camera->pattern.height);
    return 0;
}

static void pattern_stop(struct camera *camera)
{
    pacer_stop(&camera->paced);
}

static void pattern_close(struct camera **camera)
{
    if (!camera || !*camera)
        return;
    pacer_stop(&(*camera)->paced);
    pacer_destroy(&(*camera)->paced);
    free(*camera);
    *camera = NULL;
}

const struct camera_ops camera_pattern = { pattern_open, pattern_start, pattern_stop,
                                           pattern_close };
