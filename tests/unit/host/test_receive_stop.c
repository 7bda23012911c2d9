/*
 * Receivers that are stopped, or closed.
 */
#include "receiver_fixture.h"

#include <errno.h>
#include <poll.h>
#include <semaphore.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "shared/base/clock.h"
#include "shared/net/address.h"

/* What the daemon has sent still comes. */
static void stopped(void **state)
{
    static const uint64_t ids[] = { 0, 1, 2 };
    struct fixture *fixture = *state;
    start(fixture);
    connect_from(fixture, SCRIPT_EPOCH, 0);
    add_frames(fixture, 0, 2);
    settle(fixture);
    pitether_stop(fixture->receiver);
    RECEIVE_UNTIL(fixture, fixture->ended);
    assert_int_equal(fixture->receiver_end.delivered, 2);
    add_frames(fixture, 2, 3); /* the frame under way */
    send_end(fixture, WIRE_END_DONE, 3, 0);
    take_the_rest(fixture);
    assert_int_equal(fixture->record.end.reason, PITETHER_END_STOPPED);
    assert_true(fixture->record.end.connected);
    assert_int_equal(fixture->record.losses, 0);
    assert_ids(fixture, ids, 3);
}

static void stopped_while_there_is_no_daemon(void **state)
{
    struct fixture *fixture = *state;
    stop_listening(fixture);
    start(fixture);
    pitether_stop(fixture->receiver);
    take_the_rest(fixture);
    assert_int_equal(fixture->record.end.reason, PITETHER_END_STOPPED);
    assert_false(fixture->record.end.connected);
    assert_int_equal(fixture->record.connections, 0);
}

/* Somebody answers there, but has not said yet that it is a daemon. */
static void stopped_before_hello(void **state)
{
    struct fixture *fixture = *state;
    start(fixture);
    answer_call(fixture);
    pitether_stop(fixture->receiver);
    RECEIVE_UNTIL(fixture, fixture->ended);
    hang_up(fixture);
    take_the_rest(fixture);
    assert_int_equal(fixture->record.end.reason, PITETHER_END_STOPPED);
    assert_false(fixture->record.end.connected);
}

/* The daemon takes END and says nothing any more: it is waited for, but not for ever. */
static void a_daemon_that_does_not_answer(void **state)
{
    struct fixture *fixture = *state;
    start(fixture);
    connect_from(fixture, SCRIPT_EPOCH, 0);
    settle(fixture);
    uint64_t begun = clock_monotonic();
    pitether_stop(fixture->receiver);
    RECEIVE_UNTIL(fixture, fixture->ended);
    take_the_rest(fixture);
    assert_in_range(clock_monotonic() - begun, CLOCK_SECOND, 10 * CLOCK_SECOND);
    assert_int_equal(fixture->record.end.reason, PITETHER_END_STOPPED);
    assert_non_null(strstr(log_text(fixture), "the daemon's END did not come"));
}

static struct pitether *to_stop;

static void stop_by_signal(int number)
{
    (void)number;
    pitether_stop(to_stop);
}

/* Whoever presses Ctrl-C again does not want to wait; and a signal's handler may say so. */
static void stopped_twice(void **state)
{
    struct fixture *fixture = *state;
    struct sigaction action = { .sa_handler = stop_by_signal }, before;
    start(fixture);
    to_stop = fixture->receiver;
    sigaction(SIGUSR1, &action, &before);
    connect_from(fixture, SCRIPT_EPOCH, 0);
    settle(fixture);
    uint64_t begun = clock_monotonic();
    raise(SIGUSR1);
    RECEIVE_UNTIL(fixture, fixture->ended);
    raise(SIGUSR1);
    take_the_rest(fixture);
    sigaction(SIGUSR1, &before, NULL);
    assert_in_range(clock_monotonic() - begun, 0, 1500 * CLOCK_MS);
    assert_int_equal(fixture->record.end.reason, PITETHER_END_STOPPED);
}

/* Wherever the thread is, closing waits for nobody. */
static void closed_at_once(void **state)
{
    enum { NOBODY, CONNECTED, HELLO, STREAMING, STOPPING, FULL, STAGES };
    struct fixture *fixture = *state;
    for (int stage = NOBODY; stage < STAGES; stage++) {
        fixture->slow = true;
        start(fixture);
        if (stage == CONNECTED)
            take_over(fixture, accept_call(fixture));
        if (stage >= HELLO)
            answer_call(fixture);
        if (stage >= HELLO)
            script_greet(&fixture->script, SCRIPT_EPOCH);
        if (stage >= STREAMING)
            script_stream(&fixture->script, 0);
        if (stage >= STREAMING)
            add_frames(fixture, 0, stage == FULL ? 100 : 3);
        if (stage == STOPPING)
            pitether_stop(fixture->receiver);
        send_some(fixture, 50);
        uint64_t begun = clock_monotonic();
        pitether_close(&fixture->receiver);
        assert_null(fixture->receiver);
        assert_in_range(clock_monotonic() - begun, 0, CLOCK_SECOND);
        hang_up(fixture);
        fixture->script.size = 0;
    }
    pitether_close(&fixture->receiver);
    pitether_close(NULL);
}

/* The resolver, which takes its time with one name, until it may answer. */
static sem_t lookup_begun, may_answer;

int __real_address_resolve(const struct address *address, bool to_listen,
                           struct socket_address *found, const char **why);
int __wrap_address_resolve(const struct address *address, bool to_listen,
                           struct socket_address *found, const char **why);

int __wrap_address_resolve(const struct address *address, bool to_listen,
                           struct socket_address *found, const char **why)
{
    if (strcmp(address->host, "slow.invalid") != 0)
        return __real_address_resolve(address, to_listen, found, why);
    sem_post(&lookup_begun);
    sem_wait(&may_answer);
    *why = "nobody knows";
    return -ENOENT;
}

/* A look-up can't be interrupted; it is left alone. */
static void closed_while_a_name_is_looked_up(void **state)
{
    struct fixture *fixture = *state;
    sem_init(&lookup_begun, 0, 0);
    sem_init(&may_answer, 0, 0);
    strcpy(fixture->address, "slow.invalid");
    start(fixture);
    sem_wait(&lookup_begun);
    uint64_t begun = clock_monotonic();
    pitether_close(&fixture->receiver);
    assert_in_range(clock_monotonic() - begun, 0, 3 * CLOCK_SECOND);
    sem_post(&may_answer);
}

/* No signal of the program's is handled on the library's thread. */
static void signals_stay_with_the_program(void **state)
{
    struct fixture *fixture = *state;
    struct sigaction action = { .sa_handler = stop_by_signal }, before;
    sigset_t usr1, mask;
    start(fixture);
    to_stop = fixture->receiver;
    sigaction(SIGUSR1, &action, &before);
    sigemptyset(&usr1);
    sigaddset(&usr1, SIGUSR1);
    pthread_sigmask(SIG_BLOCK, &usr1, &mask);
    assert_false(sigismember(&mask, SIGUSR1)); /* opening has left it alone */
    connect_from(fixture, SCRIPT_EPOCH, 0);
    kill(getpid(), SIGUSR1); /* nobody takes it: this thread has it blocked, and so has the other */
    settle(fixture);
    assert_false(fixture->ended);
    pthread_sigmask(SIG_UNBLOCK, &usr1, NULL);
    RECEIVE_UNTIL(fixture, fixture->ended);
    sigaction(SIGUSR1, &before, NULL);
    send_end(fixture, WIRE_END_DONE, 0, 0);
    take_the_rest(fixture);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        RECEIVER_TEST(stopped),
        RECEIVER_TEST(stopped_while_there_is_no_daemon),
        RECEIVER_TEST(stopped_before_hello),
        RECEIVER_TEST(a_daemon_that_does_not_answer),
        RECEIVER_TEST(stopped_twice),
        RECEIVER_TEST(closed_at_once),
        RECEIVER_TEST(closed_while_a_name_is_looked_up),
        RECEIVER_TEST(signals_stay_with_the_program),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
