/*
 * The characters of one font at one size, each drawn once: texts are put together from them without
 * the font's library. Of an installed font if there is one, and else the built-in one. First thread
 * only.
 */
#ifndef PITETHER_HOST_SINKS_WINDOW_GLYPHS_H
#define PITETHER_HOST_SINKS_WINDOW_GLYPHS_H

#include <stdbool.h>
#include <stddef.h>

#define SDL_MAIN_HANDLED /* main() is the program's own */
#include <SDL.h>

enum { GLYPHS_FIRST = ' ', GLYPHS_END = 256 }; /* Latin-1; others are a question mark */

/* All zeroes at first. */
struct glyphs {
    int height;                                     /* as it was asked for; 0: there are none */
    int line;                                       /* pixels from one line to the next */
    SDL_Surface *images[GLYPHS_END - GLYPHS_FIRST]; /* white; NULL: there is nothing to draw */
    int advances[GLYPHS_END - GLYPHS_FIRST];
    const char *why; /* why the built-in font is used, for the user; NULL: it is not used */
};

/* Draws all characters with that height, pixels, unless they are there. False: out of memory. */
bool glyphs_make(struct glyphs *glyphs, int height);
void glyphs_clear(struct glyphs *glyphs);

/* The text's width, pixels. Texts are UTF-8. */
int glyphs_width(const struct glyphs *glyphs, const char *text);

/* How many bytes of the text make a line of that width: up to a space if there is one, at least one
 * character, and all of it if it fits. */
size_t glyphs_line(const struct glyphs *glyphs, const char *text, int width);

/* Draws the text, whose upper left corner is there, and no wider than max_width: "..." stands for
 * what doesn't fit. */
void glyphs_draw(const struct glyphs *glyphs, SDL_Surface *to, SDL_Point at, int max_width,
                 const char *text, SDL_Color colour);

#endif
