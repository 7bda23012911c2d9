/*
 * What went wrong, as one line for the user: what failed, with what value, and what to do.
 *
 * A function that can fail for a reason that the user has to know takes a struct error as its last
 * parameter, returns a negative errno, and fills the text; on success it leaves it alone. Pure; any
 * thread.
 */
#ifndef PITETHER_SHARED_BASE_ERROR_H
#define PITETHER_SHARED_BASE_ERROR_H

#include "shared/base/attributes.h"

struct error {
    char text[512]; /* UTF-8, no line feed; longer ones are cut between characters */
};

/* Fills the text and returns code, so that `return error_set(error, -EINVAL, ...)` does both.
 * error: NULL is fine. */
int error_set(struct error *error, int code, const char *format, ...) PRINTF_LIKE(3, 4);

#endif
