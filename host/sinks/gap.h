/*
 * What lies between two frames of a stream: losses, and a change of the format. Its size is fixed:
 * no loss goes uncounted, but where there are too many runs of them, neighbours are joined.
 *
 * No threads, and nothing is allocated.
 */
#ifndef PITETHER_HOST_SINKS_GAP_H
#define PITETHER_HOST_SINKS_GAP_H

#include <stdbool.h>

#include "host/lib/pitether.h"

enum { GAP_DROPS_MAX = 8 };

/* Zeroed: empty. */
struct gap {
    struct pitether_drops drops[GAP_DROPS_MAX + 1]; /* in order; one is for gap_add_drops() */
    unsigned drops_count;
    bool has_format;
    unsigned format_at; /* so many of the runs are before the format */
    struct pitether_stream format;
};

bool gap_is_empty(const struct gap *gap);
void gap_clear(struct gap *gap);

/* Losses that continue the last run become part of it. Where there is no space for another run,
 * the two neighbours that are most alike become one, with the first one's epoch, id and reason, and
 * the count of both; a format between them keeps two apart. */
void gap_add_drops(struct gap *gap, const struct pitether_drops *drops);

/* An earlier format is forgotten: no frame has it. */
void gap_set_format(struct gap *gap, const struct pitether_stream *format);

/* The frame between the two is gone. */
void gap_append(struct gap *gap, const struct gap *next);

#endif
