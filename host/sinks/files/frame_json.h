/*
 * frames.jsonl: a JSON object a line for each saved frame, with all that the camera reported of it.
 * Pure; any thread.
 */
#ifndef PITETHER_HOST_SINKS_FILES_FRAME_JSON_H
#define PITETHER_HOST_SINKS_FILES_FRAME_JSON_H

#include <stddef.h>
#include <stdint.h>

#include "host/lib/pitether.h"
#include "host/sinks/files/index_file.h"

/* A line has all values of a camera, whatever they are: their names are 128 of 48 bytes at most,
 * and the values 512 bytes, packed. */
enum { FRAME_JSON_LINE_SIZE = 16 << 10 };

extern const struct index_kind frame_json;

/* Writes the line of a frame with its line feed into line (FRAME_JSON_LINE_SIZE bytes), and returns
 * its length. name: the file's, at most FILE_NAME_MAX bytes. wall_ns: CLOCK_REALTIME. Values that
 * do not fit are left out. */
size_t frame_json_line(const struct pitether_frame *frame, const char *name, uint64_t wall_ns,
                       char *line);

#endif
