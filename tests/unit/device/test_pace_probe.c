/*
 * Cameras of both kinds, on a clock of their own, with buffers that come back to them at once or
 * late.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "device/camera/pace_probe.h"

enum { BUFFERS = 4 };
#define MIN_NS (CLOCK_SECOND / 240)

/* A camera that makes a frame every period_ns (paced), or within so long of getting a buffer. */
struct camera {
    struct pace_probe probe;
    bool paced, silent; /* silent: it counts only what it delivers */
    uint64_t period_ns, now_ns;
    uint32_t sequence;
    unsigned with_it, idle;
};

static struct camera make(bool paced, unsigned fps)
{
    struct camera camera = { .paced = paced,
                             .period_ns = CLOCK_SECOND / fps,
                             .now_ns = 77 * CLOCK_SECOND,
                             .with_it = BUFFERS };
    pace_probe_init(&camera.probe, MIN_NS, false, BUFFERS);
    return camera;
}

/* A frame's time passes; false: there was no buffer for a frame. */
static bool step(struct camera *camera)
{
    camera->now_ns += camera->period_ns;
    if (!pace_probe_holds(&camera->probe, camera->now_ns)) {
        camera->with_it += camera->idle;
        camera->idle = 0;
    }
    if (camera->with_it == 0) {
        if (camera->paced && !camera->silent)
            camera->sequence++;
        return false;
    }
    camera->with_it--;
    pace_probe_frame(&camera->probe, camera->now_ns, camera->sequence++, camera->with_it);
    camera->idle++;
    return true;
}

static enum pace_probe_state after(struct camera *camera, unsigned steps)
{
    while (steps-- > 0)
        step(camera);
    return camera->probe.state;
}

static void cameras_of_usual_rates_are_left_alone(void **state)
{
    (void)state;
    static const unsigned rates[] = { 1, 25, 30, 60, 120, 187, 200, 240 };
    for (unsigned i = 0; i < sizeof(rates) / sizeof(rates[0]); i++)
        for (int paced = 0; paced < 2; paced++) {
            struct camera camera = make(paced, rates[i]);
            for (unsigned k = 0; k < 5000; k++)
                assert_true(step(&camera));
            assert_int_equal(camera.probe.state, PACE_PROBE_ASSUMED);
        }
}

static void fast_cameras_keep_their_pace(void **state)
{
    (void)state;
    static const unsigned rates[] = { 260, 300, 500, 1000, 2000 };
    for (unsigned i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
        struct camera camera = make(true, rates[i]);
        camera.sequence = UINT32_MAX - 20; /* it may wrap around at any time */
        assert_int_equal(after(&camera, 1000), PACE_PROBE_PACED);
        for (unsigned k = 0; k < 5000; k++)
            assert_true(step(&camera));
        assert_int_equal(camera.probe.state, PACE_PROBE_PACED);
    }
}

static void cameras_without_a_pace_are_found_out(void **state)
{
    (void)state;
    static const unsigned rates[] = { 260, 300, 500, 1000, 5000 };
    for (unsigned i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
        struct camera camera = make(false, rates[i]);
        assert_int_equal(after(&camera, 1000), PACE_PROBE_UNPACED);
        assert_int_equal(after(&camera, 1000), PACE_PROBE_UNPACED);
    }
}

/* They are the same from outside. */
static void cameras_that_count_only_what_they_deliver(void **state)
{
    (void)state;
    struct camera camera = make(true, 500);
    camera.silent = true;
    assert_int_equal(after(&camera, 1000), PACE_PROBE_UNPACED);
}

/* A rate that was set must not be exceeded. */
static void a_camera_that_ignores_its_rate_is_not_tested(void **state)
{
    (void)state;
    struct camera camera = make(true, 200);
    pace_probe_init(&camera.probe, CLOCK_SECOND / 33, true, BUFFERS);
    for (unsigned k = 0; k < 20; k++)
        assert_true(step(&camera));
    assert_int_equal(camera.probe.state, PACE_PROBE_UNPACED);
}

/* No buffer is given from the moment of doubt until the trial is over. */
static void the_trial(void **state)
{
    (void)state;
    struct pace_probe probe;
    uint64_t now = CLOCK_SECOND;
    unsigned left = BUFFERS;
    pace_probe_init(&probe, MIN_NS, false, BUFFERS);
    for (uint32_t i = 0; probe.state == PACE_PROBE_ASSUMED; i++) {
        assert_false(pace_probe_holds(&probe, now));
        assert_in_range(i, 0, BUFFERS + 1);
        pace_probe_frame(&probe, now, i, left);
    }
    assert_int_equal(probe.state, PACE_PROBE_DRAINING);
    while (left-- > 0) {
        assert_true(pace_probe_holds(&probe, now + CLOCK_SECOND));
        pace_probe_frame(&probe, now, 100, left);
    }
    assert_int_equal(probe.state, PACE_PROBE_WAITING);
    assert_true(pace_probe_holds(&probe, now + PACE_PROBE_WAIT_NS - 1));
    assert_false(pace_probe_holds(&probe, now + PACE_PROBE_WAIT_NS));
    pace_probe_frame(&probe, now + PACE_PROBE_WAIT_NS, 101, 3);
    assert_int_equal(probe.state, PACE_PROBE_UNPACED);
}

/* Frames that were held up, by a busy machine say, come in a bunch. */
static void bunches_are_no_doubt(void **state)
{
    (void)state;
    struct pace_probe probe;
    uint64_t now = CLOCK_SECOND;
    uint32_t sequence = 0;
    pace_probe_init(&probe, MIN_NS, false, BUFFERS);
    for (unsigned round = 0; round < 100; round++, now += BUFFERS * MIN_NS)
        for (unsigned left = BUFFERS; left-- > 0;)
            assert_int_equal(pace_probe_frame(&probe, now, sequence++, left), PACE_PROBE_ASSUMED);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(cameras_of_usual_rates_are_left_alone),
        cmocka_unit_test(fast_cameras_keep_their_pace),
        cmocka_unit_test(cameras_without_a_pace_are_found_out),
        cmocka_unit_test(cameras_that_count_only_what_they_deliver),
        cmocka_unit_test(a_camera_that_ignores_its_rate_is_not_tested),
        cmocka_unit_test(the_trial),
        cmocka_unit_test(bunches_are_no_doubt),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
