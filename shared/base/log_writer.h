/*
 * Writes lines to standard error in a thread of its own, which starts with the first one, so that
 * no caller waits for a reader. Without a thread, what standard error takes at once is written. Any
 * thread; see log.h for what is lost when.
 */
#ifndef PITETHER_SHARED_BASE_LOG_WRITER_H
#define PITETHER_SHARED_BASE_LOG_WRITER_H

#include <stddef.h>

enum { LOG_WRITER_PROGRESS_MAX = 512 };

/* Adds a line of 1..LOG_LINE_MAX bytes, which ends in a line feed. Keeps errno. */
void log_writer_put(const char *line, size_t size);

/* See log_progress() and log_flush(). */
void log_writer_progress(const char *line);
void log_writer_flush(void);

#endif
