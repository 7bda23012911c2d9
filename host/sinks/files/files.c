#include "host/sinks/files/files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/sinks/files/atomic_file.h"
#include "host/sinks/files/disk_error.h"
#include "host/sinks/files/file_name.h"
#include "host/sinks/files/frame_csv.h"
#include "host/sinks/files/frame_json.h"
#include "host/sinks/files/frame_number.h"
#include "host/sinks/files/save_folder.h"
#include "shared/base/clock.h"
#include "shared/base/log.h"

/* Names that are tried for a frame; where the search for a copy ends. */
enum { TRIES_MAX = 100000, COPIES_MAX = 1 << 30 };

/* When the frame was taken; by this machine's clock if the device did not report it, and where the
 * device's clock is not known yet, when it came. */
static uint64_t wall_time(const struct pitether_frame *frame)
{
    const struct pitether_times *times = &frame->times;
    if (frame->times.sensor_wall)
        return frame->times.sensor_wall;
    uint64_t taken =
        times->offset_known ? pitether_frame_host_time(frame, times->sensor) : times->last_byte;
    return clock_read(CLOCK_REALTIME) - (clock_monotonic() - taken);
}

/* The number for the next name. 0 or a negative errno. */
static int find_number(struct files *files)
{
    const struct save_folder *folder = &files->folder;
    int index_fd = folder->indexes[INDEX_CSV].fd;
    if (files->opening == folder->openings)
        return frame_number_update(&files->number, index_fd);
    int error = frame_number_find(&files->number, folder->fd, index_fd);
    if (!error)
        files->opening = folder->openings;
    return error;
}

/* A file without a line in the index, such as the last one of a killed run, keeps its number. */
static int give_number(struct files *files, struct file_name_values *values, char *name)
{
    int error = find_number(files), named = -EEXIST;
    for (unsigned tries = 0; !error && named == -EEXIST && tries < TRIES_MAX; tries++) {
        values->number = files->number.highest + 1;
        file_name_make(files->number.name_template, values, 1, name);
        named = atomic_file_name(files->folder.fd, files->temporary, name);
        files->number.highest += named == -EEXIST;
    }
    return error ? error : named;
}

static bool is_taken(const struct files *files, const struct file_name_values *values,
                     unsigned copy)
{
    char name[FILE_NAME_MAX + 1];
    file_name_make(files->name_template, values, copy, name);
    return faccessat(files->folder.fd, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0 || errno != ENOENT;
}

/* The copies of a name are taken from 2 on without gaps, unless somebody takes some away: it is few
 * steps to a free one, however many there are. */
static unsigned find_copy(const struct files *files, const struct file_name_values *values)
{
    unsigned taken = 1, free_one = 2;
    while (free_one < COPIES_MAX && is_taken(files, values, free_one)) {
        taken = free_one;
        free_one *= 2;
    }
    while (free_one - taken > 1) {
        unsigned middle = taken + (free_one - taken) / 2;
        if (is_taken(files, values, middle))
            taken = middle;
        else
            free_one = middle;
    }
    return free_one;
}

static int give_copy(const struct files *files, const struct file_name_values *values, char *name)
{
    int error = -EEXIST;
    for (unsigned tries = 0; error == -EEXIST && tries < TRIES_MAX; tries++) {
        file_name_make(files->name_template, values, tries ? find_copy(files, values) : 1, name);
        error = atomic_file_name(files->folder.fd, files->temporary, name);
    }
    return error;
}

/* The picture's name; --sync each: on the disk. */
static int give_name(struct files *files, struct file_name_values *values, char *name)
{
    int error = file_name_has_number(files->name_template) ? give_number(files, values, name)
                                                           : give_copy(files, values, name);
    if (error) {
        unlinkat(files->folder.fd, files->temporary, 0);
        return error;
    }
    error = files->sync_every == 1 ? save_folder_sync_names(&files->folder) : 0;
    if (error)
        unlinkat(files->folder.fd, name, 0);
    return error;
}

static int sync_all(struct files *files)
{
    int error = save_folder_sync_all(&files->folder);
    if (error)
        log_error("save: what was saved since the last --sync may not be on the disk: %s",
                  disk_error_text(error));
    else
        files->unsynced = 0;
    return error;
}

static int sync_lines(struct files *files)
{
    files->unsynced++;
    if (files->sync_every == 1)
        return save_folder_sync_indexes(&files->folder);
    if (files->sync_every > 1 && files->unsynced >= files->sync_every)
        return sync_all(files);
    return 0;
}

/* A frame's lines, by index. */
struct lines {
    char csv[FRAME_CSV_LINE_SIZE], json[FRAME_JSON_LINE_SIZE];
    const char *text[INDEXES];
    size_t size[INDEXES];
};

static void make_lines(struct lines *lines, const struct pitether_frame *frame, const char *name,
                       uint64_t wall_ns)
{
    lines->text[INDEX_JSON] = lines->json;
    lines->size[INDEX_JSON] = frame_json_line(frame, name, wall_ns, lines->json);
    lines->text[INDEX_CSV] = lines->csv;
    lines->size[INDEX_CSV] = frame_csv_line(frame, name, wall_ns, lines->csv);
}

/* Adds the lines to the indexes, and has them on the disk if they are to be. *added: how many are
 * there. */
static int add_lines(struct files *files, const struct lines *lines, unsigned *added)
{
    for (*added = 0; *added < INDEXES; ++*added) {
        int error = save_folder_add(&files->folder, (enum save_index) * added, lines->text[*added],
                                    lines->size[*added]);
        if (error)
            return error;
    }
    return sync_lines(files);
}

/* Takes the first `added` lines back. 0, or a negative errno: one of them is still there. */
static int undo_lines(struct files *files, const struct lines *lines, unsigned added)
{
    int error = 0;
    for (unsigned i = 0; i < added; i++) {
        int undone = save_folder_undo(&files->folder, (enum save_index)i, lines->size[i]);
        error = undone ? undone : error;
    }
    return error;
}

/* A frame is saved with its lines in the indexes or not at all. */
static int write_lines(struct files *files, const char *name, const struct lines *lines)
{
    unsigned added;
    int error = add_lines(files, lines, &added);
    if (!error || undo_lines(files, lines, added))
        return error;
    unlinkat(files->folder.fd, name, 0);
    /* If half of a line is still there, opening the index repairs it. */
    save_folder_close(&files->folder);
    return error;
}

/* Under the lock: the temporary file becomes the frame's. */
static int add(struct files *files, const struct pitether_frame *frame)
{
    char name[FILE_NAME_MAX + 1];
    struct lines lines;
    uint64_t wall_ns = wall_time(frame);
    struct file_name_values values = {
        .id = frame->id, .sensor_ns = frame->times.sensor, .wall_ns = wall_ns, .epoch = frame->epoch
    };
    int error = give_name(files, &values, name);
    if (!error) {
        make_lines(&lines, frame, name, wall_ns);
        error = write_lines(files, name, &lines);
    }
    if (!error)
        files->number.highest = values.number;
    return error;
}

int files_open(struct files *files, const char *directory, const char *name_template,
               uint64_t sync_every)
{
    *files = (struct files){ .name_template = name_template,
                             .number.name_template = name_template,
                             .sync_every = sync_every };
    temporary_name_make(files->temporary);
    return save_folder_open(&files->folder, directory);
}

int files_write(struct files *files, const struct pitether_frame *frame)
{
    int error = save_folder_check(&files->folder);
    if (!error)
        error = atomic_file_write(files->folder.fd, files->temporary, frame->data, frame->size,
                                  files->sync_every == 1);
    if (error)
        return error;
    save_folder_lock(&files->folder);
    error = add(files, frame);
    save_folder_unlock(&files->folder);
    return error;
}

int files_close(struct files *files)
{
    bool due = files->sync_every > 1 && files->unsynced > 0 && files->folder.fd >= 0;
    int error = due ? sync_all(files) : 0;
    save_folder_close(&files->folder);
    return error;
}
