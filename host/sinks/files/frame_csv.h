/*
 * frames.csv: its name, its head, and the line of a saved frame, as text, and the name of the file
 * in such a line. Pure; any thread.
 */
#ifndef PITETHER_HOST_SINKS_FILES_FRAME_CSV_H
#define PITETHER_HOST_SINKS_FILES_FRAME_CSV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "host/lib/pitether.h"
#include "host/sinks/files/index_file.h"

enum { FRAME_CSV_LINE_SIZE = 816 };

extern const struct index_kind frame_csv;

/* Writes the line of a frame with its line feed into line (FRAME_CSV_LINE_SIZE bytes), and
 * returns its length. name: the file's, at most FILE_NAME_MAX bytes. wall_ns: CLOCK_REALTIME. */
size_t frame_csv_line(const struct pitether_frame *frame, const char *name, uint64_t wall_ns,
                      char *line);

/* The file's name in a line of an index: into name (FILE_NAME_MAX + 1 bytes). false: there is none,
 * or it is too long to be one of ours. */
bool frame_csv_name_of(const char *line, size_t size, char *name);

#endif
