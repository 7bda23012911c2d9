#include "host/sinks/window/instruments.h"

#include <stdio.h>
#include <string.h>

#include "host/sinks/window/osd.h"
#include "host/sinks/window/panel_draw.h"
#include "shared/base/clock.h"

#define MEASURE_PERIOD (100 * CLOCK_MS)
#define PANEL_PERIOD (200 * CLOCK_MS)
#define NOTICE_TIME (4 * CLOCK_SECOND)

enum {
    TEXT_PART = 36, /* characters are so small a part of the window's height, ... */
    TEXT_MIN = 10,
    TEXT_MAX = 15,       /* ... within these, in units of the window's size ... */
    TEXT_PART_LEAST = 72 /* ... and no smaller a part than this: a large window is seen from afar */
};

void instruments_reset(struct instruments *instruments)
{
    instruments->next_measure = instruments->next_panel = 0;
    instruments->valued = NULL;
    instruments->panel_version = instruments->panel.version - 1;
    layer_clear(&instruments->keys_layer);
    layer_clear(&instruments->histogram_layer);
    layer_clear(&instruments->values_layer);
    layer_clear(&instruments->panel_layer);
    layer_clear(&instruments->notice_layer);
}

/* The size of the text follows that of the window. */
static bool fit(struct instruments *instruments, const struct tile *tile, struct layout_size window,
                int scale)
{
    int height = SDL_clamp(window.height / TEXT_PART, TEXT_MIN * scale, TEXT_MAX * scale);
    height = SDL_max(height, window.height / TEXT_PART_LEAST);
    if (tile != instruments->tile || memcmp(&window, &instruments->window, sizeof(window)) != 0)
        instruments_reset(instruments);
    instruments->tile = tile;
    instruments->window = window;
    return glyphs_make(&instruments->glyphs, height);
}

static bool shows_any(const struct instruments *instruments)
{
    return instruments->keys || instruments->histogram || instruments->values ||
           instruments->panel.open || instruments->notice_until > 0;
}

static SDL_Color notice_colour(const struct instruments *instruments)
{
    return instruments->notice_failed ? layer_red : layer_bright;
}

void instruments_tell(struct instruments *instruments, struct tile *tile, const struct tile *active,
                      bool names_stream, uint64_t now)
{
    const struct camera *camera = &tile->camera;
    if (tile->told == camera->messages)
        return;
    tile->told = camera->messages;
    if (instruments->panel.open && tile == active)
        return;
    snprintf(instruments->notice, NOTICE_MAX, "%s%s%s", names_stream ? tile->name : "",
             names_stream ? ": " : "", camera->message);
    instruments->notice_failed = camera->failed;
    instruments->notice_until = now + NOTICE_TIME;
    layer_clear(&instruments->notice_layer);
}

/* For the values of the frame, in the tile: beside the panel, and above the histogram and a notice.
 * As instruments_show_over() places them. */
static struct layout_size room_for_values(const struct instruments *instruments,
                                          const struct tile *tile)
{
    struct layout_area room = instruments_room(instruments, tile);
    if (instruments->histogram)
        room.height -= osd_histogram_height(&instruments->glyphs) + INSTRUMENTS_MARGIN;
    return (struct layout_size){ room.width, room.height };
}

void instruments_prepare(struct instruments *instruments, const struct canvas *canvas,
                         const struct tile *tile, struct layout_size window)
{
    if (!shows_any(instruments) || !fit(instruments, tile, window, canvas_scale(canvas)))
        return;
    if (instruments->values && tile->shown && tile->shown != instruments->valued) {
        struct layout_size most = room_for_values(instruments, tile);
        osd_values(&instruments->values_layer, canvas->renderer, &instruments->glyphs, tile->shown,
                   &tile->camera, most);
        instruments->valued = tile->shown;
    }
}

static bool measure(struct instruments *instruments, SDL_Renderer *renderer,
                    const struct jpeg_planes *planes, uint64_t now)
{
    if (!planes || now < instruments->next_measure || !instruments_measure(instruments))
        return false;
    instruments->next_measure = now + MEASURE_PERIOD;
    if (instruments->histogram) {
        struct histogram histogram;
        histogram_measure(&histogram, planes);
        osd_histogram(&instruments->histogram_layer, renderer, &instruments->glyphs, &histogram);
    }
    return true;
}

static bool update_panel(struct instruments *instruments, SDL_Renderer *renderer, struct tile *tile,
                         bool names_stream, uint64_t now)
{
    struct panel *panel = &instruments->panel;
    if (!panel->open)
        return false;
    panel_list(panel, &tile->camera);
    if (tile->camera.version == instruments->camera_version &&
        panel->version == instruments->panel_version && now < instruments->next_panel)
        return false;
    struct panel_context context = { &tile->camera, tile->shown, now };
    instruments->camera_version = tile->camera.version;
    instruments->panel_version = panel->version;
    instruments->next_panel = now + PANEL_PERIOD;
    panel_draw(&instruments->panel_layer, renderer, &instruments->glyphs, panel, &context,
               names_stream ? tile->name : "", instruments->window);
    return true;
}

static bool update_notice(struct instruments *instruments, SDL_Renderer *renderer, uint64_t now)
{
    int width = instruments->window.width - instruments_panel_width(instruments);
    if (instruments->notice_until == 0)
        return false;
    if (now < instruments->notice_until && instruments->notice_layer.texture)
        return false;
    layer_clear(&instruments->notice_layer);
    if (now < instruments->notice_until)
        osd_notice(&instruments->notice_layer, renderer, &instruments->glyphs, instruments->notice,
                   notice_colour(instruments), width);
    else
        instruments->notice_until = 0;
    return true;
}

static bool update_keys(struct instruments *instruments, SDL_Renderer *renderer)
{
    if (!instruments->keys || instruments->keys_layer.texture)
        return false;
    instruments->keys_pages =
        osd_keys(&instruments->keys_layer, renderer, &instruments->list_glyphs,
                 instruments->glyphs.height, instruments->window, instruments->keys_page);
    return true;
}

void instruments_turn_page(struct instruments *instruments)
{
    bool more = instruments->keys && instruments->keys_page + 1 < instruments->keys_pages;
    instruments->keys_page = more ? instruments->keys_page + 1 : 0;
    instruments->keys = more || !instruments->keys;
}

bool instruments_update(struct instruments *instruments, const struct canvas *canvas,
                        struct tile *tile, const struct jpeg_planes *planes, bool names_stream,
                        uint64_t now)
{
    SDL_Renderer *renderer = canvas->renderer;
    if (instruments->glyphs.height == 0) /* nothing was to be drawn so far */
        return shows_any(instruments);
    bool changed = measure(instruments, renderer, planes, now);
    changed |= update_panel(instruments, renderer, tile, names_stream, now);
    changed |= update_notice(instruments, renderer, now);
    changed |= update_keys(instruments, renderer);
    return changed;
}

bool instruments_measure(const struct instruments *instruments)
{
    return instruments->histogram;
}

uint64_t instruments_due(const struct instruments *instruments, uint64_t now)
{
    uint64_t due = instruments->notice_until > 0 ? instruments->notice_until : UINT64_MAX;
    if (instruments->mark_until > now && instruments->mark_until < due)
        due = instruments->mark_until;
    if (instruments->panel.open && instruments->panel.wanted_until > now &&
        instruments->panel.wanted_until < due)
        due = instruments->panel.wanted_until;
    return due;
}

void instruments_clear(struct instruments *instruments)
{
    instruments_reset(instruments);
    glyphs_clear(&instruments->glyphs);
    glyphs_clear(&instruments->list_glyphs);
}
