/*
 * The log of a receiver that asks one thing and ends: a list, a value, a picture. The course of its
 * connection is of no interest, and what it fails of is told by the one who asked.
 */
#ifndef PITETHER_HOST_BASE_QUIET_LOG_H
#define PITETHER_HOST_BASE_QUIET_LOG_H

#include "host/lib/pitether.h"

/* For pitether_options.log: warnings go to the program's log, the rest is for --verbose, and errors
 * are left out, since pitether_open(), or END, says the same. */
void quiet_log(void *user, enum pitether_log_level level, const char *line);

#endif
