/*
 * The account: what is counted, and how it is told.
 */
#include "host/report/summary.h"

#include "host_support.h"

#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/base/clock.h"

#define START_NS (1000 * CLOCK_SECOND)
/* The histogram's own bound. */
#define TOLERANCE 0.045

static int setup(void **state)
{
    *state = report_create();
    assert_non_null(*state);
    return 0;
}

static int teardown(void **state)
{
    report_destroy(*state);
    return 0;
}

static void add_drops(struct report *report, unsigned reason, uint32_t count)
{
    struct pitether_drops drops = { .reason = (enum pitether_drop_reason)reason, .count = count };
    report_drops(report, &drops);
}

/* A frame that took 1 ms to capture, 4 to encode, 2 to send and 10 on the network; the device's
 * clock is 500 s behind. */
static struct pitether_frame a_frame(uint64_t last_byte, size_t size, bool offset_known)
{
    uint64_t device = last_byte - 500 * CLOCK_SECOND;
    return (struct pitether_frame){ .size = size,
                                    .times = { .sensor = device - 17 * CLOCK_MS,
                                               .captured = device - 16 * CLOCK_MS,
                                               .encode_start = device - 15 * CLOCK_MS,
                                               .encode_end = device - 12 * CLOCK_MS,
                                               .send_start = device - 14 * CLOCK_MS,
                                               .send_end = device - 10 * CLOCK_MS,
                                               .first_byte = last_byte - CLOCK_MS,
                                               .last_byte = last_byte,
                                               .offset = -500 * (int64_t)CLOCK_SECOND,
                                               .error = CLOCK_MS / 4,
                                               .offset_known = offset_known } };
}

static void add_frame(struct report *report, uint64_t last_byte, size_t size)
{
    struct pitether_frame frame = a_frame(last_byte, size, true);
    report_frame(report, &frame);
}

static char *text_of(struct report *report, void (*tell)(struct report *report, FILE *out))
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    assert_non_null(out);
    tell(report, out);
    fclose(out);
    return text;
}

/* All that came was kept. */
static void summary(struct report *report, FILE *out)
{
    struct summary_stream stream = { "", report, report_totals(report).received };
    summary_write(&stream, 1, out);
}

static void summary_with_two_late(struct report *report, FILE *out)
{
    struct summary_stream stream = { "", report, report_totals(report).received - 2 };
    summary_write(&stream, 1, out);
}

static void stages_plain(struct report *report, FILE *out)
{
    struct summary_stream stream = { "", report, 0 };
    summary_write_stages(&stream, 1, false, out);
}

static void stages_with_bars(struct report *report, FILE *out)
{
    struct summary_stream stream = { "", report, 0 };
    summary_write_stages(&stream, 1, true, out);
}

static void rates_line(struct report *report, uint64_t now_ns, char *line, size_t size)
{
    struct summary_stream stream = { "", report, 0 };
    summary_rates(&stream, 1, now_ns, line, size);
}

static void log_rates_line(struct report *report, uint64_t now_ns, char *line, size_t size)
{
    struct summary_stream stream = { "", report, 0 };
    summary_log_rates(&stream, now_ns, line, size);
}

static void assert_close(double got, double wanted)
{
    if (fabs(got - wanted) > TOLERANCE * wanted)
        fail_msg("%g instead of %g", got, wanted);
}

static void nothing_came(void **state)
{
    struct report *report = *state;
    char line[256];
    char *text = text_of(report, summary);
    assert_string_equal(text, "0 captured = 0 received + 0 dropped + 0 damaged\n");
    free(text);
    rates_line(report, START_NS, line, sizeof(line));
    assert_string_equal(line, "0 frames, 0.0 fps, 0.0 Mbit/s, 0 dropped");
    struct report_rates rates = report_rates(report, START_NS);
    assert_true(rates.latency_ms < 0 && rates.fps == 0);
    text = text_of(report, stages_plain);
    assert_non_null(strstr(text, "0 received, 0 dropped;"));
    assert_null(strstr(text, "->")); /* no stage has anything to tell */
    free(text);
    report_destroy(NULL);
}

static void totals_add_up(void **state)
{
    struct report *report = *state;
    uint32_t random = 7;
    uint64_t bytes = 0;
    for (unsigned i = 0; i < 5000; i++) {
        random = random * 1664525 + 1013904223;
        unsigned kind = random >> 28;
        if (kind < 8) {
            add_frame(report, START_NS + i * CLOCK_MS, random >> 16);
            bytes += random >> 16;
        } else if (kind < 10) {
            add_drops(report, PITETHER_DROP_DAMAGED, 1);
        } else {
            add_drops(report, random >> 16 & 15, random >> 8 & 0xFF);
        }
    }
    add_drops(report, PITETHER_DROP_MISSED, 12);
    add_drops(report, PITETHER_DROP_MISSED, 30);
    report_connected(report);
    report_connected(report);
    struct report_totals totals = report_totals(report);
    assert_true(totals.received > 1000 && totals.damaged > 100 && report_dropped(&totals) > 1000);
    assert_int_equal(totals.captured, totals.received + totals.damaged + report_dropped(&totals));
    assert_int_equal(totals.bytes, bytes);
    assert_int_equal(totals.missed, 42);
    assert_int_equal(totals.connections, 2);
}

/* Also those that this version does not know, and as many as there may be. */
static void drops_by_reason(void **state)
{
    struct report *report = *state;
    for (unsigned reason = 0; reason < 256; reason++)
        add_drops(report, reason, reason ? reason : UINT32_MAX);
    struct report_totals totals = report_totals(report);
    uint64_t unknown = UINT32_MAX;
    for (unsigned reason = 1; reason < 256; reason++) {
        if (reason < REPORT_NOT_TAKEN)
            assert_int_equal(totals.dropped[reason], reason);
        else
            unknown += reason;
    }
    assert_int_equal(totals.dropped[0], unknown);
    assert_int_equal(report_dropped(&totals), unknown + 66);
    assert_int_equal(totals.captured, unknown + 66);
}

/* What the library drops itself, and what a duration's end has to do with it. */
static void drops_of_the_receiver(void **state)
{
    struct report *report = *state;
    struct pitether_drops unsent = { .reason = PITETHER_DROP_UNSENT, .count = 5, .overdue = 2 };
    add_drops(report, PITETHER_DROP_DAMAGED, 1);
    add_drops(report, PITETHER_DROP_CUT, 2);
    add_drops(report, PITETHER_DROP_MISSED, 4);
    add_drops(report, PITETHER_DROP_NOT_TAKEN, 8);
    add_drops(report, PITETHER_DROP_AFTER_END, 16);
    add_drops(report, PITETHER_DROP_NOT_SETTLED, 32);
    report_drops(report, &unsent);
    struct report_totals totals = report_totals(report);
    assert_int_equal(totals.damaged, 3);
    assert_int_equal(totals.cut, 2);
    assert_int_equal(totals.missed, 4);
    assert_int_equal(totals.dropped[REPORT_NOT_TAKEN], 8);
    assert_int_equal(totals.dropped[REPORT_AFTER_END], 16);
    assert_int_equal(totals.dropped[REPORT_NOT_SETTLED], 32);
    assert_int_equal(totals.unsent_due, 2);
    assert_int_equal(report_dropped(&totals), 8 + 16 + 32 + 5);
    assert_int_equal(totals.captured, 3 + 8 + 16 + 32 + 5);
}

static void the_summary(void **state)
{
    struct report *report = *state;
    for (unsigned i = 0; i < 101; i++)
        add_frame(report, START_NS + i * 20 * CLOCK_MS, 10000);
    char *text = text_of(report, summary);
    assert_string_equal(text, "101 captured = 101 received + 0 dropped + 0 damaged"
                              "; 50.0 fps, 4.0 Mbit/s\n");
    free(text);
    add_drops(report, PITETHER_DROP_DAMAGED, 1);
    add_drops(report, PITETHER_DROP_SUPERSEDED, 3);
    text = text_of(report, summary);
    assert_string_equal(text, "105 captured = 101 received + 3 dropped (3 SUPERSEDED) + 1 damaged"
                              "; 50.0 fps, 4.0 Mbit/s\n");
    free(text);
    add_drops(report, 200, 2);
    add_drops(report, PITETHER_DROP_SENSOR_GAP, 1);
    add_drops(report, PITETHER_DROP_MISSED, 9);
    text = text_of(report, summary);
    assert_string_equal(text, "108 captured = 101 received + 6 dropped (2 for an unknown reason, "
                              "1 SENSOR_GAP, 3 SUPERSEDED) + 1 damaged; 9 missed between "
                              "connections; 50.0 fps, 4.0 Mbit/s\n");
    free(text);
}

static void the_summary_names_what_came_after_the_end(void **state)
{
    struct report *report = *state;
    for (unsigned i = 0; i < 101; i++)
        add_frame(report, START_NS + i * 20 * CLOCK_MS, 10000);
    add_drops(report, PITETHER_DROP_UNSENT, 4);
    char *text = text_of(report, summary_with_two_late);
    assert_string_equal(text, "105 captured = 101 received + 4 dropped (4 UNSENT) + 0 damaged"
                              "; 50.0 fps, 4.0 Mbit/s; 2 received after the end\n");
    free(text);
}

/* One frame has no rate. */
static void the_summary_of_one(void **state)
{
    struct report *report = *state;
    add_frame(report, START_NS, 10000);
    char *text = text_of(report, summary);
    assert_string_equal(text, "1 captured = 1 received + 0 dropped + 0 damaged\n");
    free(text);
}

/* Over a second that the test makes up, which the first frame begins; a new one begins when it is
 * over, not before. */
static void rates_over_a_second(void **state)
{
    struct report *report = *state;
    report_rates(report, START_NS - 5 * CLOCK_SECOND);
    for (unsigned i = 0; i <= 30; i++)
        add_frame(report, START_NS + i * 33 * CLOCK_MS, 50000);
    struct report_rates rates = report_rates(report, START_NS + CLOCK_SECOND);
    assert_true(rates.fps == 30);
    assert_close(rates.mbit_per_second, 30 * 50000 * 8e-6);
    assert_close(rates.latency_ms, 17);
    assert_close(rates.clock_error_ms, 0.25);
    add_frame(report, START_NS + CLOCK_SECOND + 1, 50000);
    char line[256];
    rates_line(report, START_NS + 2 * CLOCK_SECOND - 1, line, sizeof(line));
    double latency;
    assert_int_equal(
        sscanf(line, "32 frames, 30.0 fps, 12.0 Mbit/s, %lf ms (±0.25), 0 dropped", &latency), 1);
    assert_close(latency, 17);
    rates = report_rates(report, START_NS + 2 * CLOCK_SECOND);
    assert_true(rates.fps == 1);
    rates = report_rates(report, START_NS + 3 * CLOCK_SECOND); /* nothing came meanwhile */
    assert_true(rates.fps == 0 && rates.mbit_per_second == 0 && rates.latency_ms < 0);
    add_frame(report, START_NS + 3 * CLOCK_SECOND, 1000);
    rates = report_rates(report, START_NS + 7 * CLOCK_SECOND); /* nobody asked for so long */
    assert_true(rates.fps == 0.25);
}

/* Before the first second is over they are those of what there is of it. */
static void rates_of_the_first_moments(void **state)
{
    struct report *report = *state;
    add_frame(report, START_NS, 50000);
    add_frame(report, START_NS + CLOCK_MS, 50000);
    struct report_rates rates = report_rates(report, START_NS + 2 * CLOCK_MS);
    assert_true(rates.fps == 0 && rates.latency_ms < 0);
    rates = report_rates(report, START_NS - CLOCK_MS); /* taken before the frame, asked behind it */
    assert_true(rates.fps == 0);
    for (unsigned i = 2; i <= 15; i++)
        add_frame(report, START_NS + i * 33 * CLOCK_MS, 50000);
    rates = report_rates(report, START_NS + CLOCK_SECOND / 2);
    assert_true(rates.fps == 30);
    assert_close(rates.latency_ms, 17);
}

/* --stats: whoever else asks for rates, and however rarely the line comes, it has those since the
 * line before, and the first one those since the first frame. */
static void rates_since_the_last_log_line(void **state)
{
    struct report *report = *state;
    char line[256];
    log_rates_line(report, START_NS - 5 * CLOCK_SECOND, line, sizeof(line));
    assert_string_equal(line, "0 frames, 0.0 fps, 0.0 Mbit/s, 0 dropped");
    for (unsigned i = 0; i <= 300; i++)
        add_frame(report, START_NS + i * 33 * CLOCK_MS, 50000);
    log_rates_line(report, START_NS + 10 * CLOCK_SECOND, line, sizeof(line));
    assert_non_null(strstr(line, "301 frames, 30.0 fps, 12.0 Mbit/s, 1"));
    for (unsigned i = 1; i <= 20; i++) {
        add_frame(report, START_NS + 10 * CLOCK_SECOND + i * 100 * CLOCK_MS, 50000);
        report_rates(report, START_NS + 10 * CLOCK_SECOND + i * 100 * CLOCK_MS);
    }
    log_rates_line(report, START_NS + 12 * CLOCK_SECOND, line, sizeof(line));
    assert_non_null(strstr(line, "321 frames, 10.0 fps, 4.0 Mbit/s, 1"));
    log_rates_line(report, START_NS + 22 * CLOCK_SECOND, line, sizeof(line));
    assert_string_equal(line, "321 frames, 0.0 fps, 0.0 Mbit/s, 0 dropped");
}

/* Where frames are shown, the latency is that until the screen. */
static void latency_of_what_is_shown(void **state)
{
    struct report *report = *state;
    report_rates(report, START_NS);
    for (unsigned i = 0; i < 10; i++) {
        struct pitether_frame frame = a_frame(START_NS + i * CLOCK_MS, 1000, true);
        report_frame(report, &frame);
        report_shown(report, &frame, frame.times.last_byte + 5 * CLOCK_MS,
                     frame.times.last_byte + 8 * CLOCK_MS);
    }
    assert_close(report_rates(report, START_NS + CLOCK_SECOND).latency_ms, 25);
}

static void no_latency_without_a_clock(void **state)
{
    struct report *report = *state;
    char line[256];
    struct pitether_frame frame = a_frame(START_NS, 1000, false);
    report_rates(report, START_NS);
    report_frame(report, &frame);
    report_frame(report, &frame);
    report_shown(report, &frame, START_NS + 1, START_NS + 2);
    assert_true(report_rates(report, START_NS + CLOCK_SECOND).latency_ms < 0);
    rates_line(report, START_NS + CLOCK_SECOND, line, sizeof(line));
    assert_string_equal(line, "2 frames, 1.0 fps, 0.0 Mbit/s, 0 dropped");
    char *text = text_of(report, stages_plain);
    assert_null(strstr(text, "sensor -> received"));
    assert_null(strstr(text, "sent -> received"));
    assert_null(strstr(text, "sensor -> presented"));
    assert_non_null(strstr(text, "encode start -> end"));
    free(text);
}

/* The three figures behind a stage's name. */
static void assert_stage(const char *text, const char *name, double ms)
{
    double p50, p95, p99;
    const char *at = strstr(text, name);
    assert_non_null(at);
    assert_int_equal(sscanf(at + strlen(name), "%lf %lf %lf", &p50, &p95, &p99), 3);
    assert_close(p50, ms);
    assert_close(p95, ms);
    assert_close(p99, ms);
}

static void the_stages(void **state)
{
    struct report *report = *state;
    for (unsigned i = 0; i < 100; i++) {
        struct pitether_frame frame = a_frame(START_NS + i * CLOCK_MS, 1000, true);
        report_frame(report, &frame);
        report_shown(report, &frame, frame.times.last_byte + 5 * CLOCK_MS,
                     frame.times.last_byte + 8 * CLOCK_MS);
    }
    add_drops(report, PITETHER_DROP_QUEUE_FULL, 4);
    char *text = text_of(report, stages_plain);
    assert_non_null(
        strstr(text, "100 received, 4 dropped (4 QUEUE_FULL); clock error ±0.250 ms\n"));
    assert_stage(text, "sensor -> handed over", 1);
    assert_stage(text, "handed over -> encode start", 1);
    assert_stage(text, "encode start -> end", 3);
    assert_stage(text, "encode end -> last byte sent", 2);
    assert_stage(text, "last byte sent -> received", 10);
    assert_stage(text, "received -> decoded", 5);
    assert_stage(text, "decoded -> presented", 3);
    assert_stage(text, "sensor -> received", 17);
    assert_stage(text, "handed over -> received", 16);
    assert_stage(text, "sensor -> presented", 25);
    assert_stage(text, "first -> last byte sent", 4);
    assert_stage(text, "first -> last byte received", 1);
    assert_int_equal(count_text(text, "\n"), 2 + 12);
    assert_null(strchr(text, '|'));
    free(text);
    text = text_of(report, stages_with_bars);
    assert_stage(text, "sensor -> presented", 25);
    assert_int_equal(count_text(text, "|"), 12);
    assert_non_null(strchr(text, '#'));
    free(text);
}

/* Nothing to draw, and durations of any length: bars keep within their room. */
static void bars_of_any_length(void **state)
{
    struct report *report = *state;
    free(text_of(report, stages_with_bars));
    struct pitether_frame frame = a_frame(START_NS, 1000, true);
    frame.times.captured = frame.times.sensor; /* no time at all */
    frame.times.encode_end = frame.times.encode_start + UINT64_MAX / 4;
    for (unsigned i = 0; i < 3; i++)
        report_frame(report, &frame);
    char *text = text_of(report, stages_with_bars);
    for (const char *line = text; *line; line += strcspn(line, "\n") + 1)
        assert_in_range(strcspn(line, "\n"), 1, 200);
    free(text);
}

/* Dropped in the line is all that did not come, damaged ones included; it keeps within its room. */
static void the_line(void **state)
{
    struct report *report = *state;
    char line[256];
    add_drops(report, PITETHER_DROP_DAMAGED, 1);
    add_drops(report, PITETHER_DROP_NO_BUFFER, 5);
    rates_line(report, START_NS, line, sizeof(line));
    assert_non_null(strstr(line, ", 6 dropped"));
    assert_null(strchr(line, '\n'));
    memset(line, '#', sizeof(line));
    rates_line(report, START_NS, line, 10);
    assert_int_equal(strnlen(line, 10), 9);
    assert_int_equal(line[10], '#');
}

/* Two threads. */

enum { MANY = 5000 };

static void *show(void *user)
{
    struct pitether_frame frame = a_frame(START_NS, 1000, true);
    for (unsigned i = 0; i < MANY; i++) {
        report_shown(user, &frame, START_NS + CLOCK_MS, START_NS + 2 * CLOCK_MS);
        report_rates(user, START_NS + i * CLOCK_SECOND);
        report_totals(user);
    }
    return NULL;
}

static void the_window_reads_meanwhile(void **state)
{
    struct report *report = *state;
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, show, report), 0);
    for (unsigned i = 0; i < MANY; i++) {
        add_frame(report, START_NS + i * CLOCK_MS, 100);
        add_drops(report, PITETHER_DROP_SUPERSEDED, 1);
    }
    pthread_join(thread, NULL);
    assert_int_equal(report_totals(report).captured, 2 * MANY);
    assert_int_equal(report_totals(report).bytes, 100 * MANY);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(nothing_came),
        TEST(totals_add_up),
        TEST(drops_by_reason),
        TEST(drops_of_the_receiver),
        TEST(the_summary),
        TEST(the_summary_names_what_came_after_the_end),
        TEST(the_summary_of_one),
        TEST(rates_over_a_second),
        TEST(rates_of_the_first_moments),
        TEST(rates_since_the_last_log_line),
        TEST(latency_of_what_is_shown),
        TEST(no_latency_without_a_clock),
        TEST(the_stages),
        TEST(bars_of_any_length),
        TEST(the_line),
        TEST(the_window_reads_meanwhile),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
