/*
 * What is said of several streams; test_report.c has what is said of one.
 */
#include "host/report/summary.h"

#include "host_support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/base/clock.h"

#define START_NS (1000 * CLOCK_SECOND)

enum { STREAMS = 2 };

struct fixture {
    struct summary_stream streams[STREAMS];
};

static int setup(void **state)
{
    struct fixture *fixture = *state = calloc(1, sizeof(*fixture));
    assert_non_null(fixture);
    static const char *const labels[STREAMS] = { "front", "rear" };
    assert_non_null(fixture);
    for (unsigned i = 0; i < STREAMS; i++) {
        fixture->streams[i] = (struct summary_stream){ labels[i], report_create(), 0 };
        assert_non_null(fixture->streams[i].report);
    }
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;
    for (unsigned i = 0; i < STREAMS; i++)
        report_destroy(fixture->streams[i].report);
    free(fixture);
    return 0;
}

/* So many frames of so many bytes, one each 20 ms, which were taken age_ms before they came. */
static void add_frames(struct fixture *fixture, unsigned stream, unsigned count, size_t size,
                       unsigned age_ms)
{
    for (unsigned i = 0; i < count; i++) {
        struct pitether_frame frame = {
            .size = size,
            .times = { .sensor = START_NS + (i * 20 - age_ms) * CLOCK_MS,
                       .last_byte = START_NS + i * 20 * CLOCK_MS,
                       .error = stream * CLOCK_MS,
                       .offset_known = true },
        };
        report_frame(fixture->streams[stream].report, &frame);
    }
}

static void add_drops(struct fixture *fixture, unsigned stream, enum pitether_drop_reason reason,
                      uint64_t count)
{
    struct pitether_drops drops = { .reason = reason, .count = count };
    report_drops(fixture->streams[stream].report, &drops);
}

static char *summary(const struct fixture *fixture)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    summary_write(fixture->streams, STREAMS, out);
    fclose(out);
    return text;
}

static void nothing_came(void **state)
{
    char *text = summary(*state);
    assert_string_equal(text, "front: 0 captured = 0 received + 0 dropped + 0 damaged\n"
                              "rear: 0 captured = 0 received + 0 dropped + 0 damaged\n"
                              "total: 0 captured = 0 received + 0 dropped + 0 damaged\n");
    free(text);
}

static void a_line_each_and_one_for_all(void **state)
{
    struct fixture *fixture = *state;
    add_frames(fixture, 0, 101, 10000, 5);
    add_frames(fixture, 1, 51, 20000, 5);
    fixture->streams[0].kept = 101;
    fixture->streams[1].kept = 50;
    add_drops(fixture, 0, PITETHER_DROP_SUPERSEDED, 3);
    add_drops(fixture, 1, PITETHER_DROP_SUPERSEDED, 2);
    add_drops(fixture, 1, PITETHER_DROP_NOT_TAKEN, 4);
    add_drops(fixture, 1, PITETHER_DROP_AFTER_END, 1);
    add_drops(fixture, 1, PITETHER_DROP_NOT_SETTLED, 9);
    add_drops(fixture, 0, PITETHER_DROP_CUT, 1);
    add_drops(fixture, 1, PITETHER_DROP_MISSED, 7);
    char *text = summary(fixture);
    assert_string_equal(
        text, "front: 105 captured = 101 received + 3 dropped (3 SUPERSEDED) + 1 damaged; "
              "50.0 fps, 4.0 Mbit/s\n"
              "rear: 67 captured = 51 received + 16 dropped (2 SUPERSEDED, 4 NOT_TAKEN, 1 "
              "AFTER_END, 9 NOT_SETTLED) + 0 damaged; 7 missed between connections; 50.0 fps, 8.2 "
              "Mbit/s; "
              "1 received after the end\n"
              "total: 172 captured = 152 received + 19 dropped (5 SUPERSEDED, 4 NOT_TAKEN, 1 "
              "AFTER_END, 9 NOT_SETTLED) + 1 damaged; 7 missed between connections; 75.0 fps, 8.1 "
              "Mbit/s; "
              "1 received after the end\n");
    free(text);
}

/* Rates are added up; the latency is the longest one. */
static void rates_of_all(void **state)
{
    struct fixture *fixture = *state;
    char line[256];
    double latency;
    add_frames(fixture, 0, 51, 10000, 40);
    add_frames(fixture, 1, 51, 10000, 5);
    add_drops(fixture, 0, PITETHER_DROP_DAMAGED, 1);
    add_drops(fixture, 1, PITETHER_DROP_SUPERSEDED, 2);
    summary_rates(fixture->streams, STREAMS, START_NS + CLOCK_SECOND, line, sizeof(line));
    assert_int_equal(sscanf(line,
                            "2 streams: 102 frames, 100.0 fps, 8.0 Mbit/s, %lf ms (±1.00), "
                            "3 dropped",
                            &latency),
                     1);
    assert_true(latency > 38 && latency < 42);
    summary_log_rates(&fixture->streams[1], START_NS + CLOCK_SECOND, line, sizeof(line));
    assert_memory_equal(line, "rear: 51 frames, 50.0 fps, 4.0 Mbit/s, ", 39);
}

static void stages_of_each(void **state)
{
    struct fixture *fixture = *state;
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    add_frames(fixture, 0, 2, 100, 5);
    add_frames(fixture, 1, 3, 100, 5);
    summary_write_stages(fixture->streams, STREAMS, false, out);
    fclose(out);
    assert_memory_equal(text, "front: 2 received, 0 dropped; clock error ±0.000 ms\n", 53);
    assert_non_null(strstr(text, "\nrear: 3 received, 0 dropped; clock error ±1.000 ms\n"));
    assert_int_equal(count_text(text, "sensor -> received"), 2);
    free(text);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(nothing_came),
        TEST(a_line_each_and_one_for_all),
        TEST(rates_of_all),
        TEST(stages_of_each),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
