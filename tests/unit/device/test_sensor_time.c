/*
 * Drivers' time stamps on both clocks.
 */
#include "device/camera/sensor_time.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "shared/base/clock.h"

static void time_stamps(void **state)
{
    (void)state;
    const uint64_t now = 1000 * CLOCK_SECOND;
    /* Never suspended: both clocks are one, but for the moment of reading. */
    assert_int_equal(sensor_time(now - 5, now, now - 1), now - 5);
    assert_int_equal(sensor_time(now - 5, now, now + 1), now - 5);
    /* Suspended for 100 s. */
    const uint64_t monotonic = now - 100 * CLOCK_SECOND;
    assert_int_equal(sensor_time(monotonic - CLOCK_MS, now, monotonic), now - CLOCK_MS);
    assert_int_equal(sensor_time(monotonic, now, monotonic), now);
    /* A stamp after CLOCK_MONOTONIC's now is of CLOCK_BOOTTIME already. */
    assert_int_equal(sensor_time(now - CLOCK_MS, now, monotonic), now - CLOCK_MS);
    /* None, and one of the future. */
    assert_int_equal(sensor_time(0, now, monotonic), now);
    assert_int_equal(sensor_time(now + CLOCK_SECOND, now, monotonic), now);
    assert_int_equal(sensor_time(UINT64_MAX, now, now), now);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(time_stamps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
