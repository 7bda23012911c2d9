/*
 * Runs the camera while somebody watches: starts and stops it on a thread of its own, so that a
 * slow start never holds up the loop; gives frames their ids; takes a lost camera up again.
 */
#ifndef PITETHER_DEVICE_CAPTURE_H
#define PITETHER_DEVICE_CAPTURE_H

#include <stdbool.h>
#include <stdint.h>

#include "device/camera.h"
#include "device/encoder.h"
#include "device/hub.h"

struct capture_config {
    const struct camera_ops *ops;
    struct camera *camera; /* open, not started; stays the caller's */
    uint64_t frame_limit;  /* stop for good after so many captures, as by capture_quit(); 0: none */
};

/* What the camera did so far. */
struct capture_totals {
    uint64_t ids;      /* frame ids given out, lost frames included */
    uint64_t captures; /* pictures handed to the encoder */
};

struct capture_control;

/* Starts the thread; the camera stays off. 0 or a negative errno, with *control NULL. The encoder
 * and the hub must outlive it; once it is destroyed, nothing is in work. */
int capture_create(struct capture_control **control, const struct capture_config *config,
                   struct encoder *encoder, struct hub *hub);

/* Stops the camera for good. Returns at once; when all that the camera gave is encoded, the hub is
 * told HUB_FINISHED. Any thread. */
void capture_quit(struct capture_control *control);

/* The same, waits for it, ends the thread, and nulls the caller's pointer. NULL and *NULL are
 * fine. */
void capture_destroy(struct capture_control **control);

/* Whether the camera should run. Returns at once; the hub tells what comes of it. Any thread. */
void capture_want(struct capture_control *control, bool wanted);

/* Any thread. */
struct capture_totals capture_totals(struct capture_control *control);

#endif
