#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "frames.h"
#include "shared/protocol/crc32c.h"

void frames_init(struct frames *frames)
{
    *frames = (struct frames){ 0 };
    frame_pool_init(&frames->pool);
}

static void keep(struct frames *frames, struct frame *frame)
{
    if (frames->count == frames->room) {
        frames->room = frames->room ? 2 * frames->room : 64;
        frames->all = realloc(frames->all, frames->room * sizeof(frames->all[0]));
        assert_non_null(frames->all);
    }
    frames->all[frames->count++] = frame;
}

struct frame *frames_new(struct frames *frames, uint64_t id, unsigned slices, size_t slice_size)
{
    struct frame *frame = frame_take(&frames->pool);
    assert_non_null(frame);
    keep(frames, frame);
    frame->head = (struct wire_frame_head){
        .frame_id = id,
        .sensor_time = 1000 + id,
        .capture_time = 2000 + id,
        .width = 640,
        .height = 480,
    };
    frame->slice_count = slices;
    frame->encode_start = 3000 + id;
    uint64_t state = id;
    for (unsigned i = 0; i < slices; i++) {
        struct slice *slice = &frame->slices[i];
        slice->buffer = realloc(slice->buffer, slice_size);
        assert_non_null(slice->buffer);
        for (size_t byte = 0; byte < slice_size; byte++)
            slice->buffer[byte] = (uint8_t)pseudo_random(&state, 256);
        slice->data = slice->buffer;
        slice->capacity = slice->size = slice_size;
    }
    return frame;
}

void frame_set_stream(struct frame *frame, const struct wire_stream *stream)
{
    frame->stream = *stream;
    frame->head.width = stream->width;
    frame->head.height = stream->height;
}

void frame_grow(struct frame *frame, unsigned slices)
{
    unsigned published = frame_published(frame);
    for (unsigned i = 0; i < slices; i++)
        atomic_fetch_add(&frame->size, frame->slices[published + i].size);
    atomic_store_explicit(&frame->published, published + slices, memory_order_release);
}

void frame_finish(struct frame *frame)
{
    frame_grow(frame, frame->slice_count - frame_published(frame));
    frame->length = (uint32_t)atomic_load(&frame->size);
    frame->crc32c = 0;
    for (unsigned i = 0; i < frame->slice_count; i++)
        frame->crc32c = crc32c(frame->crc32c, frame->slices[i].data, frame->slices[i].size);
    frame->encode_end = frame->encode_start + 1000;
    atomic_store_explicit(&frame->state, FRAME_WHOLE, memory_order_release);
}

void frame_abort(struct frame *frame)
{
    atomic_store_explicit(&frame->state, FRAME_ABORTED, memory_order_release);
}

struct frame *frames_whole(struct frames *frames, uint64_t id, unsigned slices, size_t slice_size)
{
    struct frame *frame = frames_new(frames, id, slices, slice_size);
    frame_finish(frame);
    return frame;
}

unsigned frame_holders(struct frame *frame)
{
    return atomic_load(&frame->references) - 1;
}

void frames_destroy(struct frames *frames)
{
    for (size_t i = 0; i < frames->count; i++) {
        assert_int_equal(frame_holders(frames->all[i]), 0);
        frame_release(frames->all[i]);
    }
    free(frames->all);
    frame_pool_destroy(&frames->pool);
}
