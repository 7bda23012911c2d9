/*
 * What a receiver does when its connection is lost, falls silent, or can't be made: the account of
 * ids goes on.
 */
#include "receiver_fixture.h"

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "shared/base/clock.h"

/* So long this machine was suspended. */
static atomic_ullong asleep_ns;

int __real_clock_gettime(clockid_t clock, struct timespec *time);
int __wrap_clock_gettime(clockid_t clock, struct timespec *time);

int __wrap_clock_gettime(clockid_t clock, struct timespec *time)
{
    int result = __real_clock_gettime(clock, time);
    if (clock == CLOCK_BOOTTIME)
        time->tv_sec += (time_t)(atomic_load(&asleep_ns) / CLOCK_SECOND);
    return result;
}

/* Frame 3 is cut in two, and those after it that nobody told of were missed. */
static void cut_and_connected_again(void **state)
{
    static const uint64_t ids[] = { 0, 1, 2, 7, 8 };
    struct fixture *fixture = *state;
    start(fixture);
    connect_from(fixture, SCRIPT_EPOCH, 0);
    add_frames(fixture, 0, 3);
    script_head(&fixture->script, 3);
    script_part(&fixture->script, 3, 0, 50, 100);
    settle(fixture);
    hang_up(fixture);
    connect_from(fixture, SCRIPT_EPOCH, 7);
    add_frames(fixture, 7, 9);
    send_end(fixture, WIRE_END_FINISHED, 2, 0);
    take_the_rest(fixture);
    assert_int_equal(fixture->record.end.reason, PITETHER_END_FINISHED);
    assert_ids(fixture, ids, 5);
    assert_int_equal(fixture->record.drops[PITETHER_DROP_CUT], 1);
    assert_int_equal(fixture->record.drops[PITETHER_DROP_MISSED], 3);
    assert_int_equal(fixture->record.connections, 2);
    assert_int_equal(fixture->record.losses, 1);
    assert_non_null(strstr(fixture->record.lost, "the connection was cut (the daemon closed it)"));
    assert_non_null(strstr(log_text(fixture), "3 frames were missed"));
    assert_non_null(strstr(log_text(fixture), "frame 3 arrived damaged: the connection was cut"));
}

/* What is known of the device's clock is kept over a cut; not when the daemon is another one, nor
 * when this machine was suspended meanwhile. */
static void the_clock_is_kept(void **state)
{
    static const uint64_t ids[] = { 0, 1, 2, 3, 0 };
    static const bool known[] = { true, true, false, true, false };
    struct fixture *fixture = *state;
    start(fixture);
    connect_from(fixture, SCRIPT_EPOCH, 0);
    answer_ping(fixture);
    add_frames(fixture, 0, 1);
    settle(fixture);
    hang_up(fixture);
    connect_from(fixture, SCRIPT_EPOCH, 1);
    add_frames(fixture, 1, 2);
    settle(fixture);
    atomic_store(&asleep_ns, 3600 * CLOCK_SECOND);
    add_frames(fixture, 2, 3);
    answer_ping(fixture);
    add_frames(fixture, 3, 4);
    settle(fixture);
    hang_up(fixture);
    connect_from(fixture, SCRIPT_EPOCH + 1, 0);
    add_frames(fixture, 0, 1);
    send_end(fixture, WIRE_END_FINISHED, 1, 0);
    take_the_rest(fixture);
    assert_ids(fixture, ids, 5);
    for (unsigned i = 0; i < 5; i++)
        assert_int_equal(fixture->record.clock_known[i], known[i]);
}

/* A connection that never got to STREAM takes nothing from the account, nor does another camera
 * mode; a daemon that was restarted counts anew. */
static void what_was_missed_is_told_once(void **state)
{
    struct fixture *fixture = *state;
    start(fixture);
    connect_from(fixture, SCRIPT_EPOCH, 0);
    add_frames(fixture, 0, 2);
    settle(fixture);
    hang_up(fixture);
    answer_call(fixture);
    script_greet(&fixture->script, SCRIPT_EPOCH);
    settle(fixture);
    hang_up(fixture);
    connect_from(fixture, SCRIPT_EPOCH, 5);
    script_stream(&fixture->script, 5);
    script_drops(&fixture->script, 5, 5, WIRE_DROP_NO_BUFFER);
    script_stream(&fixture->script, 10);
    settle(fixture);
    hang_up(fixture);
    connect_from(fixture, SCRIPT_EPOCH + 1, 1000);
    settle(fixture);
    hang_up(fixture);
    connect_from(fixture, SCRIPT_EPOCH + 1, 1000);
    send_end(fixture, WIRE_END_FINISHED, 0, 0);
    take_the_rest(fixture);
    assert_int_equal(fixture->record.drops[PITETHER_DROP_MISSED], 3);
    assert_int_equal(fixture->record.connections, 5);
    assert_int_equal(fixture->record.losses, 4);
}

/* Nothing is heard although the connection stands: a second one is made, over which nothing is said
 * until the daemon has spoken there. Then it takes the place of the first. */
static void a_silent_connection_is_replaced(void **state)
{
    static const uint64_t ids[] = { 0, 1, 2, 7, 8 };
    struct fixture *fixture = *state;
    start(fixture);
    connect_from(fixture, SCRIPT_EPOCH, 0);
    add_frames(fixture, 0, 3);
    script_head(&fixture->script, 3);
    settle(fixture);
    int second = accept_call(fixture);
    script_greet(&fixture->script, SCRIPT_EPOCH);
    assert_int_equal(send(second, fixture->script.bytes, fixture->script.size, 0),
                     fixture->script.size);
    RECEIVE_UNTIL(fixture, fixture->closed);
    hang_up(fixture);
    fixture->script.size = 0;
    take_over_subscribed(fixture, second);
    script_stream(&fixture->script, 7);
    add_frames(fixture, 7, 9);
    send_end(fixture, WIRE_END_FINISHED, 2, 0);
    take_the_rest(fixture);
    assert_int_equal(fixture->record.end.reason, PITETHER_END_FINISHED);
    assert_ids(fixture, ids, 5);
    assert_int_equal(fixture->record.drops[PITETHER_DROP_CUT], 1);
    assert_int_equal(fixture->record.drops[PITETHER_DROP_MISSED], 3);
    assert_int_equal(fixture->record.connections, 2);
    assert_non_null(strstr(fixture->record.lost, "going on over a new one"));
}

/* As long as the daemon has not spoken over the second connection alone, the first one stays. */
static void a_connection_that_is_heard_again_stays(void **state)
{
    static const uint64_t ids[] = { 0, 1, 2, 3 };
    struct fixture *fixture = *state;
    char byte;
    start(fixture);
    connect_from(fixture, SCRIPT_EPOCH, 0);
    add_frames(fixture, 0, 1);
    settle(fixture);
    close(accept_call(fixture)); /* that is no answer */
    int second = accept_call(fixture);
    settle(fixture); /* heard on the first one alone ... */
    assert_int_equal(recv(second, &byte, 1, 0), 0);
    close(second);
    second = accept_call(fixture);
    add_frames(fixture, 1, 4); /* ... and on both, if the second one is still there */
    send_all(fixture);
    ssize_t sent = send(second, wire_opening, WIRE_OPENING_SIZE, MSG_NOSIGNAL);
    assert_true(sent == WIRE_OPENING_SIZE || (sent < 0 && errno == EPIPE));
    assert_true(recv(second, &byte, 1, 0) <= 0);
    close(second);
    send_end(fixture, WIRE_END_FINISHED, 4, 0);
    take_the_rest(fixture);
    assert_ids(fixture, ids, 4);
    assert_int_equal(fixture->record.drops[PITETHER_DROP_MISSED], 0);
    assert_int_equal(fixture->record.connections, 1);
}

/* Without reconnecting, one connection is all. */
static void a_silent_connection_is_kept(void **state)
{
    struct fixture *fixture = *state;
    fixture->options.no_reconnect = true;
    start(fixture);
    connect_from(fixture, SCRIPT_EPOCH, 0);
    settle(fixture);
    struct pollfd second = { .fd = fixture->listener, .events = POLLIN };
    assert_int_equal(poll(&second, 1, 4000), 0);
    send_end(fixture, WIRE_END_FINISHED, 0, 0);
    take_the_rest(fixture);
    assert_int_equal(fixture->record.end.reason, PITETHER_END_FINISHED);
}

static void the_daemon_is_restarted(void **state)
{
    static const uint64_t ids[] = { 0, 1, 0 };
    struct fixture *fixture = *state;
    start(fixture);
    connect_from(fixture, SCRIPT_EPOCH, 0);
    add_frames(fixture, 0, 2);
    send_end(fixture, WIRE_END_SHUTDOWN, 2, 0);
    connect_from(fixture, SCRIPT_EPOCH + 1, 0);
    add_frames(fixture, 0, 1);
    send_end(fixture, WIRE_END_FINISHED, 1, 0);
    take_the_rest(fixture);
    assert_ids(fixture, ids, 3);
    assert_int_equal(fixture->record.drops[PITETHER_DROP_MISSED], 0);
    assert_string_equal(fixture->record.lost, "the daemon was stopped; waiting for its return");
}

/* A daemon that begins anew under the same epoch, with ids that were there before, is not
 * believed: no frame is taken twice. Once it goes on where it was, so does the receiver. */
static void a_daemon_that_goes_back(void **state)
{
    static const uint64_t ids[] = { 0, 1, 2, 3, 5 };
    struct fixture *fixture = *state;
    start(fixture);
    connect_from(fixture, SCRIPT_EPOCH, 0);
    add_frames(fixture, 0, 4);
    settle(fixture);
    hang_up(fixture);
    for (uint64_t first = 0; first < 4; first += 3) {
        connect_from(fixture, SCRIPT_EPOCH, first);
        add_frames(fixture, first, 4);
        send_all(fixture);
        RECEIVE_UNTIL(fixture, fixture->closed);
        assert_true(fixture->failed);
        assert_int_equal(fixture->receiver_error.code, WIRE_ERROR_PROTOCOL);
        hang_up(fixture);
        fixture->script.size = 0;
    }
    connect_from(fixture, SCRIPT_EPOCH, 5);
    add_frames(fixture, 5, 6);
    send_end(fixture, WIRE_END_FINISHED, 1, 0);
    take_the_rest(fixture);
    assert_ids(fixture, ids, 5);
    assert_int_equal(fixture->record.drops[PITETHER_DROP_MISSED], 1);
    assert_non_null(strstr(log_text(fixture), "frames from 0 on, though this epoch was at 4"));
    assert_non_null(strstr(log_text(fixture), "frames from 3 on, though this epoch was at 4"));
}

/* It may do so for ever: that does not fill the log. */
static void a_daemon_that_hangs_up_again_and_again(void **state)
{
    enum { TIMES = 25, AT_MOST = 20 }; /* as log.h has it */
    struct fixture *fixture = *state;
    uint64_t begun = clock_monotonic();
    start(fixture);
    for (uint64_t i = 0; i < TIMES; i++) {
        connect_from(fixture, SCRIPT_EPOCH, 10 * i);
        script_drops(&fixture->script, 10 * i, 5, WIRE_DROP_NO_BUFFER);
        settle(fixture);
        hang_up(fixture);
    }
    connect_from(fixture, SCRIPT_EPOCH, 10 * TIMES);
    settle(fixture);
    bool at_once = clock_monotonic() - begun < 10 * CLOCK_SECOND;
    send_end(fixture, WIRE_END_FINISHED, 0, 0);
    take_the_rest(fixture);
    assert_int_equal(fixture->record.drops[PITETHER_DROP_MISSED], 5 * TIMES);
    assert_int_equal(fixture->record.losses, TIMES);
    if (at_once) {
        assert_int_equal(count_text(log_text(fixture), "the connection was cut"), AT_MOST);
        assert_in_range(count_text(log_text(fixture), "were missed"), 1, AT_MOST);
    }
}

/* It may do so while nobody takes the events: those are bounded, so it waits. */
static void nobody_takes_what_came(void **state)
{
    enum { TIMES = 100 };
    struct fixture *fixture = *state;
    unsigned calls = 0;
    fixture->slow = true;
    start(fixture);
    for (struct pollfd call = { .fd = fixture->listener, .events = POLLIN };
         calls < TIMES && poll(&call, 1, 1500) > 0; calls++) {
        int fd = accept_call(fixture);
        script_greet(&fixture->script, SCRIPT_EPOCH);
        script_stream(&fixture->script, 10 * calls);
        send(fd, fixture->script.bytes, fixture->script.size, MSG_NOSIGNAL);
        fixture->script.size = 0;
        close(fd);
    }
    assert_in_range(calls, 5, TIMES - 1);
    fixture->slow = false;
    connect_from(fixture, SCRIPT_EPOCH, 10 * TIMES);
    send_end(fixture, WIRE_END_FINISHED, 0, 0);
    take_the_rest(fixture);
    assert_int_equal(fixture->record.end.reason, PITETHER_END_FINISHED);
}

/* Errors of the moment, and broken rules: another connection is worth a try. */
static void after_errors_of_the_moment(void **state)
{
    struct fixture *fixture = *state;
    start(fixture);
    answer_call(fixture);
    script_greet(&fixture->script, SCRIPT_EPOCH);
    script_error(&fixture->script, WIRE_ERROR_TOO_MANY_CLIENTS, "8 clients");
    send_all(fixture);
    RECEIVE_UNTIL(fixture, fixture->closed);
    hang_up(fixture);
    connect_from(fixture, SCRIPT_EPOCH, 0);
    add_frames(fixture, 1, 2);
    send_all(fixture);
    RECEIVE_UNTIL(fixture, fixture->closed);
    assert_true(fixture->failed);
    hang_up(fixture);
    connect_from(fixture, SCRIPT_EPOCH, 0);
    send_end(fixture, WIRE_END_FINISHED, 0, 0);
    take_the_rest(fixture);
    assert_int_equal(fixture->record.end.reason, PITETHER_END_FINISHED);
}

/* It waits for a daemon that is not there yet, and says so once. */
static void the_daemon_comes_later(void **state)
{
    struct fixture *fixture = *state;
    stop_listening(fixture);
    start(fixture);
    take_until(fixture, PITETHER_LOST);
    assert_memory_equal(fixture->record.lost, "can't connect to unix:/", 23);
    poll(NULL, 0, 500); /* for some more attempts */
    listen_here(fixture);
    connect_from(fixture, SCRIPT_EPOCH, 0);
    settle(fixture);
    send_end(fixture, WIRE_END_FINISHED, 0, 0);
    take_the_rest(fixture);
    assert_int_equal(fixture->record.end.reason, PITETHER_END_FINISHED);
    assert_int_equal(fixture->record.losses, 1);
    assert_int_equal(count_text(log_text(fixture), "trying again until it works"), 1);
}

/* A daemon at whose frames nobody looks is left, and connected to again. */
static void frames_that_nobody_looks_at(void **state)
{
    struct fixture *fixture = *state;
    fixture->options.mode = PITETHER_LIVE;
    start(fixture);
    connect_from(fixture, SCRIPT_EPOCH, 0);
    add_frames(fixture, 0, 2);
    settle(fixture);
    pitether_pause(fixture->receiver, true);
    pitether_pause(fixture->receiver, false); /* soon enough */
    settle(fixture);
    assert_false(fixture->ended);
    pitether_pause(fixture->receiver, true);
    RECEIVE_UNTIL(fixture, fixture->ended);
    assert_int_equal(fixture->receiver_end.captured, 2);
    send_end(fixture, WIRE_END_DONE, 2, 0);
    struct pollfd call = { .fd = fixture->listener, .events = POLLIN };
    assert_int_equal(poll(&call, 1, 1000), 0); /* it rests */
    pitether_pause(fixture->receiver, false);
    connect_from(fixture, SCRIPT_EPOCH, 5);
    settle(fixture);
    send_end(fixture, WIRE_END_FINISHED, 0, 0);
    take_the_rest(fixture);
    assert_int_equal(fixture->record.end.reason, PITETHER_END_FINISHED);
    assert_int_equal(fixture->record.drops[PITETHER_DROP_MISSED], 3);
    assert_null(strstr(log_text(fixture), "warning"));
}

/* Of a lossless stream all frames are wanted, whoever looks. */
static void a_pause_of_a_lossless_receiver(void **state)
{
    struct fixture *fixture = *state;
    start(fixture);
    connect_from(fixture, SCRIPT_EPOCH, 0);
    pitether_pause(fixture->receiver, true);
    settle(fixture);
    struct pollfd message = { .fd = fixture->fd, .events = POLLIN };
    uint64_t until = clock_monotonic() + 2500 * CLOCK_MS;
    for (int left; (left = clock_left_ms(until)) > 0;)
        if (poll(&message, 1, left) > 0)
            receive(fixture);
    assert_false(fixture->ended);
    send_end(fixture, WIRE_END_FINISHED, 0, 0);
    take_the_rest(fixture);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        RECEIVER_TEST(cut_and_connected_again),
        RECEIVER_TEST(the_clock_is_kept),
        RECEIVER_TEST(what_was_missed_is_told_once),
        RECEIVER_TEST(a_silent_connection_is_replaced),
        RECEIVER_TEST(a_connection_that_is_heard_again_stays),
        RECEIVER_TEST(a_silent_connection_is_kept),
        RECEIVER_TEST(the_daemon_is_restarted),
        RECEIVER_TEST(a_daemon_that_goes_back),
        RECEIVER_TEST(a_daemon_that_hangs_up_again_and_again),
        RECEIVER_TEST(nobody_takes_what_came),
        RECEIVER_TEST(after_errors_of_the_moment),
        RECEIVER_TEST(the_daemon_comes_later),
        RECEIVER_TEST(frames_that_nobody_looks_at),
        RECEIVER_TEST(a_pause_of_a_lossless_receiver),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
