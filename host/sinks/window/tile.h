/*
 * One stream's place in the window: its picture, its label, and the message over the picture or in
 * its place. First thread only.
 */
#ifndef PITETHER_HOST_SINKS_WINDOW_TILE_H
#define PITETHER_HOST_SINKS_WINDOW_TILE_H

#include <stdbool.h>
#include <stdint.h>

#include "host/lib/pitether.h"
#include "host/sinks/window/camera.h"
#include "host/sinks/window/liveness.h"
#include "host/sinks/window/picture.h"
#include "host/sinks/window/status.h"
#include "host/sinks/window/title.h"
#include "host/sinks/window/zoom.h"

/* All zeroes at first, but for the texts, `part`, and what struct camera says. */
struct tile {
    char *name, *snapshot_dir;
    struct window_status status; /* as of the last tile_update() */
    struct camera camera;
    unsigned told; /* of its messages: the user has seen so many */
    struct picture picture;
    struct zoom_rect part; /* of the picture that is shown: magnified, if not zoom_whole */
    const struct pitether_frame *shown; /* a reference, or NULL: what the picture was made of */
    const struct pitether_frame *taken; /* the same, while it is decoded */
    struct liveness liveness;
    uint64_t taken_ns; /* when the last frame, shown or not, was received; 0: none was */
    char message[LIVENESS_TEXT_MAX + sizeof(((struct window_status *)0)->note)];
    char label[LABEL_MAX];   /* empty: none */
    struct layout_area area; /* of the picture, as it was drawn last */
    int label_side;          /* of a font pixel in the label; 0: none is drawn */
};

/* Releases all but the texture. */
void tile_destroy(struct tile *tile);

/* Makes a frame the picture, and takes its reference over. False: it can't be shown (logged), and
 * the last good one stays. names_stream: the log says which stream's frame it is. */
bool tile_show(struct tile *tile, const struct canvas *canvas, struct jpeg_parallel *decoder,
               const struct pitether_frame *frame, bool names_stream, uint64_t *decoded_ns);

/* After the render device was lost. */
void tile_restore(struct tile *tile, const struct canvas *canvas, struct jpeg_parallel *decoder);

/* From tile->status: sets the message, and the label, for the stream with this number of several
 * (0: there is one). A picture that was frozen is meant to be an old one. Returns when the message
 * is due to change by itself; *changed becomes true if something did. */
uint64_t tile_update(struct tile *tile, unsigned number, bool frozen, uint64_t now_ns,
                     bool *changed);

/* The size of its picture, or before the first one, a usual one. */
struct layout_size tile_size(const struct tile *tile);

/* What the title says of it; valid until the tile changes. */
struct title_stream tile_title(const struct tile *tile);

/* Draws the picture into tile->area, and the message into text_area, beyond which nothing is drawn.
 */
void tile_draw(const struct tile *tile, const struct canvas *canvas, struct layout_area text_area);

#endif
