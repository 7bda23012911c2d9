/*
 * All kinds of sinks that there are, in the order in which each frame is given to them. Adding one
 * touches its own file (and the list of files to build), registry.c and the options only: all that
 * sink.h promises to a sink also comes through queue.h, on a thread of its own, but for what it
 * says of controls.
 */
#ifndef PITETHER_HOST_SINKS_REGISTRY_H
#define PITETHER_HOST_SINKS_REGISTRY_H

#include <stdbool.h>

#include "host/options.h"
#include "host/sinks/sink.h"
#include "shared/base/attributes.h"
#include "shared/base/error.h"

struct report;

/* One stream, as its sinks know it. Texts live as long as the sinks. */
struct sink_stream {
    const char *label; /* as the user tells it from the others, e.g. "front", or its address */
    const char *place; /* of several: a folder's name that no other one has; else "" */
    struct report *report;
    struct sink_owner owner;
};

/* What a kind opens sinks for. */
struct sink_setup {
    const struct host_options *options;
    const struct sink_stream *streams;
    unsigned count; /* of streams, at least one */
};

struct sink_kind {
    bool (*is_requested)(const struct host_options *options);
    /* Opens sinks[index] for that stream; those before it are open, and are of this kind. 0; or a
     * negative errno with error filled: -EINVAL if what was requested can't be meant, else what
     * failed. */
    int (*open)(const struct sink_setup *setup, unsigned index, struct sink *sinks[],
                struct error *error);
    /* NULL, or: shows what its sinks are given, on the process's first thread, until stop() is
     * called or the user ends it, which is reported as gone() of each of them. False: what it
     * showed on is lost; the process is to end with _exit(), since its drivers may wait for it. */
    bool (*run)(struct sink *const sinks[]);
    /* Makes run() return. Any thread. */
    void (*stop)(struct sink *const sinks[]);
};

/* Up to a NULL. */
extern const struct sink_kind *const sink_kinds[];
enum { SINK_KINDS_MAX = 8 };

/* Opens a kind's sinks, one for each stream. 0 or a negative errno, as open(); none is open then.
 */
NODISCARD int sink_kind_open(const struct sink_kind *kind, const struct sink_setup *setup,
                             struct sink *sinks[], struct error *error);

#endif
