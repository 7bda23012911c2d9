#include "host/sinks/window/layer.h"

enum { DARK = 12 };

const SDL_Color layer_bright = { 235, 235, 235, SDL_ALPHA_OPAQUE };
const SDL_Color layer_grey = { 180, 180, 180, SDL_ALPHA_OPAQUE };
const SDL_Color layer_amber = { 255, 190, 60, SDL_ALPHA_OPAQUE };
const SDL_Color layer_red = { 255, 100, 90, SDL_ALPHA_OPAQUE };
const SDL_Color layer_green = { 110, 220, 120, SDL_ALPHA_OPAQUE };
const SDL_Color layer_blue = { 110, 165, 255, SDL_ALPHA_OPAQUE };

bool layer_begin(struct layer *layer, int width, int height, Uint8 opacity)
{
    width = SDL_max(width, 1);
    height = SDL_max(height, 1);
    layer->opaque = opacity == SDL_ALPHA_OPAQUE;
    if (layer->surface && (layer->surface->w != width || layer->surface->h != height))
        layer_clear(layer);
    if (!layer->surface)
        layer->surface =
            SDL_CreateRGBSurfaceWithFormat(0, width, height, 32, SDL_PIXELFORMAT_ARGB8888);
    if (!layer->surface)
        return false;
    SDL_FillRect(layer->surface, NULL,
                 SDL_MapRGBA(layer->surface->format, DARK, DARK, DARK, opacity));
    return true;
}

void layer_fill(struct layer *layer, SDL_Rect area, SDL_Color colour)
{
    SDL_FillRect(layer->surface, &area,
                 SDL_MapRGBA(layer->surface->format, colour.r, colour.g, colour.b, colour.a));
}

void layer_text(struct layer *layer, const struct glyphs *glyphs, int x, int y, const char *text,
                SDL_Color colour)
{
    glyphs_draw(glyphs, layer->surface, (SDL_Point){ x, y }, layer->surface->w - x, text, colour);
}

void layer_text_right(struct layer *layer, const struct glyphs *glyphs, int x, int y, int max_width,
                      const char *text, SDL_Color colour)
{
    int width = SDL_min(glyphs_width(glyphs, text), max_width);
    glyphs_draw(glyphs, layer->surface, (SDL_Point){ x - width, y }, width, text, colour);
}

void layer_end(struct layer *layer, SDL_Renderer *renderer)
{
    SDL_Surface *surface = layer->surface;
    if (!layer->texture) {
        layer->texture = SDL_CreateTexture(renderer, SDL_PIXELFORMAT_ARGB8888,
                                           SDL_TEXTUREACCESS_STREAMING, surface->w, surface->h);
        if (!layer->texture)
            return;
        SDL_SetTextureScaleMode(layer->texture, SDL_ScaleModeNearest);
        SDL_SetTextureBlendMode(layer->texture,
                                layer->opaque ? SDL_BLENDMODE_NONE : SDL_BLENDMODE_BLEND);
    }
    SDL_UpdateTexture(layer->texture, NULL, surface->pixels, surface->pitch);
}

void layer_show(const struct layer *layer, SDL_Renderer *renderer, int x, int y)
{
    if (!layer->texture)
        return;
    SDL_Rect place = { x, y, layer->surface->w, layer->surface->h };
    SDL_RenderCopy(renderer, layer->texture, NULL, &place);
}

void layer_clear(struct layer *layer)
{
    if (layer->texture)
        SDL_DestroyTexture(layer->texture);
    SDL_FreeSurface(layer->surface);
    *layer = (struct layer){ 0 };
}
