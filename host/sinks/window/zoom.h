/*
 * The geometry of zooming and panning, in the picture (a magnified view) or in the camera's sensor
 * (its ScalerCrop), and of places in a picture. Pure.
 */
#ifndef PITETHER_HOST_SINKS_WINDOW_ZOOM_H
#define PITETHER_HOST_SINKS_WINDOW_ZOOM_H

#include <stdbool.h>

#include "host/sinks/window/layout.h"

/* A place in a picture as it is shown: 0 to 1 from the left and from the top. */
struct zoom_point {
    double x, y;
};

/* What is shown of a whole; both in the same units, which don't matter. */
struct zoom_rect {
    double x, y, width, height;
};

/* The whole picture, as fractions of it. */
extern const struct zoom_rect zoom_whole;

/* Where a position in the window lies in the picture's area; false: beside it. */
bool zoom_point_in(struct layout_area area, int x, int y, struct zoom_point *point);

/* What is shown after zooming in by a factor (below 1: out), where what lies at `at` stays there as
 * far as the whole's edges allow. No part is smaller than min, and the aspect is kept. */
struct zoom_rect zoom_at(struct zoom_rect shown, struct zoom_rect whole, struct zoom_rect min,
                         struct zoom_point at, double factor);

/* What is shown after dragging the picture by fractions of what is shown, within the whole. */
struct zoom_rect zoom_drag(struct zoom_rect shown, struct zoom_rect whole, struct zoom_point by);

/* How much larger a thing is shown than in the whole: 1 or more. */
double zoom_factor(struct zoom_rect shown, struct zoom_rect whole);

/* How the camera's picture was turned: mirrored left to right, top to bottom, then transposed. */
struct zoom_turn {
    bool hflip, vflip, transpose;
};

/* Where a place in the picture was before it was turned, and where a movement went. */
struct zoom_point zoom_turn_back(struct zoom_turn turn, struct zoom_point point);
struct zoom_point zoom_turn_move_back(struct zoom_turn turn, struct zoom_point by);

/* A place in the picture in the units of what it shows. */
struct zoom_point zoom_place(struct zoom_rect shown, struct zoom_point point);

/* A square window around a place in the picture, `share` of its shorter side, within the picture,
 * in the units of what it shows. */
struct zoom_rect zoom_window(struct zoom_rect shown, struct zoom_point point, double share);

#endif
