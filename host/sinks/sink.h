/*
 * The contract between the program and a sink: a place where the frames of one stream go.
 *
 * A sink is opened by its kind (registry.h), and then given, in the stream's order, its format and
 * each change of it, every frame that arrived, and every frame that did not, with the reason; and,
 * out of that order, what another sink presented and what the camera can be set to. In the end it
 * is closed, and says what became of the frames.
 *
 * Nothing that a sink is given may block: one that writes does so on a thread of its own behind a
 * queue (queue.h), the window on the process's first thread, and one that only counts at once. How
 * a stuck sink is kept from holding up the others is said in outputs.h, where its policy is
 * interpreted.
 */
#ifndef PITETHER_HOST_SINKS_SINK_H
#define PITETHER_HOST_SINKS_SINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "host/base/grace.h"
#include "host/lib/pitether.h"

struct sink;

enum sink_policy {
    /* Every frame. While its queue is full, the stream is held up, or the frame is lost to it. */
    SINK_EVERY_FRAME,
    /* The newest frame, which replaces one that waits. Never full. */
    SINK_NEWEST,
    /* The metadata of every frame, including those that arrive after the end and are not kept. It
     * keeps no frame, and is no reason to receive any. Never full. */
    SINK_OBSERVER,
};

/* What it holds at most: frames that wait or are being worked on, and their bytes. */
struct sink_bound {
    unsigned frames;
    size_t bytes;
};

/* What became of a frame that a sink was given. */
enum sink_result {
    SINK_TAKEN,    /* it will be written or shown, or was counted */
    SINK_REPLACED, /* it will, in the place of another one: the sink has no more to do than before
                    */
    SINK_LOST,     /* the queue is full: it is counted among those that the sink could not take */
};

/* A frame was decoded, then presented, at these host times, ns. */
struct sink_presentation {
    uint64_t decoded_ns, shown_ns;
};

/* What an observer is told of a frame besides its times. Of other sinks' frames it is all zeros. */
struct sink_details {
    struct sink_presentation presentation;  /* zeros: it was not presented, or not yet */
    double exposure_us, gain, digital_gain; /* as the camera reported; NAN: it did not */
};

/* What a window shows besides the picture. */
struct sink_rates {
    double fps;        /* received, over the last second or so */
    double latency_ms; /* sensor to presented, median over the last second; below 0: not known */
    uint64_t dropped;  /* frames that did not reach this host, for whatever reason */
};

enum sink_gone {
    SINK_CLOSED, /* by the user */
    SINK_BROKEN, /* its reader or its display is gone */
};

/* The owner of a sink, for its reports and requests. Any thread; none of them blocks, or calls the
 * sink that called. */
struct sink_owner {
    /* It takes no more frames, for a reason that it has logged. It is given nothing once this
     * returns. */
    void (*gone)(void *user, struct sink *sink, enum sink_gone how);
    /* Its queue was full, and is not any more. */
    void (*space)(void *user);
    /* It presented this frame: this is passed on to the other sinks. */
    void (*presented)(void *user, const struct pitether_frame *frame,
                      const struct sink_presentation *presentation);
    /* From now on its frames are visible, or they are not. At first they are. */
    void (*seen)(void *user, struct sink *sink, bool seen);
    struct sink_rates (*rates)(void *user);
    /* Sets controls of the stream's camera, as pitether_set() does; what became of it comes as
     * changed(). 0; -ENOTCONN: before the stream's receiver is open; or as pitether_set(). */
    int (*set)(void *user, const char *assignments, uint32_t *request);
    void *user;
};

/* One kind of sink. All but presented() are called by one thread at a time, none after gone(). What
 * is NULL is of no interest to it. */
struct sink_ops {
    const char *name; /* as the user calls it, e.g. "standard output" */
    void (*format)(struct sink *sink, const struct pitether_stream *stream);
    /* Takes a reference of its own if it keeps the frame. */
    enum sink_result (*frame)(struct sink *sink, const struct pitether_frame *frame);
    void (*drops)(struct sink *sink, const struct pitether_drops *drops);
    /* What the user should know besides the picture, e.g. "connecting to pi:7484"; "": all is
     * well. */
    void (*note)(struct sink *sink, const char *note);
    /* The camera's list of controls, and the result of a change, by this sink or another receiver.
     * Valid until it returns; sinks behind a queue don't get them. */
    void (*controls)(struct sink *sink, const struct pitether_controls *controls);
    void (*changed)(struct sink *sink, const struct pitether_changed *changed);
    /* Any thread. */
    void (*presented)(struct sink *sink, const struct pitether_frame *frame,
                      const struct sink_presentation *presentation);
    /* Of SINK_EVERY_FRAME: the next frame would be lost. space() follows once that is over. */
    bool (*is_full)(struct sink *sink);
    /* See sink_close(). On the thread that opened it. */
    bool (*close)(struct sink *sink, struct grace *grace, FILE *out);
};

/* The first member of what a kind allocates. */
struct sink {
    const struct sink_ops *ops;
    enum sink_policy policy;
    struct sink_bound bound;
    struct sink_owner owner;
};

/* Ends a sink: what it has taken is written, as long as grace waits for that (NULL: without a
 * limit); says on out (NULL: nowhere) in at most one line what became of its frames; frees it and
 * nulls the caller's pointer. Returns whether it took all that it was to take; true for *NULL. */
static inline bool sink_close(struct sink **sink, struct grace *grace, FILE *out)
{
    struct sink *closing = *sink;
    *sink = NULL;
    return !closing || closing->ops->close(closing, grace, out);
}

#endif
