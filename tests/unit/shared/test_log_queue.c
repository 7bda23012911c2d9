/*
 * Lines come out as they went in, and those that found no room are counted in their place.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "shared/base/log_queue.h"

static struct log_queue queue;

static int setup(void **state)
{
    (void)state;
    memset(&queue, 0, sizeof(queue));
    return 0;
}

static size_t line_of(unsigned number, char *line)
{
    /* Of all sizes, so that each is cut by the ring's end at some time. */
    size_t size = 1 + number * 37 % LOG_LINE_MAX;
    memset(line, 'a' + (int)(number % 26), size);
    return size;
}

static void put(unsigned number)
{
    char line[LOG_LINE_MAX];
    log_queue_put(&queue, line, line_of(number, line));
}

static void take(unsigned number)
{
    char line[LOG_LINE_MAX], wanted[LOG_LINE_MAX];
    size_t size = line_of(number, wanted);
    assert_int_equal(log_queue_take(&queue, line), size);
    assert_memory_equal(line, wanted, size);
}

static void lines_come_in_order(void **state)
{
    (void)state;
    char line[LOG_LINE_MAX];
    unsigned in = 0, out = 0;
    for (unsigned round = 0; round < 1000; round++) {
        for (unsigned i = 0; i < 1 + round % 50; i++)
            put(in++);
        while (out < in)
            take(out++);
    }
    assert_int_equal(log_queue_take(&queue, line), 0);
    assert_int_equal(log_queue_take_loss(&queue), 0);
}

/* Fills the queue; returns how many lines it took. */
static unsigned fill(unsigned from)
{
    unsigned number = from;
    while (queue.lost == 0)
        put(number++);
    return number - 1 - from;
}

static void losses_are_told_in_their_place(void **state)
{
    (void)state;
    unsigned count = fill(0);
    assert_in_range(queue.used, LOG_QUEUE_BYTES - LOG_LINE_MAX - 2, LOG_QUEUE_BYTES);
    for (unsigned i = 0; i < 9; i++)
        log_queue_put(&queue, (char[LOG_LINE_MAX]){ 0 }, LOG_LINE_MAX);
    take(0);
    take(1);
    take(2);
    put(1000); /* after the lost ones */
    for (unsigned i = 3; i < count; i++) {
        assert_int_equal(log_queue_take_loss(&queue), 0);
        take(i);
    }
    assert_int_equal(log_queue_take_loss(&queue), 10);
    assert_int_equal(log_queue_take_loss(&queue), 0);
    take(1000);
    assert_int_equal(log_queue_take(&queue, (char[LOG_LINE_MAX]){ 0 }), 0);
}

static void what_was_not_written_counts(void **state)
{
    (void)state;
    put(1);
    put(2);
    take(1);
    log_queue_lose(&queue, 1);
    assert_int_equal(log_queue_take_loss(&queue), 1);
    log_queue_lose(&queue, 5);
    put(3);
    assert_int_equal(log_queue_take_loss(&queue), 5);
    take(2);
    take(3);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, setup)
    static const struct CMUnitTest tests[] = {
        TEST(lines_come_in_order),
        TEST(losses_are_told_in_their_place),
        TEST(what_was_not_written_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
