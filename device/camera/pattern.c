#include "device/camera/pattern.h"

#include <errno.h>
#include <stdlib.h>

#include "device/camera/pacer.h"
#include "device/image/test_card.h"

enum { DEFAULT_WIDTH = 1280, DEFAULT_HEIGHT = 720, DEFAULT_FPS = 30 };

struct camera {
    struct pacer pacer; /* first: fill() casts it to the camera */
    struct test_card card;
    struct test_card_moment painted[PACER_BUFFERS]; /* in the buffers that are used */
};

static int fill(struct pacer *pacer, struct pacer_buffer *buffer, uint32_t sequence)
{
    struct camera *camera = (struct camera *)pacer;
    struct test_card_moment *painted = &camera->painted[buffer - pacer->buffers];
    struct test_card_moment now = { sequence, buffer->frame.wall_clock_ns };
    if (buffer->used)
        test_card_update(&camera->card, buffer->memory, *painted, now);
    else
        test_card_paint(&camera->card, buffer->memory, now);
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
    struct test_card *card = &self->card;
    card->width = request->width ? request->width : DEFAULT_WIDTH;
    card->height = request->height ? request->height : DEFAULT_HEIGHT;
    pacer_init(&self->pacer);
    self->pacer.fps = request->fps > 0 ? request->fps : DEFAULT_FPS;
    self->pacer.unpaced = request->unpaced;
    self->pacer.frame_size = test_card_size(card);
    self->pacer.fill = fill;
    self->pacer.picture = (struct picture){
        .format = PIXEL_YUV420,
        .width = card->width,
        .height = card->height,
        .hflip = request->hflip,
        .vflip = request->vflip,
        .transpose = request->transpose,
    };
    for (unsigned i = 0; i < 3; i++) {
        size_t row = picture_row(&self->pacer.picture, i);
        size_t size = row * picture_rows(&self->pacer.picture, i);
        self->pacer.picture.planes[i] = (struct plane){ NULL, row, size };
        if (i < 2)
            self->pacer.offsets[i + 1] = self->pacer.offsets[i] + size;
    }
    return 0;
}

static void describe_mode(const struct camera *camera, struct camera_mode *mode)
{
    *mode = (struct camera_mode){
        .width = camera->card.width,
        .height = camera->card.height,
        .fps = camera->pacer.fps,
        .format = PIXEL_YUV420,
        .model = "test pattern",
    };
    if (camera->pacer.picture.transpose)
        camera_mode_transpose(mode);
}

static int pattern_describe(struct camera *camera, struct camera_description *description,
                            struct error *error)
{
    (void)error;
    *description = (struct camera_description){ .controls = { .items = NULL } };
    describe_mode(camera, &description->mode);
    return 0;
}

static int pattern_start(struct camera *camera, const struct camera_run *run,
                         struct camera_mode *mode, struct error *error)
{
    describe_mode(camera, mode);
    int result = pacer_start(&camera->pacer, &run->sink);
    if (result)
        return error_set(error, result, "out of memory for test pictures of %ux%u",
                         camera->card.width, camera->card.height);
    return 0;
}

static void pattern_stop(struct camera *camera)
{
    pacer_stop(&camera->pacer);
}

static void pattern_close(struct camera **camera)
{
    if (!camera || !*camera)
        return;
    pacer_stop(&(*camera)->pacer);
    pacer_destroy(&(*camera)->pacer);
    free(*camera);
    *camera = NULL;
}

const struct camera_ops camera_pattern = { .open = pattern_open,
                                           .describe = pattern_describe,
                                           .start = pattern_start,
                                           .stop = pattern_stop,
                                           .close = pattern_close };
