/*
 * Changes of a camera's controls whose camera and whose askers are the test.
 */
#ifndef PITETHER_TESTS_UNIT_DEVICE_CHANGES_RIG_H
#define PITETHER_TESTS_UNIT_DEVICE_CHANGES_RIG_H

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "camera_controls.h"
#include "device/stream/changes.h"

struct rig {
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
int rig_setup_with(void **state, const char *controls);
int rig_setup(void **state);
int rig_teardown(void **state);

#define TEST(name) cmocka_unit_test_setup_teardown(name, rig_setup, rig_teardown)

/* A run of the camera begins. */
void rig_begin(struct rig *rig);

/* Requests a change: the answer that comes at once, or NULL. None comes. It is this refusal. */
struct change *rig_request(struct rig *rig, const char *text);
void rig_set(struct rig *rig, const char *text);
void rig_refused(struct rig *rig, const char *text, enum wire_changed_status status);

/* What the camera is given before its next request; false: nothing. */
bool rig_take(struct rig *rig);

/* A frame made with what was given last, of this brightness. */
void rig_show(struct rig *rig, uint64_t shown, float brightness);

/* Whether the events were notified since the last time. */
bool rig_notified(struct rig *rig);

/* The next change that is decided is this one. */
void rig_decided(struct rig *rig, uint32_t number, uint64_t first, enum wire_set_result result);

#endif
