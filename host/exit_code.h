/*
 * pitether's exit codes, as README and the man page list them. Pure; any thread.
 */
#ifndef PITETHER_HOST_EXIT_CODE_H
#define PITETHER_HOST_EXIT_CODE_H

#include "host/lib/pitether.h"

enum exit_code {
    EXIT_DONE = 0,
    EXIT_SYSTEM = 1,
    EXIT_USAGE = 2,
    EXIT_CONNECTION = 3,
    EXIT_SINK = 4,
    EXIT_MISSING = 5,
    EXIT_SHORT = 6,
    EXIT_TIMEOUT = 7,
    EXIT_CONTROL = 8, /* one was not set, or there is none of that name */
};

/* Of two, that which the program ends with: the earlier one of usage, system, sink, connection,
 * timeout, control, short, missing, done. */
enum exit_code exit_code_worse(enum exit_code one, enum exit_code other);

/* Of a receiver that ended before it had what it was for. */
enum exit_code exit_code_of_end(enum pitether_end_reason reason);

#endif
