/*
 * --latency: a line of CSV for each received frame with the time of each stage, all of them on this
 * machine's CLOCK_MONOTONIC. A thread of its own writes the file, behind a bounded queue: a disk
 * that hangs costs lines, and holds up nobody. A lock inside: the receiver's thread adds frames,
 * the window's thread what it showed.
 */
#ifndef PITETHER_HOST_SINKS_LATENCY_LOG_H
#define PITETHER_HOST_SINKS_LATENCY_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include "host/base/grace.h"
#include "host/lib/pitether.h"

enum { LATENCY_LOG_ERROR_MAX = 256 };

struct latency_log;

/* Makes the file, or empties it if it is an earlier run's, and starts the thread; a FIFO must have
 * a reader, and "-" is standard output, which gets each line at once. shows: frames will be shown,
 * and lines wait for that. 0 or a negative errno with one line in error (LATENCY_LOG_ERROR_MAX
 * bytes); -EEXIST: it is another file, and left as it is; -EBUSY: another run writes it. */
int latency_log_open(struct latency_log **log, const char *path, bool shows, char *error);

/* A frame has come whole. Never blocks: a line that finds the queue full is lost. */
void latency_log_frame(struct latency_log *log, const struct pitether_frame *frame);

/* It was decoded, then presented, at these host times, ns. Unknown frames are ignored: a line waits
 * only so long for its frame to be shown. */
void latency_log_shown(struct latency_log *log, const struct pitether_frame *frame,
                       uint64_t decoded_ns, uint64_t shown_ns);

/* Writes what is left, or until it need not be waited for any more, see cancellable_join(); frees,
 * and nulls the caller's pointer. Returns how many lines were lost in all; why was logged. NULL and
 * *NULL are fine. */
uint64_t latency_log_close(struct latency_log **log, struct grace *grace);

#endif
