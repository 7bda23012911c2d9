/*
 * Writes a file that the user named, as a whole or not at all, and replaces an earlier one.
 */
#ifndef PITETHER_HOST_SINKS_FILES_REPLACE_FILE_H
#define PITETHER_HOST_SINKS_FILES_REPLACE_FILE_H

#include <stddef.h>

#include "shared/base/attributes.h"

/* 0 once the bytes are on the disk under this name; or a negative errno, as atomic_file_write(),
 * and the earlier file is as it was. Where the path is a link, what it leads to is replaced.
 * -EISDIR: it is a folder, or ends with a slash; -ENOTBLK: a device, a pipe or a socket, which
 * stays what it is. Blocks. Any thread. */
NODISCARD int replace_file(const char *path, const void *data, size_t size);

/* What would keep replace_file() from writing, as far as it can be seen without writing: 0, or the
 * negative errno. */
NODISCARD int replace_file_check(const char *path);

#endif
