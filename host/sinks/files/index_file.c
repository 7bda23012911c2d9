#include "host/sinks/files/index_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/sinks/files/atomic_file.h"
#include "host/sinks/files/disk_error.h"
#include "shared/base/log.h"

enum { TAIL_MAX = 16 << 20 }; /* bytes behind the last whole line of an index */

int index_file_init(struct index_file *index, const struct index_kind *kind, const char *folder)
{
    *index = (struct index_file){ .fd = -1, .kind = kind };
    int size = snprintf(index->path, sizeof(index->path), "%s/%s", folder, kind->name);
    return size < 0 || (size_t)size >= sizeof(index->path) ? -ENAMETOOLONG : 0;
}

int index_file_open(struct index_file *index, int folder_fd)
{
    /* O_NONBLOCK: a FIFO would be waited for. */
    index->fd = openat(folder_fd, index->kind->name,
                       O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0666);
    return index->fd < 0 ? disk_error_of_name(folder_fd, -errno) : 0;
}

/* The length of the file up to its last line feed. -EMEDIUMTYPE: no power cut leaves so much behind
 * it. */
static off_t whole_lines(int fd, off_t size)
{
    char piece[1024];
    off_t limit = size > TAIL_MAX ? size - TAIL_MAX : 0;
    while (size > limit) {
        off_t begin = size > (off_t)sizeof(piece) ? size - (off_t)sizeof(piece) : 0;
        ssize_t got = pread(fd, piece, (size_t)(size - begin), begin);
        if (got <= 0)
            return got < 0 ? -errno : -EIO;
        const char *feed = memrchr(piece, '\n', (size_t)got);
        if (feed)
            return begin + (feed - piece) + 1;
        size = begin;
    }
    return limit > 0 ? -EMEDIUMTYPE : 0;
}

/* Half a line, which a killed run or a power cut has left, would spoil the next one too. *size is
 * the file's. */
static int repair(const struct index_file *index, off_t *size)
{
    off_t whole = whole_lines(index->fd, *size);
    if (whole < 0)
        return (int)whole;
    if (whole == *size)
        return 0;
    if (ftruncate(index->fd, whole))
        return -errno;
    log_warning("%s ended in half a line of %lld bytes: cut it off", index->path,
                (long long)(*size - whole));
    *size = whole;
    return 0;
}

int index_file_prepare(struct index_file *index, bool alone)
{
    const struct index_kind *kind = index->kind;
    struct stat status;
    if (fstat(index->fd, &status))
        return -errno;
    /* Lines of this form do not belong under another head. */
    if (!S_ISREG(status.st_mode) || !atomic_file_begins(index->fd, status.st_size, kind->head))
        return -EMEDIUMTYPE;
    index->device = status.st_dev;
    index->inode = status.st_ino;
    int error = alone ? repair(index, &status.st_size) : 0;
    if (error || !kind->has_head)
        return error;
    if (status.st_size == 0)
        return whole_append(index->fd, kind->head, strlen(kind->head));
    return (size_t)status.st_size < strlen(kind->head) ? -EMEDIUMTYPE : 0;
}

bool index_file_is_there(const struct index_file *index)
{
    struct stat status;
    return stat(index->path, &status) == 0 && status.st_ino == index->inode &&
           status.st_dev == index->device;
}

void index_file_close(struct index_file *index)
{
    if (index->fd >= 0)
        close(index->fd);
    index->fd = -1;
}
