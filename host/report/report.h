/*
 * Counts of one stream, as they happen: frames, losses, rates and latencies. The thread that
 * receives adds; the window's thread adds what it showed and reads: a lock inside keeps them apart.
 * summary.h writes it for the user.
 */
#ifndef PITETHER_HOST_REPORT_REPORT_H
#define PITETHER_HOST_REPORT_REPORT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "host/lib/pitether.h"
#include "shared/base/attributes.h"

struct report;

/* The reasons of drops that are listed; 0: others, which this version does not know. */
enum {
    REPORT_NOT_TAKEN = PITETHER_DROP_MODE_SWITCH + 1,
    REPORT_AFTER_END,
    REPORT_NOT_SETTLED,
    REPORT_REASONS
};

/* Sums over all connections. captured = received + damaged + the sum of dropped. */
struct report_totals {
    uint64_t captured, received, damaged, bytes;
    uint64_t dropped[REPORT_REASONS];
    uint64_t cut;        /* of the damaged ones, those that a lost connection cut short */
    uint64_t unsent_due; /* of those UNSENT: taken while the run was to last */
    uint64_t missed;     /* between two connections to the same daemon; not part of captured */
    uint64_t connections;
    uint64_t first_ns, last_ns; /* host times of the first and the last frame; 0: none came */
    uint64_t clock_error_ns;    /* of the last frame whose clock offset was known */
};

/* NULL: out of memory. */
NODISCARD struct report *report_create(void);
void report_destroy(struct report *report);

void report_connected(struct report *report);
void report_frame(struct report *report, const struct pitether_frame *frame);
void report_drops(struct report *report, const struct pitether_drops *drops);
/* decoded and shown: host times, ns. */
void report_shown(struct report *report, const struct pitether_frame *frame, uint64_t decoded_ns,
                  uint64_t shown_ns);

struct report_totals report_totals(struct report *report);
uint64_t report_dropped(const struct report_totals *totals);

/* Adds another stream's totals to the sum. */
void report_totals_add(struct report_totals *sum, const struct report_totals *totals);

/* Over the last second or so, and before one is over, since the first frame; latency_ms is the
 * median from the sensor to the screen, or to the last byte where nothing is shown; below 0: not
 * known. */
struct report_rates {
    double fps, mbit_per_second, latency_ms, clock_error_ms;
};
struct report_rates report_rates(struct report *report, uint64_t now_ns);

/* The same since the call before this one, or since the first frame. */
struct report_rates report_rates_since(struct report *report, uint64_t now_ns);

/* A line for each stage: see stages_list(). */
void report_stages(struct report *report, bool bars, FILE *out);

#endif
