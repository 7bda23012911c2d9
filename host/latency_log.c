#include "host/latency_log.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Lines that wait for their frame to be shown: at 60 fps, a second. */
enum { ROWS = 64 };

struct row {
    uint64_t session, id, first_byte, last_byte, decoded, shown, error;
    uint64_t device[6]; /* sensor to last byte sent, on this machine's clock; 0: not known */
    size_t bytes;
};

struct latency_log {
    FILE *file;
    pthread_mutex_t lock;
    struct row rows[ROWS]; /* a ring, under lock */
    unsigned first, count;
};

int latency_log_open(struct latency_log **log, const char *path, char *error)
{
    struct latency_log *self = *log = calloc(1, sizeof(*self));
    if (self)
        self->file = fopen(path, "we");
    if (!self || !self->file) {
        int code = errno;
        snprintf(error, LATENCY_LOG_ERROR_MAX, "--latency: can't write %.160s: %s", path,
                 strerror(code));
        free(self);
        *log = NULL;
        return -code;
    }
    pthread_mutex_init(&self->lock, NULL);
    fputs("session,id,sensor_ns,captured_ns,encode_start_ns,encode_end_ns,first_sent_ns,"
          "last_sent_ns,first_received_ns,last_received_ns,decoded_ns,shown_ns,clock_error_ns,"
          "bytes\n",
          self->file);
    return 0;
}

/* A time that is not known is an empty field. */
static void put_time(FILE *file, uint64_t time)
{
    if (time)
        fprintf(file, ",%" PRIu64, time);
    else
        fputc(',', file);
}

static void write_oldest(struct latency_log *log)
{
    const struct row *row = &log->rows[log->first];
    fprintf(log->file, "%016" PRIx64 ",%" PRIu64, row->session, row->id);
    for (unsigned i = 0; i < 6; i++)
        put_time(log->file, row->device[i]);
    put_time(log->file, row->first_byte);
    put_time(log->file, row->last_byte);
    put_time(log->file, row->decoded);
    put_time(log->file, row->shown);
    put_time(log->file, row->error);
    fprintf(log->file, ",%zu\n", row->bytes);
    log->first = (log->first + 1) % ROWS;
    log->count--;
}

void latency_log_frame(struct latency_log *log, const struct frame *frame)
{
    const struct frame_times *times = &frame->times;
    pthread_mutex_lock(&log->lock);
    if (log->count == ROWS)
        write_oldest(log);
    log->rows[(log->first + log->count++) % ROWS] = (struct row){
        .session = frame->session,
        .id = frame->id,
        .first_byte = times->first_byte,
        .last_byte = times->last_byte,
        .error = times->offset_known ? times->error : 0,
        .device = { frame_host_time(frame, times->sensor), frame_host_time(frame, times->captured),
                    frame_host_time(frame, times->encode_start),
                    frame_host_time(frame, times->encode_end),
                    frame_host_time(frame, times->send_start),
                    frame_host_time(frame, times->send_end) },
        .bytes = frame->size,
    };
    pthread_mutex_unlock(&log->lock);
}

void latency_log_shown(struct latency_log *log, const struct frame *frame, uint64_t decoded_ns,
                       uint64_t shown_ns)
{
    pthread_mutex_lock(&log->lock);
    for (unsigned i = 0; i < log->count; i++) {
        struct row *row = &log->rows[(log->first + i) % ROWS];
        if (row->session == frame->session && row->id == frame->id) {
            row->decoded = decoded_ns;
            row->shown = shown_ns;
        }
    }
    pthread_mutex_unlock(&log->lock);
}

int latency_log_close(struct latency_log **log)
{
    if (!log || !*log)
        return 0;
    struct latency_log *self = *log;
    while (self->count > 0)
        write_oldest(self);
    int error = ferror(self->file) ? -EIO : 0;
    if (fclose(self->file) && !error)
        error = -errno;
    pthread_mutex_destroy(&self->lock);
    free(self);
    *log = NULL;
    return error;
}
