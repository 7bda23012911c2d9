/*
 * All streams of the daemon, from the options to their end. The main thread.
 */
#ifndef PITETHER_DEVICE_STREAMS_H
#define PITETHER_DEVICE_STREAMS_H

#include "device/encode/pool.h"
#include "device/exit_code.h"
#include "device/options.h"
#include "device/source.h"
#include "device/stream/stream.h"
#include "shared/base/attributes.h"
#include "shared/protocol/wire.h"

struct streams {
    struct source sources[DEVICE_STREAMS_MAX]; /* until the streams take their cameras over */
    struct encode_pool *pool;
    /* By number: one for each camera, then their previews. */
    struct stream *items[2 * DEVICE_STREAMS_MAX];
    unsigned cameras, count; /* of them; of all */
    /* See struct stream_config. */
    char labels[DEVICE_STREAMS_MAX][WIRE_NAME_MAX + 3];
    char preview_names[DEVICE_STREAMS_MAX][WIRE_NAME_MAX + 1];
    char preview_labels[DEVICE_STREAMS_MAX][WIRE_NAME_MAX + 3];
};

/* Opens the cameras that the options name, and checks what the options set them to, as far as they
 * are there. Starts no thread. On failure streams_close() is still
 * due. */
NODISCARD enum exit_code streams_open(struct streams *streams,
                                      const struct device_options *options);

/* Starts the streams' threads. The options must outlive them. On failure streams_close() is still
 * due. */
NODISCARD enum exit_code streams_start(struct streams *streams,
                                       const struct device_options *options);

/* Stops all cameras, and frees all streams but those whose camera hangs: what such a camera uses
 * stays in use. EXIT_CAMERA if there is one, which the log names; then the process can only be left
 * by _exit(). All clients must be gone. */
NODISCARD enum exit_code streams_close(struct streams *streams);

#endif
