/*
 * The picture of one stream: decodes a frame into a texture of YUV planes, whose colours the
 * renderer converts. First thread only.
 */
#ifndef PITETHER_HOST_SINKS_WINDOW_PICTURE_H
#define PITETHER_HOST_SINKS_WINDOW_PICTURE_H

#include <stdbool.h>
#include <stdint.h>

#include "host/jpeg/parallel.h"
#include "host/lib/pitether.h"
#include "host/sinks/window/canvas.h"
#include "host/sinks/window/peaking_chroma.h"
#include "shared/base/log.h"

/* All zeroes at first. */
struct picture {
    SDL_Texture *texture;      /* NULL: there is no picture */
    struct layout_size size;   /* of the texture, in pixels */
    struct jpeg_planes planes; /* without marks; until the decoder is used again */
    bool shows_sharp;          /* the next picture has marks where it is sharp */
    struct peaking_chroma marks;

    struct layout_size oversize; /* was logged, once for each size */
    struct log_limit oversize_limit;
    uint64_t next_warning; /* about a frame that can't be shown */
    unsigned warnings_left_out;
};

/* Decodes the frame and makes it the picture; *decoded_ns: when it was decoded. False if it can't
 * be shown, which is logged at most once a second; then the picture may be gone. name: of the
 * stream, for the log, or NULL. */
bool picture_set(struct picture *picture, const struct canvas *canvas, const char *name,
                 struct jpeg_parallel *decoder, const struct pitether_frame *frame,
                 uint64_t *decoded_ns);

/* The texture: after the render device was lost, or before the canvas is closed. */
void picture_clear(struct picture *picture);

#endif
