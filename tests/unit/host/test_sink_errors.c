/*
 * The queue behind a sink: what fails, what is said of it, and how it ends.
 */
#include "sink_fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/base/cancellable.h"
#include "shared/base/clock.h"

/* Two episodes of failures: each is logged once when it begins and once when it is over. */
static void failures_are_counted_and_logged_once(void **state)
{
    struct fixture *fixture = *state;
    for (unsigned i = 0; i < 30; i++)
        fixture->fake.results[i] = i >= 5 && i < 15 ? -ENOSPC : i == 20 ? -EIO : 0;
    for (uint64_t id = 0; id < 30; id++)
        push(fixture, 100 + id, 10);
    struct sink_totals totals = finish(fixture, 0);
    assert_int_equal(totals.written, 19);
    assert_int_equal(totals.failed, 11);
    assert_int_equal(totals.bytes, 190);
    const char *text = stderr_text();
    assert_int_equal(count_text(text, "\n"), 4);
    assert_non_null(strstr(text, "fake: frame 105 could not be written: No space left on device"));
    assert_non_null(strstr(text, "fake: works again; 10 frames were lost"));
    assert_non_null(strstr(text, "fake: frame 120 could not be written: Input/output error"));
    assert_non_null(strstr(text, "fake: works again; 1 frame"));
    assert_int_equal(fixture->fake.gone, 0);
    assert_false(totals.gone);
    assert_all_back(fixture);
}

/* Works, fails, works, ...: most of the lines are held back, none of the counts. */
static void a_disk_that_fails_now_and_then(void **state)
{
    struct fixture *fixture = *state;
    for (unsigned i = 0; i < FRAMES; i++)
        fixture->fake.results[i] = i % 2 ? -EDQUOT : 0;
    for (uint64_t id = 0; id < FRAMES; id++)
        push(fixture, id, 10);
    struct sink_totals totals = finish(fixture, 0);
    assert_int_equal(totals.written, FRAMES / 2);
    assert_int_equal(totals.failed, FRAMES / 2);
    assert_int_equal(count_text(stderr_text(), "\n"), 20);
}

/* One line for each kind of error, not one a frame. */
static void another_error_is_logged(void **state)
{
    struct fixture *fixture = *state;
    for (unsigned i = 0; i < 10; i++)
        fixture->fake.results[i] = i < 5 ? -ENOSPC : -EROFS;
    for (uint64_t id = 0; id < 10; id++)
        push(fixture, id, 10);
    assert_int_equal(finish(fixture, 0).failed, 10);
    assert_int_equal(count_text(stderr_text(), "\n"), 2);
    assert_non_null(strstr(stderr_text(), "frame 0 could not be written: No space left"));
    assert_non_null(strstr(stderr_text(), "frame 5 could not be written: Read-only"));
}

static void the_last_words_of_a_disk(void **state)
{
    struct fixture *fixture = *state;
    fixture->fake.close_result = -EIO;
    push(fixture, 0, 10);
    struct sink_totals totals = finish(fixture, 0);
    assert_int_equal(totals.written, 1);
    assert_int_equal(totals.close_error, -EIO);
}

/* The reader is gone: reported once to the owner, and write is never called again. */
static void a_broken_pipe_is_final(void **state)
{
    struct fixture *fixture = *state;
    fixture->fake.results[3] = -ESHUTDOWN;
    for (uint64_t id = 0; id < 10; id++)
        push(fixture, id, 10);
    struct sink_totals totals = finish(fixture, 0);
    assert_int_equal(fixture->fake.gone, 1);
    assert_true(totals.gone);
    assert_int_equal(fixture->fake.writes, 4);
    assert_int_equal(totals.written, 3);
    assert_int_equal(totals.failed, 7);
    assert_null(strstr(stderr_text(), "could not be written"));
    assert_all_back(fixture);
}

/* A write that blocks for ever, on a pipe that nobody reads, is given up; so is all behind it. */
static void the_grace_period_ends(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(pipe2(fixture->fake.pipe, O_CLOEXEC), 0);
    for (uint64_t id = 0; id < 10; id++)
        push(fixture, id, 10);
    wait_writes(&fixture->fake, 1);
    uint64_t begun = clock_monotonic();
    struct sink_totals totals = finish(fixture, GRACE_MS * CLOCK_MS);
    uint64_t took = clock_monotonic() - begun;
    assert_in_range(took, GRACE_MS * CLOCK_MS, BOUND_MS * CLOCK_MS);
    assert_int_equal(totals.written, 0);
    assert_int_equal(totals.failed, 10);
    assert_false(cancellable_abandoned()); /* said to the sink's thread alone */
    assert_all_back(fixture);
}

/* What can be written in time is, also with a grace period. */
static void no_longer_than_it_takes(void **state)
{
    struct fixture *fixture = *state;
    for (uint64_t id = 0; id < 50; id++)
        push(fixture, id, 10);
    struct sink_totals totals = finish(fixture, BOUND_MS * CLOCK_MS);
    assert_int_equal(totals.written, 50);
    assert_int_equal(totals.failed, 0);
    assert_all_back(fixture);
}

/* An abandoned sink leaves the next one its time. */
static void the_next_sink_has_time(void **state)
{
    struct fixture *fixture = *state;
    the_grace_period_ends(state);
    close(fixture->fake.pipe[0]);
    close(fixture->fake.pipe[1]);
    fixture->fake.pipe[0] = fixture->fake.pipe[1] = -1;
    fixture->fake.closes = fixture->fake.summaries = 0;
    assert_int_equal(start(fixture, &fixture_every), 0);
    push(fixture, 1, 10);
    assert_int_equal(finish(fixture, 0).written, 1);
}

static void totals_while_it_runs(void **state)
{
    struct fixture *fixture = *state;
    fixture->fake.results[0] = -EIO;
    push(fixture, 0, 10);
    push(fixture, 1, 20);
    push(fixture, 2, 30);
    wait_writes(&fixture->fake, 3); /* so the first two are done */
    struct sink_totals totals = sink_queue_totals(fixture->sink);
    assert_int_equal(totals.failed, 1);
    assert_in_range(totals.written, 1, 2);
    assert_in_range(totals.bytes, 20, 50);
    assert_int_equal(finish(fixture, 0).bytes, 50);
}

static void nothing_to_close(void **state)
{
    (void)state;
    struct sink *none = NULL;
    assert_true(sink_close(&none, NULL, NULL));
}

static void what_it_says_at_the_end(void **state)
{
    struct fixture *fixture = *state;
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    push(fixture, 1, 10);
    assert_true(sink_close(&fixture->sink, NULL, out));
    fclose(out);
    assert_string_equal(text, "so many: 1\n");
    free(text);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(failures_are_counted_and_logged_once),
        TEST(a_disk_that_fails_now_and_then),
        TEST(another_error_is_logged),
        TEST(the_last_words_of_a_disk),
        TEST(a_broken_pipe_is_final),
        TEST(the_grace_period_ends),
        TEST(no_longer_than_it_takes),
        TEST(the_next_sink_has_time),
        TEST(totals_while_it_runs),
        cmocka_unit_test(nothing_to_close),
        TEST(what_it_says_at_the_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
