/*
 * pitether_set() and the events about controls: each request has exactly one answer, whatever
 * becomes of the connection.
 */
#include "receiver_fixture.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "host/lib/event_queue.h"

static void connect_with_controls(struct fixture *fixture)
{
    connect_from(fixture, SCRIPT_EPOCH, 0);
    list_controls(fixture);
}

static void assert_answers(struct fixture *fixture, const uint32_t *requests, unsigned count)
{
    assert_int_equal(fixture->record.answers, count);
    for (unsigned i = 0; i < count; i++)
        assert_int_equal(fixture->record.answered[i], requests[i]);
}

static void set_and_answered(void **state)
{
    struct fixture *fixture = *state;
    const struct record *record = &fixture->record;
    start(fixture);
    uint32_t request = set_control(fixture, "ExposureTime=5000"); /* there is no connection yet */
    connect_from(fixture, SCRIPT_EPOCH, 0);
    settle(fixture);
    assert_int_equal(fixture->sets, 0); /* nor are there controls */
    list_controls(fixture);
    RECEIVE_UNTIL(fixture, fixture->sets == 1);
    assert_int_equal(fixture->set.request, request);
    assert_string_equal(fixture->set.text, "ExposureTime=5000");
    script_answer(&fixture->script, request, 5000, 1000);
    send_all(fixture);
    take_until(fixture, PITETHER_CHANGED);
    assert_int_equal(record->lists, 1);
    assert_int_equal(record->controls, 2);
    assert_answers(fixture, &request, 1);
    assert_int_equal(record->changed.status, PITETHER_CHANGED_DONE);
    assert_int_equal(record->changed.epoch, SCRIPT_EPOCH);
    assert_int_equal(record->changed.first_id, 7);
    assert_int_equal(record->changed.count, 1);
    assert_string_equal(record->change.name, "ExposureTime");
    assert_int_equal(record->change.result, PITETHER_SET_CLAMPED);
    assert_int_equal(record->change.asked.int32[0], 5000);
    assert_int_equal(record->change.now.int32[0], 1000);
    send_end(fixture, WIRE_END_FINISHED, 0, 0);
    take_the_rest(fixture);
    assert_answers(fixture, &request, 1);
}

static void others_are_told_of(void **state)
{
    struct fixture *fixture = *state;
    start(fixture);
    connect_with_controls(fixture);
    script_answer(&fixture->script, 0, 500, 499);
    send_all(fixture);
    take_until(fixture, PITETHER_CHANGED);
    assert_int_equal(fixture->record.notices, 1);
    assert_string_equal(fixture->record.changed.by, "laptop2");
    assert_non_null(
        strstr(log_text(fixture), "info: laptop2 set ExposureTime to 499 µs from frame 7\n"));
    /* One that a later version of the daemon says, and of which nothing was set. */
    struct wire_changed changed = { .head = { .status = 77, .by = "laptop3" }, .count = 1 };
    uint8_t bytes[WIRE_MESSAGE_MAX];
    strcpy(changed.items[0].name, "ExposureTime");
    fixture->script.size = 0;
    script_add(&fixture->script, bytes, wire_encode_changed(&changed, bytes));
    send_all(fixture);
    take_until(fixture, PITETHER_CHANGED);
    assert_null(strstr(log_text(fixture), "laptop3"));
}

/* What was sent may have been done: it is not sent again. What was not is. */
static void the_connection_is_lost(void **state)
{
    struct fixture *fixture = *state;
    start(fixture);
    connect_with_controls(fixture);
    uint32_t requests[2] = { set_control(fixture, "ExposureTime=1") };
    RECEIVE_UNTIL(fixture, fixture->sets == 1);
    hang_up(fixture);
    take_until(fixture, PITETHER_LOST);
    assert_answers(fixture, requests, 1);
    assert_int_equal(fixture->record.changed.status, PITETHER_CHANGED_CUT);
    assert_string_equal(fixture->record.changed.text,
                        "no answer came, so it may have been set: the connection was lost");
    requests[1] = set_control(fixture, "ExposureTime=2");
    connect_with_controls(fixture);
    RECEIVE_UNTIL(fixture, fixture->sets == 1);
    assert_int_equal(fixture->set.request, requests[1]);
    script_answer(&fixture->script, requests[1], 2, 2);
    send_all(fixture);
    take_until(fixture, PITETHER_CHANGED);
    assert_answers(fixture, requests, 2);
    assert_int_equal(fixture->record.changed.status, PITETHER_CHANGED_DONE);
}

/* A second connection takes the place of one that fell silent, and sends nothing twice. */
static void the_connection_falls_silent(void **state)
{
    struct fixture *fixture = *state;
    start(fixture);
    connect_with_controls(fixture);
    uint32_t request = set_control(fixture, "ExposureTime=1");
    RECEIVE_UNTIL(fixture, fixture->sets == 1);
    int second = accept_call(fixture);
    script_greet(&fixture->script, SCRIPT_EPOCH);
    assert_int_equal(send(second, fixture->script.bytes, fixture->script.size, 0),
                     fixture->script.size);
    RECEIVE_UNTIL(fixture, fixture->closed);
    hang_up(fixture);
    fixture->script.size = 0;
    take_over_subscribed(fixture, second);
    script_stream(&fixture->script, 7);
    list_controls(fixture);
    settle(fixture);
    take_all(fixture);
    assert_int_equal(fixture->sets, 0);
    assert_answers(fixture, &request, 1);
    assert_int_equal(fixture->record.changed.status, PITETHER_CHANGED_CUT);
}

static void the_end_comes_first(void **state)
{
    struct fixture *fixture = *state;
    start(fixture);
    uint32_t requests[2] = { set_control(fixture, "ExposureTime=1"),
                             set_control(fixture, "ExposureTime=2") };
    pitether_stop(fixture->receiver);
    assert_int_equal(pitether_set(fixture->receiver, "ExposureTime=3", NULL), -ESHUTDOWN);
    take_the_rest(fixture);
    assert_answers(fixture, requests, 2);
    assert_int_equal(fixture->record.changed.status, PITETHER_CHANGED_CUT);
    assert_non_null(strstr(fixture->record.changed.text, "nothing was set"));
    assert_int_equal(pitether_set(fixture->receiver, "ExposureTime=3", NULL), -ESHUTDOWN);
}

/* Nobody takes anything, a live receiver's frames are superseded and its queue is full; each answer
 * is there in the end. */
static void a_slow_caller_gets_all_answers(void **state)
{
    struct fixture *fixture = *state;
    uint32_t requests[EVENT_QUEUE_ANSWERS];
    fixture->options.mode = PITETHER_LIVE;
    fixture->options.max_frames = 2;
    start(fixture);
    connect_with_controls(fixture);
    fixture->slow = true;
    for (unsigned i = 0; i < EVENT_QUEUE_ANSWERS; i++) {
        requests[i] = set_control(fixture, "ExposureTime=1");
        RECEIVE_UNTIL(fixture, fixture->sets == i + 1);
        script_answer(&fixture->script, requests[i], 1, 1);
        script_answer(&fixture->script, 0, 1, 1);
        script_status(&fixture->script, WIRE_STREAM_RUNNING, "");
        add_frames(fixture, i, i + 1);
        send_all(fixture);
    }
    assert_int_equal(pitether_set(fixture->receiver, "ExposureTime=1", NULL), -EBUSY);
    fixture->slow = false;
    settle(fixture);
    take_all(fixture);
    assert_answers(fixture, requests, EVENT_QUEUE_ANSWERS);
    assert_in_range(fixture->record.notices, 1, EVENT_QUEUE_ANSWERS);
    assert_int_equal(fixture->record.unordered, 0);
    set_control(fixture, "ExposureTime=1");
    RECEIVE_UNTIL(fixture, fixture->sets == EVENT_QUEUE_ANSWERS + 1);
}

/* A paused receiver connects to set something. */
static void a_pause_waits_for_answers(void **state)
{
    struct fixture *fixture = *state;
    fixture->options.mode = PITETHER_LIVE;
    start(fixture);
    connect_with_controls(fixture);
    pitether_pause(fixture->receiver, true);
    RECEIVE_UNTIL(fixture, fixture->ended);
    send_end(fixture, WIRE_END_DONE, 0, 0);
    uint32_t request = set_control(fixture, "ExposureTime=1");
    connect_with_controls(fixture);
    RECEIVE_UNTIL(fixture, fixture->sets == 1);
    assert_false(fixture->ended);
    script_answer(&fixture->script, request, 1, 1);
    send_all(fixture);
    take_until(fixture, PITETHER_CHANGED);
    assert_answers(fixture, &request, 1);
    RECEIVE_UNTIL(fixture, fixture->ended); /* it rests again */
}

static void an_answer_that_nobody_asked_for(void **state)
{
    struct fixture *fixture = *state;
    fixture->options.no_reconnect = true;
    start(fixture);
    connect_with_controls(fixture);
    script_answer(&fixture->script, 77, 1, 1);
    send_all(fixture);
    take_the_rest(fixture);
    assert_int_equal(fixture->record.answers, 0);
    assert_int_equal(fixture->record.end.reason, PITETHER_END_LOST);
    assert_non_null(strstr(fixture->record.end.text, "request 77"));
}

static void closed_with_all_of_it_waiting(void **state)
{
    struct fixture *fixture = *state;
    start(fixture);
    connect_with_controls(fixture);
    fixture->slow = true;
    uint32_t request = set_control(fixture, "ExposureTime=1");
    RECEIVE_UNTIL(fixture, fixture->sets == 1);
    script_answer(&fixture->script, request, 1, 1);
    list_controls(fixture);
    set_control(fixture, "ExposureTime=2");
}

enum { SETTERS = 4, SETS_EACH = 50 };

static void *set_often(void *user)
{
    struct fixture *fixture = user;
    for (unsigned i = 0; i < SETS_EACH;) {
        uint32_t request = 0;
        int result = pitether_set(fixture->receiver, "ExposureTime=1", &request);
        assert_true((result == 0 && request != 0) || result == -EBUSY);
        if (result == 0)
            i++;
        else
            sched_yield();
    }
    return NULL;
}

/* Each request of each thread is answered once. */
static void several_threads_set(void **state)
{
    struct fixture *fixture = *state;
    pthread_t threads[SETTERS];
    unsigned answered = 0;
    start(fixture);
    connect_with_controls(fixture);
    for (unsigned i = 0; i < SETTERS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, set_often, fixture), 0);
    while (fixture->record.answers < SETTERS * SETS_EACH) {
        struct pollfd ready[] = { { fixture->fd, POLLIN, 0 },
                                  { pitether_fd(fixture->receiver), POLLIN, 0 } };
        assert_in_range(poll(ready, 2, BOUND_MS), 1, 2);
        if (ready[0].revents)
            receive(fixture);
        for (; answered < fixture->sets; answered++) /* their numbers are 1, 2, ... */
            script_answer(&fixture->script, answered + 1, 1, 1);
        send_all(fixture);
        take_all(fixture);
    }
    for (unsigned i = 0; i < SETTERS; i++)
        pthread_join(threads[i], NULL);
    for (unsigned i = 0; i < SETTERS * SETS_EACH; i++)
        assert_int_equal(fixture->record.answered[i], i + 1);
}

static void values_as_text(void **state)
{
    (void)state;
    char text[16];
    struct pitether_control mode = { .enumerator_count = 1, .enumerators = { { 1, "Auto" } } };
    struct pitether_value modes = { PITETHER_VALUE_INT32, true, 2, .int32 = { 1, 2 } };
    struct pitether_value gains = { PITETHER_VALUE_FLOAT, true, 2, .number = { 1.25f, 1.5f } };
    struct pitether_value many = { PITETHER_VALUE_BYTE, true, UINT16_MAX, .bytes = { 1 } };
    assert_int_equal(pitether_value_format(&modes, &mode, text, sizeof(text)), 6);
    assert_string_equal(text, "Auto,2");
    assert_int_equal(pitether_value_format(&modes, NULL, text, sizeof(text)), 3);
    assert_string_equal(text, "1,2");
    assert_int_equal(pitether_value_format(&gains, &mode, text, 4), 8);
    assert_string_equal(text, "1.2");
    assert_int_equal(pitether_value_format(&gains, &mode, text, 0), 8);
    pitether_value_format(&many, NULL, text, sizeof(text)); /* no further than there is */
    assert_int_equal(strlen(text), sizeof(text) - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RECEIVER_TEST(set_and_answered),
        RECEIVER_TEST(others_are_told_of),
        RECEIVER_TEST(the_connection_is_lost),
        RECEIVER_TEST(the_connection_falls_silent),
        RECEIVER_TEST(the_end_comes_first),
        RECEIVER_TEST(a_slow_caller_gets_all_answers),
        RECEIVER_TEST(a_pause_waits_for_answers),
        RECEIVER_TEST(an_answer_that_nobody_asked_for),
        RECEIVER_TEST(closed_with_all_of_it_waiting),
        RECEIVER_TEST(several_threads_set),
        cmocka_unit_test(values_as_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
