/*
 * What came, what did not, and how long it took: counted as it happens, told as a progress line, a
 * line now and then, and a summary. The receiver's thread adds; the window's thread adds what it
 * showed and reads: a lock inside keeps them apart.
 */
#ifndef PITETHER_HOST_REPORT_REPORT_H
#define PITETHER_HOST_REPORT_REPORT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "host/lib/pitether.h"
#include "shared/protocol/wire.h"

struct report;

/* Sums over all connections. captured = received + damaged + the sum of dropped. */
struct report_totals {
    uint64_t captured, received, damaged, bytes;
    uint64_t dropped[WIRE_DROP_REASONS];
    uint64_t cut;        /* of the damaged ones, those that a lost connection cut short */
    uint64_t unsent_due; /* of those UNSENT: taken while the run was to last */
    uint64_t unmet;      /* wanted frames, by --max-fps or --every, that no other came for */
    uint64_t missed;     /* between two connections to the same daemon; not part of captured */
    uint64_t connections;
};

/* NULL: out of memory. */
struct report *report_create(void);
void report_destroy(struct report *report);

void report_connected(struct report *report);
void report_frame(struct report *report, const struct pitether_frame *frame);
void report_damaged(struct report *report);
/* The last damaged one was cut short by the loss of the connection. */
void report_cut(struct report *report);
void report_drops(struct report *report, const struct wire_drops *drops);
void report_missed(struct report *report, uint64_t count);
void report_unsent_due(struct report *report, uint64_t count);
void report_unmet(struct report *report, uint64_t count);
/* decoded and shown: host times, ns. */
void report_shown(struct report *report, const struct pitether_frame *frame, uint64_t decoded_ns,
                  uint64_t shown_ns);

struct report_totals report_totals(struct report *report);
uint64_t report_dropped(const struct report_totals *totals);

/* Over the last second or so, and before one is over, since the first frame; latency_ms is the
 * median from the sensor to the screen, or to the last byte where nothing is shown; below 0: not
 * known. */
struct report_rates {
    double fps, mbit_per_second, latency_ms, clock_error_ms;
};
struct report_rates report_rates(struct report *report, uint64_t now_ns);

/* One line without a line feed: rates and totals; for the terminal. */
void report_line(struct report *report, uint64_t now_ns, char *line, size_t size);

/* The same for the log: the rates are those since the line before, or since the first frame. */
void report_log_line(struct report *report, uint64_t now_ns, char *line, size_t size);

/* --stats: drops by reason, each stage's p50, p95 and p99 with the clock's error; --latency-report:
 * with bars, which begin where the stage begins on the way from the sensor. */
void report_stages(struct report *report, bool bars, FILE *out);

/* The summary at the end. kept: how many of the received frames were; the others came after the
 * end.
 */
void report_summary(struct report *report, uint64_t kept, FILE *out);

#endif
