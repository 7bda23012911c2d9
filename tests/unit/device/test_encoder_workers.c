/*
 * How one stream's frames use the workers: all of them at once, and none left idle between frames.
 */
#include <sched.h>

#include "encoder_fixture.h"
#include "shared/base/clock.h"

/* The slices that stop before they are encoded, until they are let go. */
static struct {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    /* Under lock. */
    unsigned width, from; /* of the pictures of this width those from this one on; 0: none */
    unsigned stopped;
} held = { .lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER };

int __real_jpeg_slice_encode(struct jpeg_slicer *slicer, const struct picture *picture,
                             const struct slice_plan *plan, unsigned index, int quality,
                             struct slice *out);
int __wrap_jpeg_slice_encode(struct jpeg_slicer *slicer, const struct picture *picture,
                             const struct slice_plan *plan, unsigned index, int quality,
                             struct slice *out);

int __wrap_jpeg_slice_encode(struct jpeg_slicer *slicer, const struct picture *picture,
                             const struct slice_plan *plan, unsigned index, int quality,
                             struct slice *out)
{
    pthread_mutex_lock(&held.lock);
    if (picture->width == held.width && index >= held.from) {
        held.stopped++;
        pthread_cond_broadcast(&held.changed);
        while (held.width > 0)
            pthread_cond_wait(&held.changed, &held.lock);
    }
    pthread_mutex_unlock(&held.lock);
    return __real_jpeg_slice_encode(slicer, picture, plan, index, quality, out);
}

/* Holds the slices of the picture with this id. */
static void hold(uint64_t id, unsigned from)
{
    held.width = WIDTH + 3 * (id % KINDS);
    held.from = from;
    held.stopped = 0;
}

static void wait_for_held(unsigned slices)
{
    struct timespec until = clock_timespec(clock_monotonic() + WAIT_MS * CLOCK_MS);
    int error = 0;
    pthread_mutex_lock(&held.lock);
    while (held.stopped < slices && !error)
        error = pthread_cond_clockwait(&held.changed, &held.lock, CLOCK_MONOTONIC, &until);
    pthread_mutex_unlock(&held.lock);
    assert_int_equal(error, 0);
}

static void let_go(void)
{
    pthread_mutex_lock(&held.lock);
    held.width = 0;
    pthread_cond_broadcast(&held.changed);
    pthread_mutex_unlock(&held.lock);
}

static void wait_for_releases(struct fixture *fixture, unsigned count)
{
    uint64_t due = clock_monotonic() + WAIT_MS * CLOCK_MS;
    while (atomic_load(&fixture->released) < count) {
        assert_true(clock_monotonic() < due);
        sched_yield();
    }
}

static struct fixture *set_up(unsigned threads, unsigned slices)
{
    struct encode_pool *pool;
    let_go(); /* a test that failed may have left slices held */
    assert_int_equal(encode_pool_create(&pool, threads), 0);
    return fixture_create(pool, slices);
}

static void tear_down(struct fixture *fixture)
{
    struct encode_pool *pool = fixture->pool;
    fixture_destroy(fixture);
    encode_pool_destroy(&pool);
}

/* The first kind of picture has five rows of MCUs. */
static void one_picture_uses_all_workers(void **state)
{
    (void)state;
    static const unsigned threads[] = { 1, 2, 3, 5 };
    for (unsigned i = 0; i < 4; i++) {
        struct fixture *fixture = set_up(threads[i], threads[i]);
        while (fixture->next_id < 3 * KINDS) {
            bool is_first = fixture->next_id % KINDS == 0;
            if (is_first)
                hold(fixture->next_id, 0);
            fixture_submit(fixture);
            if (is_first)
                wait_for_held(threads[i]);
            let_go();
            encoder_drain(fixture->encoder);
        }
        fixture_finish(fixture);
        assert_int_equal(fixture->whole, 3 * KINDS);
        tear_down(fixture);
    }
}

/* As soon as a worker finds no slice left, though others are still at work on the last ones. */
static void the_next_picture_begins_while_one_ends(void **state)
{
    (void)state;
    struct fixture *fixture = set_up(2, 5);
    hold(0, 4);
    fixture_submit(fixture);
    wait_for_held(1);
    fixture_submit(fixture);
    wait_for_releases(fixture, 1);
    assert_int_equal(fixture->lent[0]->releases, 0);
    assert_int_equal(fixture->lent[1]->releases, 1);
    let_go();
    fixture_finish(fixture);
    assert_int_equal(fixture->whole, 2);
    tear_down(fixture);
}

/* Those that are finished out of turn wait for the one before them, and with them the next. */
static void a_slow_picture_bounds_what_is_begun(void **state)
{
    (void)state;
    struct fixture *fixture = set_up(2, 1);
    hold(0, 0);
    fixture_submit(fixture);
    wait_for_held(1);
    for (unsigned id = 1; id <= 2; id++) {
        fixture_submit(fixture);
        wait_for_releases(fixture, id);
    }
    fixture_submit(fixture); /* 3: one more job than workers is in use */
    fixture_submit(fixture); /* 4 */
    let_go();
    fixture_finish(fixture);
    for (int id = 0; id <= 4; id++)
        assert_int_equal(fixture->fates[id], id == 3 ? WIRE_DROP_ENCODER_BUSY : FATE_WHOLE);
    tear_down(fixture);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_picture_uses_all_workers),
        cmocka_unit_test(the_next_picture_begins_while_one_ends),
        cmocka_unit_test(a_slow_picture_bounds_what_is_begun),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
