/*
 * --save: one JPEG a frame, byte for byte as the daemon made it, and frames.csv beside them.
 *
 * A frame is written under a temporary name and renamed once it is whole; then its line goes to the
 * index. So whoever watches the folder never sees half a picture, and the index names none that is
 * not there, whenever the program is killed; but see whole_file_name() on file systems that have
 * neither links nor a rename that overwrites nothing. Nothing that is there already is ever
 * overwritten.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/file_name.h"
#include "host/frame_index.h"
#include "host/save_folder.h"
#include "host/sink.h"
#include "host/whole_file.h"
#include "shared/clock.h"
#include "shared/log.h"

enum { COPIES_MAX = 100000 };

struct files {
    struct save_folder folder;
    const char *name_template;
    char temporary[TEMPORARY_NAME_SIZE];
    unsigned copy; /* of the last name: a folder that holds an earlier run's frames has all of
                      them, so the next frame's search begins here */
    uint64_t sync_every, unsynced;
};

/* When the frame was taken; by this machine's clock if the device did not tell, and where the
 * device's clock is not known yet, when it came. */
static uint64_t wall_time(const struct frame *frame)
{
    const struct frame_times *times = &frame->times;
    if (frame->metadata.present & WIRE_META_WALL_CLOCK)
        return frame->metadata.wall_clock_ns;
    uint64_t taken = times->offset_known ? frame_host_time(frame, times->sensor) : times->last_byte;
    return clock_read(CLOCK_REALTIME) - (clock_monotonic() - taken);
}

static int give_name(struct files *files, const struct frame *frame, uint64_t wall_ns, char *name)
{
    struct file_name_values values = { frame->id, frame->times.sensor, wall_ns, frame->session };
    int error = -EEXIST;
    /* A name that is free again from an earlier frame on would mix up the runs: go up only. */
    for (unsigned tries = 0; error == -EEXIST && tries < COPIES_MAX; tries++) {
        file_name_make(files->name_template, &values, files->copy + tries, name);
        error = whole_file_name(files->folder.fd, files->temporary, name);
        if (error == 0)
            files->copy += tries;
    }
    return error;
}

/* The picture, with its name; --sync each: both on the disk, in this order. */
static int write_picture(struct files *files, const struct frame *frame, uint64_t wall_ns,
                         char *name)
{
    bool durable = files->sync_every == 1;
    int fd = files->folder.fd;
    int error = whole_file_write(fd, files->temporary, frame->data, frame->size, durable);
    if (error)
        return error;
    error = give_name(files, frame, wall_ns, name);
    if (error) {
        unlinkat(fd, files->temporary, 0);
        return error;
    }
    error = durable ? save_folder_sync_names(&files->folder) : 0;
    if (error)
        unlinkat(fd, name, 0);
    return error;
}

static int sync_all(struct files *files)
{
    int error = save_folder_sync_all(&files->folder);
    if (error)
        log_error("save: what was saved since the last --sync may not be on the disk: %s",
                  strerror(-error));
    else
        files->unsynced = 0;
    return error;
}

static int sync_line(struct files *files)
{
    files->unsynced++;
    if (files->sync_every == 1)
        return save_folder_sync_index(&files->folder);
    if (files->sync_every > 1 && files->unsynced >= files->sync_every)
        return sync_all(files);
    return 0;
}

/* A frame is saved with its line in the index or not at all. */
static int write_line(struct files *files, const char *name, const char *line, size_t size)
{
    int error = save_folder_add(&files->folder, line, size);
    if (!error) {
        error = sync_line(files);
        if (!error || save_folder_undo(&files->folder, size))
            return error;
    }
    unlinkat(files->folder.fd, name, 0);
    /* If half of the line is still there, opening the index mends it. */
    save_folder_close(&files->folder);
    return error;
}

static int files_write(void *state, const struct frame *frame)
{
    struct files *files = state;
    char name[FILE_NAME_MAX + 1], line[FRAME_INDEX_LINE_SIZE];
    uint64_t wall_ns = wall_time(frame);
    int error = save_folder_check(&files->folder);
    if (!error)
        error = write_picture(files, frame, wall_ns, name);
    if (error)
        return error;
    return write_line(files, name, line, frame_index_line(frame, name, wall_ns, line));
}

static int files_close(void *state)
{
    struct files *files = state;
    bool due = files->sync_every > 1 && files->unsynced > 0 && files->folder.fd >= 0;
    int error = due ? sync_all(files) : 0;
    save_folder_close(&files->folder);
    free(files);
    return error;
}

const struct sink_ops sink_files = { "save", NULL, files_write, files_close };

int sink_files_create(void **state, const char *directory, const char *name_template,
                      uint64_t sync_every, char *error)
{
    struct files *files = *state = calloc(1, sizeof(*files));
    if (!files) {
        snprintf(error, SINK_ERROR_MAX, "out of memory");
        return -ENOMEM;
    }
    files->name_template = name_template;
    files->copy = 1;
    files->sync_every = sync_every;
    temporary_name_make(files->temporary);
    int result = save_folder_open(&files->folder, directory);
    if (result) {
        snprintf(error, SINK_ERROR_MAX, "--save: can't write into %.200s: %s", directory,
                 result == -EMEDIUMTYPE ? "there is a frames.csv of another kind in it"
                                        : strerror(-result));
        free(files);
        *state = NULL;
    }
    return result;
}
