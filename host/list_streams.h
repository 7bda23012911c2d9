/*
 * --list-streams: a table of what a daemon has. One thread.
 */
#ifndef PITETHER_HOST_LIST_STREAMS_H
#define PITETHER_HOST_LIST_STREAMS_H

#include <stddef.h>
#include <stdio.h>

#include "host/exit_code.h"
#include "host/lib/pitether.h"
#include "host/options.h"

/* Queries the daemon and prints the table on standard output. Errors are logged. */
enum exit_code list_streams(const struct host_options *options);

/* The table: a head, and a line for each of the streams. */
void list_streams_write(const struct pitether_stream_info *streams, size_t count, FILE *out);

#endif
