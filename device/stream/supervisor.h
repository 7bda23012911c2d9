/*
 * Runs the camera while it is wanted: starts and stops it on a thread of its own, so that a slow
 * start never holds up the loop, and restarts a camera that stalled or was lost.
 */
#ifndef PITETHER_DEVICE_STREAM_SUPERVISOR_H
#define PITETHER_DEVICE_STREAM_SUPERVISOR_H

#include <stdbool.h>
#include <stdint.h>

#include "device/stream/encoder.h"
#include "device/stream/events.h"
#include "device/stream/sequencer.h"
#include "device/stream/still.h"
#include "device/stream/supervisor_config.h"
#include "shared/base/attributes.h"

struct supervisor;

/* Starts the thread; the camera stays off. 0 or a negative errno, with *supervisor NULL. The
 * encoder and the event queue must outlive it; once it is destroyed, nothing is in work. */
NODISCARD int supervisor_create(struct supervisor **supervisor,
                                const struct supervisor_config *config, struct encoder *encoder,
                                struct stream_events *events);

/* Adds the camera's second output, before anything is wanted. The config's label, encoder and
 * demand count. */
void supervisor_add_preview(struct supervisor *supervisor, const struct sequencer_config *config,
                            struct stream_events *events);

/* Stops the camera for good. Returns at once; when all that the camera gave is encoded, the event
 * queue gets EVENT_FINISHED. Any thread. */
void supervisor_quit(struct supervisor *supervisor);

/* The same, and waits for it, but for so many ns at most. False: the camera, or the encoder, hangs,
 * and supervisor_destroy() would, too. */
NODISCARD bool supervisor_wait(struct supervisor *supervisor, uint64_t ns);

/* Stops the camera for good, waits for it, ends the thread, and nulls the caller's pointer. NULL
 * and *NULL are fine. */
void supervisor_destroy(struct supervisor **supervisor);

/* Whether the camera should run for its main output, and for the second one. Returns at once;
 * events report what comes of it. Any thread. */
void supervisor_want(struct supervisor *supervisor, bool wanted);
void supervisor_want_preview(struct supervisor *supervisor, bool wanted);

/* Has the camera take a still, besides its streams or in their place, or without them. The one
 * requested before must have its answer: see still.h. Returns at once. The loop thread. */
void supervisor_request_still(struct supervisor *supervisor, const struct still_request *request);

/* Nobody waits for it any more. Any thread. */
void supervisor_cancel_still(struct supervisor *supervisor);

/* What the camera did so far. Any thread. */
struct sequencer_totals supervisor_totals(struct supervisor *supervisor);

#endif
