/*
 * Events about controls on their way to a caller who is late: the newest list, notices that become
 * one, and every answer.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "host/lib/event_payload.h"
#include "host/lib/event_queue.h"
#include "shared/base/wakeup.h"

enum { FRAMES = 2 };

struct fixture {
    struct event_queue *queue;
    int space_fd;
};

static int set_up(void **state)
{
    struct fixture *fixture = *state = calloc(1, sizeof(*fixture));
    assert_non_null(fixture);
    fixture->space_fd = wakeup_open();
    assert_true(fixture->space_fd >= 0);
    assert_int_equal(event_queue_create(&fixture->queue, FRAMES, true, fixture->space_fd), 0);
    return 0;
}

/* What still waits goes, too: a leak otherwise. */
static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    event_queue_destroy(&fixture->queue);
    close(fixture->space_fd);
    free(fixture);
    return 0;
}

static void put_controls(struct fixture *fixture, size_t count)
{
    struct pitether_event event = { .type = PITETHER_CONTROLS, .controls.count = count };
    event.controls.controls = calloc(count, sizeof(struct pitether_control));
    assert_non_null(event.controls.controls);
    event_queue_put(fixture->queue, &event, 0);
}

static void put_changed(struct fixture *fixture, uint32_t request, const char *name, int32_t asked)
{
    struct pitether_event event = {
        .type = PITETHER_CHANGED,
        .changed = { .request = request, .first_id = (uint64_t)asked, .count = 1 }
    };
    struct pitether_change *change = calloc(1, sizeof(*change));
    assert_non_null(change);
    snprintf(change->name, sizeof(change->name), "%s", name);
    change->asked = (struct pitether_value){ PITETHER_VALUE_INT32, false, 1, .int32 = { asked } };
    event.changed.changes = change;
    event_queue_put(fixture->queue, &event, 0);
}

static void put_status(struct fixture *fixture)
{
    event_queue_put(fixture->queue, &(struct pitether_event){ .type = PITETHER_STATUS }, 0);
}

static struct pitether_event take(struct fixture *fixture, enum pitether_event_type type)
{
    struct pitether_event event;
    assert_true(event_queue_take(fixture->queue, &event, 0));
    assert_int_equal(event.type, type);
    return event;
}

static void assert_empty(struct fixture *fixture)
{
    struct pitether_event event;
    assert_false(event_queue_take(fixture->queue, &event, 0));
}

static void the_newest_list_replaces_others(void **state)
{
    struct fixture *fixture = *state;
    put_controls(fixture, 1);
    put_status(fixture);
    put_controls(fixture, 2);
    take(fixture, PITETHER_STATUS);
    struct pitether_event event = take(fixture, PITETHER_CONTROLS);
    assert_int_equal(event.controls.count, 2);
    event_payload_free(&event);
    assert_empty(fixture);
    put_controls(fixture, 3);
}

static void few_notices_come_one_by_one(void **state)
{
    struct fixture *fixture = *state;
    for (int i = 0; i < EVENT_QUEUE_NOTICES; i++)
        put_changed(fixture, 0, "A", i);
    for (int i = 0; i < EVENT_QUEUE_NOTICES; i++) {
        struct pitether_event event = take(fixture, PITETHER_CHANGED);
        assert_int_equal(event.changed.changes[0].asked.int32[0], i);
        event_payload_free(&event);
    }
    assert_empty(fixture);
}

/* Each control has the newest of what was said about it. */
static void many_notices_become_one(void **state)
{
    struct fixture *fixture = *state;
    struct pitether_event event = { .type = PITETHER_NONE };
    for (int i = 0; i < 1000; i++)
        put_changed(fixture, 0, i % 2 ? "A" : "B", i);
    for (unsigned i = 0; i < EVENT_QUEUE_NOTICES; i++) {
        event_payload_free(&event);
        event = take(fixture, PITETHER_CHANGED);
    }
    assert_empty(fixture);
    assert_int_equal(event.changed.first_id, 999);
    assert_int_equal(event.changed.count, 2);
    assert_string_equal(event.changed.changes[0].name, "A");
    assert_int_equal(event.changed.changes[0].asked.int32[0], 999);
    assert_string_equal(event.changed.changes[1].name, "B");
    assert_int_equal(event.changed.changes[1].asked.int32[0], 998);
    event_payload_free(&event);
}

/* A hostile daemon may name ever new controls. */
static void one_notice_has_a_bound(void **state)
{
    struct fixture *fixture = *state;
    char name[16];
    for (int i = 0; i < 1000; i++) {
        snprintf(name, sizeof(name), "C%d", i);
        put_changed(fixture, 0, name, i);
    }
    for (unsigned i = 0; i < EVENT_QUEUE_NOTICES; i++) {
        struct pitether_event event = take(fixture, PITETHER_CHANGED);
        assert_in_range(event.changed.count, 1, 128);
        event_payload_free(&event);
    }
    assert_empty(fixture);
}

/* Answers need no space that other events have, and take none. */
static void all_answers_come(void **state)
{
    struct fixture *fixture = *state;
    while (event_queue_has_space(fixture->queue))
        put_status(fixture);
    for (uint32_t i = 1; i <= EVENT_QUEUE_ANSWERS; i++) {
        put_changed(fixture, i, "A", 0);
        put_changed(fixture, 0, "A", 0);
    }
    struct pitether_event event;
    uint32_t answers = 0;
    while (event_queue_take(fixture->queue, &event, 0)) {
        if (event_is_answer(&event))
            assert_int_equal(event.changed.request, ++answers);
        event_payload_free(&event);
    }
    assert_int_equal(answers, EVENT_QUEUE_ANSWERS);
    for (uint32_t i = 1; i <= EVENT_QUEUE_ANSWERS; i++)
        put_changed(fixture, i, "A", 0);
    assert_true(event_queue_has_space(fixture->queue));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(the_newest_list_replaces_others),
        TEST(few_notices_come_one_by_one),
        TEST(many_notices_become_one),
        TEST(one_notice_has_a_bound),
        TEST(all_answers_come),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
