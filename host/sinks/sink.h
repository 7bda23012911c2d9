/*
 * Where frames go: a sink works on a thread of its own behind a bounded queue, so that a slow disk
 * or pipe holds up nothing but itself. Its policy says what waits there.
 */
#ifndef PITETHER_HOST_SINKS_SINK_H
#define PITETHER_HOST_SINKS_SINK_H

#include <stdbool.h>
#include <stdint.h>

#include "host/base/grace.h"
#include "host/lib/pitether.h"

/* As many as there can be frames, so that a frame that exists can always be put in. */
enum { SINK_QUEUE = 64, SINK_ERROR_MAX = 512 };

enum sink_policy {
    SINK_LOSSLESS, /* every frame; once all of the receiver's frames do, no more are received */
    SINK_LIVE,     /* one frame at most, the newest: what waited is passed over for it */
};

/* One kind of sink. Called on the sink's thread. */
struct sink_ops {
    const char *name;
    /* NULL, or waits until write would not have to; only then is a frame chosen. As write. */
    int (*wait)(void *state);
    /* 0 or a negative errno: this frame is lost to the sink, maybe the next is not. -EPIPE: so are
     * all that follow, and why was logged. -EINTR: given up, see cancellable_abandoned(). */
    int (*write)(void *state, const struct pitether_frame *frame);
    /* Ends it and frees state. 0 or a negative errno: of what was written, some may be lost. */
    int (*close)(void *state);
};

struct sink_totals {
    uint64_t written, bytes; /* whole frames */
    uint64_t failed, passed_over;
    bool gone;       /* write returned -EPIPE */
    int close_error; /* 0 or a negative errno; once it is finished */
};

struct sink;

/* Starts the thread; takes over state, also on failure. gone() is called once, on the sink's
 * thread, if write returns -EPIPE: what is pushed from then on is lost. 0 or a negative errno. */
int sink_start(struct sink **sink, const struct sink_ops *ops, void *state, enum sink_policy policy,
               void (*gone)(void *user, const struct sink *sink), void *user);

/* Queues a frame, with a reference of its own. False: another one was passed over for it, so that
 * the sink has no more to write than before. Never blocks. One thread. */
bool sink_push(struct sink *sink, const struct pitether_frame *frame);

/* Writes all that is queued, ends the thread, frees, and nulls the caller's pointer. What is left
 * once it need not be waited for any more is counted as failed: see cancellable_join(). Returns the
 * totals. NULL and *NULL are fine. */
struct sink_totals sink_finish(struct sink **sink, struct grace *grace, bool patient);

/* The totals so far; any thread. */
struct sink_totals sink_totals(struct sink *sink);

/* --save: one file a frame, and an index. name_template: file_name_check() has accepted it; it and
 * directory must live as long as the sink. sync_every: after so many frames all of them are put on
 * the disk; 1: each is, before its name and its line in the index appear; 0: the kernel decides. 0
 * or a negative errno with error filled (SINK_ERROR_MAX bytes). */
extern const struct sink_ops sink_files;
int sink_files_create(void **state, const char *directory, const char *name_template,
                      uint64_t sync_every, char *error);

/* --stdout: the JPEGs one after the other. live: what lies between us and the reader is kept below
 * one frame. As above. */
extern const struct sink_ops sink_stdout;
int sink_stdout_create(void **state, bool live, char *error);

#endif
