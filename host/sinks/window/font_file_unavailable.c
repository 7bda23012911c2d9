/*
 * A build without SDL2_ttf: all texts are in the built-in font.
 */
#include <stddef.h>

#include "host/sinks/window/font_file.h"

struct font_file *font_file_open(int height, const char **why)
{
    (void)height;
    *why = "this pitether was built without SDL2_ttf";
    return NULL;
}

void font_file_close(struct font_file *font)
{
    (void)font;
}

int font_file_line_height(const struct font_file *font)
{
    (void)font;
    return 0;
}

struct SDL_Surface *font_file_draw(struct font_file *font, unsigned character, int *advance)
{
    (void)font;
    (void)character;
    *advance = 0;
    return NULL;
}
