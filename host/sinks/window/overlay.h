/*
 * Text over the pictures, in the built-in font. First thread only, but for overlay_wrap(), which is
 * pure.
 */
#ifndef PITETHER_HOST_SINKS_WINDOW_OVERLAY_H
#define PITETHER_HOST_SINKS_WINDOW_OVERLAY_H

#include "host/sinks/window/layout.h"

struct SDL_Renderer;

enum { OVERLAY_LINES = 8, OVERLAY_LINE_MAX = 128 };

/* Breaks the text into lines of at most `columns` (>= 1) characters, at spaces where possible and
 * at each '\n'. A character of several bytes (UTF-8) counts as one, and has no glyph. Returns the
 * number of lines; what doesn't fit is left out. */
unsigned overlay_wrap(const char *text, unsigned columns,
                      char lines[OVERLAY_LINES][OVERLAY_LINE_MAX]);

/* Draws the text on a dark background in the middle of the area, large enough to be read from afar.
 */
void overlay_message(struct SDL_Renderer *renderer, const char *text, struct layout_area area);

/* The side of a font pixel in a label that suits such an area. scale: pixels for a unit of the
 * window's size, 1 or more. */
int overlay_label_side(struct layout_area area, int scale);

/* The height of such a label, pixels. */
int overlay_label_height(int side);

/* Draws the text on a dark background in the area's upper left corner, as one line. What doesn't
 * fit is cut at a " - " if possible. */
void overlay_label(struct SDL_Renderer *renderer, const char *text, struct layout_area area,
                   int side);

/* Dims a picture that is not a live one. */
void overlay_dim(struct SDL_Renderer *renderer, struct layout_area area);

#endif
