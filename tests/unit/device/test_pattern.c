/*
 * The test pattern as a source: numbers painted and counted, buffers lent and given back.
 */
#include "device/camera/pattern.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "device/camera/pacer.h"
#include "device/image/test_card.h"
#include "shared/base/clock.h"
#include "support.h"

enum { FAST = 1000, LOOK_MS = 50 };

/* 1 if the capture is what it should be. */
static int mark(const struct raw_frame *capture)
{
    const struct picture *picture = &capture->picture;
    uint32_t number = test_card_read(picture->planes[0].data, picture->planes[0].stride,
                                     picture->width, picture->height);
    return picture_check(picture) == 0 && number == capture->sequence &&
           capture->sensor_time_ns <= capture->capture_time_ns &&
           capture->capture_time_ns <= clock_device() && capture->output == CAMERA_MAIN &&
           capture->metadata.size == 0 && capture->wall_clock_ns > 0 &&
           capture->wall_clock_ns <= clock_read(CLOCK_REALTIME);
}

static struct camera *open_pattern(unsigned width, unsigned height, double fps)
{
    struct camera *camera = NULL;
    struct camera_request request = { .width = width, .height = height, .fps = fps };
    struct error error;
    assert_int_equal(camera_pattern.open(&camera, NULL, &request, &error), 0);
    assert_non_null(camera);
    return camera;
}

static void start(struct camera *camera, struct recorder *recorder)
{
    struct camera_run run = { .sink = recorder_sink(recorder) };
    struct camera_mode mode;
    struct error error;
    assert_int_equal(camera_pattern.start(camera, &run, &mode, &error), 0);
}

static void stop(struct camera *camera, struct recorder *recorder)
{
    camera_pattern.stop(camera);
    recorder_check(recorder);
}

static struct recorder *make_recorder(void)
{
    struct recorder *recorder = malloc(sizeof(*recorder));
    assert_non_null(recorder);
    recorder_init(recorder, mark);
    return recorder;
}

static void free_recorder(struct recorder *recorder)
{
    recorder_destroy(recorder);
    free(recorder);
}

static void check_marks(const struct recorder *recorder)
{
    for (unsigned i = 0; i < recorder->captures && i < RECORDED_MAX; i++)
        assert_int_equal(recorder->marks[i], 1);
}

static void sequence_numbers_are_painted(void **state)
{
    (void)state;
    static const struct {
        unsigned width, height;
    } sizes[] = { { 16, 16 }, { 17, 33 }, { 320, 240 }, { 641, 479 } };
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        struct recorder *recorder = make_recorder();
        struct camera *camera = open_pattern(sizes[i].width, sizes[i].height, FAST);
        start(camera, recorder);
        recorder_wait(recorder, 60, 0, 0);
        stop(camera, recorder);
        assert_int_equal(recorder->sequences[0], 0);
        assert_int_equal(recorder->losses, 0);
        assert_int_equal(recorder->ends, 0);
        check_marks(recorder);
        camera_pattern.close(&camera);
        assert_null(camera);
        free_recorder(recorder);
    }
}

static void modes_are_what_was_asked_for(void **state)
{
    (void)state;
    static const struct camera_request requests[] = {
        { .width = 0 },
        { .width = 100, .height = 50, .fps = 12.5, .hflip = true },
        { .width = 64, .height = 64, .vflip = true },
    };
    static const struct camera_mode modes[] = {
        { .width = 1280, .height = 720, .fps = 30 },
        { .width = 100, .height = 50, .fps = 12.5 },
        { .width = 64, .height = 64, .fps = 30 },
    };
    for (int i = 0; i < 3; i++) {
        struct recorder *recorder = make_recorder();
        struct camera_run run = { .sink = recorder_sink(recorder) };
        struct camera *camera;
        struct camera_mode mode;
        struct error error;
        assert_int_equal(camera_pattern.open(&camera, NULL, &requests[i], &error), 0);
        recorder_keep(recorder, 1);
        assert_int_equal(camera_pattern.start(camera, &run, &mode, &error), 0);
        assert_int_equal(mode.width, modes[i].width);
        assert_int_equal(mode.height, modes[i].height);
        assert_true(mode.fps == modes[i].fps);
        assert_int_equal(mode.format, PIXEL_YUV420);
        assert_true(*mode.model);
        recorder_wait(recorder, 1, 0, 0);
        const struct picture *picture = &recorder->kept[0]->picture;
        assert_int_equal(picture->width, mode.width);
        assert_int_equal(picture->height, mode.height);
        assert_int_equal(picture->hflip, requests[i].hflip);
        assert_int_equal(picture->vflip, requests[i].vflip);
        assert_false(picture->limited_range);
        recorder_release(recorder);
        camera_pattern.close(&camera); /* stops it */
        recorder_check(recorder);
        free_recorder(recorder);
    }
}

struct stopper {
    struct camera *camera;
    atomic_bool *released;
    bool early; /* stop returned before the capture was given back */
};

static void *run_stopper(void *user)
{
    struct stopper *stopper = user;
    camera_pattern.stop(stopper->camera);
    stopper->early = !atomic_load(stopper->released);
    return NULL;
}

static void stop_waits_for_what_is_lent(void **state)
{
    (void)state;
    struct recorder *recorder = make_recorder();
    struct camera *camera = open_pattern(64, 64, FAST);
    for (unsigned count = 1; count <= PACER_BUFFERS; count += PACER_BUFFERS - 1) {
        atomic_bool released = false;
        struct stopper stopper = { camera, &released, false };
        pthread_t thread;
        recorder_keep(recorder, count);
        unsigned captures = recorder->captures;
        start(camera, recorder);
        recorder_wait(recorder, captures + count, 0, 0);
        assert_int_equal(pthread_create(&thread, NULL, run_stopper, &stopper), 0);
        /* A stop that does not wait returns within this look at it. */
        struct timespec until = clock_timespec(clock_monotonic() + LOOK_MS * CLOCK_MS);
        assert_int_equal(pthread_clockjoin_np(thread, NULL, CLOCK_MONOTONIC, &until), ETIMEDOUT);
        /* The pictures are still what they were. */
        for (unsigned i = 0; i < recorder->kept_count; i++)
            assert_int_equal(mark(recorder->kept[i]), 1);
        atomic_store(&released, true);
        recorder_release(recorder);
        pthread_join(thread, NULL);
        assert_false(stopper.early);
        recorder_check(recorder);
    }
    camera_pattern.close(&camera);
    free_recorder(recorder);
}

static void numbers_go_on_after_a_restart(void **state)
{
    (void)state;
    struct recorder *recorder = make_recorder();
    struct camera *camera = open_pattern(64, 64, FAST);
    for (int run = 0; run < 5; run++) {
        unsigned before = recorder->captures;
        uint32_t last = recorder->last;
        start(camera, recorder);
        recorder_wait(recorder, before + 10, 0, 0);
        stop(camera, recorder);
        assert_int_equal(recorder->sequences[before], run ? last + 1 : 0);
    }
    check_marks(recorder);
    camera_pattern.close(&camera);
    free_recorder(recorder);
}

static void without_buffers_frames_are_lost(void **state)
{
    (void)state;
    struct recorder *recorder = make_recorder();
    struct camera *camera = open_pattern(64, 64, FAST);
    recorder_keep(recorder, RECORDED_MAX);
    start(camera, recorder);
    recorder_wait(recorder, PACER_BUFFERS, 20, 0);
    pthread_mutex_lock(&recorder->lock);
    assert_int_equal(recorder->captures, PACER_BUFFERS);
    for (unsigned i = 0; i < recorder->losses && i < RECORDED_MAX; i++) {
        assert_int_equal(recorder->reasons[i], WIRE_DROP_NO_BUFFER);
        assert_true(recorder->lost[i] > recorder->sequences[PACER_BUFFERS - 1]);
    }
    pthread_mutex_unlock(&recorder->lock);
    /* All buffers are different ones, and none is painted while it is lent. */
    for (unsigned i = 0; i < PACER_BUFFERS; i++) {
        assert_int_equal(mark(recorder->kept[i]), 1);
        for (unsigned k = 0; k < i; k++)
            assert_ptr_not_equal(recorder->kept[i]->picture.planes[0].data,
                                 recorder->kept[k]->picture.planes[0].data);
    }
    /* One that comes back is used again, then the others. */
    recorder_keep(recorder, 0);
    recorder_release(recorder);
    recorder_wait(recorder, PACER_BUFFERS + 50, 0, 0);
    stop(camera, recorder);
    check_marks(recorder);
    camera_pattern.close(&camera);
    free_recorder(recorder);
}

static void odd_calls_do_no_harm(void **state)
{
    (void)state;
    struct camera *camera = NULL;
    camera_pattern.close(NULL);
    camera_pattern.close(&camera);
    camera = open_pattern(64, 64, 5);
    camera_pattern.stop(camera);
    camera_pattern.stop(camera);
    struct recorder *recorder = make_recorder();
    start(camera, recorder);
    /* Stopped while it waits for the time of the next frame: that takes no 200 ms. */
    camera_pattern.stop(camera);
    camera_pattern.stop(camera);
    recorder_check(recorder);
    camera_pattern.close(&camera);
    free_recorder(recorder);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(sequence_numbers_are_painted),
        cmocka_unit_test(modes_are_what_was_asked_for),
        cmocka_unit_test(stop_waits_for_what_is_lent),
        cmocka_unit_test(numbers_go_on_after_a_restart),
        cmocka_unit_test(without_buffers_frames_are_lost),
        cmocka_unit_test(odd_calls_do_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
