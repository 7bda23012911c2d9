/*
 * What the user sees while frames come: a line that is redrawn on a terminal, and lines in the log,
 * one for each stream. One thread.
 */
#ifndef PITETHER_HOST_REPORT_PROGRESS_H
#define PITETHER_HOST_REPORT_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

#include "host/report/summary.h"

enum { PROGRESS_LINE_MAX = 256 };

struct progress {
    bool draws;                   /* the line on standard error, twice a second */
    bool logs;                    /* the rates every 10 s, and at the end those since then */
    uint64_t drawn_ns, logged_ns; /* when it was last done; CLOCK_MONOTONIC */
    char drawn[PROGRESS_LINE_MAX];
    bool still; /* the line is what it was before, and so it stays while nothing comes */
};

/* When there is something to show, even if nothing happens until then. */
uint64_t progress_due(const struct progress *progress);

/* Shows what is due. */
void progress_show(struct progress *progress, const struct summary_stream *streams, unsigned count,
                   uint64_t now_ns);

/* Wipes the line on the terminal, and logs the last rates if the last ones are a second old. */
void progress_end(struct progress *progress, const struct summary_stream *streams, unsigned count,
                  uint64_t now_ns);

#endif
