/*
 * A part of the window that changes less often than its pictures: it is drawn in memory, and then
 * shown with each picture as one texture. First thread only.
 */
#ifndef PITETHER_HOST_SINKS_WINDOW_SHEET_H
#define PITETHER_HOST_SINKS_WINDOW_SHEET_H

#include <stdbool.h>

#include "host/sinks/window/glyphs.h"

/* All zeroes at first. */
struct sheet {
    SDL_Surface *surface;
    SDL_Texture *texture; /* NULL: there is nothing to show */
    bool opaque;          /* costs less to show */
};

extern const SDL_Color sheet_bright, sheet_grey, sheet_amber, sheet_red, sheet_green, sheet_blue;

/* Begins to draw it anew: dark, and as opaque as that. False: out of memory. */
bool sheet_begin(struct sheet *sheet, int width, int height, Uint8 opacity);
void sheet_fill(struct sheet *sheet, SDL_Rect area, SDL_Color colour);
/* A text that begins at x, or ends there and is no wider than that. What doesn't fit is cut. */
void sheet_text(struct sheet *sheet, const struct glyphs *glyphs, int x, int y, const char *text,
                SDL_Color colour);
void sheet_text_right(struct sheet *sheet, const struct glyphs *glyphs, int x, int y, int max_width,
                      const char *text, SDL_Color colour);
/* What was drawn is shown from now on. */
void sheet_end(struct sheet *sheet, SDL_Renderer *renderer);

void sheet_show(const struct sheet *sheet, SDL_Renderer *renderer, int x, int y);

/* It shows nothing any more: before the canvas is closed, after the render device was lost, or
 * because it is not needed. */
void sheet_clear(struct sheet *sheet);

#endif
