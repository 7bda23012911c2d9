/*
 * --save: one JPEG a frame, byte for byte as the daemon made it, and frames.csv beside them.
 *
 * A frame is written under a temporary name and renamed once it is whole, so that whoever watches
 * the folder never sees half a picture; then its line goes to the index. Nothing that is there
 * already is ever overwritten.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/file_name.h"
#include "host/sink.h"
#include "shared/clock.h"

enum { COPIES_MAX = 100000, LINE_MAX_BYTES = 768 };

static const char index_name[] = "frames.csv";
static const char index_head[] =
    "file,session,id,wall_time,sensor_ns,captured_ns,encode_start_ns,encode_end_ns,send_start_ns,"
    "send_end_ns,received_host_ns,clock_offset_ns,clock_error_ns,latency_ms,width,height,bytes,"
    "crc32c,exposure_us,gain,colour_temperature_k,lux,lens_position\n";

struct files {
    const char *directory, *name_template;
    int directory_fd; /* -1: gone, to be opened again */
    int index_fd;
    char temporary[48];
    unsigned copy; /* of the last name: a folder that holds an earlier run's frames has all of
                      them, so the next frame's search begins here */
};

static int open_directory(struct files *files)
{
    files->directory_fd = open(files->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return files->directory_fd < 0 ? -errno : 0;
}

static int write_all(int fd, const void *data, size_t size)
{
    for (const char *at = data; size > 0;) {
        ssize_t written = write(fd, at, size);
        if (written < 0 && errno == EINTR && !sink_abandoned())
            continue;
        if (written <= 0)
            return written < 0 ? -errno : -EIO;
        at += written;
        size -= (size_t)written;
    }
    return 0;
}

/* Half a line would spoil the next one too. */
static int write_line(int fd, const char *line, size_t size)
{
    struct stat before;
    if (fstat(fd, &before))
        return -errno;
    int error = write_all(fd, line, size);
    if (error && ftruncate(fd, before.st_size))
        return -errno;
    return error;
}

/* Is the file that is there one of ours? Lines of this form under another head help nobody. */
static bool has_our_head(int fd)
{
    char head[sizeof(index_head)];
    return pread(fd, head, sizeof(index_head) - 1, 0) == sizeof(index_head) - 1 &&
           memcmp(head, index_head, sizeof(index_head) - 1) == 0;
}

static int open_index(struct files *files)
{
    /* O_NONBLOCK: a FIFO would be waited for. */
    files->index_fd = openat(files->directory_fd, index_name,
                             O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0666);
    struct stat status;
    if (files->index_fd < 0 || fstat(files->index_fd, &status))
        return -errno;
    if (!S_ISREG(status.st_mode))
        return -EMEDIUMTYPE;
    if (status.st_size > 0)
        return has_our_head(files->index_fd) ? 0 : -EMEDIUMTYPE;
    return write_line(files->index_fd, index_head, sizeof(index_head) - 1);
}

static void close_both(struct files *files)
{
    if (files->index_fd >= 0)
        close(files->index_fd);
    if (files->directory_fd >= 0)
        close(files->directory_fd);
    files->index_fd = files->directory_fd = -1;
}

/* Has somebody removed or replaced the folder, or removed the index? Files in a removed one are
 * lost without an error. It is not made anew: where a disk was unplugged, the frames would fill the
 * one below. */
static bool vanished(const struct files *files)
{
    struct stat there, ours, index;
    return stat(files->directory, &there) || fstat(files->directory_fd, &ours) ||
           there.st_ino != ours.st_ino || there.st_dev != ours.st_dev ||
           fstat(files->index_fd, &index) || index.st_nlink == 0;
}

static int open_both(struct files *files)
{
    int error = open_directory(files);
    if (!error)
        error = open_index(files);
    if (error)
        close_both(files);
    return error;
}

static int write_temporary(struct files *files, const struct frame *frame)
{
    int fd = openat(files->directory_fd, files->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
                    0666);
    if (fd < 0)
        return -errno;
    int error = write_all(fd, frame->data, frame->size);
    /* Some file systems tell of a full disk only here. */
    if (close(fd) && !error)
        error = -errno;
    return error;
}

/* Renames without overwriting. Where the file system has no such rename, a second link that
 * replaces the first does the same; where it has no links either, the name is taken with an empty
 * file. */
static int rename_new(int directory_fd, const char *from, const char *to)
{
    if (renameat2(directory_fd, from, directory_fd, to, RENAME_NOREPLACE) == 0)
        return 0;
    if (errno != EINVAL && errno != ENOSYS)
        return -errno;
    if (linkat(directory_fd, from, directory_fd, to, 0) == 0)
        return unlinkat(directory_fd, from, 0) ? -errno : 0;
    if (errno == EEXIST)
        return -EEXIST;
    int fd = openat(directory_fd, to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd < 0)
        return -errno;
    close(fd);
    return renameat(directory_fd, from, directory_fd, to) ? -errno : 0;
}

static uint64_t wall_time(const struct frame *frame)
{
    if (frame->metadata.present & WIRE_META_WALL_CLOCK)
        return frame->metadata.wall_clock_ns;
    uint64_t now = clock_read(CLOCK_REALTIME);
    return now - (clock_monotonic() - frame->times.last_byte);
}

static int give_name(struct files *files, const struct frame *frame, char *name)
{
    struct file_name_values values = { frame->id, frame->times.sensor, wall_time(frame),
                                       frame->session };
    int error = -EEXIST;
    /* A name that is free again from an earlier frame on would mix up the runs: go up only. */
    for (unsigned tries = 0; error == -EEXIST && tries < COPIES_MAX; tries++) {
        file_name_make(files->name_template, &values, files->copy + tries, name);
        error = rename_new(files->directory_fd, files->temporary, name);
        if (error == 0)
            files->copy += tries;
    }
    return error;
}

static void add_number(char *line, bool present, double value)
{
    size_t used = strlen(line);
    if (present)
        snprintf(line + used, LINE_MAX_BYTES - used, ",%.10g", value);
    else
        snprintf(line + used, LINE_MAX_BYTES - used, ",");
}

static void add_metadata(char *line, const struct wire_metadata *metadata)
{
    uint32_t present = metadata->present;
    add_number(line, present & WIRE_META_EXPOSURE, metadata->exposure_us);
    add_number(line, present & WIRE_META_GAIN, metadata->gain_milli / 1000.0);
    add_number(line, present & WIRE_META_COLOUR_TEMPERATURE, metadata->colour_temperature_k);
    add_number(line, present & WIRE_META_LUX, metadata->lux_milli / 1000.0);
    add_number(line, present & WIRE_META_LENS_POSITION, metadata->lens_position_milli / 1000.0);
}

/* A template may have commas or quotes in it (RFC 4180, 2). */
static void quote(const char *name, char *text)
{
    bool plain = !strpbrk(name, ",\"");
    *text = '"';
    char *at = text + !plain;
    for (; *name; name++) {
        if (*name == '"')
            *at++ = '"';
        *at++ = *name;
    }
    if (!plain)
        *at++ = '"';
    *at = '\0';
}

static int add_to_index(struct files *files, const struct frame *frame, const char *name)
{
    const struct frame_times *times = &frame->times;
    char line[LINE_MAX_BYTES + 2], wall[40], quoted[2 * FILE_NAME_MAX + 3];
    file_name_time(wall_time(frame), 0, wall);
    quote(name, quoted);
    snprintf(line, LINE_MAX_BYTES,
             "%s,%016" PRIx64 ",%" PRIu64 ",%s,%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64
             ",%" PRIu64 ",%" PRIu64 ",%" PRIu64,
             quoted, frame->session, frame->id, wall, times->sensor, times->captured,
             times->encode_start, times->encode_end, times->send_start, times->send_end,
             times->last_byte);
    size_t used = strlen(line);
    if (times->offset_known)
        snprintf(line + used, LINE_MAX_BYTES - used, ",%" PRId64 ",%" PRIu64 ",%.6f", times->offset,
                 times->error,
                 (double)(int64_t)(times->last_byte - frame_host_time(frame, times->sensor)) / 1e6);
    else
        snprintf(line + used, LINE_MAX_BYTES - used, ",,,");
    used = strlen(line);
    snprintf(line + used, LINE_MAX_BYTES - used, ",%u,%u,%zu,%08" PRIx32, frame->width,
             frame->height, frame->size, frame->crc32c);
    add_metadata(line, &frame->metadata);
    strcat(line, "\n");
    return write_line(files->index_fd, line, strlen(line));
}

static int files_write(void *state, const struct frame *frame)
{
    struct files *files = state;
    char name[FILE_NAME_MAX + 1];
    if (files->directory_fd >= 0 && vanished(files))
        close_both(files);
    int error = files->directory_fd < 0 ? open_both(files) : 0;
    if (error)
        return error;
    error = write_temporary(files, frame);
    if (!error)
        error = give_name(files, frame, name);
    if (error) {
        unlinkat(files->directory_fd, files->temporary, 0);
        return error;
    }
    error = add_to_index(files, frame, name);
    /* A frame is saved with its line in the index or not at all. */
    if (error)
        unlinkat(files->directory_fd, name, 0);
    return error;
}

static void files_close(void *state)
{
    struct files *files = state;
    close_both(files);
    free(files);
}

const struct sink_ops sink_files = { "save", files_write, files_close };

int sink_files_create(void **state, const char *directory, const char *name_template, char *error)
{
    struct files *files = *state = calloc(1, sizeof(*files));
    if (!files) {
        snprintf(error, SINK_ERROR_MAX, "out of memory");
        return -ENOMEM;
    }
    *files = (struct files){ .directory = directory,
                             .name_template = name_template,
                             .directory_fd = -1,
                             .index_fd = -1,
                             .copy = 1 };
    uint64_t random = clock_read(CLOCK_REALTIME);
    if (getrandom(&random, sizeof(random), GRND_NONBLOCK) < 0)
        random ^= (uint64_t)getpid();
    /* A process id alone is not unique where containers share a folder. */
    snprintf(files->temporary, sizeof(files->temporary), ".pitether-%016" PRIx64 ".part", random);
    int result = mkdir(directory, 0777) && errno != EEXIST ? -errno : open_both(files);
    if (result) {
        snprintf(error, SINK_ERROR_MAX, "--save: can't write into %.200s: %s", directory,
                 result == -EMEDIUMTYPE ? "there is a frames.csv of another kind in it"
                                        : strerror(-result));
        files_close(files);
        *state = NULL;
    }
    return result;
}
