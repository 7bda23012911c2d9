/*
 * Keeps a conversation with the daemon going: connects, reads, connects again, and hands the frames
 * to the sinks and the window. Runs on one thread; receiver_stop() and receiver_note() may be
 * called from any.
 */
#ifndef PITETHER_HOST_LIB_RECEIVER_H
#define PITETHER_HOST_LIB_RECEIVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "host/lib/session.h"
#include "host/report/report.h"
#include "host/sinks/latency_log.h"
#include "host/sinks/sink.h"
#include "host/sinks/window/window.h"
#include "shared/keys/keys.h"
#include "shared/net/address.h"

enum { RECEIVER_SINKS_MAX = 2 };

struct receiver_config {
    struct address address;
    struct session_config session; /* but for the clock, which is the receiver's own */
    const struct keys
        *keys;            /* whose first one proves both sides to one another; NULL: plain text */
    const char *key_hint; /* for the user if the daemon asks for a key, or empty, or NULL */
    bool reconnect;
    bool progress;     /* draw a progress line on stderr */
    bool stats;        /* tell the rates every 10 s */
    uint64_t frames;   /* end after so many that a sink was to write; 0: never */
    double duration_s; /* end so long after the first frame, and keep what was taken until then; 0:
                          never */
    double timeout_s;  /* end after so long without a frame, whatever the connection; 0: never */
};

/* Where the frames go. All must outlive receiver_run(), but for a sink or window that was detached.
 */
struct receiver_outputs {
    struct report *report;
    struct latency_log *latency_log; /* or NULL */
    struct sink *sinks[RECEIVER_SINKS_MAX];
    unsigned sink_count;
    struct window *window;               /* or NULL */
    struct window_stream *window_stream; /* if there is a window */
    bool null;                           /* --null: a sink that never goes */
};

enum receiver_end {
    RECEIVER_DONE,        /* --frames or --duration is reached */
    RECEIVER_INTERRUPTED, /* a signal, or the window was closed */
    RECEIVER_FINISHED,    /* the daemon's source came to its end */
    RECEIVER_NO_SINK,     /* no sink is left that takes frames */
    RECEIVER_CUT,         /* no connection, or it broke, and there was to be no other */
    RECEIVER_TIMEOUT,     /* no frame came for timeout_s */
    RECEIVER_FAILED,      /* a system call failed */
};

struct receiver;

/* 0 or a negative errno. SIGINT and SIGTERM must be blocked in all threads. */
int receiver_create(struct receiver **receiver, const struct receiver_config *config,
                    const struct receiver_outputs *outputs);
void receiver_destroy(struct receiver **receiver);

/* Runs until the end of it; the window, if any, is told to close. *kept gets the number of frames
 * handed to sinks or window. What went wrong was logged. */
enum receiver_end receiver_run(struct receiver *receiver, uint64_t *kept);

/* Makes it end in order, for this reason, unless it is ending already. Any thread. */
void receiver_stop(struct receiver *receiver, enum receiver_end reason);

/* How many signals have asked it to end. After receiver_run(). */
unsigned receiver_signals(const struct receiver *receiver);

/* A sink or the window takes no more frames: it is given none once this returns, and the others go
 * on. If it was the last one, the run ends in order, for this reason. Returns whether any is left.
 * For one that is detached already, nothing is done. Any thread. */
bool receiver_detach(struct receiver *receiver, const void *output, enum receiver_end reason);

/* Nobody sees the window, or somebody does again. If it is for the window alone that a live stream
 * comes, the daemon is left after two seconds, so that neither it nor this program works for
 * nobody, and connected to again as soon as the window is seen. Any thread. */
void receiver_pause(struct receiver *receiver, bool paused);

/* After receiver_run(): whether, when the end was begun, no daemon was there that had said HELLO,
 * nor the last one had ended in order. */
bool receiver_was_cut_off(const struct receiver *receiver);

/* What the user should know besides the picture, e.g. that the connection is gone; empty if all is
 * well. The window is refreshed when it changes. Any thread. */
void receiver_note(struct receiver *receiver, char *note, size_t size);

/* What is to lie between two frames that are kept, ns; 0: not known. Any thread. */
uint64_t receiver_interval(struct receiver *receiver);

#endif
