#include "host/sinks/window/view.h"

#include <stddef.h>

#include "host/sinks/files/snapshot.h"
#include "host/sinks/window/overlay.h"
#include "shared/base/log.h"

enum { GAP = 4, NUMBER_MAX = 9 };

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

void view_click(struct view *view, int x, int y)
{
    SDL_Point point = canvas_pixel(&view->canvas, x, y);
    if (view->alone != VIEW_ALL) {
        view->alone = VIEW_ALL;
        return;
    }
    for (unsigned i = 0; i < view->count; i++) {
        const struct layout_area *area = &view->tiles[i]->area;
        SDL_Rect rect = { area->x, area->y, area->width, area->height };
        if (SDL_PointInRect(&point, &rect)) {
            view_toggle_alone(view, i);
            return;
        }
    }
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
static int label_side(const struct layout_area *areas, unsigned count, int scale)
{
    int side = overlay_label_side(areas[0], scale);
    for (unsigned i = 1; i < count; i++)
        side = SDL_min(side, overlay_label_side(areas[i], scale));
    return side;
}

void view_draw(struct view *view)
{
    struct tile *tiles[LAYOUT_MAX];
    struct layout_size sizes[LAYOUT_MAX], window;
    struct layout_area areas[LAYOUT_MAX];
    unsigned count = list_tiles(view, tiles);
    if (count == 0 || !canvas_begin(&view->canvas, &window))
        return;
    for (unsigned i = 0; i < count; i++)
        sizes[i] = tile_size(tiles[i]);
    int scale = canvas_scale(&view->canvas);
    layout_place(areas, sizes, count, window, GAP * scale);
    struct layout_area whole = { 0, 0, window.width, window.height };
    int side = count > 1 ? label_side(areas, count, scale) : 0;
    for (unsigned i = 0; i < count; i++) {
        tiles[i]->area = areas[i];
        tile_draw(tiles[i], &view->canvas, count > 1 ? areas[i] : whole, side);
    }
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
    canvas_resize(&view->canvas, layout_window(sizes, count, max, GAP), usable);
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
    for (unsigned i = 0; i < count; i++) {
        if (!tiles[i]->shown)
            continue;
        saved++;
        (void)snapshot_save(tiles[i]->snapshot_dir, view->count > 1 ? tiles[i]->name : NULL,
                            tiles[i]->shown);
    }
    if (saved == 0)
        log_warning("no snapshot saved: no frame is here yet");
}
