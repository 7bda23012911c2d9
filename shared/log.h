/*
 * One line an event, on stderr. Any thread; lines are never mixed.
 */
#ifndef PITETHER_SHARED_LOG_H
#define PITETHER_SHARED_LOG_H

#include <stdbool.h>

/*
 * error:   what was asked for can't be done.
 * warning: it goes on, but somebody should look (a peer misbehaved, a camera went away).
 * info:    what a reader of the journal wants to know of a healthy run: starts, stops, clients.
 * debug:   what a developer wants to know; never one line a frame or more.
 */
enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

extern const char *const log_level_names[]; /* "error", ..., then NULL */

/* Call before the first thread starts. program: a static string that begins each line. */
void log_setup(const char *program, enum log_level most);

/* A line on a terminal that log lines must not run into: while set, each log line first wipes the
 * terminal's current line. */
void log_set_progress(bool shown);

void log_write(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

#define log_error(...) log_write(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warning(...) log_write(LOG_LEVEL_WARNING, __VA_ARGS__)
#define log_info(...) log_write(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...) log_write(LOG_LEVEL_DEBUG, __VA_ARGS__)

#endif
