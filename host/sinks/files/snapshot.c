#include "host/sinks/files/snapshot.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "host/sinks/files/atomic_file.h"
#include "host/sinks/files/disk_error.h"
#include "shared/base/log.h"

enum { NAMES_MAX = 1000, STREAM_SIZE = 66, NAME_SIZE = 192 };

/* The stream's name as a part of a file's, ended by '-': what is neither letter nor digit becomes
 * '-', so that there are neither folders nor hidden files. "": there is none. */
static void make_prefix(char *prefix, const char *stream)
{
    size_t used = 0;
    for (; stream && *stream && used < STREAM_SIZE - 2; stream++)
        prefix[used++] = isalnum((unsigned char)*stream) ? *stream : '-';
    if (used > 0)
        prefix[used++] = '-';
    prefix[used] = '\0';
}

/* The stream, the moment, for the user to find it by, and the frame's number. `attempt` tells apart
 * snapshots of one frame in one second. */
static void make_name(char *name, const char *stream, const struct pitether_frame *frame,
                      time_t now, unsigned attempt)
{
    struct tm when;
    char prefix[STREAM_SIZE], moment[32] = "", more[16] = "";
    make_prefix(prefix, stream);
    if (localtime_r(&now, &when))
        strftime(moment, sizeof(moment), "%Y%m%d-%H%M%S-", &when);
    if (attempt > 1)
        snprintf(more, sizeof(more), "-%u", attempt);
    snprintf(name, NAME_SIZE, "pitether-%s%sframe%" PRIu64 "%s.jpg", prefix, moment, frame->id,
             more);
}

/* 0 with its name, or a negative errno. */
static int save(int directory_fd, const char *stream, const struct pitether_frame *frame,
                char *name)
{
    char temporary[TEMPORARY_NAME_SIZE];
    time_t now = time(NULL);
    temporary_name_make(temporary);
    int error = atomic_file_write(directory_fd, temporary, frame->data, frame->size, false);
    if (error)
        return error;
    error = -EEXIST;
    for (unsigned attempt = 1; error == -EEXIST && attempt <= NAMES_MAX; attempt++) {
        make_name(name, stream, frame, now, attempt);
        error = atomic_file_name(directory_fd, temporary, name);
    }
    if (error)
        unlinkat(directory_fd, temporary, 0);
    return error;
}

bool snapshot_save(const char *dir, const char *stream, const struct pitether_frame *frame)
{
    char name[NAME_SIZE];
    int fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
    int error = fd < 0 ? -errno : save(fd, stream, frame, name);
    if (fd >= 0)
        close(fd);
    if (error)
        log_error("can't save a snapshot in %s: %s", dir, disk_error_text(error));
    else
        log_info("saved frame %" PRIu64 " as %s/%s", frame->id, dir, name);
    return !error;
}
