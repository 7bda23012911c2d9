#include "encoder_fixture.h"

#include <stdlib.h>
#include <string.h>

#include "shared/base/clock.h"
#include "shared/protocol/crc32c.h"

static void stop_at(struct gate *gate)
{
    pthread_mutex_lock(&gate->lock);
    gate->stopped++;
    pthread_cond_broadcast(&gate->changed);
    while (!gate->open)
        pthread_cond_wait(&gate->changed, &gate->lock);
    pthread_mutex_unlock(&gate->lock);
}

void gate_wait(struct gate *gate)
{
    struct timespec until = clock_timespec(clock_monotonic() + WAIT_MS * CLOCK_MS);
    int error = 0;
    pthread_mutex_lock(&gate->lock);
    while (gate->stopped == 0 && !error)
        error = pthread_cond_clockwait(&gate->changed, &gate->lock, CLOCK_MONOTONIC, &until);
    pthread_mutex_unlock(&gate->lock);
    assert_int_equal(error, 0);
}

void gate_open(struct gate *gate)
{
    pthread_mutex_lock(&gate->lock);
    gate->open = true;
    pthread_cond_broadcast(&gate->changed);
    pthread_mutex_unlock(&gate->lock);
}

static void release(struct raw_frame *raw)
{
    struct lent *lent = raw->owner;
    struct fixture *fixture = lent->fixture;
    /* Whoever still reads the picture now gets another one, and ThreadSanitizer's attention. */
    for (unsigned i = 0; i < 3; i++)
        if (lent->own.planes[i].data)
            memset(lent->own.planes[i].data, 0xAA, lent->own.planes[i].size);
    atomic_fetch_add(&lent->releases, 1);
    if (lent->gated)
        stop_at(&fixture->gate);
    atomic_fetch_add(&fixture->released, 1);
}

static struct lent *lend(struct fixture *fixture)
{
    struct lent *lent = calloc(1, sizeof(*lent));
    assert_non_null(lent);
    uint64_t id = fixture->next_id++;
    assert_true(id < IDS_MAX);
    lent->fixture = fixture;
    lent->gated = fixture->gated;
    fixture->gated = false;
    lent->raw = (struct raw_frame){
        .sensor_time_ns = 1000 + id,
        .capture_time_ns = 2000 + id,
        .wall_clock_ns = 3000 + id,
        .metadata = { 2, { 7, (uint8_t)id } },
        .id = id,
        .release = release,
        .owner = lent,
    };
    fixture->lent[id] = lent;
    atomic_fetch_add(&fixture->lent_count, 1);
    return lent;
}

struct lent *fixture_submit(struct fixture *fixture)
{
    struct lent *lent = lend(fixture);
    own_picture_mirror(&lent->own, &fixture->originals[lent->raw.id % KINDS].own.picture, false,
                       false);
    lent->raw.picture = lent->own.picture;
    encoder_submit(fixture->encoder, &lent->raw);
    return lent;
}

void fixture_submit_broken(struct fixture *fixture)
{
    enum { SIZE = 5000 };
    struct lent *lent = lend(fixture);
    guarded_make(&lent->own.planes[0], SIZE);
    memset(lent->own.planes[0].data, 0x11, SIZE);
    lent->raw.picture = (struct picture){ .format = PIXEL_JPEG,
                                          .width = WIDTH,
                                          .height = HEIGHT,
                                          .planes = { { lent->own.planes[0].data, 0, SIZE } } };
    encoder_submit(fixture->encoder, &lent->raw);
}

void fixture_lose(struct fixture *fixture, uint32_t count, enum wire_drop_reason reason)
{
    encoder_lost(fixture->encoder,
                 &(struct lost_run){ .run = { fixture->next_id, count, reason } });
    fixture->next_id += count;
}

struct fixture *fixture_create(struct encode_pool *pool, unsigned slices)
{
    static const enum pixel_format formats[KINDS] = { PIXEL_YUV420, PIXEL_NV12, PIXEL_BGR,
                                                      PIXEL_GREY };
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    assert_non_null(fixture);
    fixture->pool = pool;
    pthread_mutex_init(&fixture->gate.lock, NULL);
    pthread_cond_init(&fixture->gate.changed, NULL);
    for (unsigned i = 0; i < KINDS; i++) {
        struct original *original = &fixture->originals[i];
        struct bytes jpeg;
        own_picture_make(&original->own, formats[i], WIDTH + 3 * i, HEIGHT + i, 0, 0,
                         CONTENT_DETAIL);
        encode_joined(&original->own.picture, 1, 80, &jpeg);
        assert_true(decode(jpeg.data, jpeg.size, &original->pixels));
        bytes_free(&jpeg);
    }
    struct encoder_config config = { .slices = slices, .quality = 80 };
    assert_int_equal(events_init(&fixture->events), 0);
    assert_int_equal(encoder_create(&fixture->encoder, &config, pool, &fixture->events), 0);
    return fixture;
}

void fixture_destroy(struct fixture *fixture)
{
    encoder_destroy(&fixture->encoder);
    assert_null(fixture->encoder);
    events_destroy(&fixture->events);
    for (unsigned id = 0; id < IDS_MAX; id++)
        if (fixture->lent[id]) {
            own_picture_free(&fixture->lent[id]->own);
            free(fixture->lent[id]);
        }
    for (unsigned i = 0; i < KINDS; i++) {
        decoded_free(&fixture->originals[i].pixels);
        own_picture_free(&fixture->originals[i].own);
    }
    pthread_cond_destroy(&fixture->gate.changed);
    pthread_mutex_destroy(&fixture->gate.lock);
    free(fixture);
}

static void check_whole(struct fixture *fixture, struct frame *frame)
{
    struct bytes joined;
    struct decoded pixels;
    uint64_t id = frame->head.frame_id;
    assert_int_equal(frame_published(frame), frame->slice_count);
    join_slices(frame->slices, frame->slice_count, &joined);
    assert_int_equal(joined.size, frame->length);
    assert_int_equal(joined.size, atomic_load(&frame->size));
    assert_int_equal(crc32c_portable(0, joined.data, joined.size), frame->crc32c);
    assert_true(frame->encode_start <= frame->encode_end);
    assert_int_equal(frame->head.sensor_time, 1000 + id);
    assert_int_equal(frame->head.capture_time, 2000 + id);
    assert_int_equal(frame->head.metadata.present, WIRE_META_WALL_CLOCK);
    assert_int_equal(frame->head.metadata.wall_clock_ns, 3000 + id);
    assert_int_equal(frame->head.metadata.values.size, 2);
    assert_int_equal(frame->head.metadata.values.bytes[0], 7);
    assert_int_equal(frame->head.metadata.values.bytes[1], (uint8_t)id);
    assert_true(decode(joined.data, joined.size, &pixels));
    assert_int_equal(frame->head.width, pixels.width);
    assert_int_equal(frame->head.height, pixels.height);
    assert_same_pixels(&pixels, &fixture->originals[id % KINDS].pixels);
    fixture->bytes += joined.size;
    decoded_free(&pixels);
    bytes_free(&joined);
}

/* Looks at the frames that are finished, the oldest first. */
static void check_pending(struct fixture *fixture)
{
    while (fixture->pending_count > 0) {
        struct frame *frame = fixture->pending[fixture->pending_first];
        enum frame_state state = frame_state(frame);
        if (state == FRAME_GROWING)
            return;
        int *fate = &fixture->fates[frame->head.frame_id];
        assert_int_equal(*fate, FATE_NONE);
        *fate = state == FRAME_WHOLE ? FATE_WHOLE : FATE_ABORTED;
        /* The state changes after the picture was given back. */
        assert_int_equal(atomic_load(&fixture->lent[frame->head.frame_id]->releases), 1);
        if (state == FRAME_WHOLE)
            check_whole(fixture, frame);
        fixture->whole += state == FRAME_WHOLE;
        frame_release(frame);
        fixture->pending_first++;
        fixture->pending_count--;
    }
}

void fixture_take_all(struct fixture *fixture)
{
    struct stream_event event;
    events_clear(&fixture->events);
    while (events_take(&fixture->events, &event)) {
        if (event.kind == EVENT_FRAME) {
            assert_int_equal(event.frame->head.frame_id, fixture->expected);
            fixture->expected++;
            fixture->pending[fixture->pending_first + fixture->pending_count++] = event.frame;
            continue;
        }
        assert_int_equal(event.kind, EVENT_LOST);
        assert_int_equal(event.lost.run.first, fixture->expected);
        assert_true(event.lost.run.count >= 1);
        for (uint32_t i = 0; i < event.lost.run.count; i++) {
            assert_int_equal(fixture->fates[event.lost.run.first + i], FATE_NONE);
            fixture->fates[event.lost.run.first + i] = (int)event.lost.run.reason;
        }
        fixture->expected += event.lost.run.count;
    }
    check_pending(fixture);
}

void fixture_finish(struct fixture *fixture)
{
    encoder_drain(fixture->encoder);
    assert_true(encoder_idle(fixture->encoder));
    assert_int_equal(atomic_load(&fixture->released), atomic_load(&fixture->lent_count));
    fixture_take_all(fixture);
    assert_int_equal(fixture->pending_count, 0);
    assert_int_equal(fixture->expected, fixture->next_id);
    for (uint64_t id = 0; id < fixture->next_id; id++) {
        assert_true(fixture->fates[id] != FATE_NONE);
        if (fixture->lent[id])
            assert_int_equal(atomic_load(&fixture->lent[id]->releases), 1);
    }
    struct encoder_totals totals = encoder_totals(fixture->encoder);
    assert_int_equal(totals.frames, fixture->whole);
    assert_int_equal(totals.bytes, fixture->bytes);
}
