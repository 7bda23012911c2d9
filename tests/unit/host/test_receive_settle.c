/*
 * Frames that are left out until the camera has settled: it tells its exposure time alone, so the
 * first SETTLING_STEADY - 1 frames of the daemon are.
 */
#include "receiver_fixture.h"

#include <poll.h>
#include <string.h>

#include "shared/controls/settling.h"

enum { LEFT_OUT = SETTLING_STEADY - 1 };

static void assert_left_out(const struct fixture *fixture, unsigned frames, unsigned left_out)
{
    assert_int_equal(fixture->record.drops[PITETHER_DROP_NOT_SETTLED], left_out);
    assert_int_equal(fixture->record.count, frames - left_out);
    if (frames > left_out)
        assert_int_equal(fixture->record.ids[0], left_out);
    assert_int_equal(fixture->record.unordered + fixture->record.wrong, 0);
}

/* Over several connections, the camera settles once. */
static void until_it_has_settled(void **state)
{
    static const uint64_t first_ids[] = { 0, 20 };
    struct fixture *fixture = *state;
    fixture->options.settle_s = 60;
    start(fixture);
    for (unsigned i = 0; i < 2; i++) {
        connect_from(fixture, SCRIPT_EPOCH + i, first_ids[i]);
        add_frames(fixture, first_ids[i], first_ids[i] + 10);
        settle(fixture);
        hang_up(fixture);
    }
    connect_from(fixture, SCRIPT_EPOCH + 1, 30);
    send_end(fixture, WIRE_END_FINISHED, 0, 0);
    take_the_rest(fixture);
    assert_left_out(fixture, 20, LEFT_OUT);
    assert_non_null(strstr(log_text(fixture), "info: exposure, white balance and focus have "
                                              "settled: 4 frames before that were left out"));
}

static void not_without_the_option(void **state)
{
    struct fixture *fixture = *state;
    start(fixture);
    connect_from(fixture, SCRIPT_EPOCH, 0);
    add_frames(fixture, 0, 10);
    send_end(fixture, WIRE_END_FINISHED, 10, 0);
    take_the_rest(fixture);
    assert_left_out(fixture, 10, 0);
    assert_null(strstr(log_text(fixture), "settled"));
}

static void not_for_longer(void **state)
{
    struct fixture *fixture = *state;
    fixture->options.settle_s = 1e-9;
    start(fixture);
    connect_from(fixture, SCRIPT_EPOCH, 0);
    add_frames(fixture, 0, 1);
    settle(fixture);
    add_frames(fixture, 1, 3);
    send_end(fixture, WIRE_END_FINISHED, 3, 0);
    take_the_rest(fixture);
    assert_left_out(fixture, 3, 1);
    assert_non_null(strstr(log_text(fixture), "warning: exposure, white balance or focus has not "
                                              "settled within 1e-09 s"));
}

/* Sensor times are those of script_head(): 1 us from one to the next. */
static void a_duration_begins_with_what_is_taken(void **state)
{
    struct fixture *fixture = *state;
    fixture->options.settle_s = 60;
    fixture->options.duration_s = 3e-6;
    start(fixture);
    connect_from(fixture, SCRIPT_EPOCH, 0);
    add_frames(fixture, 0, 10);
    settle(fixture);
    RECEIVE_UNTIL(fixture, fixture->ended);
    send_end(fixture, WIRE_END_DONE, 10, 0);
    take_the_rest(fixture);
    assert_int_equal(fixture->record.end.reason, PITETHER_END_DURATION);
    assert_int_equal(fixture->record.count, 3);
    assert_int_equal(fixture->record.drops[PITETHER_DROP_NOT_SETTLED], LEFT_OUT);
    assert_int_equal(fixture->record.drops[PITETHER_DROP_AFTER_END], 10 - 3 - LEFT_OUT);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        RECEIVER_TEST(until_it_has_settled),
        RECEIVER_TEST(not_without_the_option),
        RECEIVER_TEST(not_for_longer),
        RECEIVER_TEST(a_duration_begins_with_what_is_taken),
    };
    return cmocka_run_group_tests_name("receive_settle", tests, NULL, NULL);
}
