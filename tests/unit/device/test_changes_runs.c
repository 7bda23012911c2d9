/*
 * What holds for all runs of a camera: its list of controls, what is set of them, and that each
 * request is answered once.
 */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

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

static void the_table_says_what_is_set(void **state)
{
    struct fixture *fixture = *state;
    struct control_table table = { .items = NULL };
    struct changes_cursor cursor = { 0 };
    fixture_begin(fixture);
    fixture_set(fixture, "Brightness=0.25");
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
        TEST(the_table_says_what_is_set),
        TEST(another_table_is_sent_from_its_begin),
        TEST(a_camera_without_controls_has_an_empty_table),
        cmocka_unit_test_setup_teardown(a_run_for_a_still_is_given_its_time, setup_long,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(each_request_is_answered_once, fixture_setup, stop_camera),
    };
    return cmocka_run_group_tests_name("changes_runs", tests, NULL, NULL);
}
