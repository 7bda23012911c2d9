/*
 * Text over the window's picture, in the built-in font. First thread only, but for
 * window_text_wrap(), which is pure.
 */
#ifndef PITETHER_HOST_SINKS_WINDOW_TEXT_H
#define PITETHER_HOST_SINKS_WINDOW_TEXT_H

struct SDL_Renderer;

enum { WINDOW_TEXT_LINES = 8, WINDOW_TEXT_LINE_MAX = 128 };

/* The text's lines, of `columns` characters (>= 1) at most, broken at spaces where that is possible
 * and at each '\n'. A character of several bytes (UTF-8) is one, and has no glyph. Returns how many
 * lines there are; what has no room is left out. */
unsigned window_text_wrap(const char *text, unsigned columns,
                          char lines[WINDOW_TEXT_LINES][WINDOW_TEXT_LINE_MAX]);

/* Draws the text on a dark plate in the middle of an area of so many pixels, as large as is easy to
 * read in it. */
void window_text_draw(struct SDL_Renderer *renderer, const char *text, int width, int height);

#endif
