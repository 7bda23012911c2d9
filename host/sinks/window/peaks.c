#include "host/sinks/window/peaks.h"

#include <stdlib.h>

#include "host/sinks/window/peaking.h"

static bool prepare(struct peaks *peaks, SDL_Renderer *renderer, int width, int height)
{
    if (peaks->texture && peaks->width == width && peaks->height == height)
        return true;
    peaks_clear(peaks);
    if (width < 1 || height < 1)
        return false;
    peaks->mask = malloc((size_t)width * (size_t)height * sizeof(*peaks->mask));
    if (peaks->mask)
        peaks->texture = SDL_CreateTexture(renderer, SDL_PIXELFORMAT_ARGB8888,
                                           SDL_TEXTUREACCESS_STREAMING, width, height);
    if (!peaks->texture) {
        peaks_clear(peaks);
        return false;
    }
    SDL_SetTextureBlendMode(peaks->texture, SDL_BLENDMODE_BLEND);
    peaks->width = width;
    peaks->height = height;
    return true;
}

void peaks_measure(struct peaks *peaks, SDL_Renderer *renderer, const struct jpeg_planes *planes)
{
    int width = (int)planes->width / 2, height = (int)planes->height / 2;
    if (!prepare(peaks, renderer, width, height))
        return;
    peaking_measure(planes, peaks->mask, (size_t)width);
    SDL_UpdateTexture(peaks->texture, NULL, peaks->mask, width * (int)sizeof(*peaks->mask));
}

void peaks_show(const struct peaks *peaks, SDL_Renderer *renderer, struct zoom_rect part,
                struct layout_area area)
{
    if (!peaks->texture)
        return;
    SDL_Rect from = { (int)(part.x * peaks->width), (int)(part.y * peaks->height),
                      SDL_max((int)(part.width * peaks->width), 1),
                      SDL_max((int)(part.height * peaks->height), 1) };
    SDL_Rect to = { area.x, area.y, area.width, area.height };
    SDL_RenderCopy(renderer, peaks->texture, &from, &to);
}

void peaks_clear(struct peaks *peaks)
{
    if (peaks->texture)
        SDL_DestroyTexture(peaks->texture);
    free(peaks->mask);
    *peaks = (struct peaks){ 0 };
}
