/*
 * What the tests of the host's modules share: a daemon's side of a conversation as bytes, frames to
 * give to a sink, and what was written to stderr.
 */
#ifndef PITETHER_TESTS_UNIT_HOST_HOST_SUPPORT_H
#define PITETHER_TESTS_UNIT_HOST_HOST_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "host/base/grace.h"
#include "host/lib/frame.h"
#include "host/sinks/registry.h"
#include "shared/controls/metadata.h"
#include "shared/protocol/wire_controls.h"
#include "shared/protocol/wire_streams.h"

enum {
    SCRIPT_EPOCH = 0xC0FFEE,
    SCRIPT_WIDTH = 640,
    SCRIPT_HEIGHT = 480,
    SCRIPT_EXPOSURE_US = 8000
};
/* The smallest frame that is a JPEG by its markers. */
enum { SCRIPT_FRAME_MIN = 17 };

/* What a daemon sends, in a row. Zeroed: nothing. */
struct script {
    uint8_t *bytes;
    size_t size, capacity;
    bool names_due; /* METADATA goes with the next STREAM */
};

void script_free(struct script *script);
void script_add(struct script *script, const void *bytes, size_t size);
void script_say(struct script *script, const struct wire_message *message);
/* A message that wire_encode() would not make: these bytes are its fixed part. */
void script_raw(struct script *script, uint8_t type, const void *fixed, uint16_t size);

extern const struct wire_streams script_one_stream; /* number 0, "camera" */
void script_streams(struct script *script, const struct wire_streams *streams);
/* Opening, HELLO of this epoch, STREAMS with that one stream. */
void script_greet(struct script *script, uint64_t epoch);
/* The first one after script_greet() comes with the names of what script_head() tells. */
void script_stream(struct script *script, uint64_t first_id);
void script_status(struct script *script, unsigned state, const char *text);
void script_ping(struct script *script, uint64_t t1);
void script_drops(struct script *script, uint64_t first, uint32_t count, unsigned reason);
void script_end(struct script *script, unsigned reason, uint64_t delivered, uint64_t dropped);
void script_error(struct script *script, unsigned code, const char *text);

/* A camera's ExposureTime (1 to 1000 µs) and AfMode (Manual, Auto), as CONTROLS; the caller clears
 * it. */
struct control_table script_table(void);
/* All messages of the list. */
void script_controls(struct script *script, const struct control_table *table);
void script_changed(struct script *script, const struct wire_changed *changed);
/* What became of ExposureTime=asked: `now` is in force from frame 7 on. */
void script_answer(struct script *script, uint32_t request, int32_t asked, int32_t now);

/* Its ExposureTime is SCRIPT_EXPOSURE_US. */
void script_head(struct script *script, uint64_t id);
/* The bytes [from, from + size) of frame `id`, which has `whole` bytes. */
void script_part(struct script *script, uint64_t id, size_t from, size_t size, size_t whole);
/* The right TAIL of a frame of that size. */
void script_tail(struct script *script, uint64_t id, size_t size);
void script_abort(struct script *script, uint64_t id);
/* The whole frame, in so many parts. */
void script_frame(struct script *script, uint64_t id, size_t size, unsigned parts);

/* Whether this is what script_frame() sent: a JPEG of SCRIPT_WIDTH and SCRIPT_HEIGHT by its
 * markers, with bytes of the frame's own between them. */
bool script_frame_is_right(const uint8_t *data, uint64_t id, size_t size);

/* Frames that no session looks at: each has bytes of its own. */
uint8_t frame_byte(uint64_t id, size_t at);
bool frame_is_right(const uint8_t *data, uint64_t id, size_t size);

/* The whole frame `id` from a pool, with times of its own; the caller's. */
struct pitether_frame *frame_make(struct frame_pool *pool, uint64_t id, size_t size);

/* What a camera tells of a frame, by names of its own. Zeroed: nothing. */
struct told {
    struct metadata_names names;
    struct metadata metadata;
};

void told_add(struct told *told, const char *name, struct value value);
/* All of it becomes the frame's. */
void frame_tell(struct pitether_frame *frame, const struct told *told);

/* Opens a kind's sink of one stream, called `label`, as it is opened by the program; its owner does
 * nothing. */
int open_sink(const struct sink_kind *kind, const struct host_options *options, const char *label,
              struct sink **sink, struct error *error);

/* As after one signal, with so long a grace period. */
struct grace grace_of(uint64_t ns);

/* No file may be longer; 0: any length. Writes fail with EFBIG then, after what still fits. */
void limit_files(size_t size);

/* From stderr_capture() on, what is written to stderr is kept. stderr_text() returns all of it so
 * far, valid until the next call; stderr_release() ends it, and is harmless without a begin. */
void stderr_capture(void);
const char *stderr_text(void);
void stderr_release(void);
unsigned count_text(const char *text, const char *wanted);

#endif
