/*
 * A stream whose camera is the test, its stills, and who watches both.
 */
#ifndef PITETHER_TESTS_UNIT_DEVICE_STILLS_FIXTURE_H
#define PITETHER_TESTS_UNIT_DEVICE_STILLS_FIXTURE_H

#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "device/stream/stream.h"
#include "fake_camera.h"
#include "shared/base/clock.h"

/* A camera, its stream, and its stills. */
struct fixture {
    struct camera camera;
    struct encode_pool *pool;
    struct metadata_names names;
    struct control_table table;
    struct stream *stream, *stills;
    struct demand_entry entry; /* the stream's client */
    unsigned events[EVENT_FINISHED + 1], still_events[EVENT_FINISHED + 1];
    uint64_t reported, stills_reported; /* ids below */
    unsigned switches;                  /* STATUS running with a text */
    char why[WIRE_BLOB_TEXT_MAX + 1];   /* of the last still that was not taken */
    struct wire_frame_head still;       /* of the last one that was */
    uint32_t sequence;
};

/* cmocka's. A camera counts as stalled after an hour, or, of an impatient one, after 200 ms. */
int setup(void **state);
int setup_impatient(void **state);
int teardown(void **state);

/* Take all events of the stream, and of the stills, and check them. */
void take_stream(struct fixture *fixture);
void take_stills(struct fixture *fixture);

#define UNTIL(fixture, condition)                                                                  \
    do {                                                                                           \
        take_stream(fixture);                                                                      \
        take_stills(fixture);                                                                      \
        while (!(condition)) {                                                                     \
            struct pollfd fds_[2] = { { (fixture)->stream->events.fd, POLLIN, 0 },                 \
                                      { (fixture)->stills->events.fd, POLLIN, 0 } };               \
            assert_true(poll(fds_, 2, FAKE_BOUND_MS) > 0);                                         \
            take_stream(fixture);                                                                  \
            take_stills(fixture);                                                                  \
        }                                                                                          \
    } while (0)

/* The camera's thread: gives a frame, and waits until it has come back. give() lends one first, and
 * gives that. */
void give_frame(struct fixture *fixture, struct raw_frame *frame);
void give(struct fixture *fixture, enum camera_output output);

/* Subscribes to the stream, and waits until the camera runs. */
void watch(struct fixture *fixture);

/* Requests a still for which the camera may be switched. */
void request(struct fixture *fixture, uint64_t settle_ns);

/* Waits for a run of the camera: for a still, or for the stream. */
void wait_for_run(struct fixture *fixture, bool still);

/* Gives frames in a run for a still until that has its answer. */
void give_until_taken(struct fixture *fixture);

#endif
