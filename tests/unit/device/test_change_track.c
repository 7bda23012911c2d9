/*
 * From the sequence numbers that a camera reports to the frames that show changes first.
 */
#include "device/camera/change_track.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void each_change_shows_once(void **state)
{
    (void)state;
    struct change_track track = { 0 };
    change_track_request(&track, 4, 1);
    change_track_request(&track, 6, 2);
    assert_int_equal(change_track_shown(&track, 3), 0);
    assert_int_equal(change_track_shown(&track, 4), 1);
    assert_int_equal(change_track_shown(&track, 5), 0);
    assert_int_equal(change_track_shown(&track, 9), 2);
    assert_int_equal(change_track_shown(&track, 10), 0);
}

static void several_that_show_together_are_the_newest(void **state)
{
    (void)state;
    struct change_track track = { 0 };
    for (uint64_t i = 1; i <= 3; i++)
        change_track_request(&track, 10 + i, 100 + i);
    assert_int_equal(change_track_shown(&track, 12), 102);
    assert_int_equal(change_track_shown(&track, 13), 103);
}

static void a_camera_that_never_reports_costs_nothing(void **state)
{
    (void)state;
    struct change_track track = { 0 };
    for (uint64_t i = 1; i <= 5 * CHANGE_TRACK_MAX; i++)
        change_track_request(&track, i, i);
    assert_int_equal(track.count, CHANGE_TRACK_MAX);
    assert_int_equal(change_track_shown(&track, 4 * CHANGE_TRACK_MAX), 0);
    assert_int_equal(change_track_shown(&track, 4 * CHANGE_TRACK_MAX + 1),
                     4 * CHANGE_TRACK_MAX + 1);
    assert_int_equal(change_track_shown(&track, UINT64_MAX), 5 * CHANGE_TRACK_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_change_shows_once),
        cmocka_unit_test(several_that_show_together_are_the_newest),
        cmocka_unit_test(a_camera_that_never_reports_costs_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
