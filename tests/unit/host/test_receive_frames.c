/*
 * What a caller gets of a receiver: every id once, in order, however late the caller is.
 */
#include "receiver_fixture.h"

#include <math.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "shared/base/clock.h"

static void frames_and_drops_in_order(void **state)
{
    static const uint64_t ids[] = { 5, 6, 7, 10, 11 };
    struct fixture *fixture = *state;
    start(fixture);
    connect_from(fixture, SCRIPT_EPOCH, 5);
    add_frames(fixture, 5, 8);
    script_drops(&fixture->script, 8, 2, WIRE_DROP_QUEUE_FULL);
    add_frames(fixture, 10, 12);
    send_end(fixture, WIRE_END_FINISHED, 5, 2);
    take_the_rest(fixture);
    assert_int_equal(fixture->record.end.reason, PITETHER_END_FINISHED);
    assert_true(fixture->record.end.connected);
    assert_ids(fixture, ids, 5);
    assert_int_equal(fixture->acks, 5);
    assert_memory_equal(fixture->ack_ids, ids, sizeof(ids));
    assert_int_equal(fixture->record.drops[PITETHER_DROP_QUEUE_FULL], 2);
    assert_int_equal(fixture->record.connections, 1);
    assert_int_equal(fixture->record.losses, 0);
}

static void expect_event(struct fixture *fixture, enum pitether_event_type type,
                         struct pitether_event *event)
{
    assert_int_equal(pitether_next(fixture->receiver, BOUND_MS, event), 1);
    assert_int_equal(event->type, type);
}

/* From the connection to the frame, all that there is to know. */
static void each_kind_of_event(void **state)
{
    struct fixture *fixture = *state;
    struct pitether_event event;
    start(fixture);
    answer_call(fixture);
    script_greet(&fixture->script, SCRIPT_EPOCH);
    script_status(&fixture->script, WIRE_STREAM_STARTING, "");
    script_stream(&fixture->script, 7);
    add_frames(fixture, 7, 8);
    script_status(&fixture->script, WIRE_STREAM_LOST, "unplugged");
    fixture->slow = true;
    settle(fixture);
    expect_event(fixture, PITETHER_CONNECTED, &event);
    assert_int_equal(event.epoch, SCRIPT_EPOCH);
    expect_event(fixture, PITETHER_STATUS, &event);
    assert_int_equal(event.status.state, PITETHER_CAMERA_STARTING);
    expect_event(fixture, PITETHER_STREAM, &event);
    assert_string_equal(event.stream.model, "model");
    assert_int_equal(event.stream.width, SCRIPT_WIDTH);
    assert_int_equal(event.stream.height, SCRIPT_HEIGHT);
    assert_true(event.stream.fps == 30);
    assert_int_equal(event.stream.interval_ns / 1000, 33333);
    expect_event(fixture, PITETHER_FRAME, &event);
    const struct pitether_frame *frame = event.frame;
    assert_int_equal(frame->id, 7);
    assert_int_equal(frame->epoch, SCRIPT_EPOCH);
    assert_int_equal(frame->size, 170);
    assert_int_equal(frame->times.sensor, 7001);
    assert_true(pitether_frame_number(frame, "ExposureTime") == SCRIPT_EXPOSURE_US);
    assert_true(isnan(pitether_frame_number(frame, "AnalogueGain")));
    pitether_frame_release(frame);
    expect_event(fixture, PITETHER_STATUS, &event);
    assert_int_equal(event.status.state, PITETHER_CAMERA_LOST);
    assert_string_equal(event.status.text, "unplugged");
    assert_int_equal(pitether_next(fixture->receiver, 0, &event), 0);
    assert_int_equal(event.type, PITETHER_NONE);
}

/* The descriptor tells whether there is an event, and a wait for one is no longer than wanted. */
static void the_descriptor(void **state)
{
    struct fixture *fixture = *state;
    struct pitether_event event;
    start(fixture);
    fixture->slow = true;
    struct pollfd ready = { pitether_fd(fixture->receiver), POLLIN, 0 };
    connect_from(fixture, SCRIPT_EPOCH, 0);
    assert_int_equal(poll(&ready, 1, 0), 0);
    uint64_t begun = clock_monotonic();
    assert_int_equal(pitether_next(fixture->receiver, 20, &event), 0);
    assert_true(clock_monotonic() - begun >= 20 * CLOCK_MS);
    send_end(fixture, WIRE_END_FINISHED, 0, 0);
    unsigned events = 0;
    do {
        assert_int_equal(poll(&ready, 1, BOUND_MS), 1);
        assert_int_equal(pitether_next(fixture->receiver, 0, &event), 1);
        events++;
    } while (event.type != PITETHER_END);
    assert_int_equal(events, 4); /* CONNECTED, STREAM, STATUS, END */
    assert_int_equal(poll(&ready, 1, 0), 0);
}

static void damaged_frames(void **state)
{
    static const uint64_t ids[] = { 0, 2 };
    struct fixture *fixture = *state;
    start(fixture);
    connect_from(fixture, SCRIPT_EPOCH, 0);
    add_frames(fixture, 0, 1);
    script_head(&fixture->script, 1);
    script_part(&fixture->script, 1, 0, 50, 60);
    script_tail(&fixture->script, 1, 60);
    add_frames(fixture, 2, 3);
    send_end(fixture, WIRE_END_FINISHED, 3, 0);
    take_the_rest(fixture);
    assert_ids(fixture, ids, 2);
    assert_int_equal(fixture->record.drops[PITETHER_DROP_DAMAGED], 1);
    assert_int_equal(fixture->record.drops[PITETHER_DROP_CUT], 0);
    assert_non_null(strstr(log_text(fixture), "frame 1 arrived damaged"));
}

/* Slow callers. */

enum { MANY = 200, LONG = 8000, FRAMES = 64 };

static void assert_many(const struct fixture *fixture)
{
    uint64_t ids[MANY];
    for (uint64_t id = 0; id < MANY; id++)
        ids[id] = id;
    assert_int_equal(fixture->record.end.reason, PITETHER_END_FINISHED);
    assert_ids(fixture, ids, MANY);
}

/* The reading stops once all frames wait, and nothing is lost. */
static void a_slow_caller_stops_the_reading(void **state)
{
    struct fixture *fixture = *state;
    fixture->slow = true;
    start(fixture);
    connect_from(fixture, SCRIPT_EPOCH, 0);
    for (uint64_t id = 0; id < MANY; id++)
        script_frame(&fixture->script, id, LONG, 2);
    size_t sent = send_some(fixture, 300);
    assert_in_range(sent, FRAMES * LONG, MANY * LONG - 1);
    assert_in_range(fixture->acks, FRAMES - 1, FRAMES);
    fixture->slow = false;
    send_all(fixture);
    send_end(fixture, WIRE_END_FINISHED, MANY, 0);
    take_the_rest(fixture);
    assert_many(fixture);
    assert_int_equal(fixture->acks, MANY);
}

/* The same with events that are no frames, of which there may be any number. */
static void a_slow_caller_of_many_drops(void **state)
{
    enum { TIMES = 2000 };
    struct fixture *fixture = *state;
    fixture->slow = true;
    start(fixture);
    connect_from(fixture, SCRIPT_EPOCH, 0);
    for (uint64_t id = 0; id < TIMES; id++)
        script_drops(&fixture->script, id, 1, id % 2 ? WIRE_DROP_NO_BUFFER : WIRE_DROP_SENSOR_GAP);
    script_ping(&fixture->script, 1);
    send_all(fixture); /* fits in the socket */
    struct pollfd answer = { .fd = fixture->fd, .events = POLLIN };
    while (poll(&answer, 1, 200) > 0)
        receive(fixture);
    assert_int_equal(fixture->pongs, 0); /* it waits for space */
    fixture->slow = false;
    uint64_t until = clock_monotonic() + BOUND_MS * CLOCK_MS;
    while (fixture->pongs == 0) {
        assert_true(clock_monotonic() < until);
        take_all(fixture);
        if (poll(&answer, 1, 1) > 0)
            receive(fixture);
    }
    send_end(fixture, WIRE_END_FINISHED, 0, TIMES);
    take_the_rest(fixture);
    assert_int_equal(fixture->record.drops[PITETHER_DROP_NO_BUFFER], TIMES / 2);
    assert_int_equal(fixture->record.drops[PITETHER_DROP_SENSOR_GAP], TIMES / 2);
}

/* Drops that carry on one another are one event: they take no space. */
static void drops_are_joined(void **state)
{
    enum { TIMES = 500 };
    struct fixture *fixture = *state;
    struct pitether_event event;
    fixture->slow = true;
    start(fixture);
    connect_from(fixture, SCRIPT_EPOCH, 0);
    for (uint64_t i = 0; i < TIMES; i++)
        script_drops(&fixture->script, 2 * i, 2, WIRE_DROP_NO_BUFFER);
    settle(fixture);
    take_until(fixture, PITETHER_STATUS);
    expect_event(fixture, PITETHER_DROPS, &event);
    assert_int_equal(event.drops.count, 2 * TIMES);
    send_end(fixture, WIRE_END_FINISHED, 0, 2 * TIMES);
    expect_event(fixture, PITETHER_END, &event);
}

static uint64_t cpu_time(void)
{
    return clock_read(CLOCK_PROCESS_CPUTIME_ID);
}

/* The daemon has said all and gone while the caller was busy. What lies in the socket still counts,
 * and nobody turns in circles meanwhile. */
static void the_daemon_is_gone_before_all_was_read(void **state)
{
    enum { KEEP_OFF_MS = 300 };
    struct fixture *fixture = *state;
    fixture->slow = true;
    start(fixture);
    connect_from(fixture, SCRIPT_EPOCH, 0);
    for (uint64_t id = 0; id < MANY; id++)
        script_frame(&fixture->script, id, 500, 1);
    script_end(&fixture->script, WIRE_END_FINISHED, MANY, 0);
    send_all(fixture); /* fits in the socket */
    RECEIVE_UNTIL(fixture, fixture->acks >= FRAMES);
    hang_up(fixture);
    uint64_t before = cpu_time();
    poll(NULL, 0, KEEP_OFF_MS); /* nothing happens, and that is what is to be seen */
    assert_in_range(cpu_time() - before, 0, KEEP_OFF_MS / 3 * CLOCK_MS);
    take_the_rest(fixture);
    assert_many(fixture);
    assert_int_equal(fixture->record.connections, 1);
}

/* Live: whoever comes late gets the newest frame, and is told of the others; the reading goes on.
 */
static void a_late_caller_gets_the_newest(void **state)
{
    static const uint64_t ids[] = { 0, MANY - 1 };
    struct fixture *fixture = *state;
    fixture->options.mode = PITETHER_LIVE;
    start(fixture);
    connect_from(fixture, SCRIPT_EPOCH, 0);
    add_frames(fixture, 0, 1);
    settle(fixture);
    take_until(fixture, PITETHER_FRAME);
    fixture->slow = true;
    for (uint64_t id = 1; id < MANY; id++)
        script_frame(&fixture->script, id, LONG, 2);
    settle(fixture);   /* more frames than there may be at once */
    poll(NULL, 0, 30); /* so late */
    take_all(fixture);
    assert_ids(fixture, ids, 2);
    assert_int_equal(fixture->record.drops[PITETHER_DROP_NOT_TAKEN], MANY - 2);
    send_end(fixture, WIRE_END_FINISHED, MANY, 0);
    take_the_rest(fixture);
}

/* Live: what comes in a burst is not late, and comes whole to whoever takes one after the other. */
static void a_burst_is_not_late(void **state)
{
    static const uint64_t ids[] = { 0, 1, 2, 3 };
    struct fixture *fixture = *state;
    for (unsigned attempt = 0;; attempt++) {
        fixture->options.mode = PITETHER_LIVE;
        start(fixture);
        connect_from(fixture, SCRIPT_EPOCH, 0);
        fixture->slow = true;
        add_frames(fixture, 0, 4);
        uint64_t begun = clock_monotonic();
        settle(fixture);
        take_all(fixture);
        bool at_once = clock_monotonic() - begun < 20 * CLOCK_MS;
        fixture->slow = false;
        send_end(fixture, WIRE_END_FINISHED, 4, 0);
        take_the_rest(fixture);
        if (at_once)
            break;
        assert_in_range(attempt, 0, 100); /* the machine is too busy to tell */
        pitether_close(&fixture->receiver);
    }
    assert_ids(fixture, ids, 4);
}

/* Frames that the caller holds are bounded, too; and good beyond the receiver's end. */
static void frames_that_are_held(void **state)
{
    struct fixture *fixture = *state;
    const struct pitether_frame *held[2];
    struct pitether_event event;
    fixture->slow = true;
    fixture->options.max_frames = 2;
    start(fixture);
    connect_from(fixture, SCRIPT_EPOCH, 0);
    add_frames(fixture, 0, 4);
    send_all(fixture);
    take_until(fixture, PITETHER_STATUS);
    for (int i = 0; i < 2; i++) {
        expect_event(fixture, PITETHER_FRAME, &event);
        held[i] = event.frame;
    }
    assert_int_equal(pitether_next(fixture->receiver, 100, &event), 0);
    pitether_frame_release(pitether_frame_hold(held[0]));
    assert_int_equal(pitether_next(fixture->receiver, 0, &event), 0);
    pitether_frame_release(held[0]);
    expect_event(fixture, PITETHER_FRAME, &event);
    pitether_close(&fixture->receiver);
    assert_true(script_frame_is_right(held[1]->data, 1, held[1]->size));
    assert_true(script_frame_is_right(event.frame->data, 2, event.frame->size));
    pitether_frame_release(held[1]);
    pitether_frame_release(event.frame);
}

/* The memory in frames is bounded. */
static void large_frames(void **state)
{
    enum { SIZE = 200000 };
    struct fixture *fixture = *state;
    struct pitether_event event;
    fixture->slow = true;
    fixture->options.max_bytes = SIZE;
    start(fixture);
    connect_from(fixture, SCRIPT_EPOCH, 0);
    for (uint64_t id = 0; id < 3; id++)
        script_frame(&fixture->script, id, SIZE, 1);
    send_some(fixture, 300);
    take_until(fixture, PITETHER_STATUS);
    expect_event(fixture, PITETHER_FRAME, &event);
    const struct pitether_frame *held = event.frame;
    assert_int_equal(pitether_next(fixture->receiver, 100, &event), 0);
    pitether_close(&fixture->receiver);
    pitether_frame_release(held);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        RECEIVER_TEST(frames_and_drops_in_order),
        RECEIVER_TEST(each_kind_of_event),
        RECEIVER_TEST(the_descriptor),
        RECEIVER_TEST(damaged_frames),
        RECEIVER_TEST(a_slow_caller_stops_the_reading),
        RECEIVER_TEST(a_slow_caller_of_many_drops),
        RECEIVER_TEST(drops_are_joined),
        RECEIVER_TEST(the_daemon_is_gone_before_all_was_read),
        RECEIVER_TEST(a_late_caller_gets_the_newest),
        RECEIVER_TEST(a_burst_is_not_late),
        RECEIVER_TEST(frames_that_are_held),
        RECEIVER_TEST(large_frames),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
