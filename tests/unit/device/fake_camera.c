#include "fake_camera.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "shared/base/clock.h"

static const uint8_t pixels[FAKE_SIDE * FAKE_SIDE];

bool fake_camera_wait(struct camera *camera)
{
    struct timespec until = clock_timespec(clock_monotonic() + FAKE_BOUND_MS * CLOCK_MS);
    return pthread_cond_clockwait(&camera->changed, &camera->lock, CLOCK_MONOTONIC, &until) == 0;
}

static void release(struct raw_frame *capture)
{
    struct shot *shot = capture->owner;
    struct camera *camera = shot->camera;
    pthread_mutex_lock(&camera->lock);
    camera->faults += !shot->out;
    shot->out = false;
    camera->lent--;
    camera->released++;
    pthread_cond_broadcast(&camera->changed);
    while (camera->held && fake_camera_wait(camera))
        ;
    pthread_mutex_unlock(&camera->lock);
}

struct raw_frame *fake_camera_lend(struct camera *camera, uint32_t sequence)
{
    return fake_camera_lend_output(camera, CAMERA_MAIN, sequence);
}

struct raw_frame *fake_camera_lend_output(struct camera *camera, enum camera_output output,
                                          uint32_t sequence)
{
    pthread_mutex_lock(&camera->lock);
    struct shot *shot = &camera->shots[camera->shot_count++ % FAKE_SHOTS_MAX];
    *shot = (struct shot){ .camera = camera, .out = true };
    shot->capture = (struct raw_frame){
        .picture = { .format = PIXEL_GREY,
                     .width = FAKE_SIDE,
                     .height = FAKE_SIDE,
                     .planes = { { pixels, FAKE_SIDE, sizeof(pixels) } } },
        .output = output,
        .sequence = sequence,
        .sensor_time_ns = clock_device(),
        .capture_time_ns = clock_device(),
        .release = release,
        .owner = shot,
    };
    camera->lent++;
    pthread_mutex_unlock(&camera->lock);
    return &shot->capture;
}

static int start(struct camera *camera, const struct camera_run *camera_run,
                 struct camera_mode *mode, struct error *error)
{
    pthread_mutex_lock(&camera->lock);
    camera->faults += camera->running;
    camera->sink = camera_run->sink;
    camera->still_run = camera_run->still;
    if (camera->starts < FAKE_STARTS_MAX)
        camera->start_ns[camera->starts] = clock_monotonic();
    camera->starts++;
    pthread_cond_broadcast(&camera->changed);
    if (camera->table) {
        struct control_list *list = camera_run->still ? &camera->list : &camera->stream_list;
        camera->faults +=
            camera_run->controls.begin(camera_run->controls.user, camera->table, list, error) != 0;
    }
    bool fails = camera->failures > 0;
    camera->failures -= fails;
    pthread_mutex_unlock(&camera->lock);
    if (camera->early)
        camera->early(camera);
    pthread_mutex_lock(&camera->lock);
    camera->running = !fails;
    pthread_cond_broadcast(&camera->changed);
    pthread_mutex_unlock(&camera->lock);
    error_set(error, 0, "the fake camera is busy");
    unsigned width = camera->starts <= 2 ? camera->widths[camera->starts - 1] : 0;
    *mode = (struct camera_mode){ .width = width ? width : FAKE_SIDE,
                                  .height = FAKE_SIDE,
                                  .preview_width = camera->preview_side,
                                  .preview_height = camera->preview_side,
                                  .still_width = camera->takes_stills ? FAKE_SIDE : 0,
                                  .still_height = camera->takes_stills ? FAKE_SIDE : 0,
                                  .fps = 30,
                                  .model = "fake" };
    return fails ? -EBUSY : 0;
}

static void stop(struct camera *camera)
{
    pthread_mutex_lock(&camera->lock);
    camera->stops++;
    pthread_cond_broadcast(&camera->changed);
    camera->faults += !camera->running;
    while ((camera->lent > 0 || camera->in_call) && fake_camera_wait(camera))
        ;
    camera->faults += camera->lent > 0 || camera->in_call;
    camera->running = false;
    pthread_cond_broadcast(&camera->changed);
    pthread_mutex_unlock(&camera->lock);
}

static void close_camera(struct camera **camera)
{
    if (!*camera)
        return;
    pthread_mutex_lock(&(*camera)->lock);
    (*camera)->faults += (*camera)->running || (*camera)->closed;
    (*camera)->closed = true;
    pthread_mutex_unlock(&(*camera)->lock);
    *camera = NULL;
}

static int still(struct camera *camera)
{
    pthread_mutex_lock(&camera->lock);
    camera->faults += !camera->running;
    camera->stills++;
    pthread_cond_broadcast(&camera->changed);
    pthread_mutex_unlock(&camera->lock);
    return camera->still_error;
}

const struct camera_ops fake_camera_ops = {
    .start = start, .still = still, .stop = stop, .close = close_camera
};

void fake_camera_init(struct camera *camera)
{
    *camera = (struct camera){ 0 };
    pthread_mutex_init(&camera->lock, NULL);
    pthread_cond_init(&camera->changed, NULL);
}

void fake_camera_destroy(struct camera *camera)
{
    assert_int_equal(camera->faults, 0);
    assert_int_equal(camera->lent, 0);
    assert_int_equal(camera->released, camera->shot_count);
    assert_false(camera->running);
    pthread_cond_destroy(&camera->changed);
    pthread_mutex_destroy(&camera->lock);
}

void fake_camera_begin_call(struct camera *camera)
{
    pthread_mutex_lock(&camera->lock);
    while (!camera->running)
        assert_true(fake_camera_wait(camera));
    camera->in_call = true;
    pthread_mutex_unlock(&camera->lock);
}

void fake_camera_end_call(struct camera *camera)
{
    pthread_mutex_lock(&camera->lock);
    camera->in_call = false;
    pthread_cond_broadcast(&camera->changed);
    pthread_mutex_unlock(&camera->lock);
}

void fake_camera_give(struct camera *camera, uint32_t sequence)
{
    fake_camera_begin_call(camera);
    camera->sink.on_frame(camera->sink.user, fake_camera_lend(camera, sequence));
    fake_camera_end_call(camera);
}

void fake_camera_give_lost(struct camera *camera, uint32_t sequence, enum wire_drop_reason reason)
{
    fake_camera_begin_call(camera);
    camera->sink.on_lost(camera->sink.user, sequence, reason);
    fake_camera_end_call(camera);
}

void fake_camera_give_end(struct camera *camera, int error)
{
    fake_camera_begin_call(camera);
    camera->sink.on_end(camera->sink.user, error);
    fake_camera_end_call(camera);
}

void fake_camera_hold(struct camera *camera, bool held)
{
    pthread_mutex_lock(&camera->lock);
    camera->held = held;
    pthread_cond_broadcast(&camera->changed);
    pthread_mutex_unlock(&camera->lock);
}
