/*
 * What the mouse does: it chooses a stream, focuses, zooms and pans.
 */
#include <math.h>
#include <stdlib.h>

#include "host/sinks/window/actions.h"
#include "host/sinks/window/panel_draw.h"
#include "shared/base/clock.h"

#define CROP_WANTED_FOR CLOCK_SECOND /* after that the camera's own report counts */
#define CURSOR_TIME (2 * CLOCK_SECOND)
#define ZOOM_STEP 1.2
#define ZOOM_MOST 16

enum { CLICK_SLACK = 4 }; /* units of the window's size that a click may move by */

struct window_stream *stream_of(struct window *window, const struct tile *tile)
{
    unsigned i = 0;
    while (&window->streams[i]->tile != tile)
        i++;
    return window->streams[i];
}

/* Where more zooming goes on from. */
static struct aim_crop crop_of(const struct window_stream *stream)
{
    struct aim_crop crop = stream->crop;
    if (clock_monotonic() >= stream->crop_until)
        crop = aim_crop(&stream->tile.camera, stream->tile.shown);
    crop.min.width = fmax(crop.min.width, crop.whole.width / ZOOM_MOST);
    crop.min.height = fmax(crop.min.height, crop.whole.height / ZOOM_MOST);
    return crop;
}

static void set_crop(struct window_stream *stream, struct aim_crop crop)
{
    char text[AIM_TEXT_MAX];
    stream->crop = crop;
    stream->crop_until = clock_monotonic() + CROP_WANTED_FOR;
    aim_write_crop(crop, text);
    camera_set(&stream->tile.camera, "ScalerCrop", text);
}

static bool is_magnified(const struct tile *tile)
{
    return zoom_factor(tile->part, zoom_whole) > 1;
}

static void zoom(struct window *window, const struct input *input)
{
    const struct zoom_rect least = { 0, 0, 1.0 / ZOOM_MOST, 1.0 / ZOOM_MOST };
    struct zoom_point point;
    struct tile *tile = view_tile_at(&window->view, input->x, input->y, &point);
    double factor = pow(ZOOM_STEP, input->steps);
    if (!tile || !tile->shown)
        return;
    struct window_stream *stream = stream_of(window, tile);
    if (aim_can_crop(&tile->camera) && !is_magnified(tile)) {
        struct aim_crop crop = crop_of(stream);
        point = zoom_turn_back(tile->status.turn, point);
        crop.shown = zoom_at(crop.shown, crop.whole, crop.min, point, factor);
        set_crop(stream, crop);
    } else {
        tile->part = zoom_at(tile->part, zoom_whole, least, point, factor);
        window->next_status = 0; /* the title */
    }
    window->view.instruments.mark_until = 0;
    window->stale = true;
}

static void drag(struct window *window, int from_x, int from_y, int to_x, int to_y)
{
    struct zoom_point from, to;
    struct tile *tile = view_tile_at(&window->view, from_x, from_y, &from);
    if (!tile || !tile->shown || view_tile_at(&window->view, to_x, to_y, &to) != tile)
        return;
    struct zoom_point by = { to.x - from.x, to.y - from.y };
    struct window_stream *stream = stream_of(window, tile);
    if (is_magnified(tile)) {
        tile->part = zoom_drag(tile->part, zoom_whole, by);
    } else if (aim_can_crop(&tile->camera)) {
        struct aim_crop crop = crop_of(stream);
        if (zoom_factor(crop.shown, crop.whole) <= 1)
            return;
        by = zoom_turn_move_back(tile->status.turn, by);
        crop.shown = zoom_drag(crop.shown, crop.whole, by);
        set_crop(stream, crop);
    }
    window->view.instruments.mark_until = 0;
    window->stale = true;
}

bool pointer_reset(struct window *window)
{
    struct tile *tile = view_active(&window->view);
    struct window_stream *stream = stream_of(window, tile);
    bool any = is_magnified(tile);
    tile->part = zoom_whole;
    if (aim_can_crop(&tile->camera)) {
        struct aim_crop crop = crop_of(stream);
        if (zoom_factor(crop.shown, crop.usual) > 1) {
            crop.shown = crop.usual;
            set_crop(stream, crop);
            any = true;
        }
    }
    if (any) {
        window->view.instruments.mark_until = 0;
        window->next_status = 0;
        window->stale = true;
    }
    return any;
}

/* Of the picture that is shown alone. False: the camera can do nothing there. */
static bool aim(struct window *window, struct tile *tile, struct zoom_point point)
{
    char text[AIM_TEXT_MAX];
    struct zoom_point place = zoom_turn_back(tile->status.turn, zoom_place(tile->part, point));
    enum aim kind = tile->shown ? aim_at(&tile->camera, tile->shown, place, text) : AIM_NONE;
    if (kind == AIM_FOCUS) {
        instruments_mark(&window->view.instruments, point, clock_monotonic());
        camera_set_together(&tile->camera, text);
    } else if (kind == AIM_METER) {
        camera_set(&tile->camera, AIM_METER_CONTROL, text);
    }
    window->stale = true;
    return kind != AIM_NONE;
}

static void click(struct window *window, int x, int y)
{
    struct view *view = &window->view;
    struct zoom_point point;
    bool chooses = view->count > 1 && view->alone == VIEW_ALL;
    struct tile *tile = chooses ? NULL : view_tile_at(view, x, y, &point);
    if (tile && aim(window, tile, point))
        return;
    if (tile && tile->shown && view->count == 1)
        camera_say(&tile->camera, true, "this camera can neither focus nor meter at a place");
    view_click(view, x, y);
}

static bool is_on_panel(const struct window *window, int x)
{
    const struct instruments *instruments = &window->view.instruments;
    const SDL_Surface *panel = instruments->panel_layer.surface;
    SDL_Point pixel = canvas_pixel(&window->view.canvas, x, 0);
    return instruments->panel.open && panel && pixel.x >= instruments->window.width - panel->w;
}

/* What is done on the panel or the list of keys is not meant for the picture behind it. */
static bool is_covered(const struct window *window, int x)
{
    return window->view.instruments.keys || is_on_panel(window, x);
}

/* The wheel, or a click, selects a row. */
static void use_panel(struct window *window, const struct input *input)
{
    struct instruments *instruments = &window->view.instruments;
    struct panel *panel = &instruments->panel;
    struct tile *tile = view_active(&window->view);
    struct panel_context context = { &tile->camera, tile->shown, clock_monotonic() };
    int by = -input->steps;
    panel_list(panel, &tile->camera);
    if (input->action == INPUT_PRESS) {
        int y = canvas_pixel(&window->view.canvas, 0, input->y).y;
        int row = panel_draw_row_at(&instruments->glyphs, panel, &context, instruments->window, y);
        by = row < 0 ? 0 : row - (int)panel->selected;
    }
    if (by != 0)
        panel_move(panel, by);
    window->stale = true;
}

static void move(struct window *window, const struct input *input)
{
    struct window_drag *held = &window->drag;
    struct view *view = &window->view;
    const struct tile *before = view_active(view);
    pointer_show_cursor(window);
    if (held->pressed && (held->moved || abs(input->x - held->x) > CLICK_SLACK ||
                          abs(input->y - held->y) > CLICK_SLACK)) {
        drag(window, held->x, held->y, input->x, input->y);
        *held = (struct window_drag){ true, true, input->x, input->y };
    }
    if (!view->instruments.panel.open)
        view_point(view, input->x, input->y);
    if (view_active(view) != before)
        window->stale = window->unmeasured = true;
}

void pointer_show_cursor(struct window *window)
{
    bool full = canvas_is_full_screen(&window->view.canvas);
    window->hide_cursor = full ? clock_monotonic() + CURSOR_TIME : UINT64_MAX;
    SDL_ShowCursor(SDL_ENABLE);
}

void pointer_do(struct window *window, const struct input *input)
{
    struct window_drag *held = &window->drag;
    bool selects = input->action == INPUT_PRESS || input->action == INPUT_ZOOM;
    if (selects && is_covered(window, input->x) && !window->view.instruments.keys)
        use_panel(window, input);
    switch (input->action) {
    case INPUT_PRESS:
        *held = (struct window_drag){ !is_covered(window, input->x), false, input->x, input->y };
        break;
    case INPUT_MOVE:
        move(window, input);
        break;
    case INPUT_RELEASE:
        if (held->pressed && !held->moved)
            click(window, input->x, input->y);
        held->pressed = false;
        break;
    default:
        if (!is_covered(window, input->x))
            zoom(window, input);
        break;
    }
}
