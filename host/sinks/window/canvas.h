/*
 * What the window is made of on SDL's side: a resizable window, a renderer and a texture of YUV
 * planes, whose colours the renderer converts. First thread only.
 */
#ifndef PITETHER_HOST_SINKS_WINDOW_CANVAS_H
#define PITETHER_HOST_SINKS_WINDOW_CANVAS_H

#include <stdint.h>

#define SDL_MAIN_HANDLED /* main() is the program's own */
#include <SDL.h>

#include "host/jpeg/decoder.h"
#include "shared/base/log.h"

struct canvas {
    SDL_Window *window;
    SDL_Renderer *renderer;
    SDL_Texture *texture;        /* NULL: there is no picture */
    int width, height;           /* pixels of the texture */
    int max_width, max_height;   /* of a texture; 0: no limit */
    const char *text;            /* over it, which is dim then; NULL: none. Not the canvas's own */
    int told_width, told_height; /* the user knows that this size is too large */
    struct log_limit told_limit; /* ... but sizes that change all the time must not fill the log */
};

/* Starts SDL and opens a dark window. 0, or -ENODEV: nothing is left open, and error holds a line
 * for the user (WINDOW_ERROR_MAX bytes). */
int canvas_open(struct canvas *canvas, const char *title, char *error);

/* Closes the window. A canvas that was never opened, all zeroes, is fine. */
void canvas_close(struct canvas *canvas);

/* Makes planes the picture; canvas_present() shows it. 0; -EFBIG: the renderer takes no textures of
 * that size (logged once a size); -EIO: SDL_GetError() tells more. On error the picture may be
 * gone. */
int canvas_set_picture(struct canvas *canvas, const struct jpeg_planes *planes);

/* After the render device was lost: the picture must be set again. */
void canvas_forget_picture(struct canvas *canvas);

/* Draws the picture, if there is one, as large as fits with its aspect kept; and the text. */
void canvas_present(struct canvas *canvas);

/* Gives the window the picture's own size, or the largest of that aspect which the display's usable
 * part holds. Leaves a full-screen or maximised window as it is. */
void canvas_fit_window(struct canvas *canvas);

void canvas_toggle_full_screen(struct canvas *canvas);

/* Between two refreshes of the window's display, ns. */
uint64_t canvas_refresh_period(const struct canvas *canvas);

#endif
