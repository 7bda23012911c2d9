/*
 * Several streams on one pool of workers: each has its own accounts, and none is held up by what
 * another one's camera does.
 */
#include "device/stream/encoder.h"

#include <pthread.h>

#include "encoder_fixture.h"

enum { STREAMS = 5 };

static struct encode_pool *pool;
static struct fixture *fixtures[STREAMS];

static void set_up(unsigned threads, unsigned streams, unsigned slices)
{
    assert_int_equal(encode_pool_create(&pool, threads), 0);
    for (unsigned i = 0; i < streams; i++)
        fixtures[i] = fixture_create(pool, slices);
}

static void tear_down(unsigned streams)
{
    for (unsigned i = 0; i < streams; i++)
        fixture_destroy(fixtures[i]);
    encode_pool_destroy(&pool);
    assert_null(pool);
}

/* Everything mixed up: whatever is lost, each stream's accounts are right. */
static void each_stream_has_its_own_accounts(void **state)
{
    (void)state;
    for (unsigned threads = 1; threads <= 4; threads++) {
        uint32_t seed = 77 + threads;
        set_up(threads, STREAMS, 3);
        for (int i = 0; i < 1000; i++) {
            uint32_t dice = random_next(&seed) % 100;
            struct fixture *fixture = fixtures[random_next(&seed) % STREAMS];
            if (dice < 20)
                fixture_lose(fixture, 1 + random_next(&seed) % 3, 1 + random_next(&seed) % 3);
            if (dice >= 95)
                fixture_submit_broken(fixture);
            else
                fixture_submit(fixture);
            if (dice % 9 == 0)
                encoder_drain(fixture->encoder);
            fixture_take_all(fixture);
        }
        for (unsigned i = 0; i < STREAMS; i++) {
            fixture_finish(fixtures[i]);
            assert_true(fixtures[i]->whole > 20);
        }
        tear_down(STREAMS);
    }
}

/* Each has a picture in work, and all are drained; none waits for another's to be submitted. */
static void a_stream_is_drained_by_itself(void **state)
{
    (void)state;
    set_up(2, 2, 4);
    fixtures[0]->gated = true;
    fixture_submit(fixtures[0]);
    gate_wait(&fixtures[0]->gate);
    for (int i = 0; i < 20; i++) {
        fixture_submit(fixtures[1]);
        encoder_drain(fixtures[1]->encoder);
        fixture_take_all(fixtures[1]);
        assert_int_equal(fixtures[1]->fates[i], FATE_WHOLE);
    }
    assert_false(encoder_idle(fixtures[0]->encoder));
    gate_open(&fixtures[0]->gate);
    for (unsigned i = 0; i < 2; i++)
        fixture_finish(fixtures[i]);
    tear_down(2);
}

static void *submit_another(void *user)
{
    fixture_submit(user);
    return NULL;
}

/* A raw frame that is replaced by a newer one is given back by the camera's thread: what that waits
 * for holds up no other stream, and is not over before it is. */
static void a_camera_that_is_slow_to_take_back_holds_up_itself_alone(void **state)
{
    (void)state;
    pthread_t camera;
    struct fixture *slow, *other;
    set_up(1, 3, 1);
    slow = fixtures[0];
    other = fixtures[1];
    /* The only worker is held up, so that the next raw frame waits and is replaced. */
    fixtures[2]->gated = true;
    fixture_submit(fixtures[2]);
    gate_wait(&fixtures[2]->gate);
    slow->gated = true;
    fixture_submit(slow);
    assert_int_equal(pthread_create(&camera, NULL, submit_another, slow), 0);
    gate_wait(&slow->gate);
    assert_false(encoder_idle(slow->encoder));
    fixture_submit(other);
    gate_open(&fixtures[2]->gate);
    fixture_finish(other);
    assert_int_equal(other->fates[0], FATE_WHOLE);
    assert_int_equal(atomic_load(&slow->released), 0);
    assert_false(encoder_idle(slow->encoder));
    gate_open(&slow->gate);
    pthread_join(camera, NULL);
    fixture_finish(slow);
    assert_int_equal(slow->fates[0], WIRE_DROP_ENCODER_BUSY);
    assert_int_equal(slow->fates[1], FATE_WHOLE);
    fixture_finish(fixtures[2]);
    tear_down(3);
}

/* Also one whose last frame has just been finished by a worker that goes on with another's. */
static void a_stream_can_end_before_the_others(void **state)
{
    (void)state;
    for (int round = 0; round < 20; round++) {
        set_up(1, 3, 1);
        for (unsigned i = 0; i < 3; i++) {
            fixtures[i]->gated = i != 1;
            fixture_submit(fixtures[i]);
            if (i == 0)
                gate_wait(&fixtures[0]->gate);
        }
        gate_open(&fixtures[0]->gate);
        fixture_finish(fixtures[1]);
        gate_wait(&fixtures[2]->gate);
        fixture_destroy(fixtures[1]);
        gate_open(&fixtures[2]->gate);
        fixture_finish(fixtures[0]);
        fixture_finish(fixtures[2]);
        fixtures[1] = fixture_create(pool, 1);
        tear_down(3);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_stream_has_its_own_accounts),
        cmocka_unit_test(a_stream_is_drained_by_itself),
        cmocka_unit_test(a_camera_that_is_slow_to_take_back_holds_up_itself_alone),
        cmocka_unit_test(a_stream_can_end_before_the_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
