/*
 * How the list of keys, the values of a frame, the histogram and a notice look. First thread only.
 */
#ifndef PITETHER_HOST_SINKS_WINDOW_OSD_H
#define PITETHER_HOST_SINKS_WINDOW_OSD_H

#include "host/lib/pitether.h"
#include "host/sinks/window/camera.h"
#include "host/sinks/window/histogram.h"
#include "host/sinks/window/layer.h"
#include "host/sinks/window/layout.h"

enum { NOTICE_MAX = 400 }; /* bytes of a notice, with the zero */

/* The keys, in as many columns as fit, and as many pages, of which it draws one. glyphs: made as
 * large as fits, at most so high. Returns the number of pages, 1 or more. */
unsigned osd_keys(struct layer *layer, SDL_Renderer *renderer, struct glyphs *glyphs, int height,
                  struct layout_size window, unsigned page);

/* What the camera reported of the frame, one value a line, as many as fit; with the words and units
 * of its controls. */
void osd_values(struct layer *layer, SDL_Renderer *renderer, const struct glyphs *glyphs,
                const struct pitether_frame *frame, const struct camera *camera,
                struct layout_size most);

void osd_histogram(struct layer *layer, SDL_Renderer *renderer, const struct glyphs *glyphs,
                   const struct histogram *histogram);
/* Its height, pixels. */
int osd_histogram_height(const struct glyphs *glyphs);

/* One line, or some. */
void osd_notice(struct layer *layer, SDL_Renderer *renderer, const struct glyphs *glyphs,
                const char *text, SDL_Color colour, int max_width);

#endif
