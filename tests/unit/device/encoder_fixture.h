/*
 * An encoder with a camera in front of it and a loop behind it, both played by the test. Each id
 * must come out once and in order, each frame must be the picture that went in, and each raw frame
 * must be given back once, and not before its last slice was made.
 */
#ifndef PITETHER_TESTS_UNIT_DEVICE_ENCODER_FIXTURE_H
#define PITETHER_TESTS_UNIT_DEVICE_ENCODER_FIXTURE_H

#include <stdatomic.h>

#include "device/stream/encoder.h"
#include "support.h"

enum { IDS_MAX = 4096, WAIT_MS = 20000, WIDTH = 96, HEIGHT = 80, KINDS = 4 };

/* What became of an id. */
enum { FATE_NONE, FATE_WHOLE = 100, FATE_ABORTED }; /* or the reason of its loss */

/* A picture to submit, and what it is once it is decoded. */
struct original {
    struct own_picture own;
    struct decoded pixels;
};

/* Where releases of raw frames stop. */
struct gate {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    unsigned stopped; /* under lock, like the next one */
    bool open;
};

struct fixture;

/* A raw frame with a memory of its own, which is made unusable when it is given back. */
struct lent {
    struct raw_frame raw;
    struct own_picture own;
    struct fixture *fixture;
    bool gated;
    atomic_int releases;
};

struct fixture {
    struct stream_events events;
    struct encode_pool *pool;
    struct encoder *encoder;
    struct original originals[KINDS]; /* of the ids whose rest of KINDS it is */
    struct lent *lent[IDS_MAX];       /* by id */
    atomic_uint lent_count, released;
    uint64_t next_id;
    bool gated; /* the next raw frame to be submitted stops at the gate when it is given back */
    struct gate gate;
    /* What the loop has seen. */
    uint64_t expected; /* the id that the next event must begin with */
    int fates[IDS_MAX];
    struct frame *pending[IDS_MAX]; /* begun, not yet looked at */
    unsigned pending_first, pending_count;
    uint64_t whole, bytes;
};

/* An encoder in this pool, which remains the caller's. */
struct fixture *fixture_create(struct encode_pool *pool, unsigned slices);
/* Asserts nothing of the accounts; they are fixture_finish()'s. */
void fixture_destroy(struct fixture *fixture);

/* Submits the picture of the next id. */
struct lent *fixture_submit(struct fixture *fixture);
/* The same with a thing that claims to be a JPEG. */
void fixture_submit_broken(struct fixture *fixture);
void fixture_lose(struct fixture *fixture, uint32_t count, enum wire_drop_reason reason);

/* Takes what the events have, and looks at the frames that are finished. */
void fixture_take_all(struct fixture *fixture);
/* Waits for all that was submitted; then each id has its fate and each raw frame is back. */
void fixture_finish(struct fixture *fixture);

/* Waits until a release has stopped at the gate; lets all through. */
void gate_wait(struct gate *gate);
void gate_open(struct gate *gate);

#endif
