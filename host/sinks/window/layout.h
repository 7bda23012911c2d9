/*
 * Where the pictures of several streams lie in a window. They lie in rows, in their order; a row's
 * pictures are of one height, so that they fill it whatever their aspects. Of all numbers of rows,
 * the one that shows the largest pictures is taken. Sizes are in pixels. Pure; any thread.
 */
#ifndef PITETHER_HOST_SINKS_WINDOW_LAYOUT_H
#define PITETHER_HOST_SINKS_WINDOW_LAYOUT_H

enum { LAYOUT_MAX = 64 }; /* pictures */

struct layout_size {
    int width, height; /* >= 1 */
};

struct layout_area {
    int x, y, width, height;
};

/* The areas of `count` (1 to LAYOUT_MAX) pictures of these sizes, centred in a window; each keeps
 * its aspect to within a pixel, and is at least one pixel wide and high. gap: between two of them.
 */
void layout_place(struct layout_area *areas, const struct layout_size *pictures, unsigned count,
                  struct layout_size window, int gap);

/* The size of a window, no larger than max, that the pictures fill, and in which none is enlarged
 * if they are all of the same size: a larger one beside smaller ones is shown pixel by pixel. */
struct layout_size layout_window(const struct layout_size *pictures, unsigned count,
                                 struct layout_size max, int gap);

#endif
