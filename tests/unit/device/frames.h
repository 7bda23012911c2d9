/*
 * Frames made by hand, the way the encoder makes them, for those who pass frames on. The makers
 * keep a reference to each, so that a test can tell at its end whether all others came back.
 */
#ifndef PITETHER_TESTS_UNIT_DEVICE_FRAMES_H
#define PITETHER_TESTS_UNIT_DEVICE_FRAMES_H

#include "device/encode/frame.h"

struct frames {
    struct frame_pool pool;
    struct frame **all;
    size_t count, room;
};

void frames_init(struct frames *frames);

/* Of so many slices of so many bytes; nothing is published. Belongs to frames. */
struct frame *frames_new(struct frames *frames, uint64_t id, unsigned slices, size_t slice_size);
/* The same, published to its end. */
struct frame *frames_whole(struct frames *frames, uint64_t id, unsigned slices, size_t slice_size);

/* Makes it a frame of this stream, as the server does. */
void frame_set_stream(struct frame *frame, const struct wire_stream *stream);

/* Publishes that many more slices. */
void frame_grow(struct frame *frame, unsigned slices);
/* Publishes the rest. */
void frame_finish(struct frame *frame);
void frame_abort(struct frame *frame);

/* How often it is held besides by frames. */
unsigned frame_holders(struct frame *frame);

/* Asserts that nobody else holds any, and frees them. */
void frames_destroy(struct frames *frames);

/* Small, and the same each time: a linear congruential generator, its upper bits. */
static inline unsigned pseudo_random(uint64_t *state, unsigned below)
{
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (unsigned)(*state >> 33) % below;
}

#endif
