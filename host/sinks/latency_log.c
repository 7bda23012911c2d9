#include "host/sinks/latency_log.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/base/cancellable.h"
#include "host/sinks/files/atomic_file.h"
#include "host/sinks/files/disk_error.h"
#include "shared/base/log.h"

/* WAITING lines wait for their frames to be shown: at 60 fps, a second. Those before them are
 * taken BATCH at a time, for standard output one by one; the rest of the QUEUE is for when the disk
 * is slow. */
enum { WAITING = 64, BATCH = 16, QUEUE = 1024, LINE_SIZE = 320 };

struct row {
    uint64_t epoch, id, first_byte, last_byte, decoded, shown, error;
    uint64_t device[6]; /* sensor to last byte sent, on this machine's clock; 0: not known */
    size_t bytes;
};

struct latency_log {
    int fd;
    unsigned waiting, batch;
    struct cancellable writer;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    /* Under lock. */
    struct row rows[QUEUE]; /* a ring */
    unsigned first, count;
    bool finishing;
    uint64_t lost;
    bool overflowing; /* the queue is full, and that was told */
    struct log_limit limit;
    /* The writer's thread alone. */
    int told; /* the error that was logged last since it worked; 0: none */
};

static const char head[] =
    "epoch,id,sensor_ns,captured_ns,encode_start_ns,encode_end_ns,first_sent_ns,"
    "last_sent_ns,first_received_ns,last_received_ns,decoded_ns,shown_ns,clock_error_ns,"
    "bytes\n";

/* A time that is not known is an empty field. */
static char *put_time(char *at, uint64_t time)
{
    return at + (time ? sprintf(at, ",%" PRIu64, time) : sprintf(at, ","));
}

/* At most 17 characters for the epoch, and 13 fields of 21: less than LINE_SIZE. */
static char *put_row(char *at, const struct row *row)
{
    at += sprintf(at, "%016" PRIx64 ",%" PRIu64, row->epoch, row->id);
    for (unsigned i = 0; i < 6; i++)
        at = put_time(at, row->device[i]);
    at = put_time(at, row->first_byte);
    at = put_time(at, row->last_byte);
    at = put_time(at, row->decoded);
    at = put_time(at, row->shown);
    at = put_time(at, row->error);
    return at + sprintf(at, ",%zu\n", row->bytes);
}

/* Takes the oldest rows once there are enough to write; 0: that was all. */
static unsigned take_rows(struct latency_log *log, struct row *rows)
{
    pthread_mutex_lock(&log->lock);
    while (log->count < log->waiting + log->batch && !log->finishing)
        pthread_cond_wait(&log->changed, &log->lock);
    unsigned count = log->count < log->batch ? log->count : log->batch;
    for (unsigned i = 0; i < count; i++)
        rows[i] = log->rows[(log->first + i) % QUEUE];
    log->first = (log->first + count) % QUEUE;
    log->count -= count;
    if (log->count <= log->waiting)
        log->overflowing = false;
    pthread_mutex_unlock(&log->lock);
    return count;
}

static void note_lost(struct latency_log *log, int error)
{
    pthread_mutex_lock(&log->lock);
    log->lost++;
    if (error != log->told && error != -EINTR && log_passes(&log->limit))
        log_error("latency: a line could not be written: %s; going on, and trying again with each",
                  disk_error_text(error));
    pthread_mutex_unlock(&log->lock);
}

static void write_row(struct latency_log *log, const struct row *row)
{
    char line[LINE_SIZE];
    size_t size = (size_t)(put_row(line, row) - line);
    int error = whole_append(log->fd, line, size);
    if (error)
        note_lost(log, error);
    log->told = error;
}

static void run(void *user)
{
    struct latency_log *log = user;
    struct row rows[BATCH];
    unsigned count;
    while ((count = take_rows(log, rows)) > 0)
        for (unsigned i = 0; i < count; i++)
            write_row(log, &rows[i]);
}

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

/* 0 or a negative errno. */
static int start(struct latency_log *log, const char *path, bool shows)
{
    log->fd = open_file(path);
    if (log->fd < 0)
        return log->fd;
    log->waiting = shows ? WAITING : 0;
    log->batch = strcmp(path, "-") == 0 ? 1 : BATCH;
    int error = whole_append(log->fd, head, sizeof(head) - 1);
    if (!error)
        error = cancellable_start(&log->writer, "latency", run, log);
    if (error)
        close(log->fd);
    return error;
}

static const char *why_not(int error)
{
    switch (-error) {
    case ENXIO:
        return "nobody reads it";
    case EEXIST:
        return "it is something else than an earlier run's, and is left as it is";
    case EBUSY:
        return "another pitether writes it";
    default:
        return disk_error_text(error);
    }
}

static void discard(struct latency_log *log)
{
    pthread_cond_destroy(&log->changed);
    pthread_mutex_destroy(&log->lock);
    free(log);
}

int latency_log_open(struct latency_log **log, const char *path, bool shows, char *error)
{
    struct latency_log *self = *log = calloc(1, sizeof(*self));
    int result = -ENOMEM;
    if (self) {
        pthread_mutex_init(&self->lock, NULL);
        pthread_cond_init(&self->changed, NULL);
        result = start(self, path, shows);
        if (result)
            discard(self);
    }
    if (result) {
        snprintf(error, LATENCY_LOG_ERROR_MAX, "--latency: can't write %.160s: %s", path,
                 why_not(result));
        *log = NULL;
    }
    return result;
}

static void add(struct latency_log *log, const struct row *row)
{
    pthread_mutex_lock(&log->lock);
    if (log->count < QUEUE) {
        log->rows[(log->first + log->count++) % QUEUE] = *row;
    } else {
        log->lost++;
        if (!log->overflowing)
            log_warning_limited(&log->limit, "latency: the file takes lines too slowly: some are "
                                             "lost (no frames)");
        log->overflowing = true;
    }
    if (log->count >= log->waiting + log->batch)
        pthread_cond_signal(&log->changed);
    pthread_mutex_unlock(&log->lock);
}

void latency_log_frame(struct latency_log *log, const struct pitether_frame *frame)
{
    const struct pitether_times *times = &frame->times;
    struct row row = {
        .epoch = frame->epoch,
        .id = frame->id,
        .first_byte = times->first_byte,
        .last_byte = times->last_byte,
        .error = times->offset_known ? times->error : 0,
        .device = { pitether_frame_host_time(frame, times->sensor),
                    pitether_frame_host_time(frame, times->captured),
                    pitether_frame_host_time(frame, times->encode_start),
                    pitether_frame_host_time(frame, times->encode_end),
                    pitether_frame_host_time(frame, times->send_start),
                    pitether_frame_host_time(frame, times->send_end) },
        .bytes = frame->size,
    };
    add(log, &row);
}

void latency_log_shown(struct latency_log *log, const struct pitether_frame *frame,
                       uint64_t decoded_ns, uint64_t shown_ns)
{
    pthread_mutex_lock(&log->lock);
    for (unsigned i = 0; i < log->count; i++) {
        struct row *row = &log->rows[(log->first + i) % QUEUE];
        if (row->epoch == frame->epoch && row->id == frame->id) {
            row->decoded = decoded_ns;
            row->shown = shown_ns;
        }
    }
    pthread_mutex_unlock(&log->lock);
}

uint64_t latency_log_close(struct latency_log **log, struct grace *grace)
{
    if (!log || !*log)
        return 0;
    struct latency_log *self = *log;
    pthread_mutex_lock(&self->lock);
    self->finishing = true;
    pthread_cond_signal(&self->changed);
    pthread_mutex_unlock(&self->lock);
    cancellable_join(&self->writer, grace, false);
    uint64_t lost = self->lost;
    /* Network file systems may tell of a full disk only here. */
    if (close(self->fd) && errno != EINTR) {
        log_error("latency: %s: the last lines may be lost", strerror(errno));
        lost++; /* one at least */
    }
    discard(self);
    *log = NULL;
    return lost;
}
