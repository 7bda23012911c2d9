#include "host/sinks/files/replace_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/sinks/files/atomic_file.h"

/* What is to be replaced. */
struct target {
    char *path;
    const char *name; /* in its folder */
    int folder;       /* opened */
};

static void clear_target(struct target *target)
{
    if (target->folder >= 0)
        close(target->folder);
    free(target->path);
}

/* Devices, pipes and sockets, which a file must not take the place of. */
static int check_kind(const char *path)
{
    struct stat status;
    if (stat(path, &status) || S_ISREG(status.st_mode))
        return 0;
    return S_ISDIR(status.st_mode) ? -EISDIR : -ENOTBLK;
}

/* 0, or a negative errno; *target is to be cleared either way. Where the path is a link, the target
 * is what it leads to. */
static int open_target(const char *path, struct target *target)
{
    char *real = realpath(path, NULL);
    *target = (struct target){ real ? real : strdup(path), NULL, -1 };
    if (!target->path)
        return -ENOMEM;
    char *slash = strrchr(target->path, '/');
    target->name = slash ? slash + 1 : target->path;
    int result = check_kind(path);
    if (result)
        return result;
    char *folder = slash ? strndup(target->path, (size_t)(slash - target->path) + 1) : strdup(".");
    target->folder = folder ? open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    result = target->folder >= 0 ? 0 : folder ? -errno : -ENOMEM;
    free(folder);
    return result || *target->name ? result : -EISDIR;
}

int replace_file_check(const char *path)
{
    struct target target;
    int result = open_target(path, &target);
    if (!result && faccessat(target.folder, ".", W_OK | X_OK, AT_EACCESS))
        result = -errno;
    clear_target(&target);
    return result;
}

int replace_file(const char *path, const void *data, size_t size)
{
    char temporary[TEMPORARY_NAME_SIZE];
    struct target target;
    int result = open_target(path, &target);
    temporary_name_make(temporary);
    if (!result)
        result = atomic_file_write(target.folder, temporary, data, size, true);
    if (!result && renameat(target.folder, temporary, target.folder, target.name)) {
        result = -errno;
        unlinkat(target.folder, temporary, 0);
    }
    clear_target(&target);
    return result;
}
