#include "host/sinks/window/sheet.h"

enum { DARK = 12 };

const SDL_Color sheet_bright = { 235, 235, 235, SDL_ALPHA_OPAQUE };
const SDL_Color sheet_grey = { 180, 180, 180, SDL_ALPHA_OPAQUE };
const SDL_Color sheet_amber = { 255, 190, 60, SDL_ALPHA_OPAQUE };
const SDL_Color sheet_red = { 255, 100, 90, SDL_ALPHA_OPAQUE };
const SDL_Color sheet_green = { 110, 220, 120, SDL_ALPHA_OPAQUE };
const SDL_Color sheet_blue = { 110, 165, 255, SDL_ALPHA_OPAQUE };

bool sheet_begin(struct sheet *sheet, int width, int height, Uint8 opacity)
{
    width = SDL_max(width, 1);
    height = SDL_max(height, 1);
    sheet->opaque = opacity == SDL_ALPHA_OPAQUE;
    if (sheet->surface && (sheet->surface->w != width || sheet->surface->h != height))
        sheet_clear(sheet);
    if (!sheet->surface)
        sheet->surface =
            SDL_CreateRGBSurfaceWithFormat(0, width, height, 32, SDL_PIXELFORMAT_ARGB8888);
    if (!sheet->surface)
        return false;
    SDL_FillRect(sheet->surface, NULL,
                 SDL_MapRGBA(sheet->surface->format, DARK, DARK, DARK, opacity));
    return true;
}

void sheet_fill(struct sheet *sheet, SDL_Rect area, SDL_Color colour)
{
    SDL_FillRect(sheet->surface, &area,
                 SDL_MapRGBA(sheet->surface->format, colour.r, colour.g, colour.b, colour.a));
}

void sheet_text(struct sheet *sheet, const struct glyphs *glyphs, int x, int y, const char *text,
                SDL_Color colour)
{
    glyphs_draw(glyphs, sheet->surface, (SDL_Point){ x, y }, sheet->surface->w - x, text, colour);
}

void sheet_text_right(struct sheet *sheet, const struct glyphs *glyphs, int x, int y, int max_width,
                      const char *text, SDL_Color colour)
{
    int width = SDL_min(glyphs_width(glyphs, text), max_width);
    glyphs_draw(glyphs, sheet->surface, (SDL_Point){ x - width, y }, width, text, colour);
}

void sheet_end(struct sheet *sheet, SDL_Renderer *renderer)
{
    SDL_Surface *surface = sheet->surface;
    if (!sheet->texture) {
        sheet->texture = SDL_CreateTexture(renderer, SDL_PIXELFORMAT_ARGB8888,
                                           SDL_TEXTUREACCESS_STREAMING, surface->w, surface->h);
        if (!sheet->texture)
            return;
        SDL_SetTextureScaleMode(sheet->texture, SDL_ScaleModeNearest);
        SDL_SetTextureBlendMode(sheet->texture,
                                sheet->opaque ? SDL_BLENDMODE_NONE : SDL_BLENDMODE_BLEND);
    }
    SDL_UpdateTexture(sheet->texture, NULL, surface->pixels, surface->pitch);
}

void sheet_show(const struct sheet *sheet, SDL_Renderer *renderer, int x, int y)
{
    if (!sheet->texture)
        return;
    SDL_Rect place = { x, y, sheet->surface->w, sheet->surface->h };
    SDL_RenderCopy(renderer, sheet->texture, NULL, &place);
}

void sheet_clear(struct sheet *sheet)
{
    if (sheet->texture)
        SDL_DestroyTexture(sheet->texture);
    SDL_FreeSurface(sheet->surface);
    *sheet = (struct sheet){ 0 };
}
