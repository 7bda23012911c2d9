/*
 * A file that the user named, written as a whole or not at all, in the place of an earlier one.
 */
#ifndef PITETHER_HOST_SINKS_FILES_REPLACE_FILE_H
#define PITETHER_HOST_SINKS_FILES_REPLACE_FILE_H

#include <stddef.h>

#include "shared/base/attributes.h"

/* 0 once the bytes are on the disk under this name; or a negative errno, as atomic_file_write(),
 * and the earlier file is as it was. -EISDIR: the path ends with a slash. Blocks. Any thread. */
NODISCARD int replace_file(const char *path, const void *data, size_t size);

#endif
