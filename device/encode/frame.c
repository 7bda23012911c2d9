#include "device/encode/frame.h"

#include <stdlib.h>
#include <string.h>

/* Enough for what is between the encoder and prompt clients. The memory of frames that slow clients
 * held beyond that is freed. */
enum { FREE_FRAMES_MAX = 6 };

void frame_pool_init(struct frame_pool *pool)
{
    pthread_mutex_init(&pool->lock, NULL);
    pool->free = NULL;
    pool->free_count = 0;
    atomic_init(&pool->held_bytes, 0);
}

static void destroy(struct frame *frame)
{
    for (unsigned i = 0; i < FRAME_SLICES_MAX; i++)
        free(frame->slices[i].buffer);
    free(frame);
}

void frame_pool_destroy(struct frame_pool *pool)
{
    while (pool->free) {
        struct frame *frame = pool->free;
        pool->free = frame->next;
        destroy(frame);
    }
    pthread_mutex_destroy(&pool->lock);
}

struct frame *frame_take(struct frame_pool *pool)
{
    pthread_mutex_lock(&pool->lock);
    struct frame *frame = pool->free;
    if (frame) {
        pool->free = frame->next;
        pool->free_count--;
    }
    pthread_mutex_unlock(&pool->lock);
    if (!frame) {
        frame = calloc(1, sizeof(*frame));
        if (!frame)
            return NULL;
        frame->pool = pool;
    }
    memset(&frame->head, 0, sizeof(frame->head));
    frame->slice_count = 0;
    frame->length = frame->crc32c = 0;
    atomic_store(&frame->published, 0);
    atomic_store(&frame->size, 0);
    atomic_store(&frame->state, FRAME_GROWING);
    atomic_store(&frame->references, 1);
    return frame;
}

void frame_charge(struct frame *frame)
{
    frame->charged = atomic_load(&frame->size);
    atomic_fetch_add(&frame->pool->held_bytes, frame->charged);
}

struct frame *frame_hold(struct frame *frame)
{
    atomic_fetch_add_explicit(&frame->references, 1, memory_order_relaxed);
    return frame;
}

void frame_release(struct frame *frame)
{
    if (!frame || atomic_fetch_sub_explicit(&frame->references, 1, memory_order_acq_rel) > 1)
        return;
    struct frame_pool *pool = frame->pool;
    atomic_fetch_sub(&pool->held_bytes, frame->charged);
    frame->charged = 0;
    pthread_mutex_lock(&pool->lock);
    if (pool->free_count < FREE_FRAMES_MAX) {
        frame->next = pool->free;
        pool->free = frame;
        pool->free_count++;
        frame = NULL;
    }
    pthread_mutex_unlock(&pool->lock);
    if (frame)
        destroy(frame);
}
