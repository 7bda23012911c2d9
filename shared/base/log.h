/*
 * One line for each event, on stderr. Any thread; lines are never interleaved.
 *
 * No caller waits for the reader of stderr, be it a full pipe, a slow serial line or a terminal
 * stopped with Ctrl-S: the log writes in a thread of its own, which starts with the first line.
 * Lines that arrive while 64 KiB are waiting are dropped and counted; the log reports their number
 * as soon as it can. A child of fork() must not log.
 */
#ifndef PITETHER_SHARED_BASE_LOG_H
#define PITETHER_SHARED_BASE_LOG_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "shared/base/attributes.h"
#include "shared/base/log_line.h"

/* Call before the first thread starts. program: a static string that begins each line, unless
 * standard error is systemd's journal, which gets the level instead. */
void log_setup(const char *program, enum log_level max);

void log_write(enum log_level level, const char *format, ...) PRINTF_LIKE(2, 3);

/* Takes a thread's lines in the place of stderr, of every level, without a prefix and a line feed.
 * write: NULL throws them away. */
struct log_handler {
    void (*write)(void *user, enum log_level level, const char *line);
    void *user;
};

/* From here on the calling thread's lines go to the handler, which must outlive that; NULL: to
 * stderr. Returns the one before. A thread that has a handler does not start the log's own. */
const struct log_handler *log_set_handler(const struct log_handler *handler);

/* For text that goes to stderr unchanged, whatever the level: each line is written when it is
 * complete, between lines of the log. Stays open. */
FILE *log_stream(void);

/* Draws a line (cut at LOG_WRITER_PROGRESS_MAX - 1 bytes) on the terminal that stderr is, replacing
 * the previous one, below all other lines; "" clears it. Only the newest waits to be drawn. */
void log_progress(const char *line);

/* Waits until all is written, as long as writing makes progress. Runs automatically at exit. */
void log_flush(void);

/* For lines that a peer or a broken camera could cause endlessly: 20 pass in 10 seconds, and the
 * next one after that reports how many did not. Zeroed at first; one thread, or under a lock. */
struct log_limit {
    uint64_t begin_ns; /* of the current 10 s; CLOCK_MONOTONIC */
    unsigned passed, suppressed;
};

bool log_passes(struct log_limit *limit);

#define log_warning_limited(limit, ...)                                                            \
    do {                                                                                           \
        if (log_passes(limit))                                                                     \
            log_warning(__VA_ARGS__);                                                              \
    } while (0)

#define log_error(...) log_write(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warning(...) log_write(LOG_LEVEL_WARNING, __VA_ARGS__)
#define log_info(...) log_write(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...) log_write(LOG_LEVEL_DEBUG, __VA_ARGS__)

#endif
