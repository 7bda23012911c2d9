/*
 * When a camera gets its buffers, on a clock of the test's own.
 */
#include "device/camera/pacing.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { BUFFERS = 4 };
#define PERIOD (CLOCK_SECOND / 30)
#define START (5 * CLOCK_SECOND)

static struct pacing make(bool paced, bool rate_is_set)
{
    struct pacing pacing;
    struct pace_probe probe;
    pace_probe_init(&probe, CLOCK_SECOND / 240, rate_is_set, BUFFERS);
    pacing_init(&pacing, paced, PERIOD, probe, START);
    return pacing;
}

static void paced_cameras_get_a_buffer_each_period(void **state)
{
    (void)state;
    struct pacing pacing = make(true, false);
    assert_true(pacing_holds(&pacing, START));
    assert_int_equal(pacing.due_ns, START);
    for (unsigned i = 1; i < 10; i++) {
        pacing_take(&pacing, pacing.due_ns + i * CLOCK_MS / 10);
        assert_int_equal(pacing.due_ns, START + i * PERIOD);
        assert_false(pacing_frame(&pacing, pacing.due_ns, i, 0));
        assert_true(pacing_holds(&pacing, pacing.due_ns));
    }
}

/* One that is late by less than a period uses its turn; all others that were missed are left out.
 */
static void missed_turns_are_not_made_up_for(void **state)
{
    (void)state;
    struct pacing pacing = make(true, false);
    const uint64_t now = START + 10 * PERIOD + PERIOD / 2;
    pacing_take(&pacing, now);
    assert_int_equal(pacing.due_ns, now - PERIOD);
    pacing_take(&pacing, now);
    assert_int_equal(pacing.due_ns, now);
    pacing_take(&pacing, now);
    assert_int_equal(pacing.due_ns, now + PERIOD);
    /* Nor is anything below zero, shortly after boot. */
    pacing = make(true, false);
    pacing.due_ns = 0;
    pacing_take(&pacing, 1);
    assert_int_equal(pacing.due_ns, PERIOD);
}

/* At 240 frames per second the camera was to be slower; at 500 it may be as fast as it is. */
static void a_faster_rate_is_allowed(void **state)
{
    (void)state;
    for (int allowed = 0; allowed < 2; allowed++) {
        struct pacing pacing = make(false, true);
        bool changed = false;
        if (allowed)
            pacing_allow(&pacing, CLOCK_SECOND / 500);
        pacing_allow(&pacing, CLOCK_SECOND);
        for (unsigned i = 0; i < 100; i++)
            changed |= pacing_frame(&pacing, START + i * CLOCK_SECOND / 400, i, 0);
        assert_int_equal(changed, !allowed);
        assert_int_equal(pacing.paced, !allowed);
    }
}

static void others_get_theirs_at_once(void **state)
{
    (void)state;
    struct pacing pacing = make(false, false);
    for (uint32_t i = 0; i < 100; i++) {
        const uint64_t now = START + i * PERIOD;
        assert_false(pacing_frame(&pacing, now, i, BUFFERS - 1));
        assert_false(pacing_holds(&pacing, now));
    }
}

/* Faster than any known camera: tested, and then paced. */
static void cameras_without_a_pace_are_held(void **state)
{
    (void)state;
    struct pacing pacing = make(false, false);
    uint32_t sequence = 0;
    while (!pacing_frame(&pacing, START, sequence++, 1))
        assert_in_range(sequence, 0, 10);
    assert_int_equal(pacing.probe.state, PACE_PROBE_DRAINING);
    assert_true(pacing_holds(&pacing, START + CLOCK_SECOND));
    assert_int_equal(pacing.due_ns, UINT64_MAX);
    assert_true(pacing_frame(&pacing, START, sequence++, 0));
    assert_int_equal(pacing.probe.state, PACE_PROBE_WAITING);
    assert_int_equal(pacing.due_ns, START + PACE_PROBE_WAIT_NS);
    assert_true(pacing_holds(&pacing, START));
    const uint64_t now = pacing.due_ns;
    assert_false(pacing_holds(&pacing, now));
    pacing_take(&pacing, now);
    assert_int_equal(pacing.due_ns, now); /* the others that were held follow at once */
    assert_true(pacing_frame(&pacing, now, sequence, 3));
    assert_true(pacing.paced);
    assert_int_equal(pacing.due_ns, now + PERIOD);
    assert_true(pacing_holds(&pacing, now + CLOCK_SECOND));
    assert_false(pacing_frame(&pacing, now, sequence + 1, 3)); /* once */
}

static void fast_cameras_with_a_pace_are_not(void **state)
{
    (void)state;
    struct pacing pacing = make(false, false);
    uint32_t sequence = 0;
    while (pacing.probe.state != PACE_PROBE_WAITING)
        pacing_frame(&pacing, START, sequence++, 0);
    assert_true(pacing_frame(&pacing, START + CLOCK_SECOND, sequence + 100, 0));
    assert_int_equal(pacing.probe.state, PACE_PROBE_PACED);
    assert_false(pacing.paced);
    assert_false(pacing_holds(&pacing, START + CLOCK_SECOND));
}

static void a_camera_that_ignores_its_rate_is_held(void **state)
{
    (void)state;
    struct pacing pacing = make(false, true);
    uint32_t sequence = 0;
    while (!pacing_frame(&pacing, START, sequence++, 1))
        assert_in_range(sequence, 0, 10);
    assert_true(pacing.paced);
    assert_int_equal(pacing.due_ns, START + PERIOD);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(paced_cameras_get_a_buffer_each_period),
        cmocka_unit_test(missed_turns_are_not_made_up_for),
        cmocka_unit_test(a_faster_rate_is_allowed),
        cmocka_unit_test(others_get_theirs_at_once),
        cmocka_unit_test(cameras_without_a_pace_are_held),
        cmocka_unit_test(fast_cameras_with_a_pace_are_not),
        cmocka_unit_test(a_camera_that_ignores_its_rate_is_held),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
