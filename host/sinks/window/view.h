/*
 * What the window shows: the tiles of all streams side by side, or one of them alone. First thread
 * only.
 */
#ifndef PITETHER_HOST_SINKS_WINDOW_VIEW_H
#define PITETHER_HOST_SINKS_WINDOW_VIEW_H

#include <stdbool.h>

#include "host/sinks/window/canvas.h"
#include "host/sinks/window/instruments.h"
#include "host/sinks/window/tile.h"

enum { VIEW_ALL = -1 };

struct view {
    struct canvas canvas;
    struct tile *tiles[LAYOUT_MAX]; /* not the view's own */
    unsigned count;
    int alone;        /* the index of the tile that is shown alone, or VIEW_ALL */
    unsigned pointed; /* the tile that the pointer was over last */
    struct instruments instruments;
    bool frozen;  /* by the user: pictures stay as they are */
    bool hidden;  /* the window can't be seen */
    bool resized; /* by the user or the window manager: the size stays as it is */
};

/* Whether the tile has a place in the window, be it hidden. */
bool view_has(const struct view *view, unsigned index);

/* Whether a new frame of it would be seen. */
bool view_sees(const struct view *view, unsigned index);

/* The key that shows the tile alone; 0: there is none. */
unsigned view_number(const struct view *view, unsigned index);

/* Shows it alone, or all if that is so already. With one tile there is nothing to choose. */
void view_toggle_alone(struct view *view, unsigned index);

/* The tile at a position in the window (in units of its size), and where in what it shows; NULL:
 * there is none. */
struct tile *view_tile_at(const struct view *view, int x, int y, struct zoom_point *point);

/* The same as view_toggle_alone() for the tile at that position; any position leads back from one
 * to all. */
void view_click(struct view *view, int x, int y);

/* The pointer is there. */
void view_point(struct view *view, int x, int y);

/* The tile that the panel and the instruments belong to: the one that is shown alone, or that the
 * pointer is over. */
struct tile *view_active(const struct view *view);

/* Where the tiles lie, and what of the instruments must be of the frames that are shown. False:
 * nothing can be drawn now. */
bool view_place(struct view *view);

/* The same, and draws all of it. */
void view_draw(struct view *view);

/* Gives the window the size of its pictures, or the largest of that aspect which fits on the
 * display. */
void view_fit_window(struct view *view);

/* Writes the title of what is shown to title, which holds TITLE_MAX bytes. */
void view_title(const struct view *view, char *title);

/* Saves the frames that are shown, or says that there are none. */
void view_save(const struct view *view);

#endif
