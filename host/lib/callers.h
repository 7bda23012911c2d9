/*
 * What is the caller's: its log function and its struct for errors. Any thread.
 */
#ifndef PITETHER_HOST_LIB_CALLERS_H
#define PITETHER_HOST_LIB_CALLERS_H

#include "host/lib/pitether.h"
#include "shared/base/error.h"
#include "shared/base/log.h"

/* Takes a thread's lines to the caller's log function. Stays where it is while it is in use. */
struct callers_log {
    struct log_handler handler; /* for log_set_handler() */
    void (*log)(void *user, enum pitether_log_level level, const char *line);
    void *user;
};

void callers_log_init(struct callers_log *log, const struct pitether_options *options);

/* Fills the caller's error, if there is one, and returns code. */
int callers_error_set(struct pitether_error *callers, int code, const struct error *error);

#endif
