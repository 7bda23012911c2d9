/*
 * The changes of a camera's controls that wait: requested, taken by the camera, shown, answered.
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "camera_controls.h"
#include "device/stream/changes.h"

struct fixture {
    struct stream_events events;
    struct metadata_names names;
    struct changes *changes;
    struct control_table table;
    uint64_t id;      /* of the next frame */
    uint64_t applied; /* what the camera was given last */
    struct control_list given;
    uint32_t requests;
};

static void begin(struct fixture *fixture)
{
    struct error error;
    changes_expect(fixture->changes);
    assert_int_equal(changes_begin(fixture->changes, &fixture->table, &fixture->given, &error), 0);
    changes_started(fixture->changes, false);
    fixture->applied = 0;
}

static int setup_with(void **state, const char *controls)
{
    static struct fixture fixture;
    fixture = (struct fixture){ .id = 10 };
    *state = &fixture;
    camera_controls_fill(&fixture.table);
    assert_int_equal(events_init(&fixture.events), 0);
    assert_int_equal(
        changes_create(&fixture.changes, &(struct changes_config){ .label = "",
                                                                   .controls = controls,
                                                                   .names = &fixture.names,
                                                                   .events = &fixture.events }),
        0);
    return 0;
}

static int setup(void **state)
{
    return setup_with(state, NULL);
}

static int setup_bright(void **state)
{
    return setup_with(state, "Brightness=0.5");
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;
    changes_destroy(&fixture->changes);
    assert_null(fixture->changes);
    events_destroy(&fixture->events);
    control_table_clear(&fixture->table);
    return 0;
}

/* The answer that comes at once, or NULL. */
static struct change *request(struct fixture *fixture, const char *text)
{
    struct change *answer;
    const struct change_request wanted = {
        .asker = fixture, .request = ++fixture->requests, .by = "me", .text = text
    };
    assert_int_equal(changes_request(fixture->changes, &wanted, &answer), 0);
    return answer;
}

static void set(struct fixture *fixture, const char *text)
{
    struct change *answer = request(fixture, text);
    if (answer)
        fail_msg("%s: %s", text, answer->text);
}

static void expect_refusal(struct fixture *fixture, const char *text,
                           enum wire_changed_status status)
{
    struct change *answer = request(fixture, text);
    assert_non_null(answer);
    assert_int_equal(answer->status, status);
    assert_int_equal(answer->request, fixture->requests);
    assert_string_not_equal(answer->text, "");
    free(answer);
}

/* What the camera is given before its next request; false: nothing. */
static bool take(struct fixture *fixture)
{
    uint64_t number = changes_take(fixture->changes, &fixture->given);
    if (!number)
        return false;
    assert_true(number > fixture->applied);
    fixture->applied = number;
    return true;
}

/* A frame made with what was given last, of this brightness. */
static void show(struct fixture *fixture, uint64_t shown, float brightness)
{
    struct raw_frame frame = { .id = fixture->id++,
                               .applied_change = fixture->applied,
                               .shown_change = shown };
    struct value value = value_of_float(brightness);
    int number = metadata_names_add(&fixture->names, "Brightness", VALUE_FLOAT, false);
    assert_true(number >= 0 && metadata_add(&frame.metadata, (unsigned)number, &value));
    changes_frame(fixture->changes, &frame);
}

static bool notified(struct fixture *fixture)
{
    struct pollfd fd = { .fd = fixture->events.fd, .events = POLLIN };
    return poll(&fd, 1, 0) == 1 && events_clear(&fixture->events);
}

static void expect_decided(struct fixture *fixture, uint32_t number, uint64_t first,
                           enum wire_set_result result)
{
    struct change *change = changes_decided(fixture->changes);
    assert_non_null(change);
    assert_int_equal(change->status, WIRE_CHANGED_DONE);
    assert_int_equal(change->request, number);
    assert_int_equal(change->first_frame_id, first);
    assert_int_equal(change->items[0].result, result);
    assert_string_equal(change->by, "me");
    free(change);
}

static void a_change_is_taken_shown_and_answered(void **state)
{
    struct fixture *fixture = *state;
    begin(fixture);
    assert_int_equal(fixture->given.count, 0);
    assert_false(take(fixture));
    show(fixture, 0, 0);
    set(fixture, "Brightness=0.25");
    assert_null(changes_decided(fixture->changes));
    show(fixture, 0, 0);
    assert_true(take(fixture));
    assert_int_equal(fixture->given.count, 1);
    assert_string_equal(fixture->given.items[0].name, "Brightness");
    assert_false(take(fixture));
    show(fixture, 0, 0);
    assert_false(notified(fixture));
    show(fixture, 0, 0.25f);
    assert_true(notified(fixture));
    expect_decided(fixture, 1, 13, WIRE_SET_OK);
    assert_null(changes_decided(fixture->changes));
}

static void nothing_is_set_while_the_camera_is_off(void **state)
{
    struct fixture *fixture = *state;
    expect_refusal(fixture, "Brightness=0.25", WIRE_CHANGED_NO_CAMERA);
    begin(fixture);
    changes_stop(fixture->changes);
    expect_refusal(fixture, "Brightness=0.25", WIRE_CHANGED_NO_CAMERA);
    assert_false(take(fixture));
}

static void what_is_wrong_is_rejected_as_a_whole(void **state)
{
    struct fixture *fixture = *state;
    begin(fixture);
    expect_refusal(fixture, "Brightness=0.25,Nonsense=7", WIRE_CHANGED_REJECTED);
    expect_refusal(fixture, "", WIRE_CHANGED_REJECTED);
    expect_refusal(fixture, "Brightness", WIRE_CHANGED_REJECTED);
    expect_refusal(fixture, ",,,===,", WIRE_CHANGED_REJECTED);
    assert_false(take(fixture));
}

static void only_so_many_wait(void **state)
{
    struct fixture *fixture = *state;
    begin(fixture);
    for (int i = 0; i < CHANGES_MAX; i++)
        set(fixture, "Brightness=0.25");
    expect_refusal(fixture, "Brightness=0.25", WIRE_CHANGED_BUSY);
    assert_true(take(fixture));
    assert_true(notified(fixture));
    /* Those that were overwritten are decided, and still count until they are answered. */
    expect_refusal(fixture, "Brightness=0.25", WIRE_CHANGED_BUSY);
    for (uint32_t i = 1; i < CHANGES_MAX; i++)
        expect_decided(fixture, i, CHANGE_NO_FRAME, WIRE_SET_REPLACED);
    assert_null(changes_decided(fixture->changes));
    set(fixture, "Brightness=0.3");
}

static void a_value_that_was_replaced_may_have_been_seen(void **state)
{
    struct fixture *fixture = *state;
    begin(fixture);
    show(fixture, 0, 0);
    set(fixture, "Brightness=0.25");
    assert_true(take(fixture));
    show(fixture, 0, 0);
    set(fixture, "Brightness=0.5");
    assert_true(take(fixture));
    show(fixture, 0, 0.25f);
    expect_decided(fixture, 1, 12, WIRE_SET_OK);
    show(fixture, 0, 0.5f);
    expect_decided(fixture, 2, 13, WIRE_SET_OK);
}

static void a_value_that_was_replaced_unseen(void **state)
{
    struct fixture *fixture = *state;
    begin(fixture);
    show(fixture, 0, 0);
    set(fixture, "Brightness=0.25");
    assert_true(take(fixture));
    set(fixture, "Brightness=0.5");
    assert_true(take(fixture));
    show(fixture, 0, 0);
    show(fixture, 0, 0.5f);
    /* The one that was seen decides on the other one, whichever is answered first. */
    struct change *change;
    unsigned results[3] = { 0 };
    while ((change = changes_decided(fixture->changes))) {
        results[change->request] = 1u + change->items[0].result;
        free(change);
    }
    assert_int_equal(results[1], 1 + WIRE_SET_REPLACED);
    assert_int_equal(results[2], 1 + WIRE_SET_OK);
}

/* The frame before the request tells what it was, however soon the camera takes it. */
static void what_the_camera_ignores_at_once(void **state)
{
    struct fixture *fixture = *state;
    begin(fixture);
    show(fixture, 0, 0.1f);
    set(fixture, "Brightness=0.25");
    assert_true(take(fixture));
    for (int i = 0; i < 16; i++)
        show(fixture, 0, 0.1f);
    expect_decided(fixture, 1, CHANGE_NO_FRAME, WIRE_SET_IGNORED);
}

/* Exposure and then exposure's mode, in one request: the mode decides. */
static void what_is_given_back_at_once_is_replaced(void **state)
{
    struct fixture *fixture = *state;
    camera_controls_add_exposure_mode(&fixture->table);
    begin(fixture);
    set(fixture, "ExposureTime=5000");
    set(fixture, "ExposureTimeMode=Auto");
    assert_true(take(fixture));
    assert_int_equal(fixture->given.count, 1);
    assert_string_equal(fixture->given.items[0].name, "ExposureTimeMode");
    assert_int_equal(fixture->given.items[0].value.int32[0], 0);
    expect_decided(fixture, 1, CHANGE_NO_FRAME, WIRE_SET_REPLACED);
    set(fixture, "ExposureTime=5000");
    assert_true(take(fixture));
    assert_int_equal(fixture->given.count, 2);
    assert_string_equal(fixture->given.items[0].name, "ExposureTimeMode");
    assert_int_equal(fixture->given.items[0].value.int32[0], 1);
    assert_string_equal(fixture->given.items[1].name, "ExposureTime");
}

static void a_camera_that_knows_is_believed(void **state)
{
    struct fixture *fixture = *state;
    begin(fixture);
    changes_started(fixture->changes, true);
    set(fixture, "Brightness=0.25");
    set(fixture, "Contrast=2");
    assert_true(take(fixture));
    show(fixture, 0, 0);
    assert_null(changes_decided(fixture->changes));
    show(fixture, fixture->applied, 0.25f);
    expect_decided(fixture, 1, 11, WIRE_SET_OK);
    expect_decided(fixture, 2, 11, WIRE_SET_UNREPORTED);
}

static void a_camera_that_turns_out_to_know_is_believed(void **state)
{
    struct fixture *fixture = *state;
    begin(fixture);
    set(fixture, "Brightness=0.25");
    assert_true(take(fixture));
    show(fixture, fixture->applied, 0.25f);
    expect_decided(fixture, 1, 10, WIRE_SET_OK);
    set(fixture, "Contrast=3");
    assert_true(take(fixture));
    show(fixture, 0, 0.25f);
    assert_null(changes_decided(fixture->changes));
    show(fixture, fixture->applied, 0.25f);
    expect_decided(fixture, 2, 12, WIRE_SET_UNREPORTED);
}

static void a_camera_that_stops_loses_what_waits(void **state)
{
    struct fixture *fixture = *state;
    begin(fixture);
    set(fixture, "Brightness=0.25");
    assert_true(take(fixture));
    set(fixture, "Contrast=2");
    changes_stop(fixture->changes);
    assert_true(notified(fixture));
    for (uint32_t i = 1; i <= 2; i++) {
        struct change *change = changes_decided(fixture->changes);
        assert_non_null(change);
        assert_int_equal(change->request, i);
        assert_int_equal(change->status, WIRE_CHANGED_LOST);
        free(change);
    }
    begin(fixture);
    assert_int_equal(fixture->given.count, 2); /* it is set again */
    assert_non_null(control_list_find(&fixture->given, "Brightness"));
    assert_non_null(control_list_find(&fixture->given, "Contrast"));
}

static void options_are_set_first(void **state)
{
    struct fixture *fixture = *state;
    begin(fixture);
    assert_int_equal(fixture->given.count, 1);
    assert_string_equal(fixture->given.items[0].name, "Brightness");
    assert_true(fixture->given.items[0].value.number[0] == 0.5f);
}

static void an_asker_that_is_gone_is_forgotten(void **state)
{
    struct fixture *fixture = *state;
    begin(fixture);
    set(fixture, "Brightness=0.25");
    set(fixture, "Brightness=0.5");
    take(fixture);
    changes_forget(fixture->changes, fixture);
    changes_stop(fixture->changes);
    for (int i = 0; i < 2; i++) {
        struct change *change = changes_decided(fixture->changes);
        assert_non_null(change);
        assert_null(change->asker);
        free(change);
    }
}

static unsigned read_table(struct fixture *fixture, struct changes_cursor *cursor,
                           struct control_table *table)
{
    uint8_t bytes[WIRE_MESSAGE_MAX];
    unsigned messages = 0;
    int complete = 0;
    while (!complete) {
        struct wire_raw raw = { .body = bytes + WIRE_HEADER_SIZE };
        size_t size = changes_encode_table(fixture->changes, 7, cursor, bytes);
        assert_int_equal(wire_decode_header(bytes, &raw.header), 0);
        assert_int_equal(size, WIRE_HEADER_SIZE + raw.header.length);
        complete = wire_decode_controls(&raw, table);
        assert_int_equal(complete, cursor->done);
        messages++;
    }
    return messages;
}

static void the_table_says_what_is_set(void **state)
{
    struct fixture *fixture = *state;
    struct control_table table = { .items = NULL };
    struct changes_cursor cursor = { 0 };
    begin(fixture);
    set(fixture, "Brightness=0.25");
    read_table(fixture, &cursor, &table);
    assert_int_equal(table.count, fixture->table.count);
    const struct control_info *info = control_table_find(&table, "Brightness", 10);
    assert_non_null(info);
    assert_true(info->set.number[0] == 0.25f);
    control_table_clear(&table);
}

/* While a list is being sent the camera starts again, with fewer controls. */
static void another_table_is_sent_from_its_begin(void **state)
{
    struct fixture *fixture = *state;
    struct control_table table = { .items = NULL };
    struct changes_cursor cursor = { 0 };
    uint8_t bytes[WIRE_MESSAGE_MAX];
    camera_controls_add_many(&fixture->table, 100);
    begin(fixture);
    changes_encode_table(fixture->changes, 7, &cursor, bytes);
    assert_false(cursor.done);
    control_table_clear(&fixture->table);
    camera_controls_fill(&fixture->table);
    begin(fixture);
    assert_int_equal(read_table(fixture, &cursor, &table), 1);
    assert_int_equal(table.count, fixture->table.count);
    control_table_clear(&table);
}

static void a_camera_without_controls_has_an_empty_table(void **state)
{
    struct fixture *fixture = *state;
    struct control_table table = { .items = NULL };
    struct changes_cursor cursor = { 0 };
    changes_expect(fixture->changes);
    changes_started(fixture->changes, false);
    assert_int_equal(read_table(fixture, &cursor, &table), 1);
    assert_int_equal(table.count, 0);
    expect_refusal(fixture, "Brightness=0.25", WIRE_CHANGED_REJECTED);
}

/* Threads meet: one requests, one is the camera's. */

enum { MANY = 2000 };

static void *be_camera(void *user)
{
    struct fixture *fixture = user;
    float brightness = 0;
    for (unsigned shown = 0; shown < MANY;) {
        if (take(fixture)) {
            brightness = fixture->given.items[0].value.number[0];
            shown = (unsigned)fixture->applied;
        }
        show(fixture, fixture->applied, brightness);
    }
    return NULL;
}

static void each_request_is_answered_once(void **state)
{
    struct fixture *fixture = *state;
    pthread_t camera;
    unsigned answered = 0;
    begin(fixture);
    assert_int_equal(pthread_create(&camera, NULL, be_camera, fixture), 0);
    while (answered < MANY) {
        struct change *change;
        if (fixture->requests < MANY) {
            struct change *answer =
                request(fixture, fixture->requests % 2 ? "Brightness=0.25" : "Brightness=0.5");
            if (answer) /* BUSY: nothing was set */
                fixture->requests--;
            free(answer);
        }
        while ((change = changes_decided(fixture->changes))) {
            assert_in_range(change->request, 1, MANY);
            assert_int_equal(change->status, WIRE_CHANGED_DONE);
            answered++;
            free(change);
        }
    }
    assert_int_equal(pthread_join(camera, NULL), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_change_is_taken_shown_and_answered),
        TEST(nothing_is_set_while_the_camera_is_off),
        TEST(what_is_wrong_is_rejected_as_a_whole),
        TEST(only_so_many_wait),
        TEST(a_value_that_was_replaced_may_have_been_seen),
        TEST(a_value_that_was_replaced_unseen),
        TEST(what_the_camera_ignores_at_once),
        TEST(what_is_given_back_at_once_is_replaced),
        TEST(a_camera_that_knows_is_believed),
        TEST(a_camera_that_turns_out_to_know_is_believed),
        TEST(a_camera_that_stops_loses_what_waits),
        cmocka_unit_test_setup_teardown(options_are_set_first, setup_bright, teardown),
        TEST(an_asker_that_is_gone_is_forgotten),
        TEST(the_table_says_what_is_set),
        TEST(another_table_is_sent_from_its_begin),
        TEST(a_camera_without_controls_has_an_empty_table),
        TEST(each_request_is_answered_once),
    };
    return cmocka_run_group_tests_name("changes", tests, NULL, NULL);
}
