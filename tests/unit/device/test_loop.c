#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cmocka.h>

#include "device/serve/loop.h"

enum { WATCHES = 8, ROUNDS_MAX = 4 };

/* Some event counters in one loop; each does what the test says once it is ready. */
struct fixture {
    struct loop loop;
    struct watched {
        struct watch watch;
        struct fixture *fixture;
        unsigned calls;
        uint32_t events;
        void (*then)(struct fixture *fixture, struct watched *self);
    } watched[WATCHES];
    unsigned rounds, rounds_wanted;
    unsigned betweens, calls_before[WATCHES * ROUNDS_MAX]; /* between(): after how many calls */
};

static unsigned calls(const struct fixture *fixture)
{
    unsigned sum = 0;
    for (int i = 0; i < WATCHES; i++)
        sum += fixture->watched[i].calls;
    return sum;
}

static void ready(void *user, uint32_t events)
{
    struct watched *self = user;
    self->calls++;
    self->events = events;
    if (self->then)
        self->then(self->fixture, self);
}

static void after(void *user)
{
    struct fixture *fixture = user;
    if (++fixture->rounds >= fixture->rounds_wanted)
        loop_stop(&fixture->loop);
}

static void between(void *user)
{
    struct fixture *fixture = user;
    fixture->calls_before[fixture->betweens++] = calls(fixture);
}

static int setup(void **state)
{
    static struct fixture fixture;
    fixture = (struct fixture){ .rounds_wanted = 1 };
    *state = &fixture;
    int error = loop_init(&fixture.loop);
    for (int i = 0; i < WATCHES && !error; i++) {
        struct watched *watched = &fixture.watched[i];
        watched->fixture = &fixture;
        watched->watch =
            (struct watch){ eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), EPOLLIN, ready, watched };
        error = loop_add(&fixture.loop, &watched->watch);
    }
    return error;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;
    for (int i = 0; i < WATCHES; i++)
        close(fixture->watched[i].watch.fd);
    loop_destroy(&fixture->loop);
    return 0;
}

static void ring(struct watched *watched)
{
    uint64_t one = 1;
    assert_int_equal(write(watched->watch.fd, &one, sizeof(one)), sizeof(one));
}

static void ring_all(struct fixture *fixture)
{
    for (int i = 0; i < WATCHES; i++)
        ring(&fixture->watched[i]);
}

static void run(struct fixture *fixture)
{
    assert_int_equal(loop_run(&fixture->loop, between, after, fixture), 0);
}

static void those_who_are_ready_are_called(void **state)
{
    struct fixture *fixture = *state;
    ring(&fixture->watched[2]);
    ring(&fixture->watched[5]);
    run(fixture);
    assert_int_equal(calls(fixture), 2);
    assert_int_equal(fixture->watched[2].calls, 1);
    assert_int_equal(fixture->watched[2].events, EPOLLIN);
    assert_int_equal(fixture->watched[5].calls, 1);
    assert_int_equal(fixture->rounds, 1);
}

static void remove_others(struct fixture *fixture, struct watched *self)
{
    for (int i = 0; i < WATCHES; i++)
        if (&fixture->watched[i] != self)
            loop_remove(&fixture->loop, &fixture->watched[i].watch);
}

static void removed_ones_are_not_called(void **state)
{
    struct fixture *fixture = *state;
    for (int i = 0; i < WATCHES; i++)
        fixture->watched[i].then = remove_others;
    ring_all(fixture);
    fixture->rounds_wanted = 3; /* the one that is left stays ready */
    run(fixture);
    assert_int_equal(calls(fixture), 3);
    for (int i = 0; i < WATCHES; i++)
        assert_true(fixture->watched[i].calls == 0 || fixture->watched[i].calls == 3);
}

static void remove_self(struct fixture *fixture, struct watched *self)
{
    loop_remove(&fixture->loop, &self->watch);
}

static void one_may_remove_itself(void **state)
{
    struct fixture *fixture = *state;
    for (int i = 0; i < WATCHES; i++)
        if (i != 3)
            fixture->watched[i].then = remove_self;
    ring_all(fixture);
    fixture->rounds_wanted = 4;
    run(fixture);
    assert_int_equal(calls(fixture), WATCHES - 1 + 4);
    assert_int_equal(fixture->watched[3].calls, 4);
    /* What is not waited for wakes nobody. */
    struct pollfd fd = { .fd = fixture->loop.fd, .events = POLLIN };
    assert_int_equal(poll(&fd, 1, 0), 1);
    loop_remove(&fixture->loop, &fixture->watched[3].watch);
    assert_int_equal(poll(&fd, 1, 0), 0);
}

static void ask_for_output(struct fixture *fixture, struct watched *self)
{
    loop_change(&fixture->loop, &self->watch, EPOLLOUT);
}

static void other_events_can_be_waited_for(void **state)
{
    struct fixture *fixture = *state;
    fixture->watched[1].then = ask_for_output;
    ring(&fixture->watched[1]);
    run(fixture);
    assert_int_equal(fixture->watched[1].events, EPOLLIN);
    fixture->rounds = 0;
    fixture->loop.stopping = false;
    run(fixture);
    assert_int_equal(fixture->watched[1].calls, 2);
    assert_int_equal(fixture->watched[1].events, EPOLLOUT);
    assert_int_equal(fixture->watched[1].watch.events, EPOLLOUT);
}

static void stop(struct fixture *fixture, struct watched *self)
{
    (void)self;
    fixture->rounds_wanted = UINT32_MAX;
    loop_stop(&fixture->loop);
}

/* The round is ended first: those who are ready have a right to it, and so has after(). */
static void stopping_ends_the_round(void **state)
{
    struct fixture *fixture = *state;
    for (int i = 0; i < WATCHES; i++)
        fixture->watched[i].then = stop;
    ring_all(fixture);
    run(fixture);
    assert_int_equal(calls(fixture), WATCHES);
    assert_int_equal(fixture->rounds, 1);
}

/* Between any two calls, and neither before the first nor after the last of a round. */
static void something_goes_between(void **state)
{
    struct fixture *fixture = *state;
    ring_all(fixture);
    fixture->rounds_wanted = 2;
    run(fixture);
    assert_int_equal(fixture->betweens, 2 * (WATCHES - 1));
    for (unsigned i = 0; i < fixture->betweens; i++)
        assert_int_equal(fixture->calls_before[i], 1 + i + i / (WATCHES - 1));
}

/* One at a time, and nobody again before all others: also if some come later. */
static void turns_go_round(void **state)
{
    struct fixture *fixture = *state;
    for (int i = 0; i < WATCHES - 1; i++)
        ring(&fixture->watched[i]);
    loop_turn(&fixture->loop);
    assert_int_equal(calls(fixture), 1);
    ring(&fixture->watched[WATCHES - 1]);
    for (unsigned i = 1; i < 3 * WATCHES; i++)
        loop_turn(&fixture->loop);
    assert_int_equal(calls(fixture), 3 * WATCHES);
    for (int i = 0; i < WATCHES; i++)
        assert_in_range(fixture->watched[i].calls, 2, 4);
    assert_int_equal(fixture->rounds, 0);
}

static void no_turn_for_nobody(void **state)
{
    struct fixture *fixture = *state;
    loop_turn(&fixture->loop); /* never blocks */
    assert_int_equal(calls(fixture), 0);
}

static void bad_descriptors_are_refused(void **state)
{
    struct fixture *fixture = *state;
    struct watch closed = { .fd = -1, .events = EPOLLIN };
    assert_int_equal(loop_add(&fixture->loop, &closed), -EBADF);
    assert_int_equal(loop_add(&fixture->loop, &fixture->watched[0].watch), -EEXIST);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(those_who_are_ready_are_called),
        TEST(removed_ones_are_not_called),
        TEST(one_may_remove_itself),
        TEST(other_events_can_be_waited_for),
        TEST(stopping_ends_the_round),
        TEST(something_goes_between),
        TEST(turns_go_round),
        TEST(no_turn_for_nobody),
        TEST(bad_descriptors_are_refused),
    };
    return cmocka_run_group_tests_name("loop", tests, NULL, NULL);
}
