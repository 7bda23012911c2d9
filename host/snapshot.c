#include "host/snapshot.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "shared/descriptors.h"
#include "shared/log.h"

enum { NAMES_MAX = 1000 };

/* The moment, for the user to find it by, then the frame's number. `attempt` tells apart snapshots
 * of one frame in one second. 0 or -ENAMETOOLONG. */
static int make_path(char *path, size_t size, const char *dir, const struct frame *frame,
                     time_t now, unsigned attempt)
{
    struct tm when;
    char moment[32] = "", more[16] = "";
    if (localtime_r(&now, &when))
        strftime(moment, sizeof(moment), "%Y%m%d-%H%M%S-", &when);
    if (attempt > 1)
        snprintf(more, sizeof(more), "-%u", attempt);
    int length =
        snprintf(path, size, "%s/pitether-%sframe%" PRIu64 "%s.jpg", dir, moment, frame->id, more);
    return length > 0 && (size_t)length < size ? 0 : -ENAMETOOLONG;
}

/* A new file, open for writing, or -errno. O_EXCL lets nobody else have the same name, not even
 * another process at the same moment. */
static int create_file(char *path, size_t size, const char *dir, const struct frame *frame)
{
    time_t now = time(NULL);
    for (unsigned attempt = 1; attempt <= NAMES_MAX; attempt++) {
        int error = make_path(path, size, dir, frame, now, attempt);
        if (error)
            return error;
        int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (fd >= 0)
            return fd;
        if (errno != EEXIST)
            return -errno;
    }
    return -EEXIST;
}

bool snapshot_save(const char *dir, const struct frame *frame)
{
    char path[PATH_MAX];
    int fd = create_file(path, sizeof(path), dir, frame);
    if (fd < 0) {
        log_error("can't save a snapshot in %s: %s", dir, strerror(-fd));
        return false;
    }
    int error = descriptors_write(fd, frame->data, frame->size);
    /* Network file systems may tell of a full disk only here. */
    if (close(fd) && !error && errno != EINTR)
        error = -errno;
    if (error) {
        unlink(path);
        log_error("can't save the snapshot %s: %s", path, strerror(-error));
        return false;
    }
    log_info("saved frame %" PRIu64 " as %s", frame->id, path);
    return true;
}
