/*
 * Which frames a receiver asks for, over all of its connections.
 */
#include "receiver_fixture.h"

#include <poll.h>

#include "shared/base/clock.h"

/* A second connection, to a daemon of this epoch, that asks where the grid goes on. */
static void resume_from(struct fixture *fixture, uint64_t epoch, uint64_t first_id)
{
    take_over(fixture, accept_call(fixture));
    script_greet(&fixture->script, epoch);
    RECEIVE_UNTIL(fixture, fixture->pinged_ns);
    answer_ping(fixture);
    send_all(fixture);
    RECEIVE_UNTIL(fixture, fixture->subscribed);
    script_stream(&fixture->script, first_id);
}

/* Whatever happens to the connection, frames are wanted on one grid; but ids are an epoch's own.
 */
static void a_grid_of_ids_goes_on(void **state)
{
    static const uint64_t ids[] = { 5, 15, 25, 3 };
    struct fixture *fixture = *state;
    fixture->options.every = 10;
    start(fixture);
    connect_from(fixture, SCRIPT_EPOCH, 5);
    assert_int_equal(fixture->subscribe.every, 10);
    assert_int_equal(fixture->subscribe.first_due, 0);
    add_frames(fixture, 5, 6);
    script_drops(&fixture->script, 6, 9, WIRE_DROP_RATE_LIMITED);
    add_frames(fixture, 15, 16);
    settle(fixture);
    hang_up(fixture);
    resume_from(fixture, SCRIPT_EPOCH, 22);
    assert_int_equal(fixture->subscribe.every, 10);
    assert_int_equal(fixture->subscribe.first_due, 25);
    script_drops(&fixture->script, 22, 3, WIRE_DROP_RATE_LIMITED);
    add_frames(fixture, 25, 26);
    settle(fixture);
    hang_up(fixture);
    resume_from(fixture, SCRIPT_EPOCH + 1, 3);
    assert_int_equal(fixture->subscribe.first_due, 0);
    add_frames(fixture, 3, 4);
    settle(fixture);
    hang_up(fixture);
    resume_from(fixture, SCRIPT_EPOCH + 1, 4);
    assert_int_equal(fixture->subscribe.first_due, 13);
    send_end(fixture, WIRE_END_FINISHED, 0, 0);
    take_the_rest(fixture);
    assert_ids(fixture, ids, 4);
    assert_int_equal(fixture->record.stream.interval_ns / CLOCK_MS, 333);
    assert_int_equal(fixture->record.end.unmet, 0);
}

/* Sensor times are the device's, whichever daemon runs on it. */
static void a_grid_of_times_goes_on(void **state)
{
    struct fixture *fixture = *state;
    fixture->options.max_fps = 1;
    start(fixture);
    connect_from(fixture, SCRIPT_EPOCH, 5);
    assert_int_equal(fixture->subscribe.max_fps_mhz, 1000);
    add_frames(fixture, 5, 6); /* taken at 5001 ns */
    settle(fixture);
    hang_up(fixture);
    resume_from(fixture, SCRIPT_EPOCH + 1, 0);
    assert_int_equal(fixture->subscribe.first_due, CLOCK_SECOND + 5001);
    send_end(fixture, WIRE_END_FINISHED, 0, 0);
    take_the_rest(fixture);
    assert_int_equal(fixture->record.stream.interval_ns, CLOCK_SECOND);
}

/* Wanted frames that no other one came in place of are counted. */
static void points_that_were_not_met(void **state)
{
    struct fixture *fixture = *state;
    fixture->options.every = 10;
    start(fixture);
    connect_from(fixture, SCRIPT_EPOCH, 0);
    add_frames(fixture, 0, 1);
    script_drops(&fixture->script, 1, 9, WIRE_DROP_RATE_LIMITED);
    script_drops(&fixture->script, 10, 25, WIRE_DROP_NO_BUFFER); /* 10, 20 and those for 30 */
    add_frames(fixture, 35, 36);                                 /* is for 30 */
    send_end(fixture, WIRE_END_FINISHED, 2, 34);
    take_the_rest(fixture);
    assert_int_equal(fixture->record.end.unmet, 2);
}

/* Live and lossless, as the caller wants it. */
static void the_mode(void **state)
{
    struct fixture *fixture = *state;
    for (int live = 0; live < 2; live++) {
        fixture->options.mode = live ? PITETHER_LIVE : PITETHER_LOSSLESS;
        start(fixture);
        answer_call(fixture);
        assert_int_equal(fixture->subscribe.mode, live ? WIRE_LIVE : WIRE_LOSSLESS);
        assert_in_range(fixture->subscribe.every, 0, 1);
        assert_int_equal(fixture->subscribe.max_fps_mhz, 0);
        pitether_close(&fixture->receiver);
        hang_up(fixture);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        RECEIVER_TEST(a_grid_of_ids_goes_on),
        RECEIVER_TEST(a_grid_of_times_goes_on),
        RECEIVER_TEST(points_that_were_not_met),
        RECEIVER_TEST(the_mode),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
