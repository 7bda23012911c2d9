#include "host/sinks/window/glyphs.h"

#include <string.h>

#include "host/sinks/window/font_file.h"
#include "shared/base/font.h"
#include "shared/base/log.h"

enum {
    COUNT = GLYPHS_END - GLYPHS_FIRST,
    BUILT_IN_END = 127,   /* what the built-in font has: printable ASCII */
    BUILT_IN_HEIGHT = 13, /* with characters of so many pixels, a font pixel is one */
    BUILT_IN_LINE = FONT_ROWS + 3
};

static void draw_rows(SDL_Surface *image, char character, int side)
{
    for (unsigned row = 0; row < FONT_ROWS; row++) {
        unsigned bits = font_row(character, row);
        for (int column = 0; column < FONT_COLUMNS; column++) {
            SDL_Rect pixel = { column * side, (int)(row + 1) * side, side, side };
            if (bits >> (FONT_COLUMNS - 1 - column) & 1)
                SDL_FillRect(image, &pixel, SDL_MapRGBA(image->format, 255, 255, 255, 255));
        }
    }
}

static bool make_built_in(struct glyphs *glyphs, int height)
{
    int side = SDL_max((height + BUILT_IN_HEIGHT / 2) / BUILT_IN_HEIGHT, 1);
    glyphs->line = BUILT_IN_LINE * side;
    for (int i = 0; i < COUNT; i++)
        glyphs->advances[i] = FONT_ADVANCE * side;
    for (int character = GLYPHS_FIRST + 1; character < BUILT_IN_END; character++) {
        SDL_Surface *image = SDL_CreateRGBSurfaceWithFormat(0, FONT_COLUMNS * side, glyphs->line,
                                                            32, SDL_PIXELFORMAT_ARGB8888);
        glyphs->images[character - GLYPHS_FIRST] = image;
        if (!image)
            return false;
        SDL_FillRect(image, NULL, 0);
        draw_rows(image, (char)character, side);
    }
    return true;
}

static void make_of_file(struct glyphs *glyphs, struct font_file *font)
{
    glyphs->line = font_file_line_height(font);
    for (unsigned i = 0; i < COUNT; i++)
        glyphs->images[i] = font_file_draw(font, GLYPHS_FIRST + i, &glyphs->advances[i]);
}

bool glyphs_make(struct glyphs *glyphs, int height)
{
    const char *before = glyphs->why, *why;
    if (glyphs->height == height)
        return true;
    glyphs_clear(glyphs);
    struct font_file *font = font_file_open(height, &why);
    bool good = true;
    if (font)
        make_of_file(glyphs, font);
    else
        good = make_built_in(glyphs, height);
    font_file_close(font);
    glyphs->height = good ? height : 0;
    glyphs->why = font || !*why ? NULL : why;
    if (glyphs->why && glyphs->why != before)
        log_info("window: its texts are in the built-in font, since %s", why);
    return good;
}

void glyphs_clear(struct glyphs *glyphs)
{
    for (unsigned i = 0; i < COUNT; i++)
        SDL_FreeSurface(glyphs->images[i]);
    *glyphs = (struct glyphs){ 0 };
}

/* The index of the text's first character, which *text goes behind. */
static unsigned take_character(const struct glyphs *glyphs, const char **text)
{
    const unsigned char *at = (const unsigned char *)*text;
    unsigned character = at[0];
    if (character >= 0xc2 && character <= 0xc3 && (at[1] & 0xc0) == 0x80)
        character = (character & 0x1f) << 6 | (at[1] & 0x3f);
    else if (character >= 0x80)
        character = '?';
    do
        at++;
    while ((*at & 0xc0) == 0x80);
    *text = (const char *)at;
    if (character == 0xb5 && !glyphs->images[character - GLYPHS_FIRST])
        character = 'u'; /* the micro sign */
    if (character > ' ' && (character < GLYPHS_FIRST || !glyphs->images[character - GLYPHS_FIRST]))
        character = '?';
    return character < GLYPHS_FIRST ? 0 : character - GLYPHS_FIRST;
}

int glyphs_width(const struct glyphs *glyphs, const char *text)
{
    int width = 0;
    while (*text)
        width += glyphs->advances[take_character(glyphs, &text)];
    return width;
}

size_t glyphs_line(const struct glyphs *glyphs, const char *text, int width)
{
    const char *at = text, *space = NULL;
    for (int used = 0; *at;) {
        const char *character = at;
        used += glyphs->advances[take_character(glyphs, &at)];
        if (*character == ' ')
            space = character;
        if (used > width && character > text)
            return (size_t)((space && space > text ? space : character) - text);
    }
    return (size_t)(at - text);
}

/* Up to that end of the line; returns where the next character would be. */
static int draw_until(const struct glyphs *glyphs, SDL_Surface *to, SDL_Point at, int end,
                      const char *text, SDL_Color colour)
{
    while (*text) {
        unsigned glyph = take_character(glyphs, &text);
        SDL_Surface *image = glyphs->images[glyph];
        SDL_Rect place = { at.x, at.y, 0, 0 };
        if (at.x + glyphs->advances[glyph] > end)
            break;
        at.x += glyphs->advances[glyph];
        if (!image)
            continue;
        SDL_SetSurfaceColorMod(image, colour.r, colour.g, colour.b);
        SDL_BlitSurface(image, NULL, to, &place);
    }
    return at.x;
}

void glyphs_draw(const struct glyphs *glyphs, SDL_Surface *to, SDL_Point at, int max_width,
                 const char *text, SDL_Color colour)
{
    static const char cut[] = "...";
    int end = at.x + max_width;
    if (glyphs_width(glyphs, text) > max_width) {
        at.x = draw_until(glyphs, to, at, end - glyphs_width(glyphs, cut), text, colour);
        text = cut;
    }
    draw_until(glyphs, to, at, end, text, colour);
}
