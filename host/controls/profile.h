/*
 * Profiles: files with a line NAME = VALUE for each control that is set, and comments, which begin
 * with '#'. One thread.
 */
#ifndef PITETHER_HOST_CONTROLS_PROFILE_H
#define PITETHER_HOST_CONTROLS_PROFILE_H

#include "host/controls/view.h"
#include "shared/base/attributes.h"
#include "shared/base/error.h"

enum {
    ASSIGNMENTS_MAX = 2048, /* bytes that pitether_set() takes */
    PROFILE_MAX = 64 << 10, /* bytes of a file */
};

/* Writes what is set to the file, which is replaced once all of it is on the disk. Returns how many
 * controls there are in it, or a negative errno. */
NODISCARD int profile_write(const char *path, const struct control_view *view, struct error *error);

/* Reads a file as "NAME=VALUE,NAME=VALUE" into text, of ASSIGNMENTS_MAX + 1 bytes. 0; -EINVAL with
 * an error that names file and line; another negative errno if it can't be read. */
NODISCARD int profile_read(const char *path, char *text, struct error *error);

#endif
