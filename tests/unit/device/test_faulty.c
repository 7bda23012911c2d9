/*
 * The test pattern that fails as a script says: the calls of its sink, and of start and stop.
 */
#include "device/camera/faults.h"
#include "device/camera/faulty.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "device/image/test_card.h"
#include "shared/base/clock.h"
#include "support.h"

enum { FPS = 500, SIDE = 64 };

struct fixture {
    struct recorder *recorder;
    struct camera *camera;
};

static int mark(const struct raw_frame *capture)
{
    const struct picture *picture = &capture->picture;
    return picture_check(picture) == 0 &&
           test_card_read(picture->planes[0].data, picture->planes[0].stride, picture->width,
                          picture->height) == capture->sequence;
}

static void open_and_expect(struct fixture *fixture, const char *text, int result)
{
    struct fault_script script;
    struct error error;
    assert_int_equal(faults_parse(&script, text, &error), 0);
    struct camera_request request = {
        .width = SIDE, .height = SIDE, .fps = FPS, .faults = &script
    };
    fixture->recorder = malloc(sizeof(*fixture->recorder));
    assert_non_null(fixture->recorder);
    recorder_init(fixture->recorder, mark);
    assert_int_equal(camera_faulty.open(&fixture->camera, NULL, &request, &error), result);
    assert_non_null(fixture->camera);
}

static void open_with(struct fixture *fixture, const char *text)
{
    open_and_expect(fixture, text, 0);
}

static int start(struct fixture *fixture)
{
    struct camera_run run = { .sink = recorder_sink(fixture->recorder) };
    struct camera_mode mode;
    struct error error = { "" };
    int result = camera_faulty.start(fixture->camera, &run, &mode, &error);
    assert_int_equal(result != 0, error.text[0] != '\0');
    return result;
}

static void stop(struct fixture *fixture)
{
    camera_faulty.stop(fixture->camera);
    recorder_check(fixture->recorder);
}

static void close_all(struct fixture *fixture)
{
    for (unsigned i = 0; i < fixture->recorder->captures && i < RECORDED_MAX; i++)
        assert_int_equal(fixture->recorder->marks[i], 1);
    camera_faulty.close(&fixture->camera);
    assert_null(fixture->camera);
    recorder_destroy(fixture->recorder);
    free(fixture->recorder);
}

static unsigned recorded(struct recorder *recorder)
{
    pthread_mutex_lock(&recorder->lock);
    unsigned captures = recorder->captures;
    pthread_mutex_unlock(&recorder->lock);
    return captures;
}

static void gaps_and_broken_frames(void **state)
{
    (void)state;
    struct fixture fixture;
    open_with(&fixture, "gap@10:7,broken@30:3");
    assert_int_equal(start(&fixture), 0);
    recorder_wait(fixture.recorder, 60, 0, 0);
    stop(&fixture);
    const struct recorder *recorder = fixture.recorder;
    assert_int_equal(recorder->losses, 3);
    for (unsigned i = 0; i < recorder->losses; i++) {
        assert_int_equal(recorder->reasons[i], WIRE_DROP_CAPTURE_ERROR);
        assert_true(recorder->lost[i] >= 30);
    }
    unsigned widest = 0;
    for (unsigned i = 1; i < recorder->captures; i++)
        if (recorder->sequences[i] - recorder->sequences[i - 1] > widest)
            widest = recorder->sequences[i] - recorder->sequences[i - 1];
    assert_true(widest >= 8);
    close_all(&fixture);
}

static void a_stall_ends_by_itself(void **state)
{
    (void)state;
    struct fixture fixture;
    open_with(&fixture, "stall@5:50ms");
    assert_int_equal(start(&fixture), 0);
    recorder_wait(fixture.recorder, 20, 0, 0);
    stop(&fixture);
    close_all(&fixture);
}

static void a_stall_ends_with_the_stop(void **state)
{
    (void)state;
    struct fixture fixture;
    open_with(&fixture, "stall@5");
    assert_int_equal(start(&fixture), 0);
    recorder_wait(fixture.recorder, 1, 0, 0);
    struct timespec look = clock_timespec(100 * CLOCK_MS);
    nanosleep(&look, NULL); /* a stall that is none would let some fifty frames through */
    unsigned captures = recorded(fixture.recorder);
    assert_true(captures <= 6);
    stop(&fixture);
    unsigned before = fixture.recorder->captures;
    assert_int_equal(start(&fixture), 0); /* once */
    recorder_wait(fixture.recorder, before + 20, 0, 0);
    stop(&fixture);
    close_all(&fixture);
}

static void unplugged_and_plugged_in_again(void **state)
{
    (void)state;
    struct fixture fixture;
    open_with(&fixture, "unplug@5:100ms");
    uint64_t begin = clock_monotonic();
    assert_int_equal(start(&fixture), 0);
    recorder_wait(fixture.recorder, 1, 0, 1);
    assert_int_equal(fixture.recorder->end_error, -ENODEV);
    stop(&fixture);
    bool refused = start(&fixture) == -ENODEV;
    assert_true(refused || clock_monotonic() - begin >= 100 * CLOCK_MS);
    if (!refused)
        stop(&fixture);
    while (start(&fixture) != 0)
        assert_true(clock_monotonic() - begin < 60 * CLOCK_SECOND);
    stop(&fixture);
    close_all(&fixture);
}

static void absent_at_first(void **state)
{
    (void)state;
    struct fixture fixture;
    uint64_t begin = clock_monotonic();
    open_and_expect(&fixture, "absent@0:100ms", -ENODEV);
    bool refused = start(&fixture) == -ENODEV;
    assert_true(refused || clock_monotonic() - begin >= 100 * CLOCK_MS);
    while (refused && start(&fixture) != 0)
        assert_true(clock_monotonic() - begin < 60 * CLOCK_SECOND);
    recorder_wait(fixture.recorder, 3, 0, 0);
    stop(&fixture);
    close_all(&fixture);
}

/* Gives one change with the first request, which acts at once. */
static uint64_t take_contrast(void *user, struct control_list *list)
{
    bool *given = user;
    struct value value = value_of_float(0.5F);
    if (*given)
        return 0;
    *given = true;
    list->count = 0;
    assert_true(control_list_set(list, "Contrast", &value));
    return 7;
}

/* Frames that are skipped show changes that the next one is the first to show, then. */
static void changes_of_skipped_frames_are_shown(void **state)
{
    (void)state;
    struct fixture fixture;
    bool given = false;
    open_with(&fixture, "gap@0:3");
    struct camera_run run = { .sink = recorder_sink(fixture.recorder),
                              .controls = { .take = take_contrast, .user = &given } };
    struct camera_mode mode;
    struct error error;
    recorder_keep(fixture.recorder, 2);
    assert_int_equal(camera_faulty.start(fixture.camera, &run, &mode, &error), 0);
    recorder_wait(fixture.recorder, 2, 0, 0);
    assert_true(fixture.recorder->sequences[0] >= 3);
    assert_int_equal(fixture.recorder->kept[0]->shown_change, 7);
    assert_int_equal(fixture.recorder->kept[1]->shown_change, 0);
    recorder_release(fixture.recorder);
    stop(&fixture);
    close_all(&fixture);
}

static void starts_and_stops_that_take_their_time(void **state)
{
    (void)state;
    struct fixture fixture;
    open_with(&fixture, "slow-start@0:100ms,hang@3:100ms,late@3");
    uint64_t begin = clock_monotonic();
    assert_int_equal(start(&fixture), 0);
    assert_true(clock_monotonic() - begin >= 100 * CLOCK_MS);
    recorder_wait(fixture.recorder, 5, 0, 0);
    unsigned captures = recorded(fixture.recorder);
    begin = clock_monotonic();
    stop(&fixture);
    assert_true(clock_monotonic() - begin >= 100 * CLOCK_MS);
    assert_true(fixture.recorder->captures > captures);
    stop(&fixture); /* does nothing */
    close_all(&fixture);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(gaps_and_broken_frames),
        cmocka_unit_test(a_stall_ends_by_itself),
        cmocka_unit_test(a_stall_ends_with_the_stop),
        cmocka_unit_test(unplugged_and_plugged_in_again),
        cmocka_unit_test(absent_at_first),
        cmocka_unit_test(changes_of_skipped_frames_are_shown),
        cmocka_unit_test(starts_and_stops_that_take_their_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
