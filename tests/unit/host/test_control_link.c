/*
 * The connection of a control command: what it asks for, what it waits for, and what ends it.
 */
#include "view_fixture.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/controls/link.h"
#include "shared/base/log.h"

enum { EVENTS_MAX = 8, REQUEST = 5 };

/* The library, which the tests are. */
static struct {
    struct pitether_options options;
    char address[32], assignments[32];
    int error;      /* of pitether_open() */
    int set_result; /* of pitether_set() */
    struct pitether_event events[EVENTS_MAX];
    unsigned count, taken, closed;
    int timeout_ms; /* of the last pitether_next() */
} library;

struct pitether *__wrap_pitether_open(const char *address, const struct pitether_options *options,
                                      struct pitether_error *error);
int __wrap_pitether_next(struct pitether *receiver, int timeout_ms, struct pitether_event *event);
int __wrap_pitether_set(struct pitether *receiver, const char *assignments, uint32_t *request);
void __wrap_pitether_close(struct pitether **receiver);

struct pitether *__wrap_pitether_open(const char *address, const struct pitether_options *options,
                                      struct pitether_error *error)
{
    snprintf(library.address, sizeof(library.address), "%s", address);
    library.options = *options;
    if (!library.error)
        return (struct pitether *)&library;
    error->code = library.error;
    strcpy(error->text, "no such thing");
    return NULL;
}

int __wrap_pitether_next(struct pitether *receiver, int timeout_ms, struct pitether_event *event)
{
    assert_ptr_equal(receiver, &library);
    library.timeout_ms = timeout_ms;
    if (library.taken == library.count)
        return 0;
    *event = library.events[library.taken++];
    return 1;
}

int __wrap_pitether_set(struct pitether *receiver, const char *assignments, uint32_t *request)
{
    assert_ptr_equal(receiver, &library);
    snprintf(library.assignments, sizeof(library.assignments), "%s", assignments);
    *request = REQUEST;
    return library.set_result;
}

void __wrap_pitether_close(struct pitether **receiver)
{
    library.closed += *receiver != NULL;
    *receiver = NULL;
}

struct fixture {
    struct host_options options;
    struct control_link link;
    struct frame_pool *pool;
};

static int set_up(void **state)
{
    struct fixture *fixture = *state = calloc(1, sizeof(*fixture));
    assert_non_null(fixture);
    fixture->pool = frame_pool_create(2, SIZE_MAX);
    assert_non_null(fixture->pool);
    fixture->options.addresses = (struct option_list){ { "pi.local" }, 1 };
    memset(&library, 0, sizeof(library));
    stderr_capture();
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    bool open = fixture->link.receiver != NULL;
    unsigned closed = library.closed;
    control_link_close(&fixture->link);
    assert_int_equal(library.closed, closed + open);
    assert_null(fixture->link.view.controls);
    frame_pool_destroy(fixture->pool);
    free(fixture);
    stderr_release();
    return 0;
}

static void open_link(struct fixture *fixture)
{
    assert_int_equal(control_link_open(&fixture->link, &fixture->options, 3), EXIT_DONE);
}

static struct pitether_event *add(enum pitether_event_type type)
{
    struct pitether_event *event = &library.events[library.count++];
    assert_true(library.count <= EVENTS_MAX);
    event->type = type;
    return event;
}

static void what_is_asked_for(void **state)
{
    struct fixture *fixture = *state;
    fixture->options.stream = "front";
    fixture->options.keys = "/keys";
    open_link(fixture);
    assert_string_equal(library.address, "pi.local");
    assert_string_equal(library.options.stream, "front");
    assert_string_equal(library.options.keys_file, "/keys");
    assert_true(library.options.settle_s == 3);
    assert_true(library.options.timeout_s == 10);
    assert_true(library.options.no_reconnect);
    assert_non_null(library.options.log);
    control_link_close(&fixture->link);
    fixture->options.timeout = 2.5;
    open_link(fixture);
    assert_true(library.options.timeout_s == 2.5);
}

static void what_cannot_be_asked_for(void **state)
{
    struct fixture *fixture = *state;
    library.error = -EINVAL;
    assert_int_equal(control_link_open(&fixture->link, &fixture->options, 0), EXIT_USAGE);
    assert_non_null(strstr(stderr_text(), "error: no such thing"));
    library.error = -ENOMEM;
    assert_int_equal(control_link_open(&fixture->link, &fixture->options, 0), EXIT_SYSTEM);
}

/* The list has its time; after it, frames have the library's. */
static void waits_for_a_list_and_a_frame(void **state)
{
    struct fixture *fixture = *state;
    struct pitether_control controls[2] = { { .name = "A" }, { .name = "B" } };
    open_link(fixture);
    snprintf(add(PITETHER_STREAM)->stream.model, 8, "camera");
    add(PITETHER_FRAME)->frame = frame_make(fixture->pool, 1, 100);
    add(PITETHER_CONTROLS)->controls = (struct pitether_controls){ controls, 2 };
    add(PITETHER_FRAME)->frame = frame_make(fixture->pool, 2, 100); /* not needed */
    assert_int_equal(control_link_wait(&fixture->link), EXIT_DONE);
    assert_int_equal(library.taken, 3);
    assert_in_range(library.timeout_ms, 1, 11000);
    assert_int_equal(fixture->link.view.count, 2);
    assert_string_equal(fixture->link.view.controls[1].name, "B");
    assert_string_equal(fixture->link.view.stream.model, "camera");
    assert_int_equal(fixture->link.view.frame->id, 1);
    assert_int_equal(control_link_next(&fixture->link), EXIT_DONE);
    assert_int_equal(fixture->link.view.frame->id, 2);
    assert_int_equal(library.timeout_ms, -1);
    add(PITETHER_CONTROLS)->controls = (struct pitether_controls){ NULL, 0 };
    assert_int_equal(control_link_next(&fixture->link), EXIT_DONE);
    assert_true(fixture->link.view.known);
    assert_int_equal(fixture->link.view.count, 0);
}

static void a_list_that_does_not_come(void **state)
{
    struct fixture *fixture = *state;
    open_link(fixture);
    add(PITETHER_FRAME)->frame = frame_make(fixture->pool, 1, 100);
    assert_int_equal(control_link_wait(&fixture->link), EXIT_TIMEOUT);
    assert_non_null(strstr(stderr_text(), "did not list the camera's controls in time"));
}

static void an_end_with_and_without_a_reason(void **state)
{
    struct fixture *fixture = *state;
    open_link(fixture);
    struct pitether_event *event = add(PITETHER_END);
    event->end.reason = PITETHER_END_TIMEOUT;
    strcpy(event->end.text, "no frame came");
    assert_int_equal(control_link_wait(&fixture->link), EXIT_TIMEOUT);
    assert_non_null(strstr(stderr_text(), "error: no frame came"));
    control_link_close(&fixture->link);
    open_link(fixture);
    add(PITETHER_END)->end.reason = PITETHER_END_FINISHED;
    assert_int_equal(control_link_wait(&fixture->link), EXIT_CONNECTION);
    assert_non_null(strstr(stderr_text(), "error: the daemon's source came to its end"));
}

static void the_answer_that_it_waits_for(void **state)
{
    struct fixture *fixture = *state;
    open_link(fixture);
    add(PITETHER_FRAME)->frame = frame_make(fixture->pool, 1, 100);
    add(PITETHER_CHANGED)->changed.request = 0;
    add(PITETHER_CHANGED)->changed.request = REQUEST + 1;
    add(PITETHER_CHANGED)->changed.request = REQUEST;
    add(PITETHER_CHANGED)->changed.request = REQUEST + 2;
    assert_int_equal(control_link_set(&fixture->link, "A=1"), EXIT_DONE);
    assert_string_equal(library.assignments, "A=1");
    assert_int_equal(library.taken, 4);
    assert_int_equal(fixture->link.event.changed.request, REQUEST);
    add(PITETHER_END)->end.reason = PITETHER_END_FAILED;
    assert_int_equal(control_link_set(&fixture->link, "A=1"), EXIT_SYSTEM);
}

static void what_cannot_be_set(void **state)
{
    struct fixture *fixture = *state;
    open_link(fixture);
    library.set_result = -EINVAL;
    assert_int_equal(control_link_set(&fixture->link, "A=1"), EXIT_USAGE);
    assert_non_null(strstr(stderr_text(), "can't set A=1: it is longer than 2048 bytes"));
    library.set_result = -ESHUTDOWN;
    assert_int_equal(control_link_set(&fixture->link, "A=1"), EXIT_CONNECTION);
    assert_int_equal(library.taken, 0);
}

/* A daemon that breaks the protocol; frames that it drops count as well. */
static void an_answer_that_does_not_come(void **state)
{
    struct fixture *fixture = *state;
    open_link(fixture);
    add(PITETHER_DROPS)->drops.count = 998;
    add(PITETHER_FRAME)->frame = frame_make(fixture->pool, 1, 100);
    add(PITETHER_STATUS);
    add(PITETHER_DROPS)->drops.count = 1;
    add(PITETHER_CHANGED)->changed.request = REQUEST; /* too late */
    assert_int_equal(control_link_set(&fixture->link, "A=1"), EXIT_TIMEOUT);
    assert_int_equal(library.taken, 4);
    assert_non_null(strstr(stderr_text(), "did not say what became of A=1, for 1000 frames"));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(what_is_asked_for),
        TEST(what_cannot_be_asked_for),
        TEST(waits_for_a_list_and_a_frame),
        TEST(a_list_that_does_not_come),
        TEST(an_end_with_and_without_a_reason),
        TEST(the_answer_that_it_waits_for),
        TEST(what_cannot_be_set),
        TEST(an_answer_that_does_not_come),
    };
    log_setup("unit", LOG_LEVEL_INFO);
    return cmocka_run_group_tests_name("control_link", tests, NULL, NULL);
}
