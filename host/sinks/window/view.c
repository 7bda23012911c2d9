#include "host/sinks/window/view.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>

#include "host/sinks/files/snapshot.h"
#include "host/sinks/window/overlay.h"
#include "shared/base/clock.h"
#include "shared/base/log.h"

enum {
    GAP = 4,
    NUMBER_MAX = 9,
    SMALL_WIDTH = 320, /* a window that is less wide and less high than this can't be used */
    SMALL_HEIGHT = 240
};

bool view_has(const struct view *view, unsigned index)
{
    return view->alone == VIEW_ALL || view->alone == (int)index;
}

bool view_sees(const struct view *view, unsigned index)
{
    return view_has(view, index) && !view->frozen && !view->hidden;
}

unsigned view_number(const struct view *view, unsigned index)
{
    return view->count > 1 && index < NUMBER_MAX ? index + 1 : 0;
}

void view_toggle_alone(struct view *view, unsigned index)
{
    if (view->count > 1 && index < view->count)
        view->alone = view->alone == (int)index ? VIEW_ALL : (int)index;
}

/* The index of the tile there; view->count: none. */
static unsigned index_at(const struct view *view, int x, int y, struct zoom_point *point)
{
    SDL_Point pixel = canvas_pixel(&view->canvas, x, y);
    unsigned i = 0;
    while (i < view->count &&
           !(view_has(view, i) && zoom_point_in(view->tiles[i]->area, pixel.x, pixel.y, point)))
        i++;
    return i;
}

struct tile *view_tile_at(const struct view *view, int x, int y, struct zoom_point *point)
{
    unsigned index = index_at(view, x, y, point);
    return index < view->count ? view->tiles[index] : NULL;
}

void view_click(struct view *view, int x, int y)
{
    struct zoom_point point;
    if (view->alone != VIEW_ALL)
        view->alone = VIEW_ALL;
    else
        view_toggle_alone(view, index_at(view, x, y, &point));
}

void view_point(struct view *view, int x, int y)
{
    struct zoom_point point;
    unsigned index = index_at(view, x, y, &point);
    if (index < view->count)
        view->pointed = index;
}

struct tile *view_active(const struct view *view)
{
    return view->tiles[view->alone != VIEW_ALL ? (unsigned)view->alone : view->pointed];
}

/* The tiles that have a place, in their order. */
static unsigned list_tiles(const struct view *view, struct tile **tiles)
{
    unsigned count = 0;
    for (unsigned i = 0; i < view->count; i++)
        if (view_has(view, i))
            tiles[count++] = view->tiles[i];
    return count;
}

/* All labels are of one size. */
static int label_side(struct tile *const *tiles, unsigned count, int scale)
{
    int side = overlay_label_side(tiles[0]->area, scale);
    for (unsigned i = 1; i < count; i++)
        side = SDL_min(side, overlay_label_side(tiles[i]->area, scale));
    return side;
}

bool view_place(struct view *view)
{
    struct tile *tiles[LAYOUT_MAX];
    struct layout_size sizes[LAYOUT_MAX], window;
    struct layout_area areas[LAYOUT_MAX];
    unsigned count = list_tiles(view, tiles);
    if (count == 0 || !canvas_size(&view->canvas, &window))
        return false;
    for (unsigned i = 0; i < count; i++)
        sizes[i] = tile_size(tiles[i]);
    layout_place(areas, sizes, count, window, GAP * canvas_scale(&view->canvas));
    for (unsigned i = 0; i < count; i++)
        tiles[i]->area = areas[i];
    int side = count > 1 ? label_side(tiles, count, canvas_scale(&view->canvas)) : 0;
    for (unsigned i = 0; i < count; i++)
        tiles[i]->label_side = side;
    instruments_prepare(&view->instruments, &view->canvas, view_active(view), window);
    return true;
}

static void draw_tiles(const struct view *view, struct layout_size window)
{
    struct tile *tiles[LAYOUT_MAX];
    unsigned count = list_tiles(view, tiles);
    struct layout_area whole = { 0, 0, window.width - instruments_panel_width(&view->instruments),
                                 window.height };
    for (unsigned i = 0; i < count; i++) {
        tile_draw(tiles[i], &view->canvas, count > 1 ? tiles[i]->area : whole);
        if (view->instruments.grid)
            instruments_show_grid(view->canvas.renderer, tiles[i]->area);
    }
}

void view_draw(struct view *view)
{
    struct layout_size window;
    if (!view_place(view) || !canvas_begin(&view->canvas, &window))
        return;
    draw_tiles(view, window);
    instruments_show_over(&view->instruments, view->canvas.renderer, view_active(view),
                          clock_monotonic());
    instruments_show_layers(&view->instruments, view->canvas.renderer);
    canvas_present(&view->canvas);
}

void view_fit_window(struct view *view)
{
    struct tile *tiles[LAYOUT_MAX];
    struct layout_size sizes[LAYOUT_MAX];
    SDL_Rect usable;
    unsigned count = list_tiles(view, tiles);
    if (view->resized || !canvas_usable(&view->canvas, &usable))
        return;
    for (unsigned i = 0; i < count; i++)
        sizes[i] = tile_size(tiles[i]);
    struct layout_size max = { usable.w, usable.h };
    struct layout_size size = layout_window(sizes, count, max, GAP);
    while (size.width < SMALL_WIDTH && size.height < SMALL_HEIGHT && 2 * size.width <= usable.w &&
           2 * size.height <= usable.h)
        size = (struct layout_size){ 2 * size.width, 2 * size.height };
    canvas_resize(&view->canvas, size, usable);
}

void view_title(const struct view *view, char *title)
{
    struct tile *tiles[LAYOUT_MAX];
    struct title_stream streams[LAYOUT_MAX];
    unsigned count = list_tiles(view, tiles);
    for (unsigned i = 0; i < count; i++)
        streams[i] = tile_title(tiles[i]);
    title_write(title, streams, count, view->frozen);
}

void view_save(const struct view *view)
{
    struct tile *tiles[LAYOUT_MAX];
    unsigned count = list_tiles(view, tiles), saved = 0;
    char text[CAMERA_MESSAGE_MAX];
    for (unsigned i = 0; i < count; i++) {
        if (!tiles[i]->shown)
            continue;
        saved++;
        bool good = snapshot_save(tiles[i]->snapshot_dir, view->count > 1 ? tiles[i]->name : NULL,
                                  tiles[i]->shown);
        snprintf(text, sizeof(text),
                 good ? "frame %" PRIu64 " is saved" : "frame %" PRIu64 " can't be saved",
                 tiles[i]->shown->id);
        camera_say(&tiles[i]->camera, !good, text);
    }
    if (saved == 0)
        log_warning("no snapshot saved: no frame is here yet");
}
