/*
 * One frame as a file, for the user who sees something worth keeping.
 */
#ifndef PITETHER_HOST_SINKS_FILES_SNAPSHOT_H
#define PITETHER_HOST_SINKS_FILES_SNAPSHOT_H

#include <stdbool.h>

#include "host/lib/pitether.h"

/* Writes the frame's JPEG, byte for byte as it was received, to a new file in dir, whose name
 * appears once all of it is there; an existing file is never overwritten. stream: becomes a part of
 * the name; NULL: there is only one. Logs one line, with the file's name or with what went wrong;
 * true if the file is there. Blocks on the disk. Any thread that holds the frame. */
bool snapshot_save(const char *dir, const char *stream, const struct pitether_frame *frame);

#endif
