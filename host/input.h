/*
 * One stream of a run: its receiver, its sinks, its report, and how it ended. The pump's thread,
 * but for what says otherwise.
 */
#ifndef PITETHER_HOST_INPUT_H
#define PITETHER_HOST_INPUT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

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
};

struct input_config {
    const struct host_options *options;
    const char *address;
    const char *stream; /* its name, where the address has none; or NULL */
    const char *label;  /* before log lines and in the summary, if there are several; else "" */
    /* Something changed that the pump is to look at. Any thread. */
    void (*wake)(void *user);
    void *user;
};

struct input {
    struct input_config config;
    struct report *report;
    struct outputs outputs;
    struct pitether *receiver; /* NULL before input_open() */
    atomic_int stop;           /* enum input_stop: why, once it is to end */
    uint64_t counted;          /* kept, but for those that only took the place of another one */
    uint64_t kept;
    bool connected; /* a daemon is there */
    bool ended;     /* end is filled */
    struct pitether_end end;
    struct log_limit lost_limit;
};

/* 0 or -ENOMEM. */
NODISCARD int input_init(struct input *input, const struct input_config *config);
void input_clear(struct input *input);

/* Begins to receive, once its sinks are opened and added to outputs. 0 or a negative errno, as
 * pitether_open(). */
NODISCARD int input_open(struct input *input, struct error *error);

/* Takes what came, up to a bound that keeps others from waiting for long, and gives it to the
 * sinks. */
void input_take(struct input *input);

/* What is to be polled before input_take() has something to do; -1: nothing, since it has ended, or
 * its sinks are full: wake() follows. */
int input_fd(struct input *input);

/* Ends it in order, unless that was begun before. Any thread. Returns whether it was not. */
bool input_stop(struct input *input, enum input_stop why);

/* The user wants it to end: in order, or if that was begun before, without waiting for the daemon.
 */
void input_interrupt(struct input *input);

/* How it ended, but for what became of the frames in its sinks. After its end. */
enum exit_code input_exit_code(const struct input *input);

#endif
