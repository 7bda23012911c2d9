/*
 * Requests to set something, from the call to the answer that the caller has taken.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "host/lib/set_queue.h"

static int set_up(void **state)
{
    struct set_queue *queue = *state = calloc(1, sizeof(*queue));
    assert_non_null(queue);
    set_queue_init(queue);
    return 0;
}

static int tear_down(void **state)
{
    set_queue_clear(*state);
    free(*state);
    return 0;
}

static uint32_t add(struct set_queue *queue, const char *text)
{
    uint32_t request = 0;
    assert_int_equal(set_queue_add(queue, text, &request), 0);
    assert_int_not_equal(request, 0);
    return request;
}

static void send_next(struct set_queue *queue, uint32_t request, const char *text)
{
    struct wire_set set;
    assert_true(set_queue_next(queue, &set));
    assert_int_equal(set.request, request);
    assert_string_equal(set.text, text);
    set_queue_sent(queue, request);
}

static void sends_in_order(void **state)
{
    struct set_queue *queue = *state;
    struct wire_set set;
    uint32_t first = add(queue, "A=1"), second = add(queue, "B=2");
    assert_int_not_equal(first, second);
    assert_true(set_queue_next(queue, &set));
    assert_int_equal(set.request, first); /* it goes on waiting */
    send_next(queue, first, "A=1");
    send_next(queue, second, "B=2");
    assert_false(set_queue_next(queue, &set));
    assert_true(set_queue_is_busy(queue));
}

static void answers_each_once(void **state)
{
    struct set_queue *queue = *state;
    uint32_t request = add(queue, "A=1");
    assert_false(set_queue_answered(queue, request)); /* it was not sent */
    send_next(queue, request, "A=1");
    assert_false(set_queue_answered(queue, request + 1));
    assert_true(set_queue_answered(queue, request));
    assert_false(set_queue_answered(queue, request));
    assert_false(set_queue_is_busy(queue));
    assert_int_equal(set_queue_give_up(queue, true), 0);
}

/* A place is free when the caller has taken the answer. */
static void is_bounded(void **state)
{
    struct set_queue *queue = *state;
    uint32_t requests[SET_QUEUE_MAX], more;
    for (unsigned i = 0; i < SET_QUEUE_MAX; i++)
        requests[i] = add(queue, "A=1");
    assert_int_equal(set_queue_add(queue, "A=1", &more), -EBUSY);
    send_next(queue, requests[0], "A=1");
    assert_true(set_queue_answered(queue, requests[0]));
    assert_int_equal(set_queue_add(queue, "A=1", &more), -EBUSY);
    set_queue_taken(queue, requests[1]); /* which has no answer */
    assert_int_equal(set_queue_add(queue, "A=1", &more), -EBUSY);
    set_queue_taken(queue, requests[0]);
    add(queue, "A=1");
}

static void gives_up_what_was_sent_first(void **state)
{
    struct set_queue *queue = *state;
    uint32_t first = add(queue, "A=1"), second = add(queue, "A=2"), third = add(queue, "A=3");
    send_next(queue, first, "A=1");
    send_next(queue, second, "A=2");
    assert_int_equal(set_queue_give_up(queue, false), first);
    assert_false(set_queue_answered(queue, first));
    assert_int_equal(set_queue_give_up(queue, false), second);
    assert_int_equal(set_queue_give_up(queue, false), 0);
    send_next(queue, third, "A=3"); /* over the next connection */
    assert_true(set_queue_answered(queue, third));
}

static void gives_up_all_at_the_end(void **state)
{
    struct set_queue *queue = *state;
    struct wire_set set;
    uint32_t more, first = add(queue, "A=1"), second = add(queue, "A=2");
    send_next(queue, first, "A=1");
    set_queue_close(queue);
    assert_int_equal(set_queue_add(queue, "A=3", &more), -ESHUTDOWN);
    assert_int_equal(set_queue_give_up(queue, true), first);
    assert_int_equal(set_queue_give_up(queue, true), second);
    assert_int_equal(set_queue_give_up(queue, true), 0);
    assert_false(set_queue_next(queue, &set));
}

/* After 2^32 of them the numbers begin again, without 0. */
static void numbers_begin_again(void **state)
{
    struct set_queue *queue = *state;
    queue->last = UINT32_MAX - 1;
    uint32_t first = add(queue, "A=1"), second = add(queue, "A=2");
    assert_int_equal(first, UINT32_MAX);
    assert_int_equal(second, 1);
    send_next(queue, first, "A=1");
    send_next(queue, second, "A=2");
    assert_int_equal(set_queue_give_up(queue, false), first);
}

static void refuses_bad_texts(void **state)
{
    struct set_queue *queue = *state;
    static char text[WIRE_SET_TEXT_MAX + 2];
    static const char *const bad[] = { "", "A=1\n", "A=\x1b[2J", "A=\xff", "A=\xe2\x80\xae" };
    uint32_t request;
    for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_int_equal(set_queue_add(queue, bad[i], &request), -EINVAL);
    memset(text, 'A', WIRE_SET_TEXT_MAX + 1);
    assert_int_equal(set_queue_add(queue, text, &request), -EINVAL);
    text[WIRE_SET_TEXT_MAX] = '\0';
    send_next(queue, add(queue, text), text);
    add(queue, "A=µ");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(sends_in_order),
        TEST(answers_each_once),
        TEST(is_bounded),
        TEST(gives_up_what_was_sent_first),
        TEST(gives_up_all_at_the_end),
        TEST(numbers_begin_again),
        TEST(refuses_bad_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
