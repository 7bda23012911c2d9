/*
 * Changes of a camera's controls whose camera and whose requesters are the test.
 */
#ifndef PITETHER_TESTS_UNIT_DEVICE_CHANGES_FIXTURE_H
#define PITETHER_TESTS_UNIT_DEVICE_CHANGES_FIXTURE_H

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "camera_controls.h"
#include "device/stream/changes.h"

struct fixture {
    struct stream_events events;
    struct metadata_names names;
    struct changes *changes;
    struct control_table table; /* the camera's */
    uint64_t id;                /* of the next frame */
    uint64_t applied;           /* what the camera was given last */
    struct control_list given;
    uint32_t requests;
};

/* cmocka's; controls: those of the options. */
int fixture_setup_with(void **state, const char *controls);
int fixture_setup(void **state);
int fixture_teardown(void **state);

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

/* A run of the camera begins. */
void fixture_begin(struct fixture *fixture);

/* Requests a change: the answer that comes at once, or NULL. None comes. It is this refusal. */
struct change *fixture_request(struct fixture *fixture, const char *text);
void fixture_set(struct fixture *fixture, const char *text);
void fixture_refused(struct fixture *fixture, const char *text, enum wire_changed_status status);

/* What the camera is given before its next request; false: nothing. */
bool fixture_take(struct fixture *fixture);

/* A frame made with what was given last, of this brightness. */
void fixture_show(struct fixture *fixture, uint64_t shown, float brightness);

/* Whether the events were notified since the last time. */
bool fixture_notified(struct fixture *fixture);

/* The next change that is decided is this one. */
void fixture_decided(struct fixture *fixture, uint32_t number, uint64_t first,
                     enum wire_set_result result);

#endif
