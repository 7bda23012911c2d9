/*
 * Answers and notices that wait for one client: their order and bounds, and that each message is
 * freed once nobody holds it.
 */
#include "device/serve/outbox.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct outbox outbox;
static struct write_batch batch;

static int setup(void **state)
{
    (void)state;
    outbox = (struct outbox){ .due = OUTBOX_ANSWERS };
    batch.first = batch.count = 0;
    batch.small_used = 0;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    outbox_clear(&outbox);
    return 0;
}

static struct shared_message *message_of(uint8_t byte, size_t size)
{
    uint8_t bytes[WIRE_MESSAGE_MAX];
    memset(bytes, byte, size);
    struct shared_message *message = shared_message_create(bytes, size);
    assert_non_null(message);
    assert_int_equal(message->holders, 1);
    assert_int_equal(message->size, size);
    assert_memory_equal(message->bytes, bytes, size);
    return message;
}

static void answer(uint8_t byte)
{
    struct shared_message *message = message_of(byte, 10);
    outbox_answer(&outbox, message);
    assert_int_equal(message->holders, 2);
    shared_message_release(message);
}

static bool notice(uint8_t byte)
{
    struct shared_message *message = message_of(byte, 10);
    bool taken = outbox_notice(&outbox, message);
    assert_int_equal(message->holders, 1 + taken);
    shared_message_release(message);
    return taken;
}

static void messages_keep_their_order(void **state)
{
    (void)state;
    for (unsigned round = 0; round < 20; round++) { /* around the end of the ring, too */
        for (uint8_t i = 0; i < 10; i++) {
            if (i % 3)
                assert_true(notice(i));
            else
                answer(i);
        }
        assert_int_equal(outbox.count, 10);
        assert_int_equal(outbox.notices, 6);
        outbox_fill(&outbox, &batch, SIZE_MAX);
        assert_true(outbox_empty(&outbox));
        assert_int_equal(outbox.notices, 0);
        assert_int_equal(outbox.due, OUTBOX_ANSWERS - 4);
        assert_int_equal(batch.small_used, 100);
        for (unsigned i = 0; i < 100; i++)
            assert_int_equal(batch.small[i], i / 10);
        setup(NULL);
    }
}

/* As many bytes as are wanted, and one message more at most; what has no space waits. */
static void a_batch_takes_what_it_can(void **state)
{
    (void)state;
    for (uint8_t i = 0; i < 5; i++)
        assert_true(notice(i));
    outbox_fill(&outbox, &batch, 0);
    assert_int_equal(outbox.count, 5);
    outbox_fill(&outbox, &batch, 10);
    assert_int_equal(outbox.count, 4);
    outbox_fill(&outbox, &batch, 11);
    assert_int_equal(outbox.count, 2);
    struct shared_message *longest = message_of(9, WIRE_MESSAGE_MAX);
    for (unsigned i = 0; i < 4; i++)
        assert_true(outbox_notice(&outbox, longest));
    outbox_fill(&outbox, &batch, SIZE_MAX);
    assert_in_range(outbox.count, 1, 3);
    assert_in_range(batch.small_used, 50, WRITE_BATCH_SMALL);
    assert_int_equal(longest->holders, 1 + outbox.count);
    outbox_clear(&outbox);
    assert_true(outbox_empty(&outbox));
    assert_int_equal(longest->holders, 1);
    shared_message_release(longest);
    shared_message_release(NULL);
}

static void notices_are_dropped_and_answers_are_not(void **state)
{
    (void)state;
    struct shared_message *held = message_of(7, 10);
    answer(100);
    for (unsigned i = 0; i < OUTBOX_NOTICES; i++) {
        assert_true(outbox_notice(&outbox, held));
        if (i % 8 == 0)
            answer((uint8_t)(101 + i / 8));
    }
    assert_int_equal(outbox.notices, OUTBOX_NOTICES);
    assert_false(notice(8));
    assert_int_equal(held->holders, 1);
    assert_int_equal(outbox.count, 5);
    assert_int_equal(outbox.notices, 0);
    assert_int_equal(outbox.due, OUTBOX_ANSWERS);
    assert_true(notice(105));
    outbox_fill(&outbox, &batch, SIZE_MAX);
    assert_int_equal(outbox.due, OUTBOX_ANSWERS - 5);
    for (unsigned i = 0; i < 6; i++)
        assert_int_equal(batch.small[10 * i], 100 + i);
    shared_message_release(held);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(messages_keep_their_order, setup, teardown),
        cmocka_unit_test_setup_teardown(a_batch_takes_what_it_can, setup, teardown),
        cmocka_unit_test_setup_teardown(notices_are_dropped_and_answers_are_not, setup, teardown),
    };
    return cmocka_run_group_tests_name("outbox", tests, NULL, NULL);
}
