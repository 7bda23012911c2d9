/*
 * What holds for all runs of a camera: its list of controls, what is set of them, and that each
 * request is answered once.
 */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>

#include "changes_fixture.h"
#include "device/camera/watchdog.h"

static int setup_long(void **state)
{
    return fixture_setup_with(state, "ExposureTime=4s");
}

static int setup_bright(void **state)
{
    return fixture_setup_with(state, "Brightness=0.5");
}

static void options_are_set_first(void **state)
{
    struct fixture *fixture = *state;
    fixture_begin(fixture);
    assert_int_equal(fixture->given.count, 1);
    assert_string_equal(fixture->given.items[0].name, "Brightness");
    assert_true(fixture->given.items[0].value.number[0] == 0.5f);
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

/* What the table says that Brightness is set to; NAN: nothing. */
static double listed_brightness(struct fixture *fixture, struct changes_cursor *cursor)
{
    struct control_table table = { .items = NULL };
    read_table(fixture, cursor, &table);
    assert_int_equal(table.count, fixture->table.count);
    const struct control_info *info = control_table_find(&table, "Brightness", 10);
    assert_non_null(info);
    double set = value_number(&info->set, 0);
    control_table_clear(&table);
    return set;
}

static void the_table_says_what_is_set(void **state)
{
    struct fixture *fixture = *state;
    struct changes_cursor cursor = { 0 };
    fixture_begin(fixture);
    assert_true(listed_brightness(fixture, &cursor) == 0.5); /* by the options */
    fixture_set(fixture, "Brightness=0.25");
    cursor = (struct changes_cursor){ 0 };
    assert_true(listed_brightness(fixture, &cursor) == 0.25);
    assert_true(fixture_take(fixture));
    changes_refuse(fixture->changes, fixture->applied);
    /* What the camera refused is not set; the list that was sent is to be sent anew. */
    assert_true(listed_brightness(fixture, &cursor) == 0.5);
}

/* Until the next run tells, there are none; a run that goes on keeps them. */
static void the_table_of_a_camera_that_is_off_is_empty(void **state)
{
    struct fixture *fixture = *state;
    struct control_table table = { .items = NULL };
    struct changes_cursor cursor = { 0 };
    fixture_begin(fixture);
    changes_expect(fixture->changes);
    read_table(fixture, &cursor, &table);
    assert_int_equal(table.count, fixture->table.count);
    changes_stop(fixture->changes, false);
    changes_expect(fixture->changes);
    read_table(fixture, &cursor, &table);
    assert_int_equal(table.count, 0);
    control_table_clear(&table);
}

/* As soon as there is a list, whatever else the camera still does before its first frame. */
static void sets_are_taken_once_there_is_a_table(void **state)
{
    struct fixture *fixture = *state;
    struct error error;
    changes_expect(fixture->changes);
    assert_int_equal(changes_begin(fixture->changes, &fixture->table, &fixture->given, &error), 0);
    fixture_set(fixture, "Brightness=0.25");
    changes_stop(fixture->changes, false);
}

/* While a list is being sent the camera starts again, with fewer controls. */
static void another_table_is_sent_from_its_begin(void **state)
{
    struct fixture *fixture = *state;
    struct control_table table = { .items = NULL };
    struct changes_cursor cursor = { 0 };
    uint8_t bytes[WIRE_MESSAGE_MAX];
    camera_controls_add_many(&fixture->table, 100);
    fixture_begin(fixture);
    changes_encode_table(fixture->changes, 7, &cursor, bytes);
    assert_false(cursor.done);
    control_table_clear(&fixture->table);
    camera_controls_fill(&fixture->table);
    fixture_begin(fixture);
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
    fixture_refused(fixture, "Brightness=0.25", WIRE_CHANGED_REJECTED);
}

/* Its frames are as long as what is set demands, though the streams never ran. */
static void a_run_for_a_still_is_given_its_time(void **state)
{
    struct fixture *fixture = *state;
    struct error error;
    control_table_find(&fixture->table, "ExposureTime", 12)->max = value_of_int32(10000000);
    assert_int_equal(changes_timeout_ns(fixture->changes, 30), camera_timeout_ns(30));
    assert_int_equal(changes_fill(fixture->changes, &fixture->table, &fixture->given, &error), 0);
    assert_int_equal(changes_timeout_ns(fixture->changes, 30), 20 * CLOCK_SECOND);
}

/* With what is set, with what the camera reports, and anew with another camera. */
static void frames_that_may_be_long_are_waited_for(void **state)
{
    struct fixture *fixture = *state;
    const uint64_t usual = camera_timeout_ns(30);
    struct value seconds = value_of_int32(8000000);
    struct raw_frame frame = { .id = 7 };
    control_table_find(&fixture->table, "ExposureTime", 12)->max = value_of_int32(10000000);
    fixture_begin(fixture);
    assert_int_equal(changes_timeout_ns(fixture->changes, 30), usual);
    fixture_set(fixture, "ExposureTime=4s");
    assert_true(fixture_take(fixture));
    assert_int_equal(changes_timeout_ns(fixture->changes, 30), 20 * CLOCK_SECOND);
    int number = metadata_names_add(&fixture->names, "ExposureTime", VALUE_INT32, false);
    assert_true(number >= 0 && metadata_add(&frame.metadata, (unsigned)number, &seconds));
    changes_frame(fixture->changes, &frame);
    assert_int_equal(changes_timeout_ns(fixture->changes, 30), 40 * CLOCK_SECOND);
    changes_stop(fixture->changes, true);
    fixture_begin(fixture);
    assert_int_equal(changes_timeout_ns(fixture->changes, 30), 20 * CLOCK_SECOND);
    fixture->table.count--; /* a camera whose exposure can't be set */
    fixture_begin(fixture);
    assert_int_equal(changes_timeout_ns(fixture->changes, 30), usual);
}

/* "NAME=VALUE" of so many controls from that one on. */
static void set_many(char *text, size_t size, unsigned first, unsigned count, const char *value)
{
    size_t used = 0;
    for (unsigned i = first; i < first + count; i++) {
        used +=
            (size_t)snprintf(text + used, size - used, "%sOneOfManyControlsWithAVeryLongName%u=%s",
                             i > first ? "," : "", i, value);
        assert_true(used < size);
    }
}

/* Of what is requested before the camera asks for it, it is given as much at once as a list has
 * space for, and the rest before its next request. */
static void more_than_a_list_holds(void **state)
{
    enum { PART = 30 };
    struct fixture *fixture = *state;
    char text[2048];
    camera_controls_add_many(&fixture->table, 2 * PART);
    fixture_begin(fixture);
    set_many(text, sizeof(text), 0, PART, "1");
    fixture_set(fixture, text);
    set_many(text, sizeof(text), PART, PART, "1");
    fixture_refused(fixture, text, WIRE_CHANGED_REJECTED); /* nor could they be kept */
    set_many(text, sizeof(text), 0, PART, "auto");
    fixture_set(fixture, text);
    set_many(text, sizeof(text), PART, PART, "1");
    fixture_set(fixture, text);
    assert_true(fixture_take(fixture));
    assert_int_equal(fixture->given.count, PART);
    assert_true(fixture->given.items[0].given_back);
    assert_true(fixture_take(fixture));
    assert_int_equal(fixture->given.count, PART);
    assert_false(fixture->given.items[0].given_back);
    assert_false(fixture_take(fixture));
}

/* Threads meet: one requests, one is the camera's. */

enum { MANY = 2000 };

static struct {
    pthread_t thread;
    bool started;
    atomic_bool stopping;
} camera;

static void *be_camera(void *user)
{
    struct fixture *fixture = user;
    float brightness = 0;
    while (!atomic_load(&camera.stopping)) {
        if (fixture_take(fixture))
            brightness = fixture->given.items[0].value.number[0];
        fixture_show(fixture, fixture->applied, brightness);
    }
    return NULL;
}

/* Also where the test has failed in the middle. */
static int stop_camera(void **state)
{
    atomic_store(&camera.stopping, true);
    if (camera.started)
        pthread_join(camera.thread, NULL);
    camera.started = false;
    return fixture_teardown(state);
}

static void start_camera(struct fixture *fixture)
{
    atomic_store(&camera.stopping, false);
    fixture_begin(fixture);
    assert_int_equal(pthread_create(&camera.thread, NULL, be_camera, fixture), 0);
    camera.started = true;
}

static void request_one(struct fixture *fixture)
{
    struct change *answer =
        fixture_request(fixture, fixture->requests % 2 ? "Brightness=0.25" : "Brightness=0.5");
    if (!answer)
        return;
    assert_int_equal(answer->status, WIRE_CHANGED_BUSY); /* nothing was set */
    fixture->requests--;
    free(answer);
    sched_yield();
}

static void each_request_is_answered_once(void **state)
{
    struct fixture *fixture = *state;
    start_camera(fixture);
    for (unsigned answered = 0; answered < MANY;) {
        struct change *change;
        if (fixture->requests < MANY)
            request_one(fixture);
        while ((change = changes_decided(fixture->changes))) {
            assert_in_range(change->request, 1, MANY);
            assert_int_equal(change->status, WIRE_CHANGED_DONE);
            answered++;
            free(change);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(options_are_set_first, setup_bright, fixture_teardown),
        cmocka_unit_test_setup_teardown(the_table_says_what_is_set, setup_bright, fixture_teardown),
        TEST(the_table_of_a_camera_that_is_off_is_empty),
        TEST(sets_are_taken_once_there_is_a_table),
        TEST(another_table_is_sent_from_its_begin),
        TEST(a_camera_without_controls_has_an_empty_table),
        cmocka_unit_test_setup_teardown(a_run_for_a_still_is_given_its_time, setup_long,
                                        fixture_teardown),
        TEST(frames_that_may_be_long_are_waited_for),
        TEST(more_than_a_list_holds),
        cmocka_unit_test_setup_teardown(each_request_is_answered_once, fixture_setup, stop_camera),
    };
    return cmocka_run_group_tests_name("changes_runs", tests, NULL, NULL);
}
