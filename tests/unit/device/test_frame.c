#include "device/encode/frame.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "support.h"

enum { MANY = 50, THREADS = 4, ROUNDS = 2000 };

static void frames_come_empty_and_are_used_again(void **state)
{
    (void)state;
    struct frame_pool pool;
    frame_pool_init(&pool);
    struct frame *frame = frame_take(&pool);
    assert_non_null(frame);
    assert_int_equal(frame_state(frame), FRAME_GROWING);
    frame->slices[0].buffer = malloc(100);
    assert_non_null(frame->slices[0].buffer);
    frame->slices[0].capacity = 100;
    frame->slice_count = 3;
    frame->head.frame_id = 9;
    frame->length = frame->crc32c = 5;
    atomic_store(&frame->published, 3);
    atomic_store(&frame->size, 77);
    atomic_store(&frame->state, FRAME_WHOLE);
    uint8_t *buffer = frame->slices[0].buffer;
    frame_release(frame);
    assert_int_equal(pool.free_count, 1);
    struct frame *again = frame_take(&pool);
    assert_ptr_equal(again, frame);
    assert_int_equal(pool.free_count, 0);
    assert_ptr_equal(again->slices[0].buffer, buffer);
    assert_int_equal(again->slices[0].capacity, 100);
    assert_int_equal(again->slice_count, 0);
    assert_int_equal(again->head.frame_id, 0);
    assert_int_equal(again->length, 0);
    assert_int_equal(again->crc32c, 0);
    assert_int_equal(frame_published(again), 0);
    assert_int_equal(atomic_load(&again->size), 0);
    assert_int_equal(frame_state(again), FRAME_GROWING);
    frame_release(again);
    frame_pool_destroy(&pool);
}

static void references_are_counted(void **state)
{
    (void)state;
    struct frame_pool pool;
    frame_pool_init(&pool);
    struct frame *frame = frame_take(&pool);
    assert_ptr_equal(frame_hold(frame), frame);
    assert_ptr_equal(frame_hold(frame), frame);
    frame_release(frame);
    frame_release(frame);
    assert_int_equal(pool.free_count, 0);
    struct frame *other = frame_take(&pool);
    assert_ptr_not_equal(other, frame);
    frame_release(frame);
    assert_int_equal(pool.free_count, 1);
    frame_release(other);
    frame_release(NULL);
    frame_pool_destroy(&pool);
}

/* What a slow client held does not stay for ever. */
static void the_free_list_is_bounded(void **state)
{
    (void)state;
    struct frame_pool pool;
    struct frame *frames[MANY];
    frame_pool_init(&pool);
    for (int i = 0; i < MANY; i++) {
        frames[i] = frame_take(&pool);
        assert_non_null(frames[i]);
        frames[i]->slices[1].buffer = malloc(10);
        assert_non_null(frames[i]->slices[1].buffer);
    }
    for (int i = 0; i < MANY; i++)
        frame_release(frames[i]);
    assert_in_range(pool.free_count, 1, 10);
    unsigned count = 0;
    for (struct frame *frame = pool.free; frame; frame = frame->next)
        count++;
    assert_int_equal(count, pool.free_count);
    frame_pool_destroy(&pool);
}

static void *take_and_release(void *user)
{
    for (int i = 0; i < ROUNDS; i++) {
        struct frame *frame = frame_take(user);
        if (!frame || atomic_load(&frame->references) != 1)
            return user;
        /* Nobody else may have it: the sanitizer sees the race if somebody does. */
        frame->head.frame_id = (uint64_t)i;
        frame_hold(frame);
        frame_release(frame);
        frame_release(frame);
    }
    return NULL;
}

static void threads_share_a_pool(void **state)
{
    (void)state;
    struct frame_pool pool;
    pthread_t threads[THREADS];
    frame_pool_init(&pool);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, take_and_release, &pool), 0);
    for (int i = 0; i < THREADS; i++) {
        void *problem;
        pthread_join(threads[i], &problem);
        assert_null(problem);
    }
    frame_pool_destroy(&pool);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(frames_come_empty_and_are_used_again),
        cmocka_unit_test(references_are_counted),
        cmocka_unit_test(the_free_list_is_bounded),
        cmocka_unit_test(threads_share_a_pool),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
