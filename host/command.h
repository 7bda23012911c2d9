/*
 * What pitether does instead of receiving: --help, --version, --list-streams, --import-key,
 * --forget-key, and the camera's controls. One thread.
 */
#ifndef PITETHER_HOST_COMMAND_H
#define PITETHER_HOST_COMMAND_H

#include <stdbool.h>

#include "host/exit_code.h"
#include "host/options.h"

/* Whether the options request one of them. */
bool command_is_requested(const struct host_options *options);

/* Does it. has_output: standard output was open at the start. What went wrong was logged. */
enum exit_code command_run(const struct host_options *options, bool has_output);

#endif
