#include "device/camera/pattern.h"

#include <errno.h>
#include <stdlib.h>

#include "device/camera/card_still.h"
#include "device/camera/faults.h"
#include "device/camera/pacer.h"
#include "device/camera/sensor/report.h"
#include "device/camera/sensor/sensor.h"
#include "device/camera/sensor/table.h"
#include "device/image/card_painter.h"

enum { DEFAULT_WIDTH = 1280, DEFAULT_HEIGHT = 720, DEFAULT_FPS = 30 };

/* The pictures of one output. */
struct card_output {
    struct card_painter painter;
    struct card_buffer buffers[PACER_BUFFERS];
};

struct camera {
    struct pacer pacer;            /* first: the pacer's calls cast it to the camera */
    struct camera_request request; /* without what it points to */
    const struct sensor_mode *mode;
    double fps;
    bool takes_stills, shows_changes;
    struct card_output outputs[PACER_OUTPUTS];
    struct card_still still;
    struct camera_controls controls;
    struct control_list list; /* what is to be set */
    struct sensor sensor;
    struct sensor_report report;
    /* Of the present frame. */
    struct card_look look;
    struct metadata metadata;
    struct test_card_moment moment;
    uint64_t sensor_time_ns;
    uint64_t shown_change; /* that no frame has reported yet */
};

static bool begin(struct pacer *pacer, uint32_t sequence)
{
    struct camera *camera = (struct camera *)pacer;
    struct sensor *sensor = &camera->sensor;
    uint64_t change = 0;
    if (camera->controls.take)
        change = camera->controls.take(camera->controls.user, &camera->list);
    bool taken = !change || sensor_send(sensor, sequence, change, &camera->list);
    uint64_t shown = sensor_expose(sensor, sequence);
    if (shown)
        camera->shown_change = shown;
    sensor_look(sensor, &camera->look);
    sensor_report_pack(&camera->report, &sensor->state, sensor->faults.unreported,
                       &camera->metadata);
    /* A period in whole microseconds would not give exactly the requested rate. */
    pacer->frame_ns = sensor->state.duration_us == sensor->frame_us[0]
                          ? 1e9 / pacer->fps
                          : (double)sensor->state.duration_us * 1000;
    return taken;
}

static int fill(struct pacer *pacer, struct pacer_buffer *buffer, uint32_t sequence)
{
    struct camera *camera = (struct camera *)pacer;
    struct raw_frame *frame = &buffer->frame;
    unsigned place = frame->output == CAMERA_PREVIEW;
    struct card_output *output = &camera->outputs[place];
    size_t number = (size_t)(buffer - pacer->outputs[place].buffers);
    if (!buffer->used)
        output->buffers[number].plain = false;
    camera->moment = (struct test_card_moment){ sequence, frame->wall_clock_ns };
    camera->sensor_time_ns = frame->sensor_time_ns;
    card_painter_paint(&output->painter, buffer->memory, &output->buffers[number], camera->moment,
                       &camera->look);
    frame->metadata = camera->metadata;
    frame->applied_change = camera->sensor.applied;
    frame->shown_change = 0;
    if (frame->output != CAMERA_PREVIEW) {
        frame->shown_change = camera->shown_change;
        camera->shown_change = 0;
    }
    return 0;
}

static struct picture picture_of(const struct camera *camera, unsigned width, unsigned height)
{
    return (struct picture){
        .format = PIXEL_YUV420,
        .width = width,
        .height = height,
        .hflip = camera->request.hflip,
        .vflip = camera->request.vflip,
        .transpose = camera->request.transpose,
    };
}

static void finish(struct pacer *pacer)
{
    struct camera *camera = (struct camera *)pacer;
    struct card_still_job job = {
        .frame = { .output = CAMERA_STILL,
                   .picture = picture_of(camera, SENSOR_WIDTH, SENSOR_HEIGHT),
                   .sequence = camera->moment.number,
                   .sensor_time_ns = camera->sensor_time_ns,
                   .wall_clock_ns = camera->moment.wall_ns,
                   .metadata = camera->metadata,
                   .applied_change = camera->sensor.applied },
        .moment = camera->moment,
        .look = camera->look,
    };
    card_still_step(&camera->still, &job, &pacer->sink);
}

static int add_output(struct camera *camera, enum camera_output kind, unsigned width,
                      unsigned height)
{
    struct pacer_output *output = &camera->pacer.outputs[camera->pacer.output_count];
    struct card_painter *painter = &camera->outputs[camera->pacer.output_count++].painter;
    const struct test_card card = { width, height };
    output->output = kind;
    output->frame_size = test_card_size(&card);
    output->picture = picture_of(camera, width, height);
    size_t offset = 0;
    for (unsigned i = 0; i < 3; i++) {
        size_t row = picture_row(&output->picture, i);
        size_t size = row * picture_rows(&output->picture, i);
        output->picture.planes[i] = (struct plane){ NULL, row, size };
        output->offsets[i] = offset;
        offset += size;
    }
    if (painter->own && painter->card.width == width && painter->card.height == height)
        return 0;
    card_painter_free(painter);
    return card_painter_init(painter, &card);
}

/* run NULL, or not for stills: configures the stream. */
static void configure(struct camera *camera, const struct camera_run *run, struct camera_mode *mode)
{
    const struct camera_request *request = &camera->request;
    *mode = (struct camera_mode){
        .width = request->width ? request->width : DEFAULT_WIDTH,
        .height = request->height ? request->height : DEFAULT_HEIGHT,
        .preview_width = request->preview_width,
        .preview_height = request->preview_height,
        .fps = camera->fps,
        .format = PIXEL_YUV420,
        .model = "test pattern",
        .still_width = camera->takes_stills ? SENSOR_WIDTH : 0,
        .still_height = camera->takes_stills ? SENSOR_HEIGHT : 0,
        .turn = { request->hflip, request->vflip, request->transpose },
        .shows_changes = camera->shows_changes,
    };
    const struct sensor_mode *sensor_mode = camera->mode;
    if (run && run->still) {
        sensor_mode = sensor_mode_full();
        unsigned width = request->transpose ? run->still_height : run->still_width;
        unsigned height = request->transpose ? run->still_width : run->still_height;
        mode->width = width ? width : SENSOR_WIDTH;
        mode->height = height ? height : SENSOR_HEIGHT;
        mode->preview_width = mode->preview_height = 0;
        mode->still_width = mode->still_height = 0;
        if (mode->fps > sensor_mode->fps)
            mode->fps = sensor_mode->fps;
    }
    mode->view = sensor_view(sensor_mode_crop(sensor_mode, mode->width, mode->height));
    sensor_configure(&camera->sensor, sensor_mode, mode->width, mode->height, mode->fps,
                     request->min_fps);
}

/* Chooses the sensor's mode, and the rate: the requested one, or the mode's own if the mode was
 * chosen by its name or its view and is slower. */
static int choose_mode(struct camera *camera, struct error *error)
{
    const struct camera_request *request = &camera->request;
    camera->mode = sensor_mode_choose(request, error);
    if (!camera->mode)
        return -EINVAL;
    camera->fps = request->fps > 0 ? request->fps : DEFAULT_FPS;
    if ((request->full_view || request->sensor_mode) && camera->fps > camera->mode->fps)
        camera->fps = camera->mode->fps;
    return 0;
}

static int pattern_open(struct camera **camera, const char *argument,
                        const struct camera_request *request, struct error *error)
{
    (void)argument;
    struct camera *self = *camera = calloc(1, sizeof(*self));
    if (!self)
        return error_set(error, -ENOMEM, "out of memory for the test pattern");
    self->request = *request;
    int result = choose_mode(self, error);
    if (result) {
        free(self);
        *camera = NULL;
        return result;
    }
    struct fault_script *script = &self->sensor.faults.script;
    if (request->faults)
        *script = *request->faults;
    self->takes_stills = !faults_has(script, FAULT_SWITCH);
    self->shows_changes =
        !faults_has(script, FAULT_UNSHOWN) && !faults_has(script, FAULT_UNREPORTED);
    pacer_init(&self->pacer);
    card_still_init(&self->still);
    self->pacer.unpaced = request->unpaced;
    self->pacer.begin = begin;
    self->pacer.fill = fill;
    self->pacer.finish = finish;
    return 0;
}

static int pattern_describe(struct camera *camera, struct camera_description *description,
                            struct error *error)
{
    const struct sensor *sensor = &camera->sensor;
    configure(camera, NULL, &description->mode);
    if (camera->request.transpose)
        camera_mode_transpose(&description->mode);
    int result = sensor_table_make(&description->controls, sensor->mode, &sensor->asked);
    return result ? error_set(error, result, "out of memory for the test pattern's controls") : 0;
}

/* Asks what the first frame is to have. */
static int begin_controls(struct camera *camera, const struct camera_controls *controls,
                          struct error *error)
{
    struct control_table table;
    int result = 0;
    camera->controls = *controls;
    camera->list.count = 0;
    if (controls->begin) {
        result = sensor_table_make(&table, camera->sensor.mode, &camera->sensor.asked);
        if (result)
            return error_set(error, result, "out of memory for the test pattern's controls");
        result = controls->begin(controls->user, &table, &camera->list, error);
        control_table_clear(&table);
    }
    sensor_begin(&camera->sensor, &camera->list);
    return result;
}

static int pattern_start(struct camera *camera, const struct camera_run *run,
                         struct camera_mode *mode, struct error *error)
{
    configure(camera, run, mode);
    int result = begin_controls(camera, &run->controls, error);
    if (result)
        return result;
    camera->shown_change = 0;
    sensor_report_init(&camera->report, camera->request.names);
    camera->pacer.fps = mode->fps;
    camera->pacer.output_count = 0;
    result = add_output(camera, run->still ? CAMERA_STILL : CAMERA_MAIN, mode->width, mode->height);
    if (!result && mode->preview_width)
        result = add_output(camera, CAMERA_PREVIEW, mode->preview_width, mode->preview_height);
    if (!result)
        result = pacer_start(&camera->pacer, &run->sink);
    if (result)
        return error_set(error, result, "out of memory for test pictures of %ux%u", mode->width,
                         mode->height);
    if (camera->request.transpose)
        camera_mode_transpose(mode);
    return 0;
}

static int pattern_still(struct camera *camera)
{
    if (!camera->takes_stills)
        return -ENOTSUP;
    card_still_ask(&camera->still);
    return 0;
}

static void pattern_stop(struct camera *camera)
{
    pacer_stop(&camera->pacer);
    card_still_stop(&camera->still);
}

static void pattern_close(struct camera **camera)
{
    if (!camera || !*camera)
        return;
    struct camera *self = *camera;
    pattern_stop(self);
    pacer_destroy(&self->pacer);
    card_still_destroy(&self->still);
    for (unsigned i = 0; i < PACER_OUTPUTS; i++)
        card_painter_free(&self->outputs[i].painter);
    free(self);
    *camera = NULL;
}

const struct camera_ops camera_pattern = { .open = pattern_open,
                                           .describe = pattern_describe,
                                           .start = pattern_start,
                                           .still = pattern_still,
                                           .stop = pattern_stop,
                                           .close = pattern_close };
