#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "host/lib/selection.h"
#include "shared/base/clock.h"

#define FRAME_30_NS (CLOCK_SECOND / 30)
/* The device's clock is so far ahead of this machine's. */
#define OFFSET_NS (5000 * CLOCK_SECOND)

enum { EPOCH = 7 };

static struct pitether_frame frame_at(uint64_t epoch, uint64_t id, uint64_t device_ns)
{
    return (struct pitether_frame){ .epoch = epoch,
                                    .id = id,
                                    .times = { .sensor = device_ns,
                                               .last_byte = device_ns - OFFSET_NS + CLOCK_MS,
                                               .offset = OFFSET_NS,
                                               .offset_known = true } };
}

static uint64_t add(struct selection *selection, uint64_t id, uint64_t device_ns)
{
    struct pitether_frame frame = frame_at(EPOCH, id, device_ns);
    return selection_add(selection, &frame, 0);
}

static void a_duration_is_the_sensors(void **state)
{
    (void)state;
    struct selection selection;
    selection_init(&selection, 0, 1, 2);
    for (uint64_t id = 0; id < 90; id++) {
        add(&selection, id, OFFSET_NS + 3 + id * FRAME_30_NS);
        assert_int_equal(selection_in_time(&selection), id * FRAME_30_NS < 2 * CLOCK_SECOND);
    }
    selection_init(&selection, 0, 1, 0);
    add(&selection, 0, 0);
    add(&selection, 1, UINT64_MAX);
    assert_true(selection_in_time(&selection));
}

static void a_duration_that_begins_later(void **state)
{
    (void)state;
    struct selection selection;
    selection_init(&selection, 0, 1, 2);
    for (uint64_t id = 0; id < 30; id++) {
        add(&selection, id, OFFSET_NS + id * CLOCK_SECOND);
        selection_begin_later(&selection);
    }
    for (uint64_t id = 30; id < 40; id++) {
        add(&selection, id, OFFSET_NS + id * CLOCK_SECOND);
        assert_int_equal(selection_in_time(&selection), id < 32);
    }
}

/* Of another run of the daemon, whose machine was restarted, only the host's time is comparable. */
static void a_duration_over_a_restart(void **state)
{
    (void)state;
    struct selection selection;
    selection_init(&selection, 0, 1, 10);
    add(&selection, 0, OFFSET_NS + CLOCK_SECOND);
    struct pitether_frame frame = frame_at(EPOCH + 1, 0, 50 * CLOCK_SECOND);
    frame.times.offset = 42 * (int64_t)CLOCK_SECOND; /* taken 8 s after the machine's start */
    selection_add(&selection, &frame, 0);
    assert_true(selection_in_time(&selection));
    frame.times.sensor += 3 * CLOCK_SECOND; /* 10 s after the first one */
    selection_add(&selection, &frame, 0);
    assert_false(selection_in_time(&selection));
}

static void what_was_not_sent_in_time(void **state)
{
    (void)state;
    struct selection selection;
    struct wire_drops drops = { .first_frame_id = 60, .count = 200 };
    selection_init(&selection, 0, 1, 4);
    assert_int_equal(selection_overdue(&selection, &drops), 0);
    add(&selection, 0, OFFSET_NS);
    add(&selection, 59, OFFSET_NS + 59 * CLOCK_SECOND / 30);
    assert_int_equal(selection_overdue(&selection, &drops), 0); /* no rate is known */
    selection_set_rate(&selection, 30000);
    assert_in_range(selection_overdue(&selection, &drops), 52, 53); /* up to 3.75 s */
    drops.count = 10;
    assert_int_equal(selection_overdue(&selection, &drops), 10);
    drops.first_frame_id = 110;
    assert_in_range(selection_overdue(&selection, &drops), 2, 3);
    drops.first_frame_id = UINT64_MAX;
    assert_int_equal(selection_overdue(&selection, &drops), 0);
}

static void intervals(void **state)
{
    (void)state;
    struct selection selection;
    selection_init(&selection, 0, 10, 0);
    assert_int_equal(selection_interval(&selection), 0);
    selection_set_rate(&selection, 20000);
    assert_int_equal(selection_interval(&selection), CLOCK_SECOND / 2);
    selection_init(&selection, 500, 1, 0);
    assert_int_equal(selection_interval(&selection), 2 * CLOCK_SECOND);
    selection_set_rate(&selection, 100);
    assert_int_equal(selection_interval(&selection), 10 * CLOCK_SECOND);
    selection_init(&selection, 0, UINT32_MAX, 0);
    selection_set_rate(&selection, 1);
    assert_int_equal(selection_interval(&selection), 24 * 3600 * CLOCK_SECOND);
}

static void points_without_a_frame(void **state)
{
    (void)state;
    struct selection selection;
    selection_init(&selection, 0, 10, 0);
    assert_int_equal(add(&selection, 4, 1), 0);
    assert_int_equal(add(&selection, 16, 1), 0); /* stands for 14 */
    assert_int_equal(add(&selection, 45, 1), 2); /* stands for 24; 34 and 44 have none */
    assert_int_equal(selection_resume(&selection, EPOCH, NULL, 0), 54);
}

static void a_grid_of_ids_is_an_epochs(void **state)
{
    (void)state;
    struct selection selection;
    selection_init(&selection, 0, 10, 0);
    assert_false(selection.grid.anchored);
    add(&selection, 4, 1);
    assert_true(selection.grid.anchored);
    assert_int_equal(selection_resume(&selection, EPOCH + 1, NULL, 0), 0);
    struct pitether_frame frame = frame_at(EPOCH + 1, 7, 1);
    selection_add(&selection, &frame, 0);
    assert_int_equal(selection_resume(&selection, EPOCH + 1, NULL, 0), 17);
}

/* It stays where it is over a restart of the daemon and while this machine is suspended, and moves
 * with the device's clock when its machine was restarted; each once. */
static void a_grid_of_times_follows_the_clock(void **state)
{
    (void)state;
    struct selection selection;
    int64_t same = OFFSET_NS + 1000, suspended = OFFSET_NS + 60 * CLOCK_SECOND,
            restarted = 42 * (int64_t)CLOCK_SECOND;
    uint64_t due = OFFSET_NS + 11 * CLOCK_SECOND;
    selection_init(&selection, 100, 1, 0);
    add(&selection, 4, OFFSET_NS + CLOCK_SECOND);
    assert_int_equal(selection_resume(&selection, EPOCH, &restarted, 0), due);
    assert_int_equal(selection_resume(&selection, EPOCH + 1, &same, 0), due);
    assert_int_equal(selection_resume(&selection, EPOCH + 1, NULL, 0), due);
    assert_int_equal(selection_resume(&selection, EPOCH + 1, &suspended, 60 * CLOCK_SECOND), due);
    for (int i = 0; i < 2; i++)
        assert_int_equal(selection_resume(&selection, EPOCH + 2, &restarted, 0), 53 * CLOCK_SECOND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_duration_is_the_sensors),
        cmocka_unit_test(a_duration_that_begins_later),
        cmocka_unit_test(a_duration_over_a_restart),
        cmocka_unit_test(what_was_not_sent_in_time),
        cmocka_unit_test(intervals),
        cmocka_unit_test(points_without_a_frame),
        cmocka_unit_test(a_grid_of_ids_is_an_epochs),
        cmocka_unit_test(a_grid_of_times_follows_the_clock),
    };
    return cmocka_run_group_tests_name("selection", tests, NULL, NULL);
}
