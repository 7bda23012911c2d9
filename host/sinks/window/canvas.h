/*
 * SDL's side of the window: a resizable window and what draws into it. First thread only.
 */
#ifndef PITETHER_HOST_SINKS_WINDOW_CANVAS_H
#define PITETHER_HOST_SINKS_WINDOW_CANVAS_H

#include <stdbool.h>
#include <stdint.h>

#define SDL_MAIN_HANDLED /* main() is the program's own */
#include <SDL.h>

#include "host/sinks/window/layout.h"
#include "shared/base/attributes.h"
#include "shared/base/error.h"

struct canvas {
    SDL_Window *window;
    SDL_Renderer *renderer;
    int max_width, max_height; /* of a texture; 0: no limit */
};

/* Starts SDL and opens a dark window. 0; -ENODEV, with nothing left open. */
NODISCARD int canvas_open(struct canvas *canvas, const char *title, struct error *error);

/* Closes the window, whose textures must be gone. A canvas that was never opened, all zeroes, is
 * fine. */
void canvas_close(struct canvas *canvas);

/* Begins a picture of the window, dark; size: in pixels. False: it can't be drawn now. */
bool canvas_begin(struct canvas *canvas, struct layout_size *size);

/* The window's size, in pixels. False: not known. */
bool canvas_size(const struct canvas *canvas, struct layout_size *size);

/* Puts on the display what was drawn since. */
void canvas_present(struct canvas *canvas);

/* Pixels for one unit of the window's size, rounded; 2 or more on a display of high density. */
int canvas_scale(const struct canvas *canvas);

/* The pixel at a position in the window. */
SDL_Point canvas_pixel(const struct canvas *canvas, int x, int y);

/* The largest window that fits on the display with its borders. False: it isn't known, or the
 * window is full-screen or maximised and should stay so. */
bool canvas_usable(const struct canvas *canvas, SDL_Rect *usable);

/* Gives the window this size, in the middle of the usable part. */
void canvas_resize(struct canvas *canvas, struct layout_size size, SDL_Rect usable);

/* To or from full screen. */
void canvas_toggle_full_screen(struct canvas *canvas);
bool canvas_is_full_screen(const struct canvas *canvas);

/* Between two refreshes of the window's display, ns. */
uint64_t canvas_refresh_period(const struct canvas *canvas);

#endif
