#include "host/sinks/latency_log.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/sinks/files/atomic_file.h"
#include "host/sinks/files/disk_error.h"
#include "host/sinks/queue.h"
#include "shared/base/log.h"

/* DELAY lines wait for their frames to be presented: at 60 fps, a second. Those before them are
 * written BATCH at a time, to standard output one by one; the rest is for when the disk is slow. */
enum { DELAY = 64, BATCH = 16, LINES_MAX = 1024, LINE_SIZE = 448, LABEL_SIZE = 65 };

struct latency_log {
    int fd;
    const char *path;       /* the option's */
    char label[LABEL_SIZE]; /* of the stream, as it is written */
};

static const char head[] =
    "epoch,id,sensor_ns,captured_ns,encode_start_ns,encode_end_ns,first_sent_ns,"
    "last_sent_ns,first_received_ns,last_received_ns,decoded_ns,shown_ns,clock_error_ns,"
    "bytes,exposure_us,gain,digital_gain,stream\n";

/* A time that is not known is an empty field. */
static char *put_time(char *at, uint64_t time)
{
    return at + (time ? sprintf(at, ",%" PRIu64, time) : sprintf(at, ","));
}

static char *put_device_time(char *at, const struct pitether_frame *frame, uint64_t time)
{
    return put_time(at, pitether_frame_host_time(frame, time));
}

/* What the camera did not report is an empty field. */
static char *put_number(char *at, double number)
{
    return at + (isnan(number) ? sprintf(at, ",") : sprintf(at, ",%.10g", number));
}

/* At most 17 characters for the epoch, 13 fields of 21, 3 of 18, and LABEL_SIZE for the stream:
 * less than LINE_SIZE. */
static char *put_line(char *at, const struct latency_log *log, const struct pitether_frame *frame,
                      const struct sink_details *details)
{
    const struct pitether_times *times = &frame->times;
    at += sprintf(at, "%016" PRIx64 ",%" PRIu64, frame->epoch, frame->id);
    at = put_device_time(at, frame, times->sensor);
    at = put_device_time(at, frame, times->captured);
    at = put_device_time(at, frame, times->encode_start);
    at = put_device_time(at, frame, times->encode_end);
    at = put_device_time(at, frame, times->send_start);
    at = put_device_time(at, frame, times->send_end);
    at = put_time(at, times->first_byte);
    at = put_time(at, times->last_byte);
    at = put_time(at, details->presentation.decoded_ns);
    at = put_time(at, details->presentation.shown_ns);
    at = put_time(at, times->offset_known ? times->error : 0);
    at += sprintf(at, ",%zu", frame->size);
    at = put_number(at, details->exposure_us);
    at = put_number(at, details->gain);
    at = put_number(at, details->digital_gain);
    return at + sprintf(at, ",%s\n", log->label);
}

/* The lines of several streams are not mixed: each is appended at once. */
static int write_line(void *state, const struct pitether_frame *frame,
                      const struct sink_details *details)
{
    const struct latency_log *log = state;
    char line[LINE_SIZE];
    size_t size = (size_t)(put_line(line, log, frame, details) - line);
    return whole_append(log->fd, line, size);
}

static int close_log(void *state)
{
    const struct latency_log *log = state;
    /* Network file systems may report a full disk only here. */
    int error = close(log->fd) && errno != EINTR ? -errno : 0;
    if (error)
        log_error("latency: %s: the last lines may be lost", strerror(-error));
    return error;
}

static void summarize(const void *state, const struct sink_totals *totals, FILE *out)
{
    const struct latency_log *log = state;
    uint64_t lost = totals->failed + (totals->close_error != 0); /* one at least */
    (void)out;
    if (lost)
        log_error("--latency: %" PRIu64 " lines of %s were lost", lost,
                  strcmp(log->path, "-") == 0 ? "standard output" : log->path);
}

static const struct sink_writer writer = {
    .name = "--latency",
    .log_name = "latency",
    .unit = "the line of frame",
    .units = "lines",
    .too_slow = "the file takes lines too slowly: some are lost (no frames)",
    .write = write_line,
    .close = close_log,
    .summarize = summarize,
};

/* 0: the file, which is open for writing with this status, is a log of ours; -EEXIST: it is not, or
 * may not be read; or another negative errno. */
static int check_ours(const char *path, const struct stat *status)
{
    struct stat again;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return errno == EMFILE || errno == ENFILE || errno == ENOMEM ? -errno : -EEXIST;
    bool ours = fstat(fd, &again) == 0 && again.st_dev == status->st_dev &&
                again.st_ino == status->st_ino && atomic_file_begins(fd, again.st_size, head);
    close(fd);
    return ours ? 0 : -EEXIST;
}

/* Where there are no locks, another run is not seen. */
static int empty_file(int fd, const char *path)
{
    struct stat status;
    if (fstat(fd, &status))
        return -errno;
    if (!S_ISREG(status.st_mode))
        return 0;
    if (flock(fd, LOCK_EX | LOCK_NB) && errno == EWOULDBLOCK)
        return -EBUSY;
    int error = check_ours(path, &status);
    if (error)
        return error;
    return ftruncate(fd, 0) ? -errno : 0;
}

/* A descriptor or a negative errno. */
static int open_file(const char *path)
{
    if (strcmp(path, "-") == 0) {
        int copy = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
        return copy < 0 ? -errno : copy;
    }
    /* O_NONBLOCK: a FIFO would be waited for. */
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NONBLOCK, 0666);
    if (fd < 0)
        return -errno;
    int error = fcntl(fd, F_SETFL, O_APPEND) ? -errno : empty_file(fd, path);
    if (error)
        close(fd);
    return error ? error : fd;
}

static const char *why_not(int error)
{
    switch (-error) {
    case ENXIO:
        return "it has no reader";
    case EEXIST:
        return "it is something else than an earlier run's, and is left as it is";
    case EBUSY:
        return "another pitether writes it";
    default:
        return disk_error_text(error);
    }
}

/* A descriptor or a negative errno. */
static int begin_file(const char *path)
{
    int fd = open_file(path);
    int error = fd < 0 ? fd : whole_append(fd, head, sizeof(head) - 1);
    if (error && fd >= 0)
        close(fd);
    return error ? error : fd;
}

/* All streams write to one file. A descriptor or a negative errno. */
static int share_file(struct sink *first)
{
    const struct latency_log *log = sink_queue_state(first);
    int fd = fcntl(log->fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    return fd < 0 ? -errno : fd;
}

/* A comma, a quote or a line feed would end the field. */
static void set_label(struct latency_log *log, const char *label)
{
    snprintf(log->label, sizeof(log->label), "%s", label);
    for (char *at = log->label; (at = strpbrk(at, ",\"\r\n"));)
        *at = '_';
}

static int start(const struct sink_setup *setup, unsigned index, struct sink *sinks[])
{
    const struct host_options *options = setup->options;
    struct sink_queue_config config = {
        .policy = SINK_OBSERVER,
        .bound = { LINES_MAX, SIZE_MAX },
        .delay = options->window ? DELAY : 0,
        .batch = strcmp(options->latency, "-") == 0 ? 1 : BATCH,
    };
    struct latency_log *log = calloc(1, sizeof(*log));
    if (!log)
        return -ENOMEM;
    log->path = options->latency;
    set_label(log, setup->streams[index].label);
    log->fd = index == 0 ? begin_file(log->path) : share_file(sinks[0]);
    if (log->fd < 0) {
        int error = log->fd;
        free(log);
        return error;
    }
    return sink_queue_start(&sinks[index], &writer, log, &config, &setup->streams[index].owner);
}

static bool is_requested(const struct host_options *options)
{
    return options->latency;
}

static int open_log(const struct sink_setup *setup, unsigned index, struct sink *sinks[],
                    struct error *error)
{
    int result = start(setup, index, sinks);
    return result ? error_set(error, result, "--latency: can't write %.160s: %s",
                              setup->options->latency, why_not(result))
                  : 0;
}

const struct sink_kind sink_latency_log = { .is_requested = is_requested, .open = open_log };
