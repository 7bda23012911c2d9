/*
 * The queue of a sink, whose writer does as the test says.
 */
#ifndef PITETHER_TESTS_UNIT_HOST_SINK_FIXTURE_H
#define PITETHER_TESTS_UNIT_HOST_SINK_FIXTURE_H

#include "host_support.h"

#include <pthread.h>

#include "host/sinks/queue.h"

enum { WRITES_MAX = 1024, GIVEN_SIZE = 16384, BOUND_MS = 20000, GRACE_MS = 100, FRAMES = 64 };

struct fake {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    /* Under lock. */
    uint64_t ids[WRITES_MAX];
    uint64_t shown[WRITES_MAX];
    bool has_data[WRITES_MAX];
    unsigned writes, waits, closes, gone, spaces, summaries, formats, drops;
    char given[GIVEN_SIZE];    /* in order, e.g. "800x600 2 3+4:6 ": a format, a frame, losses */
    struct sink_totals totals; /* of summarize() */
    bool gate;                 /* write() waits while it is shut */
    bool door;                 /* so does wait() */
    int results[WRITES_MAX];   /* by number of the call */
    int close_result;
    pthread_t thread;
    int pipe[2]; /* if it is to block on one; else -1 */
};

struct fixture {
    struct fake fake;
    struct sink_writer writer; /* what start() uses */
    struct frame_pool *pool;
    struct sink *sink;
};

/* A queue for every frame, of FRAMES frames and 1 MiB. */
extern const struct sink_queue_config fixture_every;
int fixture_setup(void **state);
int setup(void **state, const struct sink_queue_config *config);
int fixture_teardown(void **state);

/* Starts another queue, once the one before is finished. */
int start(struct fixture *fixture, const struct sink_queue_config *config);

/* While it is shut, the writer's write() waits; or its wait(). */
void fake_gate(struct fake *fake, bool shut);
void fake_door(struct fake *fake, bool shut);

/* Waits until one of the fake's counters is so high; or its writes. */
void wait_calls(struct fake *fake, const unsigned *calls, unsigned wanted);
void wait_writes(struct fake *fake, unsigned writes);

/* Gives frame `id`; a format; losses, of the frames' epoch; and closes the sink, 0: without a
 * limit. */
enum sink_result push(struct fixture *fixture, uint64_t id, size_t size);
void push_format(struct fixture *fixture, unsigned width, unsigned height);
void push_drops(struct fixture *fixture, uint64_t first_id, uint64_t count,
                enum pitether_drop_reason reason);
struct sink_totals finish(struct fixture *fixture, uint64_t grace_ns);

bool is_full(struct fixture *fixture);
void assert_all_back(struct fixture *fixture);

#endif
