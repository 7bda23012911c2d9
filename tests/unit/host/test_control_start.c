/*
 * What is set at the start beside sinks: one request after the other, each until it is answered,
 * whatever becomes of the connection, the camera and the daemon.
 */
#include "view_fixture.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/controls/start.h"
#include "shared/base/log.h"

/* The receiver, which the tests are. */
static struct {
    unsigned sets;
    char last[32];
    uint32_t request;
    int result; /* what pitether_set() returns */
} receiver;

int __wrap_pitether_set(struct pitether *handle, const char *assignments, uint32_t *request);

int __wrap_pitether_set(struct pitether *handle, const char *assignments, uint32_t *request)
{
    assert_ptr_equal(handle, &receiver);
    receiver.sets++;
    snprintf(receiver.last, sizeof(receiver.last), "%s", assignments);
    if (receiver.result == 0)
        *request = ++receiver.request;
    return receiver.result;
}

static struct control_assignments assignments;
static struct control_start start;

static int set_up(void **state)
{
    (void)state;
    memset(&receiver, 0, sizeof(receiver));
    strcpy(assignments.items[0], "A=1");
    strcpy(assignments.items[1], "B=2");
    assignments.count = 2;
    control_start_init(&start, &assignments, "front");
    stderr_capture();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    control_start_clear(&start);
    assert_false(start.view.known);
    stderr_release();
    return 0;
}

static void begin_anew(void)
{
    control_start_clear(&start);
    control_start_init(&start, &assignments, "");
}

static void take(const struct pitether_event *event)
{
    control_start_event(&start, (struct pitether *)&receiver, event);
}

static void connect_to(uint64_t epoch)
{
    take(&(struct pitether_event){ .type = PITETHER_CONNECTED, .epoch = epoch });
}

static void list(void)
{
    struct pitether_control control = { .name = "A", .settable = true };
    take(&(struct pitether_event){ .type = PITETHER_CONTROLS, .controls = { &control, 1 } });
}

/* Of one control, with this result. */
static void answer_as(uint32_t request, enum pitether_changed_status status, unsigned result)
{
    struct pitether_change change = { .name = "A", .result = (uint8_t)result };
    take(&(struct pitether_event){ .type = PITETHER_CHANGED,
                                   .changed = { .status = status,
                                                .request = request,
                                                .first_id = 7,
                                                .text = "for a reason",
                                                .changes = &change,
                                                .count = 1 } });
}

static void answer(uint32_t request, enum pitether_changed_status status)
{
    answer_as(request, status, PITETHER_SET_OK);
}

static void end(void)
{
    take(&(struct pitether_event){ .type = PITETHER_END });
}

static void assert_sets(unsigned count, const char *last)
{
    assert_int_equal(receiver.sets, count);
    assert_string_equal(receiver.last, last);
}

static void one_after_the_other(void **state)
{
    (void)state;
    connect_to(5);
    assert_sets(0, "");
    list();
    assert_sets(1, "A=1");
    list(); /* what is asked for is not asked for again */
    assert_sets(1, "A=1");
    answer(0, PITETHER_CHANGED_DONE); /* another one's */
    answer(9, PITETHER_CHANGED_DONE);
    assert_sets(1, "A=1");
    answer(1, PITETHER_CHANGED_DONE);
    assert_sets(2, "B=2");
    answer(1, PITETHER_CHANGED_DONE);
    assert_sets(2, "B=2");
    answer(2, PITETHER_CHANGED_DONE);
    list();
    end();
    assert_sets(2, "B=2");
    assert_false(start.failed || start.unmet);
    assert_null(strstr(stderr_text(), "error"));
}

/* A daemon that was started anew is set anew; the same one over another connection is not. */
static void another_daemon_is_set_anew(void **state)
{
    (void)state;
    connect_to(5);
    list();
    answer(1, PITETHER_CHANGED_DONE);
    answer(2, PITETHER_CHANGED_DONE);
    connect_to(5);
    list();
    assert_sets(2, "B=2");
    connect_to(6);
    assert_sets(2, "B=2");
    list();
    assert_sets(3, "A=1");
    connect_to(7); /* the answer is still to come, and says so */
    list();
    assert_sets(3, "A=1");
    answer(3, PITETHER_CHANGED_CUT);
    list();
    assert_sets(4, "A=1");
}

/* With the next list. */
static void what_was_not_set_is_tried_again(void **state)
{
    (void)state;
    static const enum pitether_changed_status reasons[] = { PITETHER_CHANGED_CUT,
                                                            PITETHER_CHANGED_NO_CAMERA };
    connect_to(5);
    list();
    for (unsigned i = 0; i < 2; i++) {
        answer(i + 1, reasons[i]);
        assert_sets(i + 1, "A=1");
        list();
        assert_sets(i + 2, "A=1");
    }
    answer(3, PITETHER_CHANGED_DONE);
    assert_sets(4, "B=2");
    assert_false(start.failed || start.unmet);
}

static void what_is_refused_ends_it(void **state)
{
    (void)state;
    connect_to(5);
    list();
    answer_as(1, PITETHER_CHANGED_REJECTED, PITETHER_SET_BAD);
    assert_true(start.failed && start.unmet);
    list();
    end();
    assert_sets(1, "A=1");
    assert_non_null(strstr(stderr_text(), "front: for a reason"));
}

/* The daemon sets it again: it is in force some time, but nobody can say since when. */
static void what_is_lost_goes_on(void **state)
{
    (void)state;
    connect_to(5);
    list();
    answer(1, PITETHER_CHANGED_LOST);
    assert_false(start.failed);
    assert_true(start.unmet);
    assert_sets(2, "B=2");
    answer(2, PITETHER_CHANGED_DONE);
    assert_true(start.unmet);
}

/* Part of it is not in force; the rest is set. */
static void what_is_ignored_goes_on(void **state)
{
    (void)state;
    connect_to(5);
    list();
    answer_as(1, PITETHER_CHANGED_DONE, PITETHER_SET_IGNORED);
    assert_true(start.unmet);
    assert_sets(2, "B=2");
}

static void what_cannot_be_asked_for(void **state)
{
    (void)state;
    receiver.result = -EBUSY;
    connect_to(5);
    list();
    assert_true(start.failed);
    assert_non_null(strstr(stderr_text(), "error: front: can't set A=1: "));
    list();
    assert_sets(1, "A=1");
}

/* At the end it is said what is not known to be set, and why. */
static void the_end_comes_first(void **state)
{
    (void)state;
    connect_to(5);
    end();
    assert_true(start.unmet);
    assert_non_null(strstr(stderr_text(), "front: A=1: the camera's controls were not listed"));
    begin_anew();
    connect_to(5);
    list();
    answer(1, PITETHER_CHANGED_CUT);
    end();
    assert_true(start.unmet);
    assert_non_null(strstr(stderr_text(), "error: A=1: for a reason"));
    assignments.count = 0;
    begin_anew();
    end();
    assert_false(start.unmet);
}

static void nothing_to_set(void **state)
{
    (void)state;
    assignments.count = 0;
    connect_to(5);
    list();
    assert_sets(0, "");
    assert_false(start.view.known);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(one_after_the_other),
        TEST(another_daemon_is_set_anew),
        TEST(what_was_not_set_is_tried_again),
        TEST(what_is_refused_ends_it),
        TEST(what_is_lost_goes_on),
        TEST(what_is_ignored_goes_on),
        TEST(what_cannot_be_asked_for),
        TEST(the_end_comes_first),
        TEST(nothing_to_set),
    };
    log_setup("unit", LOG_LEVEL_INFO);
    return cmocka_run_group_tests_name("control_start", tests, NULL, NULL);
}
