#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "device/flow.h"
#include "shared/clock.h"

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

/* A flow that knows its path and has nothing on the way. */
static struct flow measured(struct fake_path *fake)
{
    struct flow flow = { 0 };
    flow_sent(&flow, 0, 10);
    flow_acked(&flow, 0, &fake->transport, CLOCK_SECOND);
    return flow;
}

static void unmeasured_one_at_a_time(void **state)
{
    (void)state;
    struct flow flow = { 0 };
    struct fake_path fake = wire();
    fake.error = -ENOTSUP;
    for (uint64_t id = 0; id < 3 * FLOW_FRAMES; id++) {
        assert_true(flow_may_start(&flow));
        flow_sent(&flow, id, 1);
        assert_false(flow_may_start(&flow));
        flow_acked(&flow, id, &fake.transport, (id + 1) * CLOCK_SECOND);
    }
    assert_int_equal(flow.unacked, 0);
}

static void budget_bounds_what_is_on_the_way(void **state)
{
    (void)state;
    struct fake_path fake = wire();
    struct flow flow = measured(&fake);
    flow_sent(&flow, 1, 60000);
    assert_true(flow_may_start(&flow));
    flow_sent(&flow, 2, 39999);
    assert_true(flow_may_start(&flow));
    flow_sent(&flow, 3, 1);
    assert_false(flow_may_start(&flow));
    flow_acked(&flow, 1, &fake.transport, CLOCK_SECOND);
    assert_true(flow_may_start(&flow));
    assert_int_equal(flow.unacked, 40000);
}

static void a_frame_beyond_the_budget_goes_alone(void **state)
{
    (void)state;
    struct fake_path fake = wire();
    struct flow flow = measured(&fake);
    flow_sent(&flow, 1, 5000000);
    assert_false(flow_may_start(&flow));
    flow_acked(&flow, 1, &fake.transport, CLOCK_SECOND);
    assert_true(flow_may_start(&flow));
}

static void an_ack_covers_those_before(void **state)
{
    (void)state;
    struct fake_path fake = wire();
    struct flow flow = measured(&fake);
    for (uint64_t id = 1; id <= 5; id++)
        flow_sent(&flow, id, 1000);
    flow_acked(&flow, 4, &fake.transport, CLOCK_SECOND);
    assert_int_equal(flow.count, 1);
    assert_int_equal(flow.unacked, 1000);
    flow_acked(&flow, 2, &fake.transport, CLOCK_SECOND); /* again: nothing */
    assert_int_equal(flow.unacked, 1000);
}

/* PROTOCOL.md, 6: an id that was never sent says nothing of those that were. */
static void unknown_ids_are_ignored(void **state)
{
    (void)state;
    struct fake_path fake = wire();
    struct flow flow = measured(&fake);
    flow_acked(&flow, 7, &fake.transport, CLOCK_SECOND);
    flow_sent(&flow, 11, 1000);
    flow_sent(&flow, 13, 1000);
    flow_acked(&flow, 10, &fake.transport, CLOCK_SECOND);
    assert_int_equal(flow.count, 2);
    flow_acked(&flow, 12, &fake.transport, CLOCK_SECOND);
    assert_int_equal(flow.count, 2);
    flow_acked(&flow, UINT64_MAX, &fake.transport, CLOCK_SECOND);
    assert_int_equal(flow.count, 2);
    flow_acked(&flow, 13, &fake.transport, CLOCK_SECOND);
    assert_int_equal(flow.count, 0);
}

static void many_small_frames(void **state)
{
    (void)state;
    struct fake_path fake = wire();
    struct flow flow = measured(&fake);
    for (uint64_t id = 1; id <= FLOW_FRAMES; id++) {
        assert_true(flow_may_start(&flow));
        flow_sent(&flow, id, 1);
    }
    assert_false(flow_may_start(&flow));
    /* A lossless client asks for no leave: more than the ring holds. */
    flow_sent(&flow, FLOW_FRAMES + 1, 1);
    flow_acked(&flow, FLOW_FRAMES, &fake.transport, CLOCK_SECOND);
    assert_int_equal(flow.count, 0);
    assert_int_equal(flow.unacked, 0);
    assert_true(flow_may_start(&flow));
}

static void the_path_is_asked_now_and_then(void **state)
{
    (void)state;
    struct fake_path fake = wire();
    struct flow flow = { 0 };
    uint64_t now = CLOCK_SECOND, id = 0;
    for (int i = 0; i < 10; i++, now += 10 * CLOCK_MS, id++) {
        flow_sent(&flow, id, 1);
        flow_acked(&flow, id, &fake.transport, now);
    }
    assert_int_equal(fake.asked, 1);
    fake.path.bytes_per_second /= 2;
    flow_sent(&flow, id, 1);
    flow_acked(&flow, id, &fake.transport, now);
    assert_int_equal(fake.asked, 2);
    assert_int_equal(flow.budget, 50000);
    fake.error = -ENOTSUP; /* it can't be told any more */
    flow_sent(&flow, ++id, 1);
    flow_acked(&flow, id, &fake.transport, now + CLOCK_SECOND);
    assert_int_equal(flow.budget, 0);
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
    return cmocka_run_group_tests_name("flow", tests, NULL, NULL);
}
