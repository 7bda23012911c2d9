/*
 * The daemon's streams as STREAMS lists them. The loop thread alone.
 */
#ifndef PITETHER_DEVICE_SERVE_STREAM_LIST_H
#define PITETHER_DEVICE_SERVE_STREAM_LIST_H

#include "device/stream/stream.h"
#include "shared/protocol/wire_streams.h"

/* As they are now. 1 to WIRE_STREAMS_MAX streams. */
void stream_list_fill(struct wire_streams *list, struct stream *const *streams, unsigned count);

/* The number of the stream that a receiver requests by this name; empty: of the only one. -1, with
 * a text for the receiver that lists the names: there is none, or there are several. */
int stream_list_find(struct stream *const *streams, unsigned count, const char *name,
                     char text[WIRE_BLOB_TEXT_MAX + 1]);

#endif
