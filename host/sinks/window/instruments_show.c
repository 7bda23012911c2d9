/*
 * Puts on the window what instruments.c has drawn.
 */
#include <math.h>

#include "host/sinks/window/instruments.h"
#include "host/sinks/window/overlay.h"
#include "shared/base/clock.h"

#define MARK_TIME (3 * CLOCK_SECOND)
#define MARK_SHARE (1.0 / 6) /* of the picture's shorter side */

enum { MARGIN = INSTRUMENTS_MARGIN, THIRDS = 3, GRID_OPACITY = 110, MARK_THICK = 2 };

/* AfState, as libcamera has it. */
enum { AF_SCANNING = 1, AF_FOCUSED = 2, AF_FAILED = 3 };

void instruments_mark(struct instruments *instruments, struct zoom_point point, uint64_t now)
{
    instruments->mark = point;
    instruments->mark_until = now + MARK_TIME;
}

static SDL_Color mark_colour(const struct pitether_frame *frame)
{
    double state = frame ? pitether_frame_number(frame, "AfState") : NAN;
    if (state == AF_SCANNING)
        return layer_amber;
    if (state == AF_FOCUSED)
        return layer_green;
    return state == AF_FAILED ? layer_red : layer_bright;
}

static void show_mark(const struct instruments *instruments, SDL_Renderer *renderer,
                      const struct tile *tile)
{
    const struct layout_area *area = &tile->area;
    SDL_Color colour = mark_colour(tile->shown);
    int side = (int)(SDL_min(area->width, area->height) * MARK_SHARE);
    SDL_Rect square = { area->x + (int)(instruments->mark.x * area->width) - side / 2,
                        area->y + (int)(instruments->mark.y * area->height) - side / 2, side,
                        side };
    SDL_SetRenderDrawColor(renderer, colour.r, colour.g, colour.b, SDL_ALPHA_OPAQUE);
    for (int i = 0; i < MARK_THICK; i++) {
        SDL_RenderDrawRect(renderer, &square);
        square = (SDL_Rect){ square.x + 1, square.y + 1, square.w - 2, square.h - 2 };
    }
}

struct layout_area instruments_room(const struct instruments *instruments, const struct tile *tile)
{
    struct layout_area room = tile->area;
    const SDL_Surface *notice = instruments->notice_layer.surface;
    int right = instruments->window.width - instruments_panel_width(instruments);
    int bottom = instruments->window.height - (notice ? notice->h + MARGIN : 0);
    room.width = SDL_min(room.width, right - room.x) - 2 * MARGIN;
    room.height = SDL_min(room.height, bottom - room.y) - 2 * MARGIN;
    int label = tile->label_side > 0 ? overlay_label_height(tile->label_side) : 0;
    room.x += MARGIN;
    room.y += MARGIN + label;
    room.height -= label;
    return room;
}

/* In a corner of the room, if it is not too wide. */
static void show_plate(const struct layer *layer, SDL_Renderer *renderer, struct layout_area room,
                       bool at_bottom)
{
    const SDL_Surface *surface = layer->surface;
    if (surface && surface->w <= room.width)
        layer_show(layer, renderer, room.x, at_bottom ? room.y + room.height - surface->h : room.y);
}

void instruments_show_over(const struct instruments *instruments, SDL_Renderer *renderer,
                           const struct tile *tile, uint64_t now)
{
    const struct layout_area *area = &tile->area;
    SDL_Rect clip = { area->x, area->y, area->width, area->height };
    struct layout_area room = instruments_room(instruments, tile);
    SDL_RenderSetClipRect(renderer, &clip);
    if (now < instruments->mark_until)
        show_mark(instruments, renderer, tile);
    if (instruments->values)
        show_plate(&instruments->values_layer, renderer, room, false);
    if (instruments->histogram)
        show_plate(&instruments->histogram_layer, renderer, room, true);
    SDL_RenderSetClipRect(renderer, NULL);
}

int instruments_panel_width(const struct instruments *instruments)
{
    const SDL_Surface *panel = instruments->panel_layer.surface;
    bool covers = instruments->panel.open && panel && panel->w < instruments->window.width;
    return covers ? panel->w : 0;
}

void instruments_show_layers(const struct instruments *instruments, SDL_Renderer *renderer)
{
    const struct layout_size *window = &instruments->window;
    const SDL_Surface *panel = instruments->panel_layer.surface;
    const SDL_Surface *list = instruments->keys_layer.surface;
    const SDL_Surface *notice = instruments->notice_layer.surface;
    if (instruments->panel.open && panel)
        layer_show(&instruments->panel_layer, renderer, window->width - panel->w, 0);
    if (instruments->notice_until > 0 && notice)
        layer_show(&instruments->notice_layer, renderer,
                   (window->width - instruments_panel_width(instruments) - notice->w) / 2,
                   window->height - notice->h - MARGIN);
    if (instruments->keys && list)
        layer_show(&instruments->keys_layer, renderer, (window->width - list->w) / 2,
                   (window->height - list->h) / 2);
}

void instruments_show_grid(SDL_Renderer *renderer, struct layout_area area)
{
    SDL_SetRenderDrawBlendMode(renderer, SDL_BLENDMODE_BLEND);
    SDL_SetRenderDrawColor(renderer, 255, 255, 255, GRID_OPACITY);
    for (int i = 1; i < THIRDS; i++) {
        int x = area.x + i * area.width / THIRDS, y = area.y + i * area.height / THIRDS;
        SDL_RenderDrawLine(renderer, x, area.y, x, area.y + area.height - 1);
        SDL_RenderDrawLine(renderer, area.x, y, area.x + area.width - 1, y);
    }
    SDL_SetRenderDrawBlendMode(renderer, SDL_BLENDMODE_NONE);
}
