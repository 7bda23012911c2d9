/*
 * The newest item wins, and each is handed to somebody exactly once.
 */
#include "shared/base/mailbox.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { ITEMS = 100000 };

static void newest_wins(void **state)
{
    (void)state;
    struct mailbox mailbox = { .slot = NULL };
    int a, b, c;
    assert_null(mailbox_take(&mailbox));
    assert_null(mailbox_put(&mailbox, &a));
    assert_ptr_equal(mailbox_put(&mailbox, &b), &a);
    assert_ptr_equal(mailbox_put(&mailbox, &c), &b);
    assert_int_equal(mailbox_displaced(&mailbox), 2);
    assert_ptr_equal(mailbox_take(&mailbox), &c);
    assert_null(mailbox_take(&mailbox));
    assert_null(mailbox_put(&mailbox, &a));
    assert_ptr_equal(mailbox_take(&mailbox), &a);
    assert_int_equal(mailbox_displaced(&mailbox), 2);
}

/* How often each item came out, and where. Not atomic: the mailbox alone must see to it that
 * nobody else has the item at the same time. */
struct item {
    unsigned taken, displaced;
};

struct taker {
    struct mailbox *mailbox;
    atomic_bool *done;
    struct item *last;
    bool in_order;
};

static void *take_items(void *user)
{
    struct taker *taker = user;
    for (bool last_look = false;;) {
        /* One more look after the last put. */
        bool done = atomic_load(taker->done);
        struct item *item = mailbox_take(taker->mailbox);
        if (item) {
            item->taken++;
            taker->in_order &= item > taker->last;
            taker->last = item;
        } else if (last_look) {
            return NULL;
        }
        last_look = done;
    }
}

static void hammer(unsigned takers)
{
    struct item *items = calloc(ITEMS, sizeof(*items));
    assert_non_null(items);
    struct mailbox mailbox = { .slot = NULL };
    struct taker taker[2];
    pthread_t threads[2];
    atomic_bool done = false;
    for (unsigned i = 0; i < takers; i++) {
        taker[i] = (struct taker){ &mailbox, &done, NULL, true };
        assert_int_equal(pthread_create(&threads[i], NULL, take_items, &taker[i]), 0);
    }
    for (int i = 0; i < ITEMS; i++) {
        struct item *old = mailbox_put(&mailbox, &items[i]);
        if (old)
            old->displaced++;
    }
    atomic_store(&done, true);
    uint64_t displaced = 0;
    for (unsigned i = 0; i < takers; i++) {
        pthread_join(threads[i], NULL);
        assert_true(taker[i].in_order);
    }
    for (int i = 0; i < ITEMS; i++) {
        assert_int_equal(items[i].taken + items[i].displaced, 1);
        displaced += items[i].displaced;
    }
    /* Nothing displaces the last one. */
    assert_int_equal(items[ITEMS - 1].taken, 1);
    assert_int_equal(mailbox_displaced(&mailbox), displaced);
    free(items);
}

static void every_item_comes_out_once(void **state)
{
    (void)state;
    hammer(1);
    hammer(2);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(newest_wins),
        cmocka_unit_test(every_item_comes_out_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
