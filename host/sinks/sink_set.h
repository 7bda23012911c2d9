/*
 * The sinks of a run: of each kind that is requested, one for each stream. The process's first
 * thread, except where a function says otherwise.
 */
#ifndef PITETHER_HOST_SINKS_SINK_SET_H
#define PITETHER_HOST_SINKS_SINK_SET_H

#include <stdbool.h>
#include <stdio.h>

#include "host/base/grace.h"
#include "host/sinks/outputs.h"
#include "host/sinks/registry.h"
#include "shared/base/attributes.h"

struct sink_set {
    struct {
        const struct sink_kind *kind;
        struct sink *sinks[OPTION_LIST_MAX];
    } kinds[SINK_KINDS_MAX];
    unsigned kind_count, stream_count;
};

/* Requests the window where no other sink is. 0, or -EINVAL: there is no display, as error says. */
int sink_set_choose(struct host_options *options, struct error *error);

/* Opens all that the options request. 0 or a negative errno with error filled, as a kind's open();
 * those that are open by then are to be closed. */
NODISCARD int sink_set_open(struct sink_set *set, const struct sink_setup *setup,
                            struct error *error);

/* Has a stream's outputs give to its sinks. */
void sink_set_add(const struct sink_set *set, unsigned stream, struct outputs *outputs);

/* Whether one of the kinds has to run on the first thread. */
bool sink_set_has_runner(const struct sink_set *set);

/* Runs it until it ends: see struct sink_kind. */
bool sink_set_run(const struct sink_set *set);

/* Ends it. Nothing where there is none. Any thread. */
void sink_set_stop(const struct sink_set *set);

/* Closes all, in the order of the registry: see sink_close(). Returns whether they took all that
 * they were to take. */
bool sink_set_close(struct sink_set *set, struct grace *grace, FILE *out);

#endif
