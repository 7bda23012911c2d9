/*
 * --add-key, --list-keys and --revoke: the daemon's keys are changed or shown, and nothing is
 * served.
 */
#ifndef PITETHER_DEVICE_KEY_COMMAND_H
#define PITETHER_DEVICE_KEY_COMMAND_H

#include <stdbool.h>

#include "device/exit_code.h"
#include "device/options.h"
#include "shared/base/attributes.h"

/* Does the one that was given. has_output: standard output was open at the start. The main thread;
 * there is no other. */
NODISCARD enum exit_code key_command(const struct device_options *options, bool has_output);

#endif
