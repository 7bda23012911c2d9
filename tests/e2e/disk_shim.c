/*
 * Preloaded into pitether: writes down in which order it writes, names and syncs what it saves, and
 * makes such a call fail on cue.
 *
 * DISK_SHIM_LOG: a file that gets a line "CALL WHAT" for each call. DISK_SHIM_FAULT: while there is
 * such a file with a line "CALL ERRNO" in it, that call fails in this way.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static const char *what_is(const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    if (strncmp(name, ".pitether-", 10) == 0)
        return "temporary";
    if (strcmp(name, "frames.jsonl") == 0)
        return "json";
    return strcmp(name, "frames.csv") == 0 ? "csv" : NULL;
}

static const char *what_fd_is(int fd)
{
    char link[32], path[PATH_MAX];
    struct stat status;
    snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    ssize_t size = readlink(link, path, sizeof(path) - 1);
    if (size < 0)
        return NULL;
    path[size] = '\0';
    if (path[0] == '/' && stat(link, &status) == 0 && S_ISDIR(status.st_mode))
        return "folder";
    return what_is(path);
}

static void note(const char *call, const char *what)
{
    const char *path = getenv("DISK_SHIM_LOG");
    if (!path)
        return;
    int fd = REAL(openat64)(AT_FDCWD, path, O_WRONLY | O_APPEND | O_CREAT, 0666);
    char line[64];
    int size = snprintf(line, sizeof(line), "%s %s\n", call, what);
    if (REAL(write)(fd, line, (size_t)size) != size)
        abort();
    close(fd);
}

/* Whether the call is to fail, with errno set. */
static bool fails(const char *call, const char *what)
{
    const char *path = getenv("DISK_SHIM_FAULT");
    char named[32];
    int error = 0;
    if (!what)
        return false;
    FILE *file = path ? fopen(path, "re") : NULL;
    bool hit = file && fscanf(file, "%31s %d", named, &error) == 2 && strcmp(named, call) == 0;
    if (file)
        fclose(file);
    if (hit)
        errno = error;
    else
        note(call, what);
    return hit;
}

int openat64(int directory, const char *path, int flags, ...)
{
    va_list arguments;
    va_start(arguments, flags);
    mode_t mode = va_arg(arguments, mode_t);
    va_end(arguments);
    return fails("openat", what_is(path)) ? -1 : REAL(openat64)(directory, path, flags, mode);
}

ssize_t write(int fd, const void *data, size_t size)
{
    return fails("write", what_fd_is(fd)) ? -1 : REAL(write)(fd, data, size);
}

int renameat2(int from_directory, const char *from, int to_directory, const char *to,
              unsigned flags)
{
    return fails("rename", what_is(from))
               ? -1
               : REAL(renameat2)(from_directory, from, to_directory, to, flags);
}

int fdatasync(int fd)
{
    return fails("fdatasync", what_fd_is(fd)) ? -1 : REAL(fdatasync)(fd);
}

int fsync(int fd)
{
    return fails("fsync", what_fd_is(fd)) ? -1 : REAL(fsync)(fd);
}

int syncfs(int fd)
{
    return fails("syncfs", what_fd_is(fd)) ? -1 : REAL(syncfs)(fd);
}
