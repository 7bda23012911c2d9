/*
 * A supervisor over a fake camera, with an encoder and the events: what its tests and those of the
 * sequencer share.
 */
#ifndef PITETHER_TESTS_UNIT_DEVICE_SUPERVISED_H
#define PITETHER_TESTS_UNIT_DEVICE_SUPERVISED_H

#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "device/stream/supervisor.h"
#include "fake_camera.h"
#include "shared/base/clock.h"

enum { SUPERVISED_KEPT_MAX = 64 };

/* How long a camera may give nothing with supervised_setup_impatient(), and a good while longer. */
enum { SUPERVISED_TIMEOUT_MS = 400, SUPERVISED_WHILE_MS = 1200 };

struct supervised {
    struct camera camera;
    struct stream_events events;
    struct encode_pool *pool;
    struct encoder *encoder;
    struct supervisor *supervisor;
    /* What the events reported. */
    uint64_t reported; /* ids [0, reported) */
    uint64_t frames, lost[WIRE_DROP_REASONS];
    unsigned streams, finished, statuses[3]; /* by state */
    struct wire_status status;               /* the last one */
    struct frame *kept[SUPERVISED_KEPT_MAX]; /* frames, by order, until supervised_teardown */
};

/* cmocka's; five: with a limit of five frames. teardown asserts that all came back. */
int supervised_setup(void **state);
int supervised_setup_impatient(void **state);
int supervised_setup_five(void **state);
int supervised_teardown(void **state);

/* Takes the events that are there. */
void supervised_pump(struct supervised *fixture);

/* Waits for events that make the condition true. */
#define SUPERVISED_UNTIL(fixture, condition)                                                       \
    do {                                                                                           \
        supervised_pump(fixture);                                                                  \
        while (!(condition)) {                                                                     \
            struct pollfd fd_ = { .fd = (fixture)->events.fd, .events = POLLIN };                  \
            assert_int_equal(poll(&fd_, 1, FAKE_BOUND_MS), 1);                                     \
            supervised_pump(fixture);                                                              \
        }                                                                                          \
    } while (0)

/* Has the camera run. */
void supervised_switch_on(struct supervised *fixture);

/* Ends the call that began with fake_camera_begin_call(), and waits until the frame that was
 * reported in it has its id, which is `before` or more, and is encoded, so that the next one finds
 * the encoder free. */
void supervised_settle(struct supervised *fixture, uint64_t before);

/* One report of the camera's, as above. */
void supervised_give(struct supervised *fixture, uint32_t sequence);
void supervised_give_lost(struct supervised *fixture, uint32_t sequence,
                          enum wire_drop_reason reason);
void supervised_give_end(struct supervised *fixture, int error);

/* So many ids were given out, of which so many are frames; and all of it was reported. */
void supervised_expect_totals(struct supervised *fixture, uint64_t ids, uint64_t captures);

#endif
