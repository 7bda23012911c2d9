/*
 * --stats: what goes on in a stream, a line in the log now and then. The loop thread alone.
 */
#ifndef PITETHER_DEVICE_METRICS_STATS_H
#define PITETHER_DEVICE_METRICS_STATS_H

#include <stdbool.h>
#include <stdint.h>

#include "device/stream/encoder.h"
#include "device/stream/stream.h"

/* What became of the frames that were due to one client, or to several together. */
struct delivery_totals {
    uint64_t delivered, bytes;
    uint64_t dropped[WIRE_DROP_REASONS]; /* by reason */
};

/* Counts since the daemon started. */
struct stats_counts {
    uint64_t lost[WIRE_DROP_REASONS]; /* before they were frames */
    struct delivery_totals delivery;  /* to all clients together */
    struct encoder_totals encoder;
};

struct stats {
    struct delivery_totals gone; /* of clients that are gone */
    struct stats_counts last;    /* as of the last line */
    uint64_t last_ns;            /* CLOCK_MONOTONIC; 0: no line yet */
};

/* Adds one client's totals to a sum. */
void delivery_totals_add(struct delivery_totals *sum, const struct delivery_totals *one);

/* Whether the next line is due: `seconds` have passed since the last one. */
bool stats_is_due(const struct stats *stats, unsigned seconds, uint64_t now_ns);

/* Logs a line. present: the sum over the clients that are there, `watching` in number. */
void stats_log(struct stats *stats, const struct stream *stream,
               const struct delivery_totals *present, unsigned watching, uint64_t now_ns);

#endif
