/*
 * --stats: what goes on in a stream, a line in the log now and then. The loop thread alone.
 */
#ifndef PITETHER_DEVICE_METRICS_STATS_H
#define PITETHER_DEVICE_METRICS_STATS_H

#include <stdint.h>

#include "device/serve/client.h"
#include "device/stream/encoder.h"
#include "device/stream/stream.h"

/* Counts since the daemon started. */
struct stats_counts {
    uint64_t lost[WIRE_DROP_REASONS];    /* before they were frames */
    uint64_t delivered, bytes;           /* to all clients together */
    uint64_t dropped[WIRE_DROP_REASONS]; /* for all clients together */
    struct encoder_totals encoder;
};

struct stats {
    struct stats_counts gone; /* delivered, bytes and dropped, of clients that are gone */
    struct stats_counts last; /* as of the last line */
    uint64_t last_ns;         /* CLOCK_MONOTONIC; 0: no line yet */
};

/* A client of the stream is about to be destroyed. */
void stats_client_gone(struct stats *stats, const struct client *client);

/* Logs a line if `seconds` have passed since the last one. clients: a list, those of other streams
 * among them. */
void stats_tick(struct stats *stats, const struct stream *stream, const struct client *clients,
                unsigned seconds, uint64_t now_ns);

#endif
