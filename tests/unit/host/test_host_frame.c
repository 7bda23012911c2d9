/*
 * The pool of received frames, on one thread and on two.
 */
#include "host_support.h"

#include <math.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { BOUND_MS = 20000, ROUNDS = 20000 };

static struct frame_pool *make_pool(unsigned limit, size_t bytes)
{
    struct frame_pool *pool = frame_pool_create(limit, bytes);
    assert_non_null(pool);
    return pool;
}

static bool is_readable(const struct frame_pool *pool)
{
    struct pollfd ready = { .fd = frame_pool_fd(pool), .events = POLLIN };
    return poll(&ready, 1, 0) == 1;
}

static struct pitether_frame *take(struct frame_pool *pool)
{
    struct pitether_frame *frame = frame_pool_take(pool);
    assert_non_null(frame);
    return frame;
}

static void no_more_than_the_limit(void **state)
{
    (void)state;
    enum { LIMIT = 5 };
    struct frame_pool *pool = make_pool(LIMIT, SIZE_MAX);
    struct pitether_frame *frames[LIMIT];
    for (int round = 0; round < 3; round++) {
        for (unsigned i = 0; i < LIMIT; i++) {
            frames[i] = take(pool);
            assert_non_null(frames[i]);
            for (unsigned j = 0; j < i; j++)
                assert_ptr_not_equal(frames[i], frames[j]);
        }
        assert_null(frame_pool_take(pool));
        assert_null(frame_pool_take(pool));
        for (unsigned i = 0; i < LIMIT; i++)
            pitether_frame_release(frames[i]);
    }
    frame_pool_destroy(pool);
}

static void no_more_than_so_many_bytes(void **state)
{
    (void)state;
    struct frame_pool *pool = make_pool(10, 1000000);
    struct pitether_frame *one = take(pool);
    assert_int_equal(frame_reserve(one, 400000), 0);
    struct pitether_frame *other = take(pool); /* still below */
    assert_non_null(other);
    assert_int_equal(frame_reserve(other, 600000), 0);
    assert_null(frame_pool_take(pool));
    pitether_frame_release(other);
    assert_true(is_readable(pool));
    other = take(pool);
    assert_non_null(other);
    pitether_frame_release(one); /* keeps its memory, which counts again while it is out */
    one = take(pool);
    assert_non_null(one);
    assert_true(frame_capacity(one) >= 400000);
    assert_int_equal(frame_reserve(other, 600000), 0);
    assert_null(frame_pool_take(pool));
    pitether_frame_release(other);
    pitether_frame_release(one);
    /* One frame is given in any case, however large. */
    one = take(pool);
    assert_int_equal(frame_reserve(one, 5000000), 0);
    assert_null(frame_pool_take(pool));
    pitether_frame_release(one);
    one = take(pool);
    assert_non_null(one);
    pitether_frame_release(one);
    frame_pool_destroy(pool);
}

/* The frame that is taken next is never the large one: all would become large in time. */
static void free_frames_keep_within_the_bound(void **state)
{
    (void)state;
    enum { LIMIT = 10, BYTES = 1000000 };
    struct frame_pool *pool = make_pool(LIMIT, BYTES);
    struct pitether_frame *frames[LIMIT];
    for (unsigned round = 0; round < 3 * LIMIT; round++) {
        for (unsigned i = 0; i < LIMIT; i++)
            frames[i] = take(pool);
        unsigned large = round % LIMIT;
        assert_int_equal(frame_reserve(frames[large], 400000), 0);
        pitether_frame_release(frames[large]);
        for (unsigned i = 0; i < LIMIT; i++)
            if (i != large)
                pitether_frame_release(frames[i]);
    }
    size_t together = 0;
    for (unsigned i = 0; i < LIMIT; i++) {
        frames[i] = take(pool);
        together += frame_capacity(frames[i]);
    }
    assert_in_range(together, 400000, BYTES);
    for (unsigned i = 0; i < LIMIT; i++)
        pitether_frame_release(frames[i]);
    frame_pool_destroy(pool);
}

/* Readable if and only if somebody was turned away and a frame has come back since. */
static void the_descriptor_tells(void **state)
{
    (void)state;
    struct frame_pool *pool = make_pool(2, SIZE_MAX);
    struct pitether_frame *one = take(pool), *other = take(pool);
    assert_false(is_readable(pool));
    pitether_frame_release(other);
    assert_false(is_readable(pool)); /* nobody asked */
    other = take(pool);
    assert_null(frame_pool_take(pool));
    assert_false(is_readable(pool));
    pitether_frame_hold(one);
    pitether_frame_release(one);
    assert_false(is_readable(pool)); /* not the last reference */
    pitether_frame_release(one);
    assert_true(is_readable(pool));
    pitether_frame_release(other);
    assert_true(is_readable(pool));
    one = take(pool);
    assert_non_null(one);
    assert_false(is_readable(pool));
    pitether_frame_release(one);
    assert_false(is_readable(pool));
    frame_pool_destroy(pool);
}

static void reserving_keeps_what_is_there(void **state)
{
    (void)state;
    struct frame_pool *pool = make_pool(2, SIZE_MAX);
    struct pitether_frame *frame = take(pool);
    size_t size = 0;
    for (size_t wanted = 1; wanted < 10000000; wanted = wanted * 3 + 1) {
        assert_int_equal(frame_reserve(frame, wanted), 0);
        assert_true(frame_capacity(frame) >= wanted);
        while (size < wanted) {
            frame_data(frame)[size] = frame_byte(1, size);
            size++;
        }
    }
    assert_true(frame_is_right(frame->data, 1, size));
    size_t capacity = frame_capacity(frame);
    const uint8_t *data = frame->data;
    assert_int_equal(frame_reserve(frame, 0), 0);
    assert_int_equal(frame_reserve(frame, capacity), 0);
    assert_ptr_equal(frame->data, data);
    assert_int_equal(frame_capacity(frame), capacity);
    pitether_frame_release(frame);
    frame_pool_destroy(pool);
}

/* What comes from the pool is empty, whatever was in it before. */
static void frames_come_clean(void **state)
{
    (void)state;
    struct frame_pool *pool = make_pool(2, SIZE_MAX);
    struct pitether_frame *frame = frame_make(pool, 77, 1000);
    memset(&frame->times, 0xFF, offsetof(struct pitether_times, offset_known));
    frame->times.offset_known = true;
    frame->times.sensor_wall = 11;
    struct told told = { 0 };
    told_add(&told, "ExposureTime", value_of_int32(1));
    frame_tell(frame, &told);
    size_t capacity = frame_capacity(frame);
    pitether_frame_release(frame);
    frame = take(pool);
    assert_int_equal(frame_capacity(frame), capacity);
    assert_int_equal(frame->size + frame->id + frame->epoch + frame->crc32c, 0);
    assert_int_equal(frame->width + frame->height + frame->times.sensor_wall, 0);
    size_t at = 0;
    struct pitether_value value;
    assert_null(pitether_frame_next_value(frame, &at, &value));
    assert_true(isnan(pitether_frame_number(frame, "ExposureTime")));
    assert_false(frame->times.offset_known);
    assert_int_equal(frame->times.sensor + frame->times.last_byte, 0);
    pitether_frame_release(frame);
    pitether_frame_release(NULL);
    frame_pool_destroy(pool);
    frame_pool_destroy(NULL);
}

/* A caller may keep what it has when its receiver is gone; that the pool goes at last is left to
 * the sanitizers. */
static void frames_outlive_their_pool(void **state)
{
    (void)state;
    struct frame_pool *pool = make_pool(3, SIZE_MAX);
    struct pitether_frame *frame = frame_make(pool, 5, 1000), *other = frame_make(pool, 6, 2000);
    pitether_frame_release(take(pool)); /* one is free already */
    frame_pool_destroy(pool);
    pitether_frame_release(frame);
    assert_true(frame_is_right(other->data, 6, 2000));
    pitether_frame_release(other);
}

static void times_on_the_hosts_clock(void **state)
{
    (void)state;
    struct pitether_frame frame = { .times = { .offset = 1000, .offset_known = true } };
    assert_int_equal(pitether_frame_host_time(&frame, 5000), 4000);
    frame.times.offset = -1000;
    assert_int_equal(pitether_frame_host_time(&frame, 5000), 6000);
    frame.times.offset_known = false;
    assert_int_equal(pitether_frame_host_time(&frame, 5000), 0);
}

/* Two threads. */

struct handover {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct pitether_frame *frames[16]; /* a ring, under lock */
    unsigned first, count;
    unsigned wrong;
};

static void *release_all(void *user)
{
    struct handover *handover = user;
    for (uint64_t id = 0; id < ROUNDS; id++) {
        pthread_mutex_lock(&handover->lock);
        while (handover->count == 0)
            pthread_cond_wait(&handover->changed, &handover->lock);
        struct pitether_frame *frame = handover->frames[handover->first++ % 16];
        handover->count--;
        pthread_mutex_unlock(&handover->lock);
        handover->wrong += frame->id != id || !frame_is_right(frame->data, id, frame->size);
        pitether_frame_release(frame);
    }
    return NULL;
}

static void hand_over(struct handover *handover, struct pitether_frame *frame)
{
    pthread_mutex_lock(&handover->lock);
    handover->frames[(handover->first + handover->count++) % 16] = frame;
    pthread_cond_signal(&handover->changed);
    pthread_mutex_unlock(&handover->lock);
}

/* One thread takes and fills, waiting on the descriptor whenever the pool is empty; the other gives
 * back. No wake-up is lost and no frame is in two hands. */
static void taken_here_released_there(void **state)
{
    (void)state;
    struct handover handover = { .lock = PTHREAD_MUTEX_INITIALIZER,
                                 .changed = PTHREAD_COND_INITIALIZER };
    struct frame_pool *pool = make_pool(2, SIZE_MAX);
    pthread_t thread;
    unsigned waits = 0;
    assert_int_equal(pthread_create(&thread, NULL, release_all, &handover), 0);
    for (uint64_t id = 0; id < ROUNDS; id++) {
        struct pitether_frame *frame;
        while (!(frame = frame_pool_take(pool))) {
            struct pollfd ready = { .fd = frame_pool_fd(pool), .events = POLLIN };
            assert_int_equal(poll(&ready, 1, BOUND_MS), 1);
            waits++;
        }
        assert_int_equal(frame_reserve(frame, 64), 0);
        frame->id = id;
        frame->size = 64;
        for (size_t i = 0; i < 64; i++)
            frame_data(frame)[i] = frame_byte(id, i);
        pitether_frame_hold(frame);
        hand_over(&handover, frame);
        pitether_frame_release(frame); /* whoever is last gives it back */
    }
    pthread_join(thread, NULL);
    assert_int_equal(handover.wrong, 0);
    assert_true(waits > 0);
    frame_pool_destroy(pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_more_than_the_limit),
        cmocka_unit_test(no_more_than_so_many_bytes),
        cmocka_unit_test(free_frames_keep_within_the_bound),
        cmocka_unit_test(the_descriptor_tells),
        cmocka_unit_test(reserving_keeps_what_is_there),
        cmocka_unit_test(frames_come_clean),
        cmocka_unit_test(frames_outlive_their_pool),
        cmocka_unit_test(times_on_the_hosts_clock),
        cmocka_unit_test(taken_here_released_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
