/*
 * A part of the window that changes less often than its pictures: it is drawn in memory, and then
 * shown with each picture as one texture. First thread only.
 */
#ifndef PITETHER_HOST_SINKS_WINDOW_LAYER_H
#define PITETHER_HOST_SINKS_WINDOW_LAYER_H

#include <stdbool.h>

#include "host/sinks/window/glyphs.h"

/* All zeroes at first. */
struct layer {
    SDL_Surface *surface;
    SDL_Texture *texture; /* NULL: there is nothing to show */
    bool opaque;          /* costs less to show */
};

extern const SDL_Color layer_bright, layer_grey, layer_amber, layer_red, layer_green, layer_blue;

/* Begins to draw it anew: dark, and as opaque as that. False: out of memory. */
bool layer_begin(struct layer *layer, int width, int height, Uint8 opacity);
void layer_fill(struct layer *layer, SDL_Rect area, SDL_Color colour);
/* A text that begins at x, or ends there and is no wider than that. What doesn't fit is cut. */
void layer_text(struct layer *layer, const struct glyphs *glyphs, int x, int y, const char *text,
                SDL_Color colour);
void layer_text_right(struct layer *layer, const struct glyphs *glyphs, int x, int y, int max_width,
                      const char *text, SDL_Color colour);
/* What was drawn is shown from now on. */
void layer_end(struct layer *layer, SDL_Renderer *renderer);

void layer_show(const struct layer *layer, SDL_Renderer *renderer, int x, int y);

/* It shows nothing any more: before the canvas is closed, after the render device was lost, or
 * because it is not needed. */
void layer_clear(struct layer *layer);

#endif
