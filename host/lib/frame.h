/*
 * The pool of received frames: what is behind struct pitether_frame.
 *
 * A frame is one whole JPEG with its times, refcounted and, once complete, read-only. Frames come
 * from a pool that keeps their memory, so that nothing is allocated per frame once the largest size
 * has been seen. The pool is bounded: while all of its frames are held, the receiver stops reading,
 * the kernel's buffer fills, and the daemon's policy decides what is lost.
 */
#ifndef PITETHER_HOST_LIB_FRAME_H
#define PITETHER_HOST_LIB_FRAME_H

#include <stddef.h>
#include <stdint.h>

#include "host/lib/pitether.h"
#include "shared/base/attributes.h"
#include "shared/controls/metadata.h"

struct frame_pool;

/* At most `limit` frames (>= 2) will be held at once, and no more are given while they have more
 * than max_bytes of memory together; free frames beyond that give theirs back. NULL: errno tells,
 * ENOMEM or what there is in the way of a descriptor. */
NODISCARD struct frame_pool *frame_pool_create(unsigned limit, size_t max_bytes);

/* No more frames are taken. Those that are out stay good; the pool's memory goes with the last of
 * them. NULL is fine. */
void frame_pool_destroy(struct frame_pool *pool);

/* Takes a free frame (size 0, one reference held), or NULL: none is free, or out of memory. One
 * thread. */
struct pitether_frame *frame_pool_take(struct frame_pool *pool);

/* Readable once a frame has come back since frame_pool_take() returned NULL. The pool's own. */
int frame_pool_fd(const struct frame_pool *pool);

/* Makes the data's buffer at least so large, bytes, and keeps what is in it. Only while the frame
 * is being received. 0 or -ENOMEM. */
int frame_reserve(struct pitether_frame *frame, size_t capacity);

/* Keeps what the camera reported of a frame that is being received; its numbers are those of
 * `names`. Left out: what follows a malformed value, values for whose names the pool has no space,
 * and all but the first value of a name. The receiver's thread. */
void frame_set_metadata(struct pitether_frame *frame, const struct metadata *metadata,
                        const struct metadata_names *names);

/* The frame's data, to be written to while it is being received; and how large its buffer is. */
uint8_t *frame_data(struct pitether_frame *frame);
size_t frame_capacity(const struct pitether_frame *frame);

#endif
