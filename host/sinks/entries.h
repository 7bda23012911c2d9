/*
 * The frames that wait for a sink's thread, in order, and what lies before, between and behind
 * them. Its size is fixed.
 *
 * No threads: the caller's lock guards it.
 */
#ifndef PITETHER_HOST_SINKS_ENTRIES_H
#define PITETHER_HOST_SINKS_ENTRIES_H

#include <stdbool.h>

#include "host/sinks/gap.h"
#include "host/sinks/sink.h"
#include "shared/base/attributes.h"

struct entry {
    const struct pitether_frame *frame; /* with a reference; NULL: header is all that is kept */
    struct pitether_frame header;       /* without data and without values of the camera */
    struct sink_details details;
};

/* A ring, with a slot more than frames: the gap of the next one is what lies behind the last. */
struct entries {
    struct entry *slots;
    struct gap *gaps; /* before each slot's frame; NULL: they are of no interest */
    unsigned size, first, count;
};

/* 0 or -ENOMEM. */
NODISCARD int entries_create(struct entries *entries, unsigned frames, bool with_gaps);
/* Holds no frame any more. */
void entries_free(struct entries *entries);

/* There are fewer than `frames`. keep: the frame, with a reference, not its header. */
void entries_add(struct entries *entries, const struct pitether_frame *frame, bool keep);

/* What lies behind the last frame, to be added to. */
struct gap *entries_last_gap(struct entries *entries);

/* Whether no frame waits, but something else does. */
bool entries_only_gap(const struct entries *entries);

/* Moves what lies before the first frame, or all if there is none, to gap. */
void entries_take_gap(struct entries *entries, struct gap *gap);
/* The first frame; the caller's. What lies before it was taken, or goes before the next one. */
struct entry entries_take(struct entries *entries);

/* Of headers. */
void entries_present(struct entries *entries, const struct pitether_frame *frame,
                     const struct sink_presentation *presentation);

#endif
