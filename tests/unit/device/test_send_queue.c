#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "device/serve/send_queue.h"
#include "frames.h"
#include "shared/base/clock.h"

#define FRAME_30_NS (CLOCK_SECOND / 30)
enum { PLENTY = 1 << 30, RANDOM_STEPS = 20000 };

struct fixture {
    struct send_queue send_queue;
    struct frames frames;
    uint64_t given; /* ids [0, given) went in */
    uint64_t told;  /* ids [0, told) came out */
    uint64_t delivered, lost[WIRE_DROP_REASONS];
};

static int setup(void **state)
{
    static struct fixture fixture;
    fixture = (struct fixture){ 0 };
    frames_init(&fixture.frames);
    *state = &fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;
    send_queue_clear(&fixture->send_queue);
    frames_destroy(&fixture->frames);
    return 0;
}

static void begin(struct fixture *fixture, enum wire_mode mode, size_t max_bytes,
                  uint32_t max_fps_mhz)
{
    struct decimation decimation;
    decimation_init(&decimation, max_fps_mhz, 1, 0);
    send_queue_init(&fixture->send_queue, mode, max_bytes, &decimation);
}

static void put_frame_at(struct fixture *fixture, size_t size, uint64_t time)
{
    struct frame *frame = frames_whole(&fixture->frames, fixture->given, 1, size);
    frame->head.sensor_time = time;
    send_queue_frame(&fixture->send_queue, frame);
    fixture->given++;
}

static void put_frame(struct fixture *fixture, size_t size)
{
    put_frame_at(fixture, size, CLOCK_SECOND + fixture->given * FRAME_30_NS);
}

static void put_lost(struct fixture *fixture, uint64_t count, enum wire_drop_reason reason)
{
    uint64_t first_ns = CLOCK_SECOND + fixture->given * FRAME_30_NS;
    send_queue_lost(&fixture->send_queue,
                    &(struct lost_run){ { fixture->given, count, reason },
                                        first_ns,
                                        first_ns + (count - 1) * FRAME_30_NS });
    fixture->given += count;
}

/* Takes one item; its ids must begin where the last one's ended. */
static bool take(struct fixture *fixture, struct send_queue_item *item)
{
    bool loss = send_queue_has_loss(&fixture->send_queue),
         empty = send_queue_empty(&fixture->send_queue);
    if (!send_queue_take(&fixture->send_queue, item)) {
        assert_true(empty);
        return false;
    }
    assert_false(empty);
    assert_int_equal(loss, !item->frame);
    if (item->frame) {
        assert_int_equal(item->frame->head.frame_id, fixture->told);
        fixture->told++;
        fixture->delivered++;
        frame_release(item->frame);
    } else {
        assert_int_equal(item->run.first, fixture->told);
        assert_true(item->run.count > 0);
        fixture->told += item->run.count;
        fixture->lost[item->run.reason] += item->run.count;
    }
    return true;
}

static void take_all(struct fixture *fixture)
{
    struct send_queue_item item;
    while (take(fixture, &item))
        ;
    assert_int_equal(fixture->told, fixture->given);
}

static void expect_frame(struct fixture *fixture, uint64_t id)
{
    struct send_queue_item item;
    assert_int_equal(fixture->told, id);
    assert_true(take(fixture, &item));
    assert_non_null(item.frame);
}

static void expect_lost(struct fixture *fixture, uint64_t count, enum wire_drop_reason reason)
{
    struct send_queue_item item;
    assert_true(take(fixture, &item));
    assert_null(item.frame);
    assert_int_equal(item.run.count, count);
    assert_int_equal(item.run.reason, reason);
}

static void live_keeps_the_newest(void **state)
{
    struct fixture *fixture = *state;
    begin(fixture, WIRE_LIVE, PLENTY, 0);
    for (int i = 0; i < 4; i++)
        put_frame(fixture, 10);
    expect_lost(fixture, 3, WIRE_DROP_SUPERSEDED);
    expect_frame(fixture, 3);
    assert_true(send_queue_empty(&fixture->send_queue));
}

/* A frame is superseded with losses waiting before and behind it: those of one reason join. */
static void live_supersedes_among_losses(void **state)
{
    struct fixture *fixture = *state;
    begin(fixture, WIRE_LIVE, PLENTY, 0);
    put_lost(fixture, 2, WIRE_DROP_SENSOR_GAP);
    put_lost(fixture, 1, WIRE_DROP_SUPERSEDED);
    put_frame(fixture, 10);
    put_lost(fixture, 1, WIRE_DROP_SUPERSEDED);
    put_lost(fixture, 2, WIRE_DROP_ENCODER_BUSY);
    put_frame(fixture, 10);
    put_lost(fixture, 1, WIRE_DROP_ENCODER_BUSY);
    expect_lost(fixture, 2, WIRE_DROP_SENSOR_GAP);
    expect_lost(fixture, 3, WIRE_DROP_SUPERSEDED);
    expect_lost(fixture, 2, WIRE_DROP_ENCODER_BUSY);
    expect_frame(fixture, 7);
    expect_lost(fixture, 1, WIRE_DROP_ENCODER_BUSY);
}

static void taken_frames_are_not_superseded(void **state)
{
    struct fixture *fixture = *state;
    begin(fixture, WIRE_LIVE, PLENTY, 0);
    put_frame(fixture, 10);
    expect_frame(fixture, 0);
    put_frame(fixture, 10);
    expect_frame(fixture, 1);
}

static void lossless_is_full_by_bytes(void **state)
{
    struct fixture *fixture = *state;
    begin(fixture, WIRE_LOSSLESS, 1000, 0);
    put_frame(fixture, 999);
    put_frame(fixture, 400); /* there was a byte of room */
    put_frame(fixture, 1);
    put_frame(fixture, 1);
    expect_frame(fixture, 0);
    put_frame(fixture, 1); /* room again, behind the loss */
    expect_frame(fixture, 1);
    expect_lost(fixture, 2, WIRE_DROP_QUEUE_FULL);
    expect_frame(fixture, 4);
    assert_true(send_queue_empty(&fixture->send_queue));
}

static void full_to_the_byte(void **state)
{
    struct fixture *fixture = *state;
    begin(fixture, WIRE_LOSSLESS, 1000, 0);
    put_frame(fixture, 600);
    put_frame(fixture, 400);
    put_frame(fixture, 1);
    expect_frame(fixture, 0);
    expect_frame(fixture, 1);
    expect_lost(fixture, 1, WIRE_DROP_QUEUE_FULL);
}

static void losses_alone_fill_no_queue(void **state)
{
    struct fixture *fixture = *state;
    begin(fixture, WIRE_LOSSLESS, 1000, 0);
    for (int i = 0; i < SEND_QUEUE_ITEMS - 1; i++)
        put_lost(fixture, 1, i % 2 ? WIRE_DROP_SENSOR_GAP : WIRE_DROP_ENCODER_BUSY);
    put_frame(fixture, 1);
    take_all(fixture);
    assert_int_equal(fixture->delivered, 1);
}

static void one_frame_is_always_taken(void **state)
{
    struct fixture *fixture = *state;
    begin(fixture, WIRE_LOSSLESS, 1, 0);
    put_frame(fixture, 100000);
    put_frame(fixture, 1);
    expect_frame(fixture, 0);
    expect_lost(fixture, 1, WIRE_DROP_QUEUE_FULL);
    put_frame(fixture, 100000);
    expect_frame(fixture, 2);
}

static void lossless_is_full_by_items(void **state)
{
    struct fixture *fixture = *state;
    begin(fixture, WIRE_LOSSLESS, PLENTY, 0);
    for (int i = 0; i < SEND_QUEUE_ITEMS + 50; i++)
        put_frame(fixture, 1);
    for (uint64_t id = 0; id < SEND_QUEUE_ITEMS - 1; id++)
        expect_frame(fixture, id);
    expect_lost(fixture, 51, WIRE_DROP_QUEUE_FULL);
    assert_true(send_queue_empty(&fixture->send_queue));
}

/* Reasons give way where there is no room for them; ids never do, as take_all() checks. */
static void too_many_losses(void **state)
{
    struct fixture *fixture = *state;
    begin(fixture, WIRE_LOSSLESS, PLENTY, 0);
    for (int i = 0; i < 3 * SEND_QUEUE_ITEMS; i++)
        put_lost(fixture, 1, i % 2 ? WIRE_DROP_SENSOR_GAP : WIRE_DROP_ENCODER_BUSY);
    put_frame(fixture, 1);
    take_all(fixture);
    assert_int_equal(fixture->delivered, 1);
}

/* ... however many frames they are. */
static void too_many_huge_losses(void **state)
{
    struct fixture *fixture = *state;
    begin(fixture, WIRE_LOSSLESS, PLENTY, 0);
    for (int i = 0; i < 3 * SEND_QUEUE_ITEMS; i++)
        put_lost(fixture, UINT32_MAX, i % 2 ? WIRE_DROP_SENSOR_GAP : WIRE_DROP_ENCODER_BUSY);
    put_frame(fixture, 1);
    assert_in_range(fixture->send_queue.count, 1, SEND_QUEUE_ITEMS);
    take_all(fixture);
    assert_int_equal(fixture->delivered, 1);
}

static void too_many_losses_live(void **state)
{
    struct fixture *fixture = *state;
    begin(fixture, WIRE_LIVE, PLENTY, 0);
    while (fixture->given < 4 * SEND_QUEUE_ITEMS) {
        put_frame(fixture, 1);
        put_lost(fixture, 1, WIRE_DROP_ENCODER_BUSY);
    }
    take_all(fixture);
    assert_int_equal(fixture->delivered, 1);
}

/* The ring is full of frames with a loss behind each, so that no two losses are neighbours. */
static void losses_between_frames(void **state)
{
    struct fixture *fixture = *state;
    begin(fixture, WIRE_LOSSLESS, PLENTY, 0);
    for (int i = 0; i < SEND_QUEUE_ITEMS; i++) {
        put_frame(fixture, 1);
        put_lost(fixture, 1, i % 2 ? WIRE_DROP_SENSOR_GAP : WIRE_DROP_ENCODER_BUSY);
    }
    take_all(fixture);
    assert_int_equal(fixture->delivered, SEND_QUEUE_ITEMS / 2);
}

static void lost_frames_that_were_not_asked_for(void **state)
{
    struct fixture *fixture = *state;
    begin(fixture, WIRE_LOSSLESS, PLENTY, 10000);
    put_frame(fixture, 1);                         /* 0 */
    put_lost(fixture, 10, WIRE_DROP_ENCODER_BUSY); /* of which 3 begins a wanted part */
    put_frame(fixture, 1);                         /* 11: stands for 3 */
    put_lost(fixture, 1, WIRE_DROP_SENSOR_GAP);    /* 12 is due */
    put_frame(fixture, 1);                         /* 13: stands for 12 */
    put_lost(fixture, 1, WIRE_DROP_CAPTURE_ERROR); /* 14 is not */
    expect_frame(fixture, 0);
    expect_lost(fixture, 2, WIRE_DROP_RATE_LIMITED);
    expect_lost(fixture, 8, WIRE_DROP_ENCODER_BUSY);
    expect_frame(fixture, 11);
    expect_lost(fixture, 1, WIRE_DROP_SENSOR_GAP);
    expect_frame(fixture, 13);
    expect_lost(fixture, 1, WIRE_DROP_RATE_LIMITED);
}

/* Runs of any length and any times: none is lost, and nothing overflows. */
static void lost_runs_with_odd_times(void **state)
{
    struct fixture *fixture = *state;
    static const uint64_t numbers[] = { 0, 1, CLOCK_SECOND, UINT64_MAX / 2, UINT64_MAX };
    begin(fixture, WIRE_LOSSLESS, PLENTY, 10000);
    put_frame(fixture, 1);
    for (unsigned i = 0; i < 125; i++) {
        uint64_t count = 1 + numbers[i / 25] % 1000000007;
        send_queue_lost(&fixture->send_queue,
                        &(struct lost_run){ { fixture->given, count, WIRE_DROP_SENSOR_GAP },
                                            numbers[i % 5],
                                            numbers[i / 5 % 5] });
        fixture->given += count;
        take_all(fixture);
    }
}

static void unsent_frames_are_counted(void **state)
{
    struct fixture *fixture = *state;
    begin(fixture, WIRE_LOSSLESS, PLENTY, 0);
    for (int i = 0; i < SEND_QUEUE_ITEMS - 2; i++)
        put_frame(fixture, 10);
    put_lost(fixture, 2, WIRE_DROP_SENSOR_GAP);
    expect_frame(fixture, 0);
    put_frame(fixture, 10);
    send_queue_give_up(&fixture->send_queue, WIRE_DROP_UNSENT);
    expect_lost(fixture, SEND_QUEUE_ITEMS - 3, WIRE_DROP_UNSENT);
    expect_lost(fixture, 2, WIRE_DROP_SENSOR_GAP);
    expect_lost(fixture, 1, WIRE_DROP_UNSENT);
    assert_true(send_queue_empty(&fixture->send_queue));
}

static void clear_releases(void **state)
{
    struct fixture *fixture = *state;
    begin(fixture, WIRE_LOSSLESS, PLENTY, 0);
    put_frame(fixture, 10);
    put_lost(fixture, 1, WIRE_DROP_SENSOR_GAP);
    put_frame(fixture, 10);
    send_queue_clear(&fixture->send_queue);
    assert_true(send_queue_empty(&fixture->send_queue));
    fixture->told = fixture->given;
    put_frame(fixture, 10);
    expect_frame(fixture, 3);
}

/* Sends `frames` frames of a camera of 30 fps, each up to jitter_ns late, to a client that takes
 * each at once; returns how many it got. */
static uint64_t decimate(struct fixture *fixture, uint32_t max_fps_mhz, unsigned frames,
                         unsigned jitter_ns)
{
    uint64_t random = 3;
    begin(fixture, WIRE_LIVE, PLENTY, max_fps_mhz);
    for (unsigned i = 0; i < frames; i++) {
        uint64_t late = jitter_ns ? pseudo_random(&random, jitter_ns) : 0;
        put_frame_at(fixture, 1, 77 * CLOCK_SECOND + i * FRAME_30_NS + late);
        take_all(fixture);
    }
    assert_int_equal(fixture->delivered + fixture->lost[WIRE_DROP_RATE_LIMITED], frames);
    return fixture->delivered;
}

static void thirty_to_ten(void **state)
{
    struct fixture *fixture = *state;
    begin(fixture, WIRE_LIVE, PLENTY, 10000);
    for (int i = 0; i < 30; i++) {
        put_frame(fixture, 1);
        if (i % 3 == 0)
            expect_frame(fixture, (uint64_t)i);
        else
            expect_lost(fixture, 1, WIRE_DROP_RATE_LIMITED);
    }
}

static void thirty_to_twenty_nine(void **state)
{
    assert_in_range(decimate(*state, 29000, 3000, 0), 2899, 2902);
}

static void thirty_to_thirty(void **state)
{
    assert_int_equal(decimate(*state, 30000, 3000, 0), 3000);
}

static void faster_than_the_camera(void **state)
{
    assert_int_equal(decimate(*state, 60000, 300, 0), 300);
}

static void jitter_keeps_the_rate(void **state)
{
    assert_in_range(decimate(*state, 10000, 3000, 5000000), 995, 1002);
}

static void jitter_at_the_full_rate(void **state)
{
    /* 3 ms of jitter lie well within the quarter of an interval that is let through. */
    assert_in_range(decimate(*state, 30000, 3000, 3000000), 2990, 3000);
}

/* After a gap the rate is still held: no burst makes up for it. */
static void no_burst_after_a_gap(void **state)
{
    struct fixture *fixture = *state;
    begin(fixture, WIRE_LIVE, PLENTY, 10000);
    put_frame_at(fixture, 1, CLOCK_SECOND);
    take_all(fixture);
    for (unsigned i = 0; i < 30; i++) {
        put_frame_at(fixture, 1, 100 * CLOCK_SECOND + i * FRAME_30_NS);
        take_all(fixture);
    }
    assert_int_equal(fixture->delivered, 11);
}

/* Whatever comes, and however it is taken, each id comes out once, in order. */
static void any_sequence(struct fixture *fixture, enum wire_mode mode, size_t max_bytes,
                         uint32_t max_fps_mhz, unsigned patience)
{
    struct send_queue_item item;
    uint64_t random = 11;
    begin(fixture, mode, max_bytes, max_fps_mhz);
    for (int i = 0; i < RANDOM_STEPS; i++) {
        unsigned step = pseudo_random(&random, 10);
        if (step < 6)
            put_frame(fixture, 1 + pseudo_random(&random, 100));
        else if (step < 9)
            put_lost(fixture, 1 + pseudo_random(&random, 3),
                     step == 6 ? WIRE_DROP_SENSOR_GAP : WIRE_DROP_ENCODER_BUSY);
        /* Now and then it takes a handful, so that what waits grows and shrinks. */
        bool eager = pseudo_random(&random, patience) == 0;
        for (unsigned n = eager ? pseudo_random(&random, 3 * patience) : 0; n > 0; n--)
            take(fixture, &item);
    }
    take_all(fixture);
    assert_in_range(fixture->delivered, RANDOM_STEPS / 100, RANDOM_STEPS);
}

static void any_sequence_live(void **state)
{
    any_sequence(*state, WIRE_LIVE, PLENTY, 0, 40);
}

static void any_sequence_live_limited(void **state)
{
    any_sequence(*state, WIRE_LIVE, PLENTY, 12500, 40);
}

static void any_sequence_lossless(void **state)
{
    any_sequence(*state, WIRE_LOSSLESS, PLENTY, 0, 60);
}

static void any_sequence_lossless_small(void **state)
{
    struct fixture *fixture = *state;
    any_sequence(fixture, WIRE_LOSSLESS, 500, 0, 40);
    assert_in_range(fixture->lost[WIRE_DROP_QUEUE_FULL], 1, RANDOM_STEPS);
}

static void any_sequence_lossless_limited(void **state)
{
    struct fixture *fixture = *state;
    any_sequence(fixture, WIRE_LOSSLESS, 500, 12500, 30);
    assert_in_range(fixture->lost[WIRE_DROP_QUEUE_FULL], 1, RANDOM_STEPS);
    assert_in_range(fixture->lost[WIRE_DROP_RATE_LIMITED], 1, RANDOM_STEPS);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(live_keeps_the_newest),
        TEST(live_supersedes_among_losses),
        TEST(taken_frames_are_not_superseded),
        TEST(lossless_is_full_by_bytes),
        TEST(full_to_the_byte),
        TEST(losses_alone_fill_no_queue),
        TEST(one_frame_is_always_taken),
        TEST(lossless_is_full_by_items),
        TEST(too_many_losses),
        TEST(too_many_huge_losses),
        TEST(too_many_losses_live),
        TEST(losses_between_frames),
        TEST(lost_frames_that_were_not_asked_for),
        TEST(lost_runs_with_odd_times),
        TEST(unsent_frames_are_counted),
        TEST(clear_releases),
        TEST(thirty_to_ten),
        TEST(thirty_to_twenty_nine),
        TEST(thirty_to_thirty),
        TEST(faster_than_the_camera),
        TEST(jitter_keeps_the_rate),
        TEST(jitter_at_the_full_rate),
        TEST(no_burst_after_a_gap),
        TEST(any_sequence_live),
        TEST(any_sequence_live_limited),
        TEST(any_sequence_lossless),
        TEST(any_sequence_lossless_small),
        TEST(any_sequence_lossless_limited),
    };
    return cmocka_run_group_tests_name("send_queue", tests, NULL, NULL);
}
