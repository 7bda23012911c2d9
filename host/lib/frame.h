/*
 * A received frame: one whole JPEG with its times, refcounted and, once complete, read-only.
 *
 * Frames come from a pool that keeps their memory, so that nothing is allocated per frame once the
 * largest size has been seen. The pool is bounded: while all of its frames are held, the receiver
 * stops reading, the kernel's buffer fills, and the daemon's policy decides what is lost.
 */
#ifndef PITETHER_HOST_LIB_FRAME_H
#define PITETHER_HOST_LIB_FRAME_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shared/protocol/wire.h"

struct frame_pool;

/* Device times are the device's CLOCK_BOOTTIME, host times this machine's CLOCK_MONOTONIC; ns. */
struct frame_times {
    uint64_t sensor, captured, encode_start, encode_end, send_start, send_end; /* device */
    uint64_t first_byte, last_byte;                                            /* host */
    int64_t offset; /* device clock minus host clock */
    uint64_t error; /* the offset is right within this much, for all of these times */
    bool offset_known;
};

struct frame {
    uint8_t *data; /* the JPEG as the daemon made it */
    size_t size;   /* bytes; at most WIRE_MAX_MESSAGE_LIMIT */
    uint64_t session, id;
    unsigned width, height; /* as the daemon said: check against the JPEG before you trust them */
    uint32_t crc32c;        /* checked by the receiver */
    struct frame_times times;
    struct wire_metadata metadata;

    size_t capacity;        /* of data; the pool's and the receiver's own */
    atomic_uint references; /* frame_hold() and frame_release() */
    struct frame_pool *pool;
    struct frame *next; /* in the pool's list of free frames, under its lock */
};

/* At most `limit` frames (>= 2) will be held at once, and no more are given while they have more
 * than max_bytes of memory together; free frames beyond that give theirs back. NULL: errno tells,
 * ENOMEM or what there is in the way of a descriptor. */
struct frame_pool *frame_pool_create(unsigned limit, size_t max_bytes);

/* All frames must have come back. NULL is fine. */
void frame_pool_destroy(struct frame_pool *pool);

/* Takes a free frame (size 0, one reference held), or NULL: none is free, or out of memory. One
 * thread. */
struct frame *frame_pool_take(struct frame_pool *pool);

/* Readable once a frame has come back since frame_pool_take() returned NULL. The pool's own. */
int frame_pool_fd(const struct frame_pool *pool);

/* Makes room for capacity bytes of data in all, keeping what is there. Only while the frame is
 * being received. 0 or -ENOMEM. */
int frame_reserve(struct frame *frame, size_t capacity);

/* One more reference; returns frame. Any thread that holds one already. */
struct frame *frame_hold(struct frame *frame);

/* Gives a reference back; the last one returns the frame to its pool. NULL is fine. Any thread. */
void frame_release(struct frame *frame);

/* A device time of this frame on the host's clock, ns; 0 where the offset is not known. */
uint64_t frame_host_time(const struct frame *frame, uint64_t device_time);

#endif
