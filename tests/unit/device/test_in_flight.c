#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "device/serve/in_flight.h"
#include "shared/base/clock.h"

/* A way to the peer that is as the test says. */
struct fake_path {
    struct transport transport;
    struct transport_path path;
    int error;
    unsigned asked;
};

static int fake_path(struct transport *transport, struct transport_path *path)
{
    struct fake_path *fake = (struct fake_path *)transport;
    fake->asked++;
    *path = fake->path;
    return fake->error;
}

static const struct transport_ops fake_ops = { .path = fake_path };

/* 10 MB/s and 8 ms there and back: 10 ms with the allowance, so 100000 bytes. */
static struct fake_path wire(void)
{
    return (struct fake_path){
        .transport = { .ops = &fake_ops, .fd = -1 },
        .path = { .min_rtt_ns = 8 * CLOCK_MS, .bytes_per_second = 10000000 },
    };
}

/* A in_flight that knows its path and has nothing on the way. */
static struct in_flight measured(struct fake_path *fake)
{
    struct in_flight in_flight = { 0 };
    in_flight_sent(&in_flight, 0, 10);
    in_flight_acked(&in_flight, 0, &fake->transport, CLOCK_SECOND);
    return in_flight;
}

static void unmeasured_one_at_a_time(void **state)
{
    (void)state;
    struct in_flight in_flight = { 0 };
    struct fake_path fake = wire();
    fake.error = -ENOTSUP;
    for (uint64_t id = 0; id < 3 * IN_FLIGHT_FRAMES; id++) {
        assert_true(in_flight_may_start(&in_flight));
        in_flight_sent(&in_flight, id, 1);
        assert_false(in_flight_may_start(&in_flight));
        in_flight_acked(&in_flight, id, &fake.transport, (id + 1) * CLOCK_SECOND);
    }
    assert_int_equal(in_flight.unacked, 0);
}

static void budget_bounds_what_is_on_the_way(void **state)
{
    (void)state;
    struct fake_path fake = wire();
    struct in_flight in_flight = measured(&fake);
    in_flight_sent(&in_flight, 1, 60000);
    assert_true(in_flight_may_start(&in_flight));
    in_flight_sent(&in_flight, 2, 39999);
    assert_true(in_flight_may_start(&in_flight));
    in_flight_sent(&in_flight, 3, 1);
    assert_false(in_flight_may_start(&in_flight));
    in_flight_acked(&in_flight, 1, &fake.transport, CLOCK_SECOND);
    assert_true(in_flight_may_start(&in_flight));
    assert_int_equal(in_flight.unacked, 40000);
}

static void a_frame_beyond_the_budget_goes_alone(void **state)
{
    (void)state;
    struct fake_path fake = wire();
    struct in_flight in_flight = measured(&fake);
    in_flight_sent(&in_flight, 1, 5000000);
    assert_false(in_flight_may_start(&in_flight));
    in_flight_acked(&in_flight, 1, &fake.transport, CLOCK_SECOND);
    assert_true(in_flight_may_start(&in_flight));
}

static void an_ack_covers_those_before(void **state)
{
    (void)state;
    struct fake_path fake = wire();
    struct in_flight in_flight = measured(&fake);
    for (uint64_t id = 1; id <= 5; id++)
        in_flight_sent(&in_flight, id, 1000);
    in_flight_acked(&in_flight, 4, &fake.transport, CLOCK_SECOND);
    assert_int_equal(in_flight.count, 1);
    assert_int_equal(in_flight.unacked, 1000);
    in_flight_acked(&in_flight, 2, &fake.transport, CLOCK_SECOND); /* again: nothing */
    assert_int_equal(in_flight.unacked, 1000);
}

/* PROTOCOL.md, 6: an id that was never sent says nothing of those that were. */
static void unknown_ids_are_ignored(void **state)
{
    (void)state;
    struct fake_path fake = wire();
    struct in_flight in_flight = measured(&fake);
    in_flight_acked(&in_flight, 7, &fake.transport, CLOCK_SECOND);
    in_flight_sent(&in_flight, 11, 1000);
    in_flight_sent(&in_flight, 13, 1000);
    in_flight_acked(&in_flight, 10, &fake.transport, CLOCK_SECOND);
    assert_int_equal(in_flight.count, 2);
    in_flight_acked(&in_flight, 12, &fake.transport, CLOCK_SECOND);
    assert_int_equal(in_flight.count, 2);
    in_flight_acked(&in_flight, UINT64_MAX, &fake.transport, CLOCK_SECOND);
    assert_int_equal(in_flight.count, 2);
    in_flight_acked(&in_flight, 13, &fake.transport, CLOCK_SECOND);
    assert_int_equal(in_flight.count, 0);
}

static void many_small_frames(void **state)
{
    (void)state;
    struct fake_path fake = wire();
    struct in_flight in_flight = measured(&fake);
    for (uint64_t id = 1; id <= IN_FLIGHT_FRAMES; id++) {
        assert_true(in_flight_may_start(&in_flight));
        in_flight_sent(&in_flight, id, 1);
    }
    assert_false(in_flight_may_start(&in_flight));
    /* A lossless client asks for no leave: more than the ring holds. */
    in_flight_sent(&in_flight, IN_FLIGHT_FRAMES + 1, 1);
    in_flight_acked(&in_flight, IN_FLIGHT_FRAMES, &fake.transport, CLOCK_SECOND);
    assert_int_equal(in_flight.count, 0);
    assert_int_equal(in_flight.unacked, 0);
    assert_true(in_flight_may_start(&in_flight));
}

static void the_path_is_asked_now_and_then(void **state)
{
    (void)state;
    struct fake_path fake = wire();
    struct in_flight in_flight = { 0 };
    uint64_t now = CLOCK_SECOND, id = 0;
    for (int i = 0; i < 10; i++, now += 10 * CLOCK_MS, id++) {
        in_flight_sent(&in_flight, id, 1);
        in_flight_acked(&in_flight, id, &fake.transport, now);
    }
    assert_int_equal(fake.asked, 1);
    fake.path.bytes_per_second /= 2;
    in_flight_sent(&in_flight, id, 1);
    in_flight_acked(&in_flight, id, &fake.transport, now);
    assert_int_equal(fake.asked, 2);
    assert_int_equal(in_flight.budget, 50000);
    fake.error = -ENOTSUP; /* it can't be told any more */
    in_flight_sent(&in_flight, ++id, 1);
    in_flight_acked(&in_flight, id, &fake.transport, now + CLOCK_SECOND);
    assert_int_equal(in_flight.budget, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(unmeasured_one_at_a_time),
        cmocka_unit_test(budget_bounds_what_is_on_the_way),
        cmocka_unit_test(a_frame_beyond_the_budget_goes_alone),
        cmocka_unit_test(an_ack_covers_those_before),
        cmocka_unit_test(unknown_ids_are_ignored),
        cmocka_unit_test(many_small_frames),
        cmocka_unit_test(the_path_is_asked_now_and_then),
    };
    return cmocka_run_group_tests_name("in_flight", tests, NULL, NULL);
}
