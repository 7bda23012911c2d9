/*
 * --still: takes one, saves it, says what it is, and exits. One thread.
 */
#ifndef PITETHER_HOST_STILL_STILL_COMMAND_H
#define PITETHER_HOST_STILL_STILL_COMMAND_H

#include "host/exit_code.h"
#include "host/options.h"

/* Prints a line about the still. What went wrong was logged. */
enum exit_code still_command_run(const struct host_options *options);

#endif
