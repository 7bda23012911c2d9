/*
 * One stream of a run: its receiver, its sinks, its report, and how it ended. Used by the
 * pump's thread, except where a function says otherwise.
 */
#ifndef PITETHER_HOST_INPUT_H
#define PITETHER_HOST_INPUT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "host/controls/start.h"
#include "host/exit_code.h"
#include "host/lib/pitether.h"
#include "host/options.h"
#include "host/report/report.h"
#include "host/sinks/outputs.h"
#include "shared/base/attributes.h"
#include "shared/base/error.h"
#include "shared/base/log.h"

/* Why the program itself ended a stream. */
enum input_stop {
    INPUT_RUNS,
    INPUT_COMPLETE,    /* --frames is reached */
    INPUT_INTERRUPTED, /* by a signal, or the window was closed */
    INPUT_NO_SINK,     /* no sink is left that takes frames */
    INPUT_NOT_SET,     /* what --set or --load-controls gives was not set */
};

struct input_config {
    const struct host_options *options;
    const char *address;
    const char *stream; /* its name, where the address has none; or NULL */
    const struct control_assignments *assignments; /* to be set at the start */
    const char *label; /* before log lines and in the summary, if there are several; else "" */
    /* The pump is to look at its inputs again. Any thread. */
    void (*wake)(void *user);
    void *user;
};

struct input {
    struct input_config config;
    struct report *report;
    struct outputs outputs;
    struct control_start start;
    struct pitether *receiver; /* NULL before input_open() */
    atomic_int stop;           /* enum input_stop: why, once it is to end */
    uint64_t counted; /* kept, apart from those that only replaced another one in every sink */
    uint64_t kept;
    bool subscribed; /* this connection's daemon has the stream: it has told of it */
    bool ended;      /* end is filled */
    struct pitether_end end;
    struct log_limit lost_limit;
};

/* 0 or -ENOMEM. */
NODISCARD int input_init(struct input *input, const struct input_config *config);
void input_clear(struct input *input);

/* Begins to receive, once its sinks are opened and added to outputs. 0 or a negative errno, as
 * pitether_open(). */
NODISCARD int input_open(struct input *input, struct error *error);

/* Takes pending events, as many as leave the other inputs their turn, and passes them to the sinks.
 */
void input_take(struct input *input);

/* The descriptor to poll before input_take(); -1: none, because it has ended, or because its sinks
 * are full: wake() follows. */
int input_fd(struct input *input);

/* Ends it in order, unless that was begun before. Any thread. Returns whether it was not. */
bool input_stop(struct input *input, enum input_stop why);

/* Ends it on the user's behalf: in order, or, if it is ending already, without waiting for the
 * daemon. */
void input_interrupt(struct input *input);

/* Its exit code, apart from that of its sinks. After its end. */
enum exit_code input_exit_code(const struct input *input);

#endif
