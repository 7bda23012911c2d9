/*
 * Cameras that stall, break and are unplugged, on a clock of the test's own.
 */
#include "device/camera/watchdog.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define START (100 * CLOCK_SECOND)
#define STALL (3 * CLOCK_SECOND)
#define GRACE (2 * CLOCK_SECOND)

static struct watchdog make(uint64_t grace_ns, unsigned buffers)
{
    struct watchdog watchdog;
    watchdog_init(&watchdog, STALL, grace_ns);
    for (unsigned i = 0; i < buffers; i++)
        watchdog_queue(&watchdog, START);
    return watchdog;
}

static void slow_cameras_get_more_time(void **state)
{
    (void)state;
    assert_int_equal(camera_timeout_ns(0), 3 * CLOCK_SECOND);
    assert_int_equal(camera_timeout_ns(30), 3 * CLOCK_SECOND);
    assert_int_equal(camera_timeout_ns(0.5), 10 * CLOCK_SECOND);
}

static void a_camera_that_works(void **state)
{
    (void)state;
    struct watchdog watchdog = make(0, 2);
    for (unsigned i = 1; i < 10; i++) {
        const uint64_t now = START + i * (STALL - 1);
        assert_int_equal(watchdog_check(&watchdog, now), 0);
        watchdog_progress(&watchdog, now);
        watchdog_queue(&watchdog, now);
        assert_int_equal(watchdog_due(&watchdog, now), now + STALL);
        assert_int_equal(watchdog.queued, 2);
    }
}

static void a_camera_that_stalls(void **state)
{
    (void)state;
    struct watchdog watchdog = make(GRACE, 2);
    assert_int_equal(watchdog_check(&watchdog, START + STALL), 0);
    assert_int_equal(watchdog_check(&watchdog, START + STALL + 1), -ETIMEDOUT);
    /* A buffer more is no sign of life. */
    watchdog_queue(&watchdog, START + STALL);
    assert_int_equal(watchdog_check(&watchdog, START + STALL + 1), -ETIMEDOUT);
    watchdog_progress(&watchdog, START + STALL);
    assert_int_equal(watchdog_check(&watchdog, START + STALL + 1), 0);
}

/* All its buffers may be with those who read them. */
static void a_camera_without_buffers_is_not_expected_to_do_anything(void **state)
{
    (void)state;
    struct watchdog watchdog = make(GRACE, 1);
    watchdog_progress(&watchdog, START + 1);
    assert_int_equal(watchdog_check(&watchdog, START + 100 * STALL), 0);
    assert_int_equal(watchdog_due(&watchdog, START + 100 * STALL), START + 101 * STALL);
    watchdog_queue(&watchdog, START + 100 * STALL);
    assert_int_equal(watchdog_check(&watchdog, START + 101 * STALL), 0);
    assert_int_equal(watchdog_check(&watchdog, START + 101 * STALL + 1), -ETIMEDOUT);
}

static void a_camera_that_breaks(void **state)
{
    (void)state;
    struct watchdog watchdog = make(0, 2);
    watchdog_break(&watchdog);
    assert_int_equal(watchdog_check(&watchdog, START + 1), -EIO);
    watchdog = make(0, 1);
    watchdog_queue(&watchdog, START);
    watchdog_refuse(&watchdog);
    assert_int_equal(watchdog.queued, 1);
    assert_int_equal(watchdog_check(&watchdog, START + 1), -EIO);
}

static void a_pulled_cable_is_reported_as_such(void **state)
{
    (void)state;
    struct watchdog watchdog = make(GRACE, 2);
    watchdog_progress(&watchdog, START);
    watchdog_break(&watchdog);
    assert_int_equal(watchdog_check(&watchdog, START + GRACE), 0);
    assert_int_equal(watchdog_due(&watchdog, START), START + GRACE);
    watchdog_unplug(&watchdog);
    assert_int_equal(watchdog_check(&watchdog, START + 1), -ENODEV);
    assert_int_equal(watchdog_due(&watchdog, START + 1), START + 1);
    watchdog = make(GRACE, 2);
    watchdog_break(&watchdog);
    assert_int_equal(watchdog_check(&watchdog, START + GRACE + 1), -EIO);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(slow_cameras_get_more_time),
        cmocka_unit_test(a_camera_that_works),
        cmocka_unit_test(a_camera_that_stalls),
        cmocka_unit_test(a_camera_without_buffers_is_not_expected_to_do_anything),
        cmocka_unit_test(a_camera_that_breaks),
        cmocka_unit_test(a_pulled_cable_is_reported_as_such),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
