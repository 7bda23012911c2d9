/*
 * A sink that writes: on a thread of its own behind a bounded queue, so that a disk or a pipe holds
 * up nothing but itself. The thread may be stuck in a system call for ever: see cancellable.h.
 */
#ifndef PITETHER_HOST_SINKS_QUEUE_H
#define PITETHER_HOST_SINKS_QUEUE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "host/base/grace.h"
#include "host/sinks/sink.h"
#include "shared/base/attributes.h"

/* Enough for two seconds at 30 fps; the bytes are those of all streams together. */
enum { SINK_QUEUE_FRAMES = 64, SINK_QUEUE_BYTES = 128 << 20 };

struct sink_totals {
    uint64_t written, bytes;      /* whole frames, and their bytes */
    uint64_t failed, passed_over; /* failed: also those that found the queue full */
    bool gone;                    /* write() returned -ESHUTDOWN */
    int close_error;              /* 0 or a negative errno; once it is closed */
};

/* What writes, and its state, which is free()d with the sink. All but summarize() are called on the
 * queue's thread. */
struct sink_writer {
    const char *name;         /* as in struct sink_ops */
    const char *log_name;     /* begins its log lines, and names its thread: at most 15 bytes */
    const char *unit, *units; /* what a frame is to it, e.g. "frame" and "frames" */
    const char *too_slow;     /* logged where the queue is full and frames are lost */
    bool past_grace; /* is waited for at the end until the second signal: see grace_wait() */
    /* NULL, or waits until write() would not have to; only then is a frame chosen. As write(). */
    int (*wait)(void *state);
    /* 0 or a negative errno: this frame is lost to the sink, maybe the next is not. -ESHUTDOWN: so
     * are all that follow, and why was logged. -EINTR: given up, see cancellable_abandoned().
     * An observer's frame has no data, and no values to be asked for: details has some. */
    int (*write)(void *state, const struct pitether_frame *frame,
                 const struct sink_details *details);
    /* NULL: of no interest, and not queued. Between frames as they were in the stream: a change of
     * the format, only the newest of several; and losses, joined as in gap.h where there are many.
     * What fails is for the next write() or close() to report. Not after -ESHUTDOWN. Frames that
     * found the queue full or were passed over are among the totals, not among the losses. */
    void (*format)(void *state, const struct pitether_stream *stream);
    void (*drops)(void *state, const struct pitether_drops *drops);
    /* Ends it. 0 or a negative errno: of what was written, some may be lost. */
    int (*close)(void *state);
    /* Says on out, which may be NULL, what became of the frames. After close(), on the thread that
     * closes the sink. */
    void (*summarize)(const void *state, const struct sink_totals *totals, FILE *out);
};

struct sink_queue_config {
    enum sink_policy policy;
    struct sink_bound bound; /* of what waits, and of what is being written */
    unsigned delay;          /* the newest entries wait, so that they may still be presented ... */
    unsigned batch;          /* ... and those before them are written so many at a time; 0: one */
};

/* Starts the thread; takes over state, also on failure: it is closed and freed then. The frames of
 * an observer have no data: it keeps what is known of them, not them. 0 or a negative errno. */
NODISCARD int sink_queue_start(struct sink **sink, const struct sink_writer *writer, void *state,
                               const struct sink_queue_config *config,
                               const struct sink_owner *owner);

/* What it was started with. Any thread, until it is closed. */
void *sink_queue_state(struct sink *sink);

/* The totals so far. Any thread. */
struct sink_totals sink_queue_totals(struct sink *sink);

#endif
