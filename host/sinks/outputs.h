/*
 * All sinks of one stream, and what keeps them from holding up one another.
 *
 * While the queue of a sink that wants every frame is full, the stream is held up only if no other
 * sink would be: that is while all sinks that frames are kept for are full. Else that sink loses
 * the frames, and counts them. Observers hold up nobody, and nothing waits for them.
 *
 * The thread that receives gives; the sinks report from any thread. A lock inside: a sink that is
 * gone is given nothing more.
 */
#ifndef PITETHER_HOST_SINKS_OUTPUTS_H
#define PITETHER_HOST_SINKS_OUTPUTS_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "host/sinks/registry.h"
#include "host/sinks/sink.h"

/* What the outputs report. Any thread; not under the lock. */
struct outputs_owner {
    /* No sink is left that frames are kept for; how the last one went. */
    void (*left)(void *user, enum sink_gone how);
    /* outputs_are_full() was true, and may be false now. */
    void (*space)(void *user);
    /* A sink shows or keeps the frames; or no sink does. At first one does. */
    void (*seen)(void *user, bool seen);
    struct sink_rates (*rates)(void *user);
    int (*set)(void *user, const char *assignments, uint32_t *request); /* as a sink's owner */
    void *user;
};

struct outputs {
    struct outputs_owner owner;
    pthread_mutex_t lock;
    /* Under lock. */
    struct sink *sinks[SINK_KINDS_MAX];
    bool unseen[SINK_KINDS_MAX];
    unsigned count;
    bool all_unseen;
};

void outputs_init(struct outputs *outputs, const struct outputs_owner *owner);
/* After all sinks are closed. */
void outputs_clear(struct outputs *outputs);

/* What a sink of these outputs is to be opened with. */
struct sink_owner outputs_sink_owner(struct outputs *outputs);

/* From now on the sink is given what comes. Before the first frame. */
void outputs_add(struct outputs *outputs, struct sink *sink);

/* What all of them hold at most. */
struct sink_bound outputs_bound(struct outputs *outputs);

/* One thread: that which receives. */

/* Nothing is to be received: whatever came would be lost to all. space() follows. */
bool outputs_are_full(struct outputs *outputs);

/* Gives a frame: to observers, and if it is to be kept, to all. Returns whether it is kept, and not
 * only in the place of another one. */
bool outputs_frame(struct outputs *outputs, const struct pitether_frame *frame, bool keep);

void outputs_format(struct outputs *outputs, const struct pitether_stream *stream);
void outputs_drops(struct outputs *outputs, const struct pitether_drops *drops);
void outputs_note(struct outputs *outputs, const char *note);
void outputs_controls(struct outputs *outputs, const struct pitether_controls *controls);
void outputs_changed(struct outputs *outputs, const struct pitether_changed *changed);

#endif
