/*
 * When lines come, by a clock that the test makes up.
 */
#include "host/report/progress.h"

#include "host_support.h"

#include <string.h>

#include "shared/base/clock.h"
#include "shared/base/log.h"

#define START_NS (1000 * CLOCK_SECOND)

static int setup(void **state)
{
    *state = report_create();
    assert_non_null(*state);
    log_setup("pitether", LOG_LEVEL_INFO);
    stderr_capture();
    return 0;
}

static int teardown(void **state)
{
    stderr_release();
    report_destroy(*state);
    return 0;
}

/* A stream of 20 frames a second from START_NS on, looked at each time, up to `end_ns`. */
static void run(struct progress *progress, struct report *report, uint64_t end_ns)
{
    struct summary_stream stream = { "", report, 0 };
    for (uint64_t now = START_NS; now <= end_ns; now += 50 * CLOCK_MS) {
        struct pitether_frame frame = { .size = 50000, .times.last_byte = now };
        report_frame(report, &frame);
        progress_show(progress, &stream, 1, now);
    }
}

/* --duration 10 ends before ten seconds of the program are over, or just then. */
static void one_line_and_all_there_is(void **state)
{
    struct progress progress = { .logs = true };
    struct summary_stream stream = { "", *state, 0 };
    run(&progress, *state, START_NS + 9950 * CLOCK_MS);
    assert_string_equal(stderr_text(), "");
    progress_end(&progress, &stream, 1, START_NS + 9950 * CLOCK_MS);
    assert_string_equal(stderr_text(),
                        "pitether: info: 200 frames, 20.0 fps, 8.0 Mbit/s, 0 dropped\n");
}

static void a_line_each_ten_seconds(void **state)
{
    struct progress progress = { .logs = true };
    struct summary_stream stream = { "", *state, 0 };
    progress_show(&progress, &stream, 1,
                  START_NS - 4 * CLOCK_SECOND); /* it took so long to connect */
    run(&progress, *state, START_NS + 18 * CLOCK_SECOND);
    assert_string_equal(stderr_text(),
                        "pitether: info: 121 frames, 20.0 fps, 8.0 Mbit/s, 0 dropped\n"
                        "pitether: info: 321 frames, 20.0 fps, 8.0 Mbit/s, 0 dropped\n");
    progress_end(&progress, &stream, 1, START_NS + 18 * CLOCK_SECOND);
    assert_int_equal(count_text(stderr_text(), "361 frames, 20.0 fps, 8.0 Mbit/s"), 1);
}

/* A line that was just told is not told again; nor is one where none was wanted. */
static void no_line_too_many(void **state)
{
    struct progress progress = { .logs = true }, silent = { .logs = false };
    struct summary_stream stream = { "", *state, 0 };
    run(&progress, *state, START_NS + 10 * CLOCK_SECOND);
    progress_end(&progress, &stream, 1, START_NS + 10999 * CLOCK_MS);
    assert_int_equal(count_text(stderr_text(), "\n"), 1);
    progress_show(&silent, &stream, 1, START_NS);
    progress_end(&silent, &stream, 1, START_NS + 60 * CLOCK_SECOND);
    assert_int_equal(count_text(stderr_text(), "\n"), 1);
}

static bool ends_in(const char *text, const char *end)
{
    size_t size = strlen(text), wanted = strlen(end);
    return size >= wanted && strcmp(text + size - wanted, end) == 0;
}

/* Who looks twice a second has rates before the first second is over. Only the newest line has to
 * be drawn. */
static void the_terminals_line(void **state)
{
    struct progress progress = { .draws = true };
    struct summary_stream stream = { "", *state, 0 };
    run(&progress, *state, START_NS + CLOCK_SECOND / 2);
    assert_true(ends_in(stderr_text(), "11 frames, 20.0 fps, 8.0 Mbit/s, 0 dropped"));
    progress_end(&progress, &stream, 1, START_NS + CLOCK_SECOND);
    assert_true(ends_in(stderr_text(), "0 dropped\r\033[K"));
    assert_null(strchr(stderr_text(), '\n'));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(one_line_and_all_there_is),
        TEST(a_line_each_ten_seconds),
        TEST(no_line_too_many),
        TEST(the_terminals_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
