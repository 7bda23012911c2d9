/*
 * From a frame to the canvas's picture. First thread only.
 */
#ifndef PITETHER_HOST_SINKS_WINDOW_PICTURE_H
#define PITETHER_HOST_SINKS_WINDOW_PICTURE_H

#include <stdbool.h>
#include <stdint.h>

#include "host/jpeg/parallel.h"
#include "host/lib/pitether.h"
#include "host/sinks/window/canvas.h"

struct window_picture {
    struct jpeg_parallel *decoder;
    uint64_t next_complaint;
    unsigned complaints_muted;
};

/* 0 or -ENOMEM. */
int window_picture_init(struct window_picture *picture);

/* One that is all zeroes is fine. */
void window_picture_destroy(struct window_picture *picture);

/* Decodes the frame into the canvas, and says when that was done. False if that can't be; then the
 * user has been told, in one line a second at most. */
bool window_picture_set(struct window_picture *picture, struct canvas *canvas,
                        const struct pitether_frame *frame, uint64_t *decoded_ns);

#endif
