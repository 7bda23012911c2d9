#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "device/stream/demand.h"

enum { IDS = 20000 };

static struct demand demand;

static int setup(void **state)
{
    (void)state;
    demand_init(&demand);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    demand_destroy(&demand);
    return 0;
}

static struct demand_entry wanting(uint32_t max_fps_mhz, uint32_t every)
{
    struct demand_entry entry = { .listed = false };
    decimation_init(&entry.decimation, max_fps_mhz, every, 0);
    return entry;
}

static void nobody_wants_anything(void **state)
{
    (void)state;
    assert_false(demand_wants(&demand, 0, 1));
    struct demand_entry entry = wanting(0, 1);
    demand_remove(&demand, &entry); /* not listed */
    demand_add(&demand, &entry);
    assert_true(demand_wants(&demand, 1, 1));
    demand_remove(&demand, &entry);
    demand_remove(&demand, &entry);
    assert_false(demand_wants(&demand, 2, 1));
}

/* Who subscribes begins behind what was left out before. */
static void frames_begin_behind_what_was_skipped(void **state)
{
    (void)state;
    struct demand_entry one = wanting(0, 1), other = wanting(0, 1);
    assert_int_equal(demand_add(&demand, &one), 0);
    assert_true(demand_wants(&demand, 0, 1));
    demand_remove(&demand, &one);
    assert_false(demand_wants(&demand, 7, 1));
    assert_int_equal(demand_add(&demand, &one), 8);
    assert_true(demand_wants(&demand, 8, 1));
    assert_int_equal(demand_add(&demand, &other), 8);
    demand_remove(&demand, &one);
    demand_remove(&demand, &other);
}

static void each_entry_counts(void **state)
{
    (void)state;
    struct demand_entry tenth = wanting(0, 10), third = wanting(0, 3);
    demand_add(&demand, &tenth);
    demand_add(&demand, &third);
    for (uint64_t id = 0; id < 300; id++) {
        bool wanted = demand_wants(&demand, id, 1);
        assert_int_equal(wanted, id % 10 == 0 || id % 3 == 0);
        struct demand_entry *entries[] = { &tenth, &third };
        for (int i = 0; i < 2 && wanted; i++) {
            struct decimation next = entries[i]->decimation;
            if (decimation_wants(&next, id, 1))
                decimation_take(&next, id, 1);
            demand_update(&demand, entries[i], &next, false);
        }
    }
    demand_remove(&demand, &tenth);
    demand_remove(&demand, &third);
}

static void full_queues_want_nothing(void **state)
{
    (void)state;
    struct demand_entry one = wanting(0, 1), other = wanting(0, 1);
    demand_add(&demand, &one);
    demand_add(&demand, &other);
    demand_update(&demand, &one, &one.decimation, true);
    assert_true(demand_wants(&demand, 0, 1));
    demand_update(&demand, &other, &other.decimation, true);
    assert_false(demand_wants(&demand, 1, 1));
    demand_update(&demand, &one, &one.decimation, false);
    assert_true(demand_wants(&demand, 2, 1));
    demand_remove(&demand, &one);
    demand_remove(&demand, &other);
}

static void *ask(void *user)
{
    (void)user;
    for (uint64_t id = 0; id < IDS; id++)
        demand_wants(&demand, id, id);
    return NULL;
}

/* The camera's thread asks while the loop's changes everything: for ThreadSanitizer. */
static void asked_while_it_changes(void **state)
{
    (void)state;
    struct demand_entry entries[3] = { wanting(0, 1), wanting(1000, 1), wanting(0, 7) };
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, ask, NULL), 0);
    for (uint64_t turn = 0; turn < IDS; turn++) {
        struct demand_entry *entry = &entries[turn % 3];
        struct decimation next = entry->decimation;
        decimation_take(&next, turn, turn);
        if (turn % 5 == 0)
            demand_remove(&demand, entry);
        else
            assert_in_range(demand_add(&demand, entry), 0, IDS);
        demand_update(&demand, entry, &next, turn % 2);
    }
    pthread_join(thread, NULL);
    for (int i = 0; i < 3; i++)
        demand_remove(&demand, &entries[i]);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(nobody_wants_anything),  TEST(frames_begin_behind_what_was_skipped),
        TEST(each_entry_counts),      TEST(full_queues_want_nothing),
        TEST(asked_while_it_changes),
    };
    return cmocka_run_group_tests_name("demand", tests, NULL, NULL);
}
