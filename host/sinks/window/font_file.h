/*
 * The characters of a font that is installed on this machine, by SDL2_ttf. First thread only.
 */
#ifndef PITETHER_HOST_SINKS_WINDOW_FONT_FILE_H
#define PITETHER_HOST_SINKS_WINDOW_FONT_FILE_H

struct SDL_Surface;
struct font_file;

/* Opens the font with characters of that height, pixels: the file that the environment names as
 * PITETHER_FONT, or else the first of those that systems are known to have. NULL: there is none,
 * and *why says what to do; "" if none is wanted (PITETHER_FONT is empty). */
struct font_file *font_file_open(int height, const char **why);
/* NULL is fine. */
void font_file_close(struct font_file *font);

/* Pixels from one line to the next. */
int font_file_line_height(const struct font_file *font);

/* A character in white, as high as a line, for the caller to free; NULL: there is none. advance: to
 * the next character, pixels. */
struct SDL_Surface *font_file_draw(struct font_file *font, unsigned character, int *advance);

#endif
