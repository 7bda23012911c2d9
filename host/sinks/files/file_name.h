/*
 * Names for saved frames, made from a template. Nothing that the daemon sends as text gets into a
 * name: only numbers do. Pure; any thread.
 */
#ifndef PITETHER_HOST_SINKS_FILES_FILE_NAME_H
#define PITETHER_HOST_SINKS_FILES_FILE_NAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shared/base/attributes.h"
#include "shared/base/error.h"

enum { FILE_NAME_MAX = 200 }; /* bytes */

/* {n} is the number that the frame is saved under, at least 8 digits; {id} the frame's id,
 * likewise; {sensor} its sensor time in ns; {wall} its wall clock time as 20261121T211345.123Z;
 * {epoch} the daemon's run, 16 hexadecimal digits. */
struct file_name_values {
    uint64_t number, id, sensor_ns, wall_ns, epoch;
};

/* 0 or -EINVAL with a line for the user: an unknown field, none of {n}, {id}, {sensor} and {wall},
 * an {n} that can't be told from what is beside it, a slash, a leading dot, a control character, or
 * too long. */
NODISCARD int file_name_check(const char *name_template, struct error *error);

/* Whether it has an {n}: each name is another one then. */
bool file_name_has_number(const char *name_template);

/* Whether the template, which has an {n}, may have made this name, and with which number. */
bool file_name_find_number(const char *name_template, const char *name, uint64_t *number);

/* Writes the name of a frame into name (FILE_NAME_MAX + 1 bytes); the template has been checked.
 * copy: 1 for the name as it is; from 2 on "-2" ... is put before the extension. */
void file_name_make(const char *name_template, const struct file_name_values *values, unsigned copy,
                    char *name);

/* Writes a CLOCK_REALTIME time as UTC, e.g. 2026-11-21T21:13:45.123456789Z. compact: without '-'
 * and ':' and with milliseconds. text holds 40 bytes. */
void file_name_time(uint64_t wall_ns, int compact, char *text);

#endif
