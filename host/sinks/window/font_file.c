#include "host/sinks/window/font_file.h"

#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

#define SDL_MAIN_HANDLED /* main() is the program's own */
#include <SDL.h>
#include <SDL_ttf.h>

/* Of Debian, Fedora, Arch, openSUSE and others. */
static const char *const usual[] = {
    "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf",
    "/usr/share/fonts/dejavu-sans-fonts/DejaVuSans.ttf",
    "/usr/share/fonts/TTF/DejaVuSans.ttf",
    "/usr/share/fonts/truetype/DejaVuSans.ttf",
    "/usr/share/fonts/dejavu/DejaVuSans.ttf",
};

static const char *find_font(const char **why)
{
    const char *named = getenv("PITETHER_FONT");
    *why = "";
    if (named)
        return *named ? named : NULL;
    for (size_t i = 0; i < sizeof(usual) / sizeof(*usual); i++)
        if (access(usual[i], R_OK) == 0)
            return usual[i];
    *why = "no font is installed: install fonts-dejavu-core, or name one with PITETHER_FONT";
    return NULL;
}

struct font_file *font_file_open(int height, const char **why)
{
    const char *path = find_font(why);
    if (!path)
        return NULL;
    if (!TTF_WasInit() && TTF_Init()) {
        *why = "SDL2_ttf does not start";
        return NULL;
    }
    TTF_Font *font = TTF_OpenFont(path, height);
    if (!font)
        *why = "the font can't be read: name another one with PITETHER_FONT";
    return (struct font_file *)font;
}

static TTF_Font *ttf_of(const struct font_file *font)
{
    return (TTF_Font *)font;
}

void font_file_close(struct font_file *font)
{
    if (font)
        TTF_CloseFont(ttf_of(font));
}

int font_file_line_height(const struct font_file *font)
{
    return TTF_FontLineSkip(ttf_of(font));
}

struct SDL_Surface *font_file_draw(struct font_file *font, unsigned character, int *advance)
{
    const SDL_Color white = { 255, 255, 255, SDL_ALPHA_OPAQUE };
    char text[3] = { (char)character, 0, 0 };
    if (character >= 0x80) {
        text[0] = (char)(0xc0 | character >> 6);
        text[1] = (char)(0x80 | (character & 0x3f));
    }
    if (!TTF_GlyphIsProvided(ttf_of(font), (Uint16)character) ||
        TTF_GlyphMetrics(ttf_of(font), (Uint16)character, NULL, NULL, NULL, NULL, advance))
        return NULL;
    return TTF_RenderUTF8_Blended(ttf_of(font), text, white);
}
