/*
 * When a camera has settled, for cameras that report one thing or another.
 */
#include "shared/controls/settling.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "shared/base/clock.h"

enum { LIMIT_S = 5, FPS = 25 };

struct camera {
    struct settling settling;
    double numbers[SETTLING_NUMBERS];
    uint64_t now;
};

static struct camera make(void)
{
    struct camera camera = { .now = 1000 * CLOCK_SECOND };
    settling_begin(&camera.settling, LIMIT_S * CLOCK_SECOND);
    for (unsigned i = 0; i < SETTLING_NUMBERS; i++)
        camera.numbers[i] = NAN;
    return camera;
}

static enum settling_state frame(struct camera *camera)
{
    camera->now += CLOCK_SECOND / FPS;
    return settling_add(&camera->settling, camera->numbers, camera->now);
}

static void assert_waits(struct camera *camera, unsigned frames)
{
    for (unsigned i = 0; i < frames; i++)
        assert_int_equal(frame(camera), SETTLING_WAITS);
}

static void states_decide(void **state)
{
    (void)state;
    static const struct {
        enum settling_number number;
        double waits, settled[4];
    } cases[] = {
        { SETTLING_AE_STATE, 1, { 0, 2, 2, 2 } },
        { SETTLING_AE_DRAFT_STATE, 1, { 0, 2, 3, 4 } },
        { SETTLING_AE_DRAFT_STATE, 5, { 0, 2, 3, 4 } },
        { SETTLING_AE_LOCKED, 0, { 1, 1, 1, 1 } },
        { SETTLING_AWB_STATE, 1, { 0, 2, 3, 3 } },
        { SETTLING_AWB_DRAFT_STATE, 1, { 0, 2, 3, 3 } },
        { SETTLING_AWB_LOCKED, 0, { 1, 1, 1, 1 } },
        { SETTLING_AF_STATE, 1, { 0, 2, 3, 3 } },
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        for (unsigned j = 0; j < 4; j++) {
            struct camera camera = make();
            camera.numbers[cases[i].number] = cases[i].waits;
            assert_waits(&camera, 20);
            camera.numbers[cases[i].number] = cases[i].settled[j];
            assert_int_equal(frame(&camera), SETTLING_DONE);
        }
    }
}

/* All three, not the first one that is through. */
static void each_state_is_waited_for(void **state)
{
    (void)state;
    struct camera camera = make();
    camera.numbers[SETTLING_AE_STATE] = 1;
    camera.numbers[SETTLING_AWB_LOCKED] = 0;
    camera.numbers[SETTLING_AF_STATE] = 1;
    assert_waits(&camera, 5);
    camera.numbers[SETTLING_AE_STATE] = 2;
    assert_waits(&camera, 5);
    camera.numbers[SETTLING_AF_STATE] = 2;
    assert_waits(&camera, 5);
    camera.numbers[SETTLING_AWB_LOCKED] = 1;
    assert_int_equal(frame(&camera), SETTLING_DONE);
}

/* A camera that says so needs not show it. */
static void a_state_makes_steadiness_needless(void **state)
{
    (void)state;
    struct camera camera = make();
    camera.numbers[SETTLING_AE_STATE] = 2;
    camera.numbers[SETTLING_EXPOSURE] = 1000;
    assert_int_equal(frame(&camera), SETTLING_DONE);
}

/* Focus alone says nothing of exposure. */
static void exposure_without_a_state(void **state)
{
    (void)state;
    struct camera camera = make();
    camera.numbers[SETTLING_AF_STATE] = 2;
    camera.numbers[SETTLING_EXPOSURE] = 1000;
    camera.numbers[SETTLING_ANALOGUE_GAIN] = 2;
    for (unsigned i = 0; i < 20; i++) {
        camera.numbers[SETTLING_EXPOSURE] *= 1.02;
        assert_waits(&camera, 1);
    }
    assert_waits(&camera, SETTLING_STEADY - 2); /* the last one was the first of them */
    assert_int_equal(frame(&camera), SETTLING_DONE);
}

static void gains_count_too(void **state)
{
    (void)state;
    static const enum settling_number gains[] = { SETTLING_ANALOGUE_GAIN, SETTLING_DIGITAL_GAIN };
    for (unsigned i = 0; i < 2; i++) {
        struct camera camera = make();
        camera.numbers[SETTLING_EXPOSURE] = 1000;
        camera.numbers[gains[i]] = 1;
        assert_waits(&camera, SETTLING_STEADY - 1);
        camera.numbers[gains[i]] = 1.02;
        assert_waits(&camera, SETTLING_STEADY - 1);
        camera.numbers[gains[i]] = 1.025; /* less than 1 % */
        assert_int_equal(frame(&camera), SETTLING_DONE);
    }
}

/* Each step is small, and yet it has not settled. */
static void a_slow_change_adds_up(void **state)
{
    (void)state;
    struct camera camera = make();
    camera.numbers[SETTLING_EXPOSURE] = 10000;
    for (unsigned i = 0; i < 100; i++) {
        camera.numbers[SETTLING_EXPOSURE] *= 0.995;
        assert_waits(&camera, 1);
    }
}

static void a_value_that_comes_and_goes(void **state)
{
    (void)state;
    struct camera camera = make();
    camera.numbers[SETTLING_EXPOSURE] = 10000;
    assert_waits(&camera, SETTLING_STEADY - 1);
    camera.numbers[SETTLING_ANALOGUE_GAIN] = 1;
    assert_waits(&camera, SETTLING_STEADY - 1);
    assert_int_equal(frame(&camera), SETTLING_DONE);
}

static void nothing_is_reported(void **state)
{
    (void)state;
    struct camera camera = make();
    assert_int_equal(frame(&camera), SETTLING_DONE);
}

static void not_for_ever(void **state)
{
    (void)state;
    struct camera camera = make();
    camera.numbers[SETTLING_AF_STATE] = 1;
    assert_waits(&camera, LIMIT_S * FPS);
    assert_int_equal(frame(&camera), SETTLING_GAVE_UP);
}

static void a_clock_that_goes_back(void **state)
{
    (void)state;
    struct camera camera = make();
    camera.numbers[SETTLING_AE_STATE] = 1;
    assert_waits(&camera, LIMIT_S * FPS);
    camera.now = 0;
    assert_waits(&camera, LIMIT_S * FPS);
    assert_int_equal(frame(&camera), SETTLING_GAVE_UP);
}

static void no_limit_leaves_nothing_out(void **state)
{
    (void)state;
    struct camera camera = make();
    settling_begin(&camera.settling, 0);
    camera.numbers[SETTLING_AE_STATE] = 1;
    assert_int_equal(frame(&camera), SETTLING_GAVE_UP);
}

static void numbers_that_are_none(void **state)
{
    (void)state;
    struct camera camera = make();
    camera.numbers[SETTLING_EXPOSURE] = INFINITY;
    camera.numbers[SETTLING_ANALOGUE_GAIN] = 0;
    assert_waits(&camera, SETTLING_STEADY - 1);
    assert_int_equal(frame(&camera), SETTLING_DONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(states_decide),
        cmocka_unit_test(each_state_is_waited_for),
        cmocka_unit_test(a_state_makes_steadiness_needless),
        cmocka_unit_test(exposure_without_a_state),
        cmocka_unit_test(gains_count_too),
        cmocka_unit_test(a_slow_change_adds_up),
        cmocka_unit_test(a_value_that_comes_and_goes),
        cmocka_unit_test(nothing_is_reported),
        cmocka_unit_test(not_for_ever),
        cmocka_unit_test(a_clock_that_goes_back),
        cmocka_unit_test(no_limit_leaves_nothing_out),
        cmocka_unit_test(numbers_that_are_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
