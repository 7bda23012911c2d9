/*
 * Receivers that end by themselves: for want of a connection, a key or frames, or in time.
 */
#include "receiver_fixture.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "shared/base/clock.h"

/* No connection. */

static void without_reconnecting(void **state)
{
    struct fixture *fixture = *state;
    fixture->options.no_reconnect = true;
    for (int i = 0; i < 3; i++) {
        start(fixture);
        connect_from(fixture, SCRIPT_EPOCH, 0);
        settle(fixture);
        if (i == 0) {
            hang_up(fixture);
        } else if (i == 1) {
            send_end(fixture, WIRE_END_SHUTDOWN, 0, 0);
        } else {
            script_error(&fixture->script, WIRE_ERROR_TOO_MANY_CLIENTS, "slow");
            send_all(fixture);
        }
        take_the_rest(fixture);
        assert_int_equal(fixture->record.end.reason, PITETHER_END_LOST);
        assert_int_equal(fixture->record.losses, 1);
        assert_string_equal(fixture->record.lost, fixture->record.end.text);
        pitether_close(&fixture->receiver);
        hang_up(fixture);
    }
    stop_listening(fixture);
    start(fixture); /* and nobody is there at all */
    take_the_rest(fixture);
    assert_int_equal(fixture->record.end.reason, PITETHER_END_LOST);
    assert_int_equal(fixture->record.end.error, -ENOENT);
    assert_non_null(strstr(fixture->record.end.text, "is pitetherd running there?"));
}

static void errors_that_last(void **state)
{
    struct fixture *fixture = *state;
    start(fixture);
    answer_call(fixture);
    script_greet(&fixture->script, SCRIPT_EPOCH);
    script_error(&fixture->script, WIRE_ERROR_NOT_ALLOWED, "not you");
    send_all(fixture);
    take_the_rest(fixture);
    assert_int_equal(fixture->record.end.reason, PITETHER_END_LOST);
    assert_string_equal(fixture->record.end.text, "the daemon reports: not you (NOT_ALLOWED)");
    assert_null(strstr(log_text(fixture), "again"));
}

/* It wants a key, and there is none for it. */
static void a_key_is_needed(void **state)
{
    struct fixture *fixture = *state;
    start(fixture);
    answer_call(fixture);
    script_add(&fixture->script, wire_opening, WIRE_OPENING_SIZE);
    script_error(&fixture->script, WIRE_ERROR_TLS_REQUIRED, "a key is needed");
    send_all(fixture);
    take_the_rest(fixture);
    assert_int_equal(fixture->record.end.reason, PITETHER_END_LOST);
    assert_int_equal(fixture->record.end.error, -EACCES);
}

/* What answers is no daemon: it is told so, and left alone. */
static void a_web_server(void **state)
{
    static const char answer[] = "HTTP/1.1 400 Bad Request\r\n\r\n";
    struct fixture *fixture = *state;
    start(fixture);
    answer_call(fixture);
    script_add(&fixture->script, answer, sizeof(answer) - 1);
    send_all(fixture);
    RECEIVE_UNTIL(fixture, fixture->closed);
    take_the_rest(fixture);
    assert_int_equal(fixture->record.end.reason, PITETHER_END_LOST);
    assert_true(fixture->failed);
    assert_int_equal(fixture->receiver_error.code, WIRE_ERROR_PROTOCOL);
    assert_non_null(strstr(fixture->record.end.text, "not a pitetherd"));
}

/* The duration. */

/* The time begins with the first frame, neither before nor with any later one. */
static void so_long(void **state)
{
    struct fixture *fixture = *state;
    uint64_t id = 0;
    fixture->options.duration_s = 0.05;
    start(fixture);
    connect_from(fixture, SCRIPT_EPOCH, 0);
    settle(fixture);
    uint64_t begun = clock_monotonic();
    assert_false(fixture->ended);
    while (!fixture->ended) {
        assert_true(clock_monotonic() - begun < BOUND_MS * CLOCK_MS);
        script_frame(&fixture->script, id++, 100, 1);
        script_ping(&fixture->script, 1);
        send_all(fixture);
        RECEIVE_UNTIL(fixture, fixture->ended || fixture->pongs > id); /* one was before */
    }
    assert_true(clock_monotonic() - begun >= 50 * CLOCK_MS);
    send_end(fixture, WIRE_END_DONE, id, 0);
    take_the_rest(fixture);
    assert_int_equal(fixture->record.end.reason, PITETHER_END_DURATION);
    assert_true(fixture->record.end.connected);
    assert_in_range(fixture->record.count, 1, id);
    assert_int_equal(fixture->record.count + fixture->record.drops[PITETHER_DROP_AFTER_END], id);
}

/* What was taken before the duration was over comes, though it arrives later; and of what the
 * daemon could not send by then, what is not just about to come is overdue. */
static void what_was_taken_in_time(void **state)
{
    static const uint64_t ids[] = { 0, 1, 2 };
    struct fixture *fixture = *state;
    fixture->options.duration_s = 0.4;
    start(fixture);
    connect_from(fixture, SCRIPT_EPOCH, 0);
    /* The device's clock was 0 a moment ago: all frames were taken about then. */
    answer_ping(fixture);
    add_frames(fixture, 0, 1);
    send_all(fixture);
    RECEIVE_UNTIL(fixture, fixture->ended);
    add_frames(fixture, 1, 3);
    script_drops(&fixture->script, 3, 10, WIRE_DROP_UNSENT);
    send_end(fixture, WIRE_END_DONE, 3, 10);
    take_the_rest(fixture);
    assert_int_equal(fixture->record.end.reason, PITETHER_END_DURATION);
    assert_ids(fixture, ids, 3);
    assert_int_equal(fixture->record.drops[PITETHER_DROP_UNSENT], 10);
    assert_int_equal(fixture->record.overdue, 4); /* 150 ms at 30 frames/s */
}

/* And what was taken later does not, by the device's clock. */
static void what_was_taken_too_late(void **state)
{
    static const uint64_t ids[] = { 0, 50 };
    struct fixture *fixture = *state;
    fixture->options.duration_s = 0.0001; /* 100 ids: frame n is taken at n us */
    start(fixture);
    connect_from(fixture, SCRIPT_EPOCH, 0);
    answer_ping(fixture);
    script_frame(&fixture->script, 0, 100, 1);
    send_all(fixture);
    RECEIVE_UNTIL(fixture, fixture->ended);
    script_drops(&fixture->script, 1, 49, WIRE_DROP_NO_BUFFER);
    script_frame(&fixture->script, 50, 100, 1);
    script_drops(&fixture->script, 51, 99, WIRE_DROP_NO_BUFFER);
    script_frame(&fixture->script, 150, 100, 1);
    send_end(fixture, WIRE_END_DONE, 3, 148);
    take_the_rest(fixture);
    assert_ids(fixture, ids, 2);
    assert_int_equal(fixture->record.drops[PITETHER_DROP_AFTER_END], 1);
}

/* What was asked for was not brought to its end. */
static void no_connection_at_the_end_of_the_duration(void **state)
{
    struct fixture *fixture = *state;
    fixture->options.duration_s = 0.3;
    start(fixture);
    connect_from(fixture, SCRIPT_EPOCH, 0);
    add_frames(fixture, 0, 1);
    settle(fixture);
    stop_listening(fixture);
    hang_up(fixture);
    take_the_rest(fixture);
    assert_int_equal(fixture->record.end.reason, PITETHER_END_LOST);
    assert_false(fixture->record.end.connected);
    assert_non_null(strstr(fixture->record.end.text, "when the duration was over"));
}

/* The timeout. */

static void no_frame_without_a_daemon(void **state)
{
    struct fixture *fixture = *state;
    stop_listening(fixture);
    fixture->options.timeout_s = 0.05;
    uint64_t begun = clock_monotonic();
    start(fixture);
    take_the_rest(fixture);
    assert_true(clock_monotonic() - begun >= 50 * CLOCK_MS);
    assert_int_equal(fixture->record.end.reason, PITETHER_END_TIMEOUT);
    assert_false(fixture->record.end.connected);
    assert_memory_equal(fixture->record.end.text,
                        "no frame came for 0.05 s: connecting to unix:", 45);
}

/* The daemon is there and has no camera: what it says is told again, and it gets its END. */
static void no_frame_from_the_camera(void **state)
{
    struct fixture *fixture = *state;
    fixture->options.timeout_s = 2;
    start(fixture);
    answer_call(fixture);
    script_greet(&fixture->script, SCRIPT_EPOCH);
    script_status(&fixture->script, WIRE_STREAM_LOST, "unplugged");
    send_all(fixture);
    RECEIVE_UNTIL(fixture, fixture->ended);
    send_end(fixture, WIRE_END_DONE, 0, 0);
    take_the_rest(fixture);
    assert_int_equal(fixture->record.end.reason, PITETHER_END_TIMEOUT);
    assert_true(fixture->record.end.connected);
    assert_string_equal(fixture->record.end.text, "no frame came for 2 s: no camera: unplugged");
    assert_int_equal(count_text(log_text(fixture), "error: no frame came for 2 s"), 1);
}

/* The next connection; -1: there is none, since the receiver has ended. */
static int accept_until_the_end(struct fixture *fixture)
{
    struct pollfd call = { .fd = fixture->listener, .events = POLLIN };
    uint64_t begun = clock_monotonic();
    while (poll(&call, 1, 10) == 0) {
        assert_true(clock_monotonic() - begun < BOUND_MS * CLOCK_MS);
        take_all(fixture);
        if (fixture->record.ended)
            return -1;
    }
    return accept4(fixture->listener, NULL, NULL, SOCK_CLOEXEC);
}

/* A damaged frame is none, and neither is a connection: that they come again and again does not
 * help. */
static void no_frame_for_so_long(void **state)
{
    static const uint64_t ids[] = { 0, 1 };
    struct fixture *fixture = *state;
    unsigned calls = 0;
    fixture->options.timeout_s = 2;
    start(fixture);
    connect_from(fixture, SCRIPT_EPOCH, 0);
    uint64_t begun = clock_monotonic();
    add_frames(fixture, 0, 2);
    settle(fixture);
    hang_up(fixture);
    for (int fd; (fd = accept_until_the_end(fixture)) >= 0; calls++) {
        script_greet(&fixture->script, SCRIPT_EPOCH);
        script_stream(&fixture->script, 2 + calls);
        script_head(&fixture->script, 2 + calls);
        script_part(&fixture->script, 2 + calls, 0, 50, 60);
        script_tail(&fixture->script, 2 + calls, 60);
        send(fd, fixture->script.bytes, fixture->script.size, MSG_NOSIGNAL);
        fixture->script.size = 0;
        close(fd);
    }
    assert_true(clock_monotonic() - begun >= 2 * CLOCK_SECOND);
    assert_true(calls > 0);
    assert_int_equal(fixture->record.end.reason, PITETHER_END_TIMEOUT);
    assert_ids(fixture, ids, 2);
}

/* While the caller takes nothing, nothing can come: that is no fault of the daemon's. */
static void a_slow_caller_is_no_timeout(void **state)
{
    struct fixture *fixture = *state;
    fixture->options.timeout_s = 0.3;
    fixture->options.max_frames = 2;
    fixture->slow = true;
    start(fixture);
    connect_from(fixture, SCRIPT_EPOCH, 0);
    add_frames(fixture, 0, 4);
    send_all(fixture);
    RECEIVE_UNTIL(fixture, fixture->acks == 2);
    poll(NULL, 0, 800);
    receive(fixture);
    assert_false(fixture->ended);
    fixture->slow = false;
    take_until(fixture, PITETHER_FRAME);
    take_until(fixture, PITETHER_FRAME);
    take_until(fixture, PITETHER_FRAME);
    take_until(fixture, PITETHER_FRAME);
    take_until(fixture, PITETHER_END); /* the timeout, now that nothing comes */
    assert_int_equal(fixture->record.end.reason, PITETHER_END_TIMEOUT);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        RECEIVER_TEST(without_reconnecting),
        RECEIVER_TEST(errors_that_last),
        RECEIVER_TEST(a_key_is_needed),
        RECEIVER_TEST(a_web_server),
        RECEIVER_TEST(so_long),
        RECEIVER_TEST(what_was_taken_in_time),
        RECEIVER_TEST(what_was_taken_too_late),
        RECEIVER_TEST(no_connection_at_the_end_of_the_duration),
        RECEIVER_TEST(no_frame_without_a_daemon),
        RECEIVER_TEST(no_frame_from_the_camera),
        RECEIVER_TEST(no_frame_for_so_long),
        RECEIVER_TEST(a_slow_caller_is_no_timeout),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
