/*
 * pitetherd's exit codes, and how the parts of its start report that they failed.
 */
#ifndef PITETHER_DEVICE_EXIT_CODE_H
#define PITETHER_DEVICE_EXIT_CODE_H

#include <stdbool.h>
#include <string.h>

#include "shared/base/descriptors.h"
#include "shared/base/log.h"

enum exit_code { EXIT_DONE = 0, EXIT_SYSTEM = 1, EXIT_USAGE = 2, EXIT_CAMERA = 3, EXIT_LISTEN = 4 };

/* Logs the line and returns the code. */
static inline enum exit_code exit_with(enum exit_code code, const char *line)
{
    log_error("%s", line);
    return code;
}

/* error: a negative errno. */
static inline enum exit_code exit_unable(const char *what, int error)
{
    log_error("can't %s: %s", what, strerror(-error));
    return EXIT_SYSTEM;
}

/* After what was printed for the user. has_output: standard output was open at the start. */
static inline enum exit_code exit_flushed(bool has_output)
{
    int error = descriptors_flush_stdout(has_output);
    return error ? exit_unable("write to standard output", error) : EXIT_DONE;
}

#endif
