/*
 * Focus peaking over a picture: the mask of peaking.h as a texture. First thread only.
 */
#ifndef PITETHER_HOST_SINKS_WINDOW_PEAKS_H
#define PITETHER_HOST_SINKS_WINDOW_PEAKS_H

#include "host/jpeg/decoder.h"
#include "host/sinks/window/canvas.h"
#include "host/sinks/window/zoom.h"

/* All zeroes at first. */
struct peaks {
    SDL_Texture *texture; /* NULL: there is nothing to show */
    uint32_t *mask;       /* allocated */
    int width, height;
};

void peaks_measure(struct peaks *peaks, SDL_Renderer *renderer, const struct jpeg_planes *planes);

/* Shows the part of it that is shown of the picture, where that is. */
void peaks_show(const struct peaks *peaks, SDL_Renderer *renderer, struct zoom_rect part,
                struct layout_area area);

/* As sheet_clear(). */
void peaks_clear(struct peaks *peaks);

#endif
