#include "host/sinks/files/replace_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/sinks/files/atomic_file.h"

/* The folder that the path is in, opened, and the name in it. */
static int open_folder(const char *path, const char **name)
{
    const char *slash = strrchr(path, '/');
    *name = slash ? slash + 1 : path;
    char *folder = slash ? strndup(path, (size_t)(slash - path) + 1) : strdup(".");
    int fd = folder ? open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    int result = fd >= 0 ? fd : folder ? -errno : -ENOMEM;
    free(folder);
    return result;
}

int replace_file(const char *path, const void *data, size_t size)
{
    char temporary[TEMPORARY_NAME_SIZE];
    const char *name;
    int folder = open_folder(path, &name);
    if (folder < 0)
        return folder;
    temporary_name_make(temporary);
    int result = *name ? atomic_file_write(folder, temporary, data, size, true) : -EISDIR;
    if (!result && renameat(folder, temporary, folder, name)) {
        result = -errno;
        unlinkat(folder, temporary, 0);
    }
    close(folder);
    return result;
}
