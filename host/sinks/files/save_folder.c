#include "host/sinks/files/save_folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/base/cancellable.h"
#include "host/sinks/files/atomic_file.h"
#include "host/sinks/files/frame_csv.h"
#include "host/sinks/files/frame_json.h"
#include "shared/base/log.h"

void save_folder_close(struct save_folder *folder)
{
    for (unsigned i = 0; i < INDEXES; i++)
        index_file_close(&folder->indexes[i]);
    if (folder->fd >= 0)
        close(folder->fd);
    folder->fd = -1;
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

static int prepare_indexes(struct save_folder *folder, bool alone)
{
    int error = 0;
    for (unsigned i = 0; !error && i < INDEXES; i++)
        error = index_file_prepare(&folder->indexes[i], alone);
    return error;
}

/*
 * A process that saves into a folder holds a shared lock on frames.csv until it ends, even if it is
 * killed. Temporary files are left over from a killed run if no other process holds the lock;
 * otherwise another one may be writing them.
 */
static int open_indexes(struct save_folder *folder)
{
    int error = 0;
    for (unsigned i = 0; !error && i < INDEXES; i++)
        error = index_file_open(&folder->indexes[i], folder->fd);
    if (error)
        return error;
    /* Without locks that is not known; then an earlier run is more likely than
     * another one beside it. */
    int locked = folder->indexes[INDEX_CSV].fd;
    bool alone = flock(locked, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK;
    if (!alone)
        flock(locked, LOCK_SH); /* waits for one that cleans up */
    error = prepare_indexes(folder, alone);
    if (!error && alone)
        remove_temporaries(folder);
    if (alone)
        flock(locked, LOCK_SH);
    return error;
}

static int open_all(struct save_folder *folder)
{
    folder->fd = open(folder->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder->fd < 0)
        return -errno;
    int error = check_mount(folder);
    if (!error)
        error = open_indexes(folder);
    if (error)
        save_folder_close(folder);
    folder->openings += !error;
    return error;
}

/* The paths still lead to the open indexes. Files in a removed folder are lost without an error. */
static bool is_there(const struct save_folder *folder)
{
    for (unsigned i = 0; i < INDEXES; i++)
        if (!index_file_is_there(&folder->indexes[i]))
            return false;
    return true;
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
    static const struct index_kind *const kinds[INDEXES] = {
        [INDEX_JSON] = &frame_json, [INDEX_CSV] = &frame_csv
    };
    *folder = (struct save_folder){ .path = path, .fd = -1 };
    int error = 0;
    for (unsigned i = 0; i < INDEXES; i++)
        error = index_file_init(&folder->indexes[i], kinds[i], path) ? -ENAMETOOLONG : error;
    if (error)
        return error;
    folder->is_new = mkdir(path, 0777) == 0;
    return !folder->is_new && errno != EEXIST ? -errno : open_all(folder);
}

/* The lock of frames.csv is shared by all who save; this one is the folder's own. */
void save_folder_lock(struct save_folder *folder)
{
    while (flock(folder->fd, LOCK_EX) && errno == EINTR && !cancellable_abandoned())
        ;
}

void save_folder_unlock(struct save_folder *folder)
{
    flock(folder->fd, LOCK_UN);
}

int save_folder_add(struct save_folder *folder, enum save_index index, const char *line,
                    size_t size)
{
    return whole_append(folder->indexes[index].fd, line, size);
}

int save_folder_undo(struct save_folder *folder, enum save_index index, size_t size)
{
    return whole_append_undo(folder->indexes[index].fd, size);
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

int save_folder_sync_indexes(struct save_folder *folder)
{
    for (unsigned i = 0; i < INDEXES; i++)
        if (fdatasync(folder->indexes[i].fd))
            return -errno;
    return 0;
}

int save_folder_sync_all(struct save_folder *folder)
{
    return syncfs(folder->fd) ? -errno : 0;
}
