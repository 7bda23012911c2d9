/*
 * How long the end may take, with signals that the test sends to itself.
 */
#include "host/base/grace.h"

#include "host_support.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "shared/base/signals.h"

static bool poll_fails;

int __real_poll(struct pollfd *fds, nfds_t count, int timeout_ms);
int __wrap_poll(struct pollfd *fds, nfds_t count, int timeout_ms);

int __wrap_poll(struct pollfd *fds, nfds_t count, int timeout_ms)
{
    if (!poll_fails)
        return __real_poll(fds, count, timeout_ms);
    errno = ENOMEM;
    return -1;
}

struct fixture {
    struct grace grace;
    int fd;
};

static struct fixture fixture;

static int setup(void **state)
{
    *state = &fixture;
    signals_block(true);
    fixture.fd = eventfd(0, EFD_CLOEXEC);
    assert_true(fixture.fd >= 0);
    grace_begin(&fixture.grace, 0);
    stderr_capture();
    return 0;
}

static int teardown(void **state)
{
    struct fixture *self = *state;
    stderr_release();
    grace_end(&self->grace);
    close(self->fd);
    return 0;
}

static bool is_blocked(int number)
{
    sigset_t blocked;
    pthread_sigmask(SIG_BLOCK, NULL, &blocked);
    return sigismember(&blocked, number);
}

static bool waits(struct fixture *self, bool past_grace)
{
    return grace_wait(&self->grace, self->fd, "thing", past_grace);
}

static void *end_it(void *user)
{
    struct fixture *self = user;
    while (!strstr(stderr_text(), "thing"))
        sched_yield();
    eventfd_write(self->fd, 1);
    return NULL;
}

static void who_is_ready_is_not_waited_for(void **state)
{
    struct fixture *self = *state;
    eventfd_write(self->fd, 1);
    self->grace.signals = 2;
    assert_true(waits(self, false));
    assert_true(waits(self, true));
    assert_true(is_blocked(SIGINT));
    assert_string_equal(stderr_text(), "");
}

/* As long as it takes; that it takes long is told. */
static void nobody_asks(void **state)
{
    struct fixture *self = *state;
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, end_it, self), 0);
    assert_true(waits(self, false));
    pthread_join(thread, NULL);
    assert_int_equal(count_text(stderr_text(), "\n"), 1);
    assert_non_null(strstr(stderr_text(), "thing: still writing what is left; Ctrl-C ends it"));
}

/* Whichever signal it is; it has been obeyed, so it does no more. */
static void one_signal(void **state)
{
    static const int numbers[] = { SIGINT, SIGTERM, SIGHUP };
    struct fixture *self = *state;
    for (int i = 0; i < 3; i++) {
        grace_end(&self->grace);
        signals_block(true);
        grace_begin(&self->grace, 0);
        assert_int_equal(kill(getpid(), numbers[i]), 0);
        uint64_t begun = clock_monotonic();
        assert_false(waits(self, false));
        assert_true(clock_monotonic() - begun >= GRACE_NS);
        assert_int_equal(self->grace.signals, 1);
        assert_false(is_blocked(numbers[i])); /* the next one ends the program */
    }
    assert_string_equal(stderr_text(), "");
}

/* The grace period is one for all who are waited for. */
static void asked_before(void **state)
{
    struct fixture *self = *state;
    self->grace = grace_of(20 * CLOCK_MS);
    uint64_t deadline = self->grace.deadline_ns;
    assert_false(waits(self, false));
    assert_true(clock_monotonic() >= deadline);
    assert_false(waits(self, false));
    eventfd_write(self->fd, 1);
    assert_true(waits(self, false));
}

static void only_the_second_signal_ends_patience(void **state)
{
    struct fixture *self = *state;
    pthread_t thread;
    grace_end(&self->grace);
    signals_block(true);
    grace_begin(&self->grace, 1);
    self->grace.deadline_ns = clock_monotonic();
    assert_int_equal(pthread_create(&thread, NULL, end_it, self), 0);
    assert_true(waits(self, true));
    pthread_join(thread, NULL);
    assert_non_null(strstr(stderr_text(), "still writing what is left; a second Ctrl-C ends it"));
    eventfd_t count;
    assert_int_equal(eventfd_read(self->fd, &count), 0);
    assert_int_equal(kill(getpid(), SIGINT), 0);
    assert_false(waits(self, true));
    assert_false(is_blocked(SIGINT));
}

/* A signal that comes at the very end finds nothing left to give up, and ends nothing. */
static void a_late_signal(void **state)
{
    struct fixture *self = *state;
    assert_int_equal(kill(getpid(), SIGTERM), 0);
    grace_end(&self->grace);
    assert_false(is_blocked(SIGTERM));
    grace_begin(&self->grace, 0);
}

/* Nobody turns in circles for want of memory, and a signal still ends the program. */
static void waiting_fails(void **state)
{
    struct fixture *self = *state;
    poll_fails = true;
    assert_true(waits(self, false));
    self->grace.signals = 1;
    assert_false(waits(self, false));
    assert_true(waits(self, true));
    poll_fails = false;
    assert_false(is_blocked(SIGINT));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(who_is_ready_is_not_waited_for),
        TEST(nobody_asks),
        TEST(one_signal),
        TEST(asked_before),
        TEST(only_the_second_signal_ends_patience),
        TEST(a_late_signal),
        TEST(waiting_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
