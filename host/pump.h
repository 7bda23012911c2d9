/*
 * The thread that takes the events of all receivers, passes them to their sinks, draws the
 * progress, and handles signals: the first one ends each stream in order, the next one without
 * waiting for the daemon.
 */
#ifndef PITETHER_HOST_PUMP_H
#define PITETHER_HOST_PUMP_H

#include "host/input.h"
#include "host/report/progress.h"
#include "shared/base/attributes.h"

struct pump {
    int wake_fd, signal_fd;
    unsigned signals; /* that came so far */
    struct progress progress;
};

/* 0 or a negative errno. SIGINT, SIGTERM and SIGHUP must be blocked in all threads. */
NODISCARD int pump_init(struct pump *pump, bool draws_progress, bool logs_rates);
void pump_clear(struct pump *pump);

/* Makes pump_run() look at its inputs again. user: the pump, as in input_config. Any thread. */
void pump_wake(void *user);

/* Runs until all inputs have ended. streams: their reports, in the same order. */
void pump_run(struct pump *pump, struct input *inputs, const struct summary_stream *streams,
              unsigned count);

#endif
