/*
 * Runs the camera while somebody watches: starts and stops it on a thread of its own, so that a
 * slow start never holds up the loop, and takes a camera up again that stalled or was lost.
 */
#ifndef PITETHER_DEVICE_CAPTURE_H
#define PITETHER_DEVICE_CAPTURE_H

#include <stdbool.h>
#include <stdint.h>

#include "device/camera.h"
#include "device/encoder.h"
#include "device/hub.h"
#include "device/intake.h"

struct capture_config {
    const struct camera_ops *ops;
    struct camera *camera; /* open, not started; stays the caller's */
    uint64_t frame_limit;  /* stop for good after so many captures, as by capture_quit(); 0: none */
    struct demand *demand; /* which pictures are worth encoding; NULL: all */
    uint64_t patience_ns;  /* for how long a camera may say nothing; 0: camera_patience_ns() */
};

struct capture_control;

/* Starts the thread; the camera stays off. 0 or a negative errno, with *control NULL. The encoder
 * and the hub must outlive it; once it is destroyed, nothing is in work. */
int capture_create(struct capture_control **control, const struct capture_config *config,
                   struct encoder *encoder, struct hub *hub);

/* Stops the camera for good. Returns at once; when all that the camera gave is encoded, the hub is
 * told HUB_FINISHED. Any thread. */
void capture_quit(struct capture_control *control);

/* The same, and waits for it, but for so many ns at most. False: the camera, or the encoder, hangs,
 * and capture_destroy() would, too. */
bool capture_wait(struct capture_control *control, uint64_t ns);

/* Stops the camera for good, waits for it, ends the thread, and nulls the caller's pointer. NULL
 * and *NULL are fine. */
void capture_destroy(struct capture_control **control);

/* Whether the camera should run. Returns at once; the hub tells what comes of it. Any thread. */
void capture_want(struct capture_control *control, bool wanted);

/* What the camera did so far. Any thread. */
struct intake_totals capture_totals(struct capture_control *control);

#endif
