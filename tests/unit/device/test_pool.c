/*
 * The workers of all streams: who is served next, how many work at once, and what it costs. The
 * slices are not encoded: a gate says how long each takes.
 */
#include "device/encode/pool.h"

#include <errno.h>
#include <sched.h>
#include <stdatomic.h>
#include <string.h>

#include "shared/base/clock.h"
#include "support.h"

enum { STREAMS_MAX = 16, ORDER_MAX = 64, WAIT_MS = 20000 };

struct stream {
    struct encode_queue queue;
    /* Under the pool's lock. */
    unsigned ready, taken, finished;
    unsigned overtaken[STREAMS_MAX]; /* by each other stream since it has had a slice to take */
};

static struct fixture {
    struct encode_pool *pool;
    struct stream streams[STREAMS_MAX];
    /* Under the pool's lock. */
    unsigned served; /* the first ORDER_MAX are in order */
    char order[ORDER_MAX + 1];
    unsigned most_overtaken; /* of all streams by any other */
    unsigned helpers;        /* that the first slice's taker asks for */

    pthread_mutex_t lock;
    pthread_cond_t changed;
    /* Under this lock. */
    bool shut;        /* slices stop at the gate */
    unsigned at_gate; /* that stop there */
} fixture;

/* Calls on what is the pool's own. */
static atomic_uint locked; /* by its workers */
static atomic_uint signalled, broadcast;
static atomic_uint asleep; /* workers; changes under the pool's lock */
static pthread_t main_thread;

int __wrap_jpeg_slice_encode(struct jpeg_slicer *slicer, const struct picture *picture,
                             const struct slice_plan *plan, unsigned index, int quality,
                             struct slice *out);
int __real_pthread_mutex_lock(pthread_mutex_t *lock);
int __wrap_pthread_mutex_lock(pthread_mutex_t *lock);
int __real_pthread_cond_wait(pthread_cond_t *condition, pthread_mutex_t *lock);
int __wrap_pthread_cond_wait(pthread_cond_t *condition, pthread_mutex_t *lock);
int __real_pthread_cond_signal(pthread_cond_t *condition);
int __wrap_pthread_cond_signal(pthread_cond_t *condition);
int __real_pthread_cond_broadcast(pthread_cond_t *condition);
int __wrap_pthread_cond_broadcast(pthread_cond_t *condition);

int __wrap_pthread_mutex_lock(pthread_mutex_t *lock)
{
    locked += lock != &fixture.lock && !pthread_equal(pthread_self(), main_thread);
    return __real_pthread_mutex_lock(lock);
}

int __wrap_pthread_cond_wait(pthread_cond_t *condition, pthread_mutex_t *lock)
{
    bool sleeps = lock != &fixture.lock;
    asleep += sleeps;
    int error = __real_pthread_cond_wait(condition, lock);
    asleep -= sleeps;
    return error;
}

int __wrap_pthread_cond_signal(pthread_cond_t *condition)
{
    signalled++;
    return __real_pthread_cond_signal(condition);
}

int __wrap_pthread_cond_broadcast(pthread_cond_t *condition)
{
    broadcast += condition != &fixture.changed;
    return __real_pthread_cond_broadcast(condition);
}

/* As a worker encodes a slice: it stops at the gate if that is shut. */
int __wrap_jpeg_slice_encode(struct jpeg_slicer *slicer, const struct picture *picture,
                             const struct slice_plan *plan, unsigned index, int quality,
                             struct slice *out)
{
    (void)picture, (void)plan, (void)out;
    pthread_mutex_lock(&fixture.lock);
    fixture.at_gate++;
    pthread_cond_broadcast(&fixture.changed);
    while (fixture.shut)
        pthread_cond_wait(&fixture.changed, &fixture.lock);
    fixture.at_gate--;
    pthread_mutex_unlock(&fixture.lock);
    return slicer && index == (unsigned)quality ? -EIO : -ENOMEM;
}

static void shut_gate(void)
{
    pthread_mutex_lock(&fixture.lock);
    fixture.shut = true;
    pthread_mutex_unlock(&fixture.lock);
}

static void open_gate(void)
{
    pthread_mutex_lock(&fixture.lock);
    fixture.shut = false;
    pthread_cond_broadcast(&fixture.changed);
    pthread_mutex_unlock(&fixture.lock);
}

static void wait_at_gate(unsigned workers)
{
    struct timespec until = clock_timespec(clock_monotonic() + WAIT_MS * CLOCK_MS);
    int error = 0;
    pthread_mutex_lock(&fixture.lock);
    while (fixture.at_gate != workers && !error)
        error = pthread_cond_clockwait(&fixture.changed, &fixture.lock, CLOCK_MONOTONIC, &until);
    pthread_mutex_unlock(&fixture.lock);
    assert_int_equal(error, 0);
}

/* Counts for each stream that could have been served how often this one was instead. */
static void note_service(struct stream *stream)
{
    unsigned self = (unsigned)(stream - fixture.streams);
    for (struct stream *other = fixture.streams; other < fixture.streams + STREAMS_MAX; other++)
        if (other != stream && other->ready > 0 &&
            ++other->overtaken[self] > fixture.most_overtaken)
            fixture.most_overtaken = other->overtaken[self];
    memset(stream->overtaken, 0, sizeof(stream->overtaken));
    if (fixture.served < ORDER_MAX)
        fixture.order[fixture.served] = (char)('A' + self);
    fixture.served++;
}

static bool take(void *user, struct slice_task *task)
{
    struct stream *stream = user;
    if (stream->ready == 0)
        return false;
    stream->ready--;
    note_service(stream);
    *task =
        (struct slice_task){ .index = stream->taken, .quality = (int)stream->taken, .job = stream };
    stream->taken++;
    if (fixture.helpers > 0)
        encode_pool_offer(fixture.pool, &stream->queue, fixture.helpers);
    fixture.helpers = 0;
    return true;
}

static void finish(void *user, const struct slice_task *task, int error)
{
    struct stream *stream = user;
    if (task->job == stream && error == -EIO)
        stream->finished++;
}

static void set_up(unsigned threads)
{
    memset(&fixture, 0, sizeof(fixture));
    pthread_mutex_init(&fixture.lock, NULL);
    pthread_cond_init(&fixture.changed, NULL);
    for (unsigned i = 0; i < STREAMS_MAX; i++)
        fixture.streams[i] = (struct stream){
            .queue = { .take = take, .finish = finish, .user = &fixture.streams[i] },
        };
    assert_int_equal(encode_pool_create(&fixture.pool, threads), 0);
    assert_int_equal(encode_pool_threads(fixture.pool), threads);
}

static void offer(unsigned stream, unsigned slices, unsigned helpers)
{
    pthread_mutex_lock(encode_pool_lock(fixture.pool));
    fixture.streams[stream].ready += slices;
    encode_pool_offer(fixture.pool, &fixture.streams[stream].queue, helpers);
    pthread_mutex_unlock(encode_pool_lock(fixture.pool));
}

static bool is_finished(void)
{
    bool finished = true;
    for (unsigned i = 0; i < STREAMS_MAX; i++)
        finished = finished && fixture.streams[i].ready == 0 &&
                   fixture.streams[i].finished == fixture.streams[i].taken;
    return finished;
}

/* All that was offered is finished, and the workers wait. */
static void wait_for_end(void)
{
    uint64_t due = clock_monotonic() + WAIT_MS * CLOCK_MS;
    for (bool ended = false; !ended; sched_yield()) {
        pthread_mutex_lock(encode_pool_lock(fixture.pool));
        ended = is_finished() && asleep == encode_pool_threads(fixture.pool);
        pthread_mutex_unlock(encode_pool_lock(fixture.pool));
        assert_true(clock_monotonic() < due);
    }
}

static void tear_down(void)
{
    pthread_mutex_lock(encode_pool_lock(fixture.pool));
    for (unsigned i = 0; i < STREAMS_MAX; i++)
        encode_pool_withdraw(fixture.pool, &fixture.streams[i].queue);
    pthread_mutex_unlock(encode_pool_lock(fixture.pool));
    encode_pool_destroy(&fixture.pool);
    assert_null(fixture.pool);
    pthread_cond_destroy(&fixture.changed);
    pthread_mutex_destroy(&fixture.lock);
}

/* One worker: each stream in its turn, whatever the first one has. */
static void streams_take_turns(void **state)
{
    (void)state;
    set_up(1);
    shut_gate();
    offer(0, 10, 1);
    wait_at_gate(1);
    offer(1, 3, 1);
    offer(2, 1, 1);
    offer(3, 2, 1);
    open_gate();
    wait_for_end();
    assert_string_equal(fixture.order, "AABCDABDABAAAAAA");
    tear_down();
}

/* One that comes while others have slices waits for one of each at most. */
static void a_newcomer_waits_for_one_slice_of_each(void **state)
{
    (void)state;
    set_up(1);
    shut_gate();
    offer(0, 5, 1);
    wait_at_gate(1);
    offer(1, 5, 1);
    open_gate();
    wait_for_end();
    shut_gate();
    offer(0, 3, 1);
    wait_at_gate(1);
    offer(1, 1, 1);
    offer(1, 2, 1); /* more of the same: its place in the line remains */
    open_gate();
    wait_for_end();
    assert_string_equal(fixture.order, "AABABABABB"
                                       "AABABB");
    tear_down();
}

/* Whatever is offered when, and by however many workers it is taken. */
static void nobody_is_overtaken_twice(void **state)
{
    (void)state;
    for (unsigned threads = 1; threads <= 4; threads++) {
        uint32_t seed = threads;
        unsigned offered = 0;
        set_up(threads);
        for (unsigned i = 0; i < 3000; i++) {
            unsigned slices = 1 + random_next(&seed) % 12;
            if (i % 64 == 0)
                shut_gate();
            offer(random_next(&seed) % STREAMS_MAX, slices, 1 + random_next(&seed) % slices);
            offered += slices;
            if (i % 64 == 40)
                open_gate();
        }
        open_gate();
        wait_for_end();
        assert_int_equal(fixture.served, offered);
        assert_int_equal(fixture.most_overtaken, 1);
        tear_down();
    }
}

/* The slices of one stream, once its first one has been taken; and of several. */
static void all_workers_are_used(void **state)
{
    (void)state;
    for (unsigned threads = 1; threads <= 8; threads++)
        for (unsigned streams = 1; streams <= threads; streams++) {
            set_up(threads);
            shut_gate();
            if (streams == 1)
                fixture.helpers = threads - 1;
            for (unsigned i = 0; i < streams; i++)
                offer(i, threads, streams == 1 ? 1 : threads);
            wait_at_gate(threads);
            open_gate();
            wait_for_end();
            /* Again, now that all have slept. */
            shut_gate();
            offer(0, threads, threads);
            wait_at_gate(threads);
            open_gate();
            wait_for_end();
            tear_down();
        }
}

/* A worker that has a slice to go on with is woken by nobody, and takes the lock once for each. */
static void a_slice_costs_one_lock_and_no_wakeup(void **state)
{
    (void)state;
    enum { SLICES = 1000 };
    set_up(1);
    shut_gate();
    offer(0, 1, 1);
    wait_at_gate(1);
    offer(0, SLICES, 1);
    unsigned locks = locked, wakeups = signalled + broadcast;
    open_gate();
    wait_for_end();
    assert_int_equal(locked - locks, 1 + SLICES);
    assert_int_equal(signalled + broadcast, wakeups);
    tear_down();
}

/* As many as there are slices for, and if these are all, with one call. */
static void no_more_workers_wake_than_are_needed(void **state)
{
    (void)state;
    set_up(4);
    wait_for_end();
    unsigned signals = signalled, broadcasts = broadcast;
    shut_gate();
    offer(0, 1, 1);
    assert_int_equal(signalled - signals, 1);
    offer(1, 2, 2);
    assert_int_equal(signalled - signals, 3);
    assert_int_equal(broadcast - broadcasts, 0);
    offer(2, 9, 9);
    assert_int_equal(signalled - signals, 3);
    assert_int_equal(broadcast - broadcasts, 1);
    offer(3, 9, 9);
    assert_int_equal(signalled - signals + broadcast - broadcasts, 4);
    open_gate();
    wait_for_end();
    assert_int_equal(signalled - signals + broadcast - broadcasts, 4);
    tear_down();
}

/* From the line's begin, middle and end; one that is in no line, too. */
static void a_queue_can_be_withdrawn(void **state)
{
    (void)state;
    for (unsigned gone = 0; gone < 5; gone++) {
        set_up(1);
        shut_gate();
        offer(5, 1, 1);
        wait_at_gate(1);
        for (unsigned i = 0; i < 4; i++)
            offer(i, 1, 1);
        pthread_mutex_lock(encode_pool_lock(fixture.pool));
        encode_pool_withdraw(fixture.pool, &fixture.streams[gone].queue);
        fixture.streams[gone].ready = 0;
        pthread_mutex_unlock(encode_pool_lock(fixture.pool));
        offer(6, 1, 1);
        open_gate();
        wait_for_end();
        static const char *const orders[] = { "FBCDG", "FACDG", "FABDG", "FABCG", "FABCDG" };
        assert_string_equal(fixture.order, orders[gone]);
        tear_down();
    }
}

static void pools_end(void **state)
{
    (void)state;
    for (unsigned threads = 1; threads <= ENCODE_THREADS_MAX; threads += 21) {
        set_up(threads);
        tear_down();
    }
    struct encode_pool *pool;
    assert_int_equal(encode_pool_create(&pool, 0), 0);
    assert_in_range(encode_pool_threads(pool), 1, ENCODE_THREADS_MAX);
    encode_pool_destroy(&pool);
    encode_pool_destroy(&pool);
    encode_pool_destroy(NULL);
}

int main(void)
{
    main_thread = pthread_self();
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(streams_take_turns),
        cmocka_unit_test(a_newcomer_waits_for_one_slice_of_each),
        cmocka_unit_test(nobody_is_overtaken_twice),
        cmocka_unit_test(all_workers_are_used),
        cmocka_unit_test(a_slice_costs_one_lock_and_no_wakeup),
        cmocka_unit_test(no_more_workers_wake_than_are_needed),
        cmocka_unit_test(a_queue_can_be_withdrawn),
        cmocka_unit_test(pools_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
