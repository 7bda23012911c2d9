/*
 * How long a camera may be silent.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "device/camera/stall_timeout.h"
#include "shared/base/clock.h"

static struct control_list list_of(const char *name, struct value value)
{
    struct control_list list = { .count = 0 };
    assert_true(control_list_set(&list, name, &value));
    return list;
}

static void give(struct stall_timeout *timeout, const char *name, struct value value)
{
    struct control_list list = list_of(name, value);
    stall_timeout_set(timeout, &list);
}

static void report(struct stall_timeout *timeout, const char *name, struct value value)
{
    static struct metadata_names names;
    struct metadata metadata = { .size = 0 };
    int number = metadata_names_add(&names, name, value.type, value.array);
    assert_true(number >= 0 && metadata_add(&metadata, (unsigned)number, &value));
    stall_timeout_frame(timeout, &metadata, &names);
}

static void the_rate_is_enough(void **state)
{
    (void)state;
    struct stall_timeout timeout = { 0 };
    assert_int_equal(stall_timeout_ns(&timeout, 30), 3 * CLOCK_SECOND);
    assert_int_equal(stall_timeout_ns(&timeout, 0), 3 * CLOCK_SECOND);
    assert_int_equal(stall_timeout_ns(&timeout, 0.5), 10 * CLOCK_SECOND);
    give(&timeout, "ExposureTime", value_of_int32(10000));
    assert_int_equal(stall_timeout_ns(&timeout, 30), 3 * CLOCK_SECOND);
}

static void a_long_exposure_is_waited_for(void **state)
{
    (void)state;
    struct stall_timeout timeout = { 0 };
    give(&timeout, "ExposureTime", value_of_int32(6000000));
    assert_int_equal(stall_timeout_ns(&timeout, 30), 30 * CLOCK_SECOND);
    give(&timeout, "Contrast", value_of_float(1));
    assert_int_equal(stall_timeout_ns(&timeout, 30), 30 * CLOCK_SECOND);
    give(&timeout, "AeEnable", value_of_bool(false));
    give(&timeout, "ExposureTimeMode", value_of_int32(1));
    assert_int_equal(stall_timeout_ns(&timeout, 30), 30 * CLOCK_SECOND);
    give(&timeout, "AeEnable", value_of_bool(true));
    assert_int_equal(stall_timeout_ns(&timeout, 30), 3 * CLOCK_SECOND);
    give(&timeout, "ExposureTime", value_of_int32(6000000));
    give(&timeout, "ExposureTimeMode", value_of_int32(0));
    assert_int_equal(stall_timeout_ns(&timeout, 30), 3 * CLOCK_SECOND);
}

/* The frames that are on their way still take as long as before. */
static void a_shorter_exposure_counts_when_frames_have_it(void **state)
{
    (void)state;
    struct stall_timeout timeout = { 0 };
    give(&timeout, "ExposureTime", value_of_int32(6000000));
    report(&timeout, "ExposureTime", value_of_int32(6000000));
    give(&timeout, "ExposureTime", value_of_int32(10000));
    assert_int_equal(stall_timeout_ns(&timeout, 30), 30 * CLOCK_SECOND);
    report(&timeout, "ExposureTime", value_of_int32(10000));
    assert_int_equal(stall_timeout_ns(&timeout, 30), 3 * CLOCK_SECOND);
}

static void frames_that_may_be_long_are_waited_for(void **state)
{
    (void)state;
    struct stall_timeout timeout = { 0 };
    struct value limits = { .type = VALUE_INT64, .array = true, .count = 2 };
    limits.int64[0] = 33333;
    limits.int64[1] = 2000000;
    give(&timeout, "FrameDurationLimits", limits);
    assert_int_equal(stall_timeout_ns(&timeout, 30), 10 * CLOCK_SECOND);
    report(&timeout, "FrameDuration", value_of_int64(4000000));
    assert_int_equal(stall_timeout_ns(&timeout, 30), 20 * CLOCK_SECOND);
}

static void nonsense_is_bounded(void **state)
{
    (void)state;
    struct stall_timeout timeout = { 0 };
    struct metadata metadata = { .size = 0 };
    give(&timeout, "ExposureTime", value_of_int32(-5));
    assert_int_equal(stall_timeout_ns(&timeout, 30), 3 * CLOCK_SECOND);
    give(&timeout, "ExposureTime", value_of_int64(INT64_MAX));
    assert_int_equal(stall_timeout_ns(&timeout, 30), 5 * 3600 * CLOCK_SECOND);
    stall_timeout_frame(&timeout, &metadata, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_rate_is_enough),
        cmocka_unit_test(a_long_exposure_is_waited_for),
        cmocka_unit_test(a_shorter_exposure_counts_when_frames_have_it),
        cmocka_unit_test(frames_that_may_be_long_are_waited_for),
        cmocka_unit_test(nonsense_is_bounded),
    };
    return cmocka_run_group_tests_name("stall_timeout", tests, NULL, NULL);
}
