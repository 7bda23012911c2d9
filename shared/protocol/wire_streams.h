/*
 * STREAMS, the list of a daemon's streams: its entries, and their encoding. Apart from struct
 * wire_message, which would be many times as large with them. Pure; any thread.
 */
#ifndef PITETHER_SHARED_PROTOCOL_WIRE_STREAMS_H
#define PITETHER_SHARED_PROTOCOL_WIRE_STREAMS_H

#include <stddef.h>
#include <stdint.h>

#include "shared/protocol/wire.h"

enum {
    WIRE_STREAMS_MAX = 32,  /* entries in one message; at least 1 */
    WIRE_STREAM_FIXED = 12, /* bytes of an entry before its texts */
    WIRE_STREAM_ENTRY_MAX = WIRE_STREAM_FIXED + 1 + WIRE_NAME_MAX + 1 + WIRE_TEXT_MAX,
    WIRE_STREAMS_ENCODED_MAX = WIRE_HEADER_SIZE + 1 + WIRE_STREAMS_MAX * WIRE_STREAM_ENTRY_MAX
};

/* NAME/preview, beside a stream NAME, is its preview: a smaller picture of the same camera. */
#define WIRE_PREVIEW_SUFFIX "/preview"

struct wire_stream_entry {
    uint8_t number;         /* stands for the stream in other messages */
    uint8_t state;          /* enum wire_stream_state, or one that a later revision may add */
    uint16_t width, height; /* pixels; both 0: not known yet */
    uint32_t fps_mhz;       /* frames in 1000 s; 0: not known */
    uint16_t view;          /* as in STREAM; 0: not known */
    char name[WIRE_NAME_MAX + 1];
    char model[WIRE_TEXT_MAX + 1]; /* the camera's; may be empty */
};

/* Neither a number nor a name comes twice. */
struct wire_streams {
    unsigned count;
    struct wire_stream_entry entries[WIRE_STREAMS_MAX];
};

/* Writes the whole message to out, which holds WIRE_STREAMS_ENCODED_MAX bytes; returns its size.
 * There is at least one entry, and every name is good. */
size_t wire_encode_streams(const struct wire_streams *streams, uint8_t *out);

/* Of a message of this type. 0; -EBADMSG: no entry, too many, fewer than `count`, a bad name,
 * a name or a number twice, a text that is too long, or a size that no picture may have. */
int wire_decode_streams(const struct wire_raw *raw, struct wire_streams *streams);

/* The stream of this name, or with an empty name the only one that is no preview. NULL: there is
 * none, or there are several. The list's own. */
const struct wire_stream_entry *wire_find_stream(const struct wire_streams *streams,
                                                 const char *name);

/* Writes the names to text, "front, rear", as many as fit into size bytes with a zero; "..." stands
 * for the others. size >= 8. */
void wire_list_names(const struct wire_streams *streams, char *text, size_t size);

#endif
