/*
 * The test pattern as a camera with controls: changes taken, and seen in the pixels of the very
 * frame; its second output; stills, beside the stream and instead of it.
 */
#include "device/camera/pattern.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "device/camera/faults.h"
#include "device/camera/faulty.h"
#include "device/camera/sensor/modes.h"
#include "device/image/test_card.h"
#include "shared/base/clock.h"
#include "support.h"

enum { WIDTH = 320, HEIGHT = 240, FPS = 500, FRAMES = 400, EVERY = 5 };

/* What the frames say. */
struct seen {
    bool there;
    uint64_t applied, shown;
    double exposure, level; /* µs; of the white bar, 0..255 */
};

struct fixture {
    struct recorder recorder;
    struct metadata_names names;
    uint64_t change;             /* the newest one that was given */
    uint32_t requests;           /* so far */
    uint32_t given_with[FRAMES]; /* the request, by change */
    struct seen seen[FRAMES];
    unsigned previews, stills;
    unsigned still_width, still_height;
    double start_exposure; /* µs; 0: the camera's */
};

static struct fixture *fixture;

static int mark(const struct raw_frame *frame)
{
    const struct picture *picture = &frame->picture;
    uint32_t number = test_card_read(picture->planes[0].data, picture->planes[0].stride,
                                     picture->width, picture->height);
    assert_int_equal(picture_check(picture), 0);
    assert_int_equal(number, frame->sequence);
    if (frame->output == CAMERA_STILL) {
        fixture->stills++;
        fixture->still_width = picture->width;
        fixture->still_height = picture->height;
    }
    if (frame->output == CAMERA_PREVIEW)
        fixture->previews++;
    if (frame->output == CAMERA_MAIN && frame->sequence < FRAMES) {
        fixture->seen[frame->sequence] = (struct seen){
            .there = true,
            .applied = frame->applied_change,
            .shown = frame->shown_change,
            .exposure = metadata_number(&frame->metadata, &fixture->names, "ExposureTime"),
            .level = picture->planes[0].data[picture->width / 16 + 4 * picture->planes[0].stride],
        };
    }
    return frame->output;
}

/* Not all outputs have numbers of their own. */
static void take_frame(void *user, struct raw_frame *frame)
{
    struct recorder *recorder = user;
    if (frame->output == CAMERA_MAIN) {
        recorder_sink(recorder).on_frame(recorder, frame);
        return;
    }
    pthread_mutex_lock(&recorder->lock);
    mark(frame);
    raw_frame_release(frame);
    pthread_cond_broadcast(&recorder->changed);
    pthread_mutex_unlock(&recorder->lock);
}

static int begin(void *user, const struct control_table *table, struct control_list *list,
                 struct error *error)
{
    (void)user;
    assert_non_null(control_table_find(table, "ExposureTime", strlen("ExposureTime")));
    assert_int_equal(list->count, 0);
    if (fixture->start_exposure < 0)
        return error_set(error, -EINVAL, "no");
    if (fixture->start_exposure > 0) {
        struct value mode = value_of_int32(1);
        struct value value = value_of_int32((int32_t)fixture->start_exposure);
        assert_true(control_list_set(list, "ExposureTimeMode", &mode));
        assert_true(control_list_set(list, "AnalogueGainMode", &mode));
        assert_true(control_list_set(list, "ExposureTime", &value));
    }
    return 0;
}

/* With each fifth request another exposure, which never is that of the change before. */
static uint64_t take(void *user, struct control_list *list)
{
    (void)user;
    uint32_t request = fixture->requests++;
    if (request % EVERY != 0 || fixture->change + 1 >= FRAMES)
        return 0;
    struct value manual = value_of_int32(1), gain = value_of_float(1);
    struct value us = value_of_int32((int32_t)(270 + 27 * (fixture->change % 40)));
    list->count = 0;
    assert_true(control_list_set(list, "ExposureTimeMode", &manual));
    assert_true(control_list_set(list, "ExposureTime", &us));
    assert_true(control_list_set(list, "AnalogueGainMode", &manual));
    assert_true(control_list_set(list, "AnalogueGain", &gain));
    fixture->change++;
    fixture->given_with[fixture->change] = request;
    return fixture->change;
}

static int setup(void **state)
{
    *state = fixture = calloc(1, sizeof(*fixture));
    assert_non_null(fixture);
    recorder_init(&fixture->recorder, mark);
    return 0;
}

static int teardown(void **state)
{
    recorder_destroy(&fixture->recorder);
    free(*state);
    return 0;
}

static struct camera_run run_of(void)
{
    struct camera_run run = { .sink = recorder_sink(&fixture->recorder) };
    run.sink.on_frame = take_frame;
    return run;
}

static struct camera *open_camera(const struct camera_ops *ops, const char *faults,
                                  unsigned preview_width, unsigned preview_height)
{
    struct fault_script script = { .count = 0 };
    struct camera *camera;
    struct error error;
    if (faults)
        assert_int_equal(faults_parse(&script, faults, &error), 0);
    const struct camera_request request = { .width = WIDTH,
                                            .height = HEIGHT,
                                            .fps = FPS,
                                            .preview_width = preview_width,
                                            .preview_height = preview_height,
                                            .names = &fixture->names,
                                            .faults = &script };
    assert_int_equal(ops->open(&camera, NULL, &request, &error), 0);
    return camera;
}

/* What the white bar is, from what the metadata say: the level is a power of the light. */
static double expected_level(double exposure)
{
    return fmin(255, round(255 * pow(exposure / 9990, 1 / 2.2)));
}

/* Each change is shown by the frame that says so, two frames after the one that it was given with,
 * and not by the one before. */
static void changes_are_seen_in_the_pixels_of_their_frame(void **state)
{
    (void)state;
    struct camera *camera = open_camera(&camera_pattern, NULL, 0, 0);
    struct camera_run run = run_of();
    struct camera_mode mode;
    struct error error;
    run.controls = (struct camera_controls){ .begin = begin, .take = take };
    assert_int_equal(camera_pattern.start(camera, &run, &mode, &error), 0);
    recorder_wait(&fixture->recorder, FRAMES / 2, 0, 0);
    camera_pattern.stop(camera);
    recorder_check(&fixture->recorder);
    /* Frame k is that of request k: none was lost, though the numbers may have gaps. */
    const uint32_t *sequences = fixture->recorder.sequences;
    uint64_t shown = 0;
    for (unsigned k = 1; k < fixture->recorder.captures; k++) {
        uint32_t number = sequences[k];
        if (number >= FRAMES)
            break;
        const struct seen *seen = &fixture->seen[number];
        /* At first there is digital gain, too. */
        if (shown > 0 || seen->shown > 0)
            assert_true(fabs(seen->level - expected_level(seen->exposure)) <= 1);
        if (!seen->shown)
            continue;
        assert_int_equal(seen->shown, shown + 1);
        shown = seen->shown;
        assert_int_equal(seen->applied, shown);
        /* Two frames later; if numbers were left out, with the next one that there is. */
        uint32_t due = sequences[fixture->given_with[shown]] + 2;
        assert_true(number >= due && sequences[k - 1] < due);
        double wanted = (double)(270 + 27 * ((shown - 1) % 40));
        assert_true(seen->exposure == wanted);
        assert_true(fixture->seen[sequences[k - 1]].exposure != wanted);
    }
    assert_true(shown > 5);
    camera_pattern.close(&camera);
}

static void the_first_frame_has_what_is_set(void **state)
{
    (void)state;
    struct camera *camera = open_camera(&camera_pattern, NULL, 0, 0);
    struct camera_run run = run_of();
    struct camera_mode mode;
    struct error error;
    run.controls = (struct camera_controls){ .begin = begin };
    fixture->start_exposure = -1;
    assert_int_equal(camera_pattern.start(camera, &run, &mode, &error), -EINVAL);
    assert_string_equal(error.text, "no");
    fixture->start_exposure = 540;
    assert_int_equal(camera_pattern.start(camera, &run, &mode, &error), 0);
    recorder_wait(&fixture->recorder, 1, 0, 0);
    camera_pattern.close(&camera);
    recorder_check(&fixture->recorder);
    assert_true(fixture->seen[0].there);
    assert_true(fixture->seen[0].exposure == 540);
    assert_true(fixture->seen[0].level == expected_level(540));
}

static void cameras_are_described(void **state)
{
    (void)state;
    struct camera *camera = open_camera(&camera_pattern, NULL, 160, 120);
    struct camera_description description;
    struct error error;
    assert_int_equal(camera_pattern.describe(camera, &description, &error), 0);
    assert_int_equal(description.mode.width, WIDTH);
    assert_int_equal(description.mode.preview_height, 120);
    assert_int_equal(description.mode.still_width, SENSOR_WIDTH);
    assert_in_range(description.mode.view, 4200, 4300); /* the mode that is fast enough */
    assert_true(description.controls.count > 20);
    control_table_clear(&description.controls);
    camera_pattern.close(&camera);
}

static void wait_for_stills(unsigned wanted)
{
    enum { WAIT_SECONDS = 30 };
    struct recorder *recorder = &fixture->recorder;
    struct timespec until = clock_timespec(clock_monotonic() + WAIT_SECONDS * CLOCK_SECOND);
    int error = 0;
    pthread_mutex_lock(&recorder->lock);
    while (!error && fixture->stills < wanted && recorder->stills_lost == 0)
        error =
            pthread_cond_clockwait(&recorder->changed, &recorder->lock, CLOCK_MONOTONIC, &until);
    unsigned lost = recorder->stills_lost;
    pthread_mutex_unlock(&recorder->lock);
    assert_int_equal(error, 0);
    assert_int_equal(lost, 0);
}

static void previews_come_with_their_frames(void **state)
{
    (void)state;
    struct camera *camera = open_camera(&camera_pattern, NULL, 160, 120);
    struct camera_run run = run_of();
    struct camera_mode mode;
    struct error error;
    assert_int_equal(camera_pattern.start(camera, &run, &mode, &error), 0);
    assert_int_equal(mode.preview_width, 160);
    recorder_wait(&fixture->recorder, 20, 0, 0);
    camera_pattern.stop(camera);
    recorder_check(&fixture->recorder);
    assert_int_equal(fixture->previews, fixture->recorder.captures);
    camera_pattern.close(&camera);
}

/* Some stills, one after the other and at once, while the stream goes on. */
static void stills_are_taken_beside_the_stream(void **state)
{
    (void)state;
    struct camera *camera = open_camera(&camera_pattern, NULL, 0, 0);
    struct camera_run run = run_of();
    struct camera_mode mode;
    struct error error;
    assert_int_equal(camera_pattern.start(camera, &run, &mode, &error), 0);
    assert_int_equal(mode.still_height, SENSOR_HEIGHT);
    assert_int_equal(camera_pattern.still(camera), 0);
    wait_for_stills(1);
    assert_int_equal(fixture->still_width, 4056);
    assert_int_equal(fixture->still_height, 3040);
    assert_int_equal(camera_pattern.still(camera), 0);
    assert_int_equal(camera_pattern.still(camera), 0);
    wait_for_stills(3);
    assert_true(fixture->recorder.captures > 3);
    /* Stopped while it is painted. */
    assert_int_equal(camera_pattern.still(camera), 0);
    camera_pattern.stop(camera);
    recorder_check(&fixture->recorder);
    assert_int_equal(fixture->recorder.stills_lost, 0);
    camera_pattern.close(&camera);
}

/* A camera that can't: it is stopped, and started for stills alone, of any size, and again. */
static void stills_are_taken_instead_of_the_stream(void **state)
{
    (void)state;
    struct camera *camera = open_camera(&camera_faulty, "switch@0,gap@5:1", 160, 120);
    struct camera_run run = run_of();
    struct camera_mode mode;
    struct error error;
    for (unsigned round = 0; round < 2; round++) {
        unsigned captures = fixture->recorder.captures, stills = fixture->stills;
        run.still = false;
        fixture->recorder.stopped = false;
        assert_int_equal(camera_faulty.start(camera, &run, &mode, &error), 0);
        assert_int_equal(mode.still_width, 0);
        assert_int_equal(camera_faulty.still(camera), -ENOTSUP);
        recorder_wait(&fixture->recorder, captures + 3, 0, 0);
        camera_faulty.stop(camera);
        run.still = true;
        run.still_width = round ? 640 : 0;
        run.still_height = round ? 480 : 0;
        assert_int_equal(camera_faulty.start(camera, &run, &mode, &error), 0);
        assert_int_equal(mode.width, round ? 640 : 4056);
        assert_int_equal(mode.preview_width, 0);
        assert_true(mode.fps == 10);
        wait_for_stills(stills + 1);
        camera_faulty.stop(camera);
        assert_int_equal(fixture->still_width, mode.width);
        assert_int_equal(fixture->still_height, mode.height);
    }
    recorder_check(&fixture->recorder);
    camera_faulty.close(&camera);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(changes_are_seen_in_the_pixels_of_their_frame, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(the_first_frame_has_what_is_set, setup, teardown),
        cmocka_unit_test_setup_teardown(cameras_are_described, setup, teardown),
        cmocka_unit_test_setup_teardown(previews_come_with_their_frames, setup, teardown),
        cmocka_unit_test_setup_teardown(stills_are_taken_beside_the_stream, setup, teardown),
        cmocka_unit_test_setup_teardown(stills_are_taken_instead_of_the_stream, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
