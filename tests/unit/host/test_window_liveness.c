/*
 * When a picture is too old to be taken for a live one, and what is said of it then.
 */
#include "host/sinks/window/liveness.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "shared/base/clock.h"

#define BEGIN (1000 * CLOCK_SECOND)

/* Frames at these distances, in ms; the last one's time. */
static uint64_t receive(struct liveness *liveness, const unsigned *gaps, unsigned count)
{
    uint64_t now = BEGIN;
    *liveness = (struct liveness){ 0 };
    liveness_frame(liveness, now);
    for (unsigned i = 0; i < count; i++)
        liveness_frame(liveness, now += gaps[i] * CLOCK_MS);
    return now;
}

/* How long after the last frame it is lost, in ms. */
static unsigned timeout_after(const unsigned *gaps, unsigned count, uint64_t interval_ms)
{
    struct liveness liveness;
    uint64_t last = receive(&liveness, gaps, count);
    uint64_t lost = liveness_lost_at(&liveness, interval_ms * CLOCK_MS);
    return (unsigned)((lost - last) / CLOCK_MS);
}

static void fast_streams_have_a_second(void **state)
{
    (void)state;
    static const unsigned gaps[] = { 33, 33, 34, 33 };
    assert_int_equal(timeout_after(gaps, 4, 33), 1000);
    assert_int_equal(timeout_after(gaps, 4, 0), 1000);
    assert_int_equal(timeout_after(NULL, 0, 33), 1000);
    assert_int_equal(timeout_after(NULL, 0, 400), 1000);
}

static void slow_streams_have_longer(void **state)
{
    (void)state;
    static const unsigned gaps[] = { 10000, 10000 };
    assert_int_equal(timeout_after(NULL, 0, 10000), 25000);
    assert_int_equal(timeout_after(gaps, 2, 10000), 25000);
    assert_int_equal(timeout_after(NULL, 0, 500), 1250);
}

/* A stream that is slower than it says is given its time, once that is its habit. */
static void slow_links_have_longer(void **state)
{
    (void)state;
    static const unsigned gaps[] = { 33, 4000, 5000, 6000 };
    assert_int_equal(timeout_after(gaps, 2, 33), 1000);
    assert_int_equal(timeout_after(gaps, 4, 33), 10000);
}

static void an_interruption_is_no_habit(void **state)
{
    (void)state;
    static const unsigned gaps[] = { 33, 33, 60000, 33, 33 };
    assert_int_equal(timeout_after(gaps, 3, 33), 1000);
    assert_int_equal(timeout_after(gaps, 4, 33), 1000);
    assert_int_equal(timeout_after(gaps, 5, 33), 1000);
}

/* A frame that lay in the mailbox while the window was frozen is as old as it is. */
static void frames_that_are_not_newer_are_no_gap(void **state)
{
    (void)state;
    struct liveness liveness = { 0 };
    liveness_frame(&liveness, BEGIN);
    liveness_frame(&liveness, BEGIN);
    assert_int_equal(liveness.frames, 0);
    assert_int_equal(liveness_lost_at(&liveness, 0), BEGIN + CLOCK_SECOND);
}

static void what_is_said_says_how_long(void **state)
{
    (void)state;
    static const struct {
        uint64_t age_ms, next_ms;
        const char *text;
    } cases[] = {
        { 1000, 2000, "no signal for 1 s" },
        { 1999, 2000, "no signal for 1 s" },
        { 3400, 4000, "no signal for 3 s" },
        { 59999, 60000, "no signal for 59 s" },
        { 60000, 120000, "no signal for 1 min" },
        { 3599999, 3600000, "no signal for 59 min" },
        { 3600000, 7200000, "no signal for 1 h" },
        { UINT64_C(360000000), UINT64_C(363600000), "no signal for 100 h" },
    };
    struct liveness liveness;
    uint64_t last = receive(&liveness, NULL, 0);
    char text[LIVENESS_TEXT_MAX];
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint64_t next = liveness_text(text, &liveness, false, last + cases[i].age_ms * CLOCK_MS);
        assert_string_equal(text, cases[i].text);
        assert_int_equal((next - last) / CLOCK_MS, cases[i].next_ms);
    }
    liveness_text(text, &liveness, true, last + 7 * CLOCK_SECOND);
    assert_string_equal(text, "no frame that can be shown for 7 s");
    liveness_text(text, &liveness, true, UINT64_MAX);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(fast_streams_have_a_second),
        cmocka_unit_test(slow_streams_have_longer),
        cmocka_unit_test(slow_links_have_longer),
        cmocka_unit_test(an_interruption_is_no_habit),
        cmocka_unit_test(frames_that_are_not_newer_are_no_gap),
        cmocka_unit_test(what_is_said_says_how_long),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
