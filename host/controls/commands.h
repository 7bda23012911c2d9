/*
 * --controls, --get, --set without a sink, --load-controls, --save-controls and --lock. One thread.
 */
#ifndef PITETHER_HOST_CONTROLS_COMMANDS_H
#define PITETHER_HOST_CONTROLS_COMMANDS_H

#include "host/exit_code.h"
#include "host/options.h"

/* Does what the options request: first all that is to be set, then what is to be printed. What went
 * wrong was logged. */
enum exit_code control_commands_run(const struct host_options *options);

#endif
