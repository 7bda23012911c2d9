#include "host/sinks/files/save_folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/base/cancellable.h"
#include "host/sinks/files/atomic_file.h"
#include "host/sinks/files/disk_error.h"
#include "host/sinks/files/frame_index.h"
#include "shared/base/log.h"

enum { TAIL_MAX = 16 << 20 }; /* bytes behind the last whole line of an index */

void save_folder_close(struct save_folder *folder)
{
    if (folder->index_fd >= 0)
        close(folder->index_fd);
    if (folder->fd >= 0)
        close(folder->fd);
    folder->index_fd = folder->fd = -1;
}

/* Where a disk was unplugged, the frames would fill the one below. Seen of a disk that was mounted
 * at the folder itself; of one above it, only that the folder is gone. */
static int check_mount(struct save_folder *folder)
{
    struct stat here, above;
    if (fstat(folder->fd, &here) || fstatat(folder->fd, "..", &above, 0))
        return -errno;
    bool mounted = here.st_dev != above.st_dev;
    if (folder->was_mounted && !mounted)
        return -ENODEV;
    folder->was_mounted = mounted;
    return 0;
}

static void remove_temporaries(const struct save_folder *folder)
{
    unsigned removed = 0;
    int fd = openat(folder->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *directory = fd >= 0 ? fdopendir(fd) : NULL;
    if (!directory) {
        if (fd >= 0)
            close(fd);
        return;
    }
    for (struct dirent *entry; (entry = readdir(directory));)
        if (temporary_name_is(entry->d_name))
            removed += unlinkat(folder->fd, entry->d_name, 0) == 0;
    closedir(directory);
    if (removed > 0)
        log_info("removed %u half-written frames that a killed run had left in %s", removed,
                 folder->path);
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
static int repair_index(const struct save_folder *folder, off_t *size)
{
    off_t whole = whole_lines(folder->index_fd, *size);
    if (whole < 0)
        return (int)whole;
    if (whole == *size)
        return 0;
    if (ftruncate(folder->index_fd, whole))
        return -errno;
    log_warning("%s ended in half a line of %lld bytes: cut it off", folder->index_path,
                (long long)(*size - whole));
    *size = whole;
    return 0;
}

static int prepare_index(struct save_folder *folder, bool alone)
{
    struct stat status;
    if (fstat(folder->index_fd, &status))
        return -errno;
    /* Lines of this form do not belong under another head. */
    if (!S_ISREG(status.st_mode) ||
        !atomic_file_begins(folder->index_fd, status.st_size, frame_index_head))
        return -EMEDIUMTYPE;
    folder->index_device = status.st_dev;
    folder->index_inode = status.st_ino;
    int error = alone ? repair_index(folder, &status.st_size) : 0;
    if (!error && status.st_size == 0)
        return whole_append(folder->index_fd, frame_index_head, strlen(frame_index_head));
    return !error && (size_t)status.st_size < strlen(frame_index_head) ? -EMEDIUMTYPE : error;
}

/*
 * A process that saves into a folder holds a shared lock on its index until it ends, even if it is
 * killed. Temporary files are left over from a killed run if no other process holds the lock;
 * otherwise another one may be writing them.
 */
static int open_index(struct save_folder *folder)
{
    /* O_NONBLOCK: a FIFO would be waited for. */
    folder->index_fd = openat(folder->fd, frame_index_name,
                              O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0666);
    if (folder->index_fd < 0)
        return disk_error_of_name(folder->fd, -errno);
    /* Without locks that is not known; then an earlier run is more likely than
     * another one beside it. */
    bool alone = flock(folder->index_fd, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK;
    if (!alone)
        flock(folder->index_fd, LOCK_SH); /* waits for one that cleans up */
    int error = prepare_index(folder, alone);
    if (!error && alone)
        remove_temporaries(folder);
    if (alone)
        flock(folder->index_fd, LOCK_SH);
    return error;
}

static int open_all(struct save_folder *folder)
{
    folder->fd = open(folder->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder->fd < 0)
        return -errno;
    int error = check_mount(folder);
    if (!error)
        error = open_index(folder);
    if (error)
        save_folder_close(folder);
    folder->openings += !error;
    return error;
}

/* The path still leads to the open index: neither it nor the folder was removed or replaced, and
 * nothing was mounted or unmounted. Files in a removed folder are lost without an error. */
static bool is_there(const struct save_folder *folder)
{
    struct stat status;
    return stat(folder->index_path, &status) == 0 && status.st_ino == folder->index_inode &&
           status.st_dev == folder->index_device;
}

int save_folder_check(struct save_folder *folder)
{
    if (folder->fd >= 0 && !is_there(folder))
        save_folder_close(folder);
    /* It is not made again: it may be on a disk that was unplugged. */
    return folder->fd < 0 ? open_all(folder) : 0;
}

int save_folder_open(struct save_folder *folder, const char *path)
{
    *folder = (struct save_folder){ .path = path, .fd = -1, .index_fd = -1 };
    int size =
        snprintf(folder->index_path, sizeof(folder->index_path), "%s/%s", path, frame_index_name);
    if (size < 0 || (size_t)size >= sizeof(folder->index_path))
        return -ENAMETOOLONG;
    folder->is_new = mkdir(path, 0777) == 0;
    return !folder->is_new && errno != EEXIST ? -errno : open_all(folder);
}

/* The lock of the index is shared by all who save; this one is the folder's own. */
void save_folder_lock(struct save_folder *folder)
{
    while (flock(folder->fd, LOCK_EX) && errno == EINTR && !cancellable_abandoned())
        ;
}

void save_folder_unlock(struct save_folder *folder)
{
    flock(folder->fd, LOCK_UN);
}

int save_folder_add(struct save_folder *folder, const char *line, size_t size)
{
    return whole_append(folder->index_fd, line, size);
}

int save_folder_undo(struct save_folder *folder, size_t size)
{
    return whole_append_undo(folder->index_fd, size);
}

/* The name of the folder itself is in the one above. */
static int sync_above(const struct save_folder *folder)
{
    int fd = openat(folder->fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int error = fd < 0 || fsync(fd) ? -errno : 0;
    if (fd >= 0)
        close(fd);
    return error;
}

int save_folder_sync_names(struct save_folder *folder)
{
    int error = folder->is_new ? sync_above(folder) : 0;
    if (error)
        return error;
    folder->is_new = false;
    return fsync(folder->fd) ? -errno : 0;
}

int save_folder_sync_index(struct save_folder *folder)
{
    return fdatasync(folder->index_fd) ? -errno : 0;
}

int save_folder_sync_all(struct save_folder *folder)
{
    return syncfs(folder->fd) ? -errno : 0;
}
