/*
 * The outputs of one camera while it runs for its streams: the main one and, if the camera has one,
 * a smaller second one. Each has a sequencer, an encoder and events of its own; the camera's state
 * is the same for both.
 */
#ifndef PITETHER_DEVICE_STREAM_OUTPUTS_H
#define PITETHER_DEVICE_STREAM_OUTPUTS_H

#include <stdbool.h>
#include <stdint.h>

#include "device/camera/camera.h"
#include "device/stream/encoder.h"
#include "device/stream/events.h"
#include "device/stream/sequencer.h"

enum { OUTPUTS_MAX = CAMERA_PREVIEW + 1 };

struct output {
    struct sequencer sequencer;
    struct encoder *encoder; /* NULL: there is no such output */
    struct stream_events *events;
};

struct outputs {
    struct output items[OUTPUTS_MAX]; /* by enum camera_output */
};

/* The encoder that config names, and the events, must outlive the outputs. Not while the camera is
 * started. */
void outputs_add(struct outputs *outputs, enum camera_output which,
                 const struct sequencer_config *config, struct stream_events *events);

/* They must be shut. */
void outputs_destroy(struct outputs *outputs);

/* The camera's thread: a picture, lent until raw_frame_release(); a frame that is lost in all
 * outputs. */
void outputs_frame(struct outputs *outputs, struct raw_frame *frame);
void outputs_lost(struct outputs *outputs, uint32_t sequence, enum wire_drop_reason reason);

/* For each run of the camera: before its start; once it runs, in this mode; after its stop, or a
 * start that failed. */
void outputs_expect(struct outputs *outputs);
void outputs_open(struct outputs *outputs, const struct camera_mode *mode);
void outputs_shut(struct outputs *outputs);

/* While they are shut: see sequencer_bridge(). */
void outputs_bridge(struct outputs *outputs, double fps);

/* Reports the camera's state, or the end, to all. */
void outputs_status(struct outputs *outputs, enum wire_stream_state state, const char *text);
void outputs_finished(struct outputs *outputs);

/* Waits until all pictures of the camera are encoded; whether they are. */
void outputs_drain(struct outputs *outputs);
bool outputs_idle(struct outputs *outputs);

#endif
