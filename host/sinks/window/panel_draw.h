/*
 * How the panel of controls looks. First thread only.
 */
#ifndef PITETHER_HOST_SINKS_WINDOW_PANEL_DRAW_H
#define PITETHER_HOST_SINKS_WINDOW_PANEL_DRAW_H

#include "host/sinks/window/layer.h"
#include "host/sinks/window/layout.h"
#include "host/sinks/window/panel.h"

/* Draws it into a layer that is as high as the window, and no wider. title: of the stream, where
 * there are several; else "". */
void panel_draw(struct layer *layer, SDL_Renderer *renderer, const struct glyphs *glyphs,
                const struct panel *panel, const struct panel_context *context, const char *title,
                struct layout_size window);

/* The row at that height in the layer, as panel_draw() draws it; -1: none. */
int panel_draw_row_at(const struct glyphs *glyphs, const struct panel *panel,
                      const struct panel_context *context, struct layout_size window, int y);

#endif
