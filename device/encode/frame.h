/*
 * An encoded frame: slices of one JPEG that grow at the end, shared by all clients, never changed
 * once published. The slices' data joined in order are the file.
 *
 * The encoder's threads write; anyone who holds a reference reads what is published.
 */
#ifndef PITETHER_DEVICE_ENCODE_FRAME_H
#define PITETHER_DEVICE_ENCODE_FRAME_H

#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "shared/base/attributes.h"
#include "shared/protocol/wire.h"

enum { FRAME_SLICES_MAX = 64 };

/* A piece of the JPEG. The buffer belongs to the frame and is kept with it for its next use. */
struct slice {
    uint8_t *buffer;
    size_t capacity;
    const uint8_t *data; /* inside buffer */
    size_t size;         /* >= 1 */
};

enum frame_state { FRAME_GROWING, FRAME_WHOLE, FRAME_ABORTED };

struct frame {
    struct wire_frame_head head; /* set before the frame is published */
    struct wire_stream stream;   /* what it is a frame of; the loop thread's alone */
    unsigned slice_count;        /* set before the frame is published; 1..FRAME_SLICES_MAX */
    uint64_t encode_start;       /* likewise; device time */
    struct slice slices[FRAME_SLICES_MAX];

    atomic_uint published; /* slices[0..published) may be read; load with acquire */
    atomic_size_t size;    /* bytes in them */
    atomic_int state;      /* enum frame_state; load with acquire, before `published` */

    /* Valid once the state is FRAME_WHOLE. */
    uint32_t length, crc32c;
    uint64_t encode_end; /* device time */

    size_t charged; /* bytes that count as held; 0 until the frame is whole */
    atomic_uint references;
    struct frame_pool *pool;
    struct frame *next; /* in the pool's list, under its lock */
};

/* Keeps the memory of released frames for the next ones. */
struct frame_pool {
    pthread_mutex_t lock;
    struct frame *free; /* under lock, as is free_count */
    unsigned free_count;
    atomic_size_t held_bytes; /* of JPEG in the whole frames that somebody holds */
};

void frame_pool_init(struct frame_pool *pool);

/* All frames must have been released. */
void frame_pool_destroy(struct frame_pool *pool);

/* A frame with nothing published and one reference, or NULL: out of memory. Any thread. */
NODISCARD struct frame *frame_take(struct frame_pool *pool);

/* The frame is whole: its bytes count as held from now on. The encoder, once for each frame. */
void frame_charge(struct frame *frame);

/* One more reference; returns frame. Any thread that holds one. */
struct frame *frame_hold(struct frame *frame);

/* Gives a reference back. NULL is fine. Any thread. */
void frame_release(struct frame *frame);

static inline enum frame_state frame_state(struct frame *frame)
{
    return (enum frame_state)atomic_load_explicit(&frame->state, memory_order_acquire);
}

static inline unsigned frame_published(struct frame *frame)
{
    return atomic_load_explicit(&frame->published, memory_order_acquire);
}

#endif
