/*
 * How durations are spread, in fixed memory: buckets of 1/16 octave, so a percentile is right
 * within 4.5 %. One thread; zeroed means empty.
 */
#ifndef PITETHER_HOST_REPORT_HISTOGRAM_H
#define PITETHER_HOST_REPORT_HISTOGRAM_H

#include <stdint.h>

/* From 1 µs up to 2^31 µs, some 36 minutes; what is longer counts as that. */
enum { HISTOGRAM_BUCKETS = 16 * 31 };

struct histogram {
    uint64_t counts[HISTOGRAM_BUCKETS];
    uint64_t total;
};

/* Durations below 0, as clocks that are not quite related may give, count as 0. */
void histogram_add(struct histogram *histogram, int64_t ns);

/* The duration, in ms, that a share (0..1) of all are not longer than; 0 if it is empty. */
double histogram_quantile(const struct histogram *histogram, double share);

#endif
