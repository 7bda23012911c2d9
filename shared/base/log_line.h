/*
 * How a line of the log begins: with the program's name and the level, or, where standard error is
 * systemd's journal, as sd-daemon(3) has it.
 */
#ifndef PITETHER_SHARED_BASE_LOG_LINE_H
#define PITETHER_SHARED_BASE_LOG_LINE_H

#include <stddef.h>

/*
 * error:   the requested work can't be done.
 * warning: work continues, but needs attention (a peer misbehaved, a camera went away).
 * info:    the course of a healthy run: starts, stops, clients.
 * debug:   details for developers; never a line for each frame.
 */
enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

extern const char *const log_level_names[]; /* "error", ..., then NULL */

/* As log_setup(): before the first thread starts. */
void log_line_setup(const char *program);

/* Writes the beginning into line, LOG_LINE_MAX bytes; returns its size. Any thread. */
size_t log_line_begin(char *line, enum log_level level);

#endif
