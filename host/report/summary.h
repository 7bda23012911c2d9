/*
 * What the user reads about one or several streams: a line while they are received, and the summary
 * at the end. One thread.
 */
#ifndef PITETHER_HOST_REPORT_SUMMARY_H
#define PITETHER_HOST_REPORT_SUMMARY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "host/report/report.h"

/* A stream's report, and its label, which is "" if it is the only one. */
struct summary_stream {
    const char *label;
    struct report *report;
    uint64_t kept; /* how many of the received frames were; the others came after the end */
};

/* One line without a line feed: rates over the last second and totals, of all streams together;
 * the latency is the longest of them. */
void summary_rates(const struct summary_stream *streams, unsigned count, uint64_t now_ns,
                   char *line, size_t size);

/* The same of one stream for the log, with the rates since the line before. */
void summary_log_rates(const struct summary_stream *stream, uint64_t now_ns, char *line,
                       size_t size);

/* At the end: a line for each stream, and one for the total of several. */
void summary_write(const struct summary_stream *streams, unsigned count, FILE *out);

/* --stats: drops by reason, each stage's p50, p95 and p99 with the clock's error; --latency-report:
 * with bars. */
void summary_write_stages(const struct summary_stream *streams, unsigned count, bool bars,
                          FILE *out);

#endif
