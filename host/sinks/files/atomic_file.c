#include "host/sinks/files/atomic_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/base/cancellable.h"
#include "host/sinks/files/disk_error.h"
#include "shared/base/clock.h"

static const char prefix[] = ".pitether-", suffix[] = ".part";
enum { DIGITS = 16 };

void temporary_name_make(char *name)
{
    /* A process id alone is not unique where containers or machines share a folder. */
    uint64_t random = clock_read(CLOCK_REALTIME);
    if (getrandom(&random, sizeof(random), GRND_NONBLOCK) < 0)
        random ^= (uint64_t)getpid() << 48;
    snprintf(name, TEMPORARY_NAME_SIZE, "%s%0*" PRIx64 "%s", prefix, DIGITS, random, suffix);
}

bool temporary_name_is(const char *name)
{
    size_t begin = sizeof(prefix) - 1;
    return strncmp(name, prefix, begin) == 0 &&
           strspn(name + begin, "0123456789abcdef") == DIGITS &&
           strcmp(name + begin + DIGITS, suffix) == 0;
}

static int create(int directory_fd, const char *name)
{
    int fd = openat(directory_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    return fd < 0 ? disk_error_of_name(directory_fd, -errno) : fd;
}

int atomic_file_write(int directory_fd, const char *temporary, const void *data, size_t size,
                      bool durable)
{
    size_t done;
    int fd = create(directory_fd, temporary);
    /* One that could not be removed when the file system would take no change. */
    if (fd == -EEXIST && unlinkat(directory_fd, temporary, 0) == 0)
        fd = create(directory_fd, temporary);
    if (fd < 0)
        return fd;
    int error = cancellable_write(fd, data, size, &done);
    if (!error && durable && fdatasync(fd))
        error = -errno;
    /* Some file systems report a full disk only here. */
    if (close(fd) && !error && errno != EINTR)
        error = -errno;
    if (error)
        unlinkat(directory_fd, temporary, 0);
    return error;
}

/* Where the file system has no rename that overwrites nothing, a second link that replaces the
 * first does the same; where it has no links either, the name is taken with an empty file, which a
 * kill in between leaves behind. */
int atomic_file_name(int directory_fd, const char *temporary, const char *name)
{
    if (renameat2(directory_fd, temporary, directory_fd, name, RENAME_NOREPLACE) == 0)
        return 0;
    if (errno != EINVAL && errno != ENOSYS)
        return disk_error_of_name(directory_fd, -errno);
    if (linkat(directory_fd, temporary, directory_fd, name, 0) == 0) {
        unlinkat(directory_fd, temporary, 0);
        return 0;
    }
    if (errno == EEXIST)
        return -EEXIST;
    int fd = create(directory_fd, name);
    if (fd < 0)
        return fd;
    close(fd);
    if (renameat(directory_fd, temporary, directory_fd, name) == 0)
        return 0;
    int error = -errno;
    unlinkat(directory_fd, name, 0);
    return error;
}

bool atomic_file_begins(int fd, off_t size, const char *text)
{
    char begin[1024];
    size_t length = strlen(text);
    if ((uintmax_t)size < length)
        length = (size_t)size;
    return length <= sizeof(begin) && pread(fd, begin, length, 0) == (ssize_t)length &&
           memcmp(begin, text, length) == 0;
}

int whole_append(int fd, const void *data, size_t size)
{
    size_t done;
    int error = cancellable_write(fd, data, size, &done);
    if (error && done > 0)
        whole_append_undo(fd, done);
    return error;
}

int whole_append_undo(int fd, size_t size)
{
    struct stat status;
    off_t end = lseek(fd, 0, SEEK_CUR);
    if (end < 0 || fstat(fd, &status))
        return -errno;
    if (status.st_size != end)
        return -EBUSY;
    end -= (off_t)size;
    /* Standard output may be open without O_APPEND: the next line would leave a hole. */
    return ftruncate(fd, end) || lseek(fd, end, SEEK_SET) < 0 ? -errno : 0;
}
