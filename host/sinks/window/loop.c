/*
 * The window's thread: it sleeps until there is input or a new frame, or what it reports is due to
 * change; decodes the newest frame and has it drawn. While a stream is not visible, because the
 * window is frozen or hidden or shows another one alone, its frames wake nobody.
 *
 * Streams take turns: each step decodes and presents one frame, so that a frame waits for at most
 * one of each other stream.
 */
#include <string.h>

#include "host/sinks/window/events.h"
#include "shared/base/clock.h"

#define STATUS_PERIOD (500 * CLOCK_MS)
#define STATUS_PERIOD_UNSEEN (2 * CLOCK_SECOND)
#define SLEEP_MAX (10 * CLOCK_SECOND)
#define INSTRUMENTS_LATE (100 * CLOCK_MS)

static void update_title(struct window *window)
{
    char title[TITLE_MAX];
    view_title(&window->view, title);
    if (strcmp(title, window->title) != 0) {
        strcpy(window->title, title);
        SDL_SetWindowTitle(window->view.canvas.window, title);
    }
}

/* Returns when its message or its rates are due to change. */
static uint64_t update_stream(struct window *window, unsigned index, uint64_t now)
{
    struct window_stream *stream = window->streams[index];
    struct tile *tile = &stream->tile;
    const struct view *view = &window->view;
    tile->status = (struct window_status){ .latency_ms = -1 };
    stream->config.status(stream->config.user, &tile->status);
    unsigned messages = tile->camera.messages;
    camera_check(&tile->camera, now);
    window->stale |= messages != tile->camera.messages;
    uint64_t due = tile_update(tile, view_number(view, index), view->frozen, now, &window->stale);
    /* The rates change for as long as frames are received. */
    uint64_t period = view_sees(view, index) ? STATUS_PERIOD : STATUS_PERIOD_UNSEEN;
    bool has_rates = tile->shown && !tile->message[0];
    return has_rates && now + period < due ? now + period : due;
}

static void update_status(struct window *window, uint64_t now)
{
    window->next_status = UINT64_MAX;
    for (unsigned i = 0; i < window->view.count; i++) {
        uint64_t due = view_has(&window->view, i) ? update_stream(window, i, now) : UINT64_MAX;
        if (due < window->next_status)
            window->next_status = due;
    }
    update_title(window);
}

/* Instruments whose frame was shown before they were switched on. */
static const struct jpeg_planes *measure_again(struct window *window, struct tile *tile)
{
    bool again = window->unmeasured && instruments_measure(&window->view.instruments);
    window->unmeasured = false;
    if (!again || !tile->shown)
        return NULL;
    tile_restore(tile, &window->view.canvas, window->decoder);
    return tile->picture.texture ? &tile->picture.planes : NULL;
}

/* Pictures that are lost, or that were made without the marks that they are to have now. */
static void restore_pictures(struct window *window)
{
    const struct view *view = &window->view;
    bool sharp = view->instruments.peaking;
    for (unsigned i = 0; i < view->count; i++) {
        struct tile *tile = view->tiles[i];
        if (!window->lost && tile->picture.shows_sharp == sharp)
            continue;
        tile->picture.shows_sharp = sharp;
        tile_restore(tile, &view->canvas, window->decoder);
    }
    window->lost = window->unmarked = false;
}

static void tell(struct window *window, uint64_t now)
{
    struct view *view = &window->view;
    for (unsigned i = 0; i < view->count; i++)
        instruments_tell(&view->instruments, view->tiles[i], view_active(view), view->count > 1,
                         now);
}

static void draw_again(struct window *window)
{
    struct view *view = &window->view;
    struct tile *active = view_active(view);
    if (window->lost)
        instruments_clear(&view->instruments);
    restore_pictures(window);
    tell(window, clock_monotonic());
    if (view_place(view))
        (void)instruments_update(&view->instruments, &view->canvas, active,
                                 measure_again(window, active), view->count > 1, clock_monotonic());
    view_draw(view);
    window->stale = false;
    window->next_draw = instruments_due(&view->instruments, clock_monotonic());
}

/* What the frame that was just shown changes in the instruments is seen with the next one, unless
 * that is late. */
static void update_instruments(struct window *window, struct tile *tile, uint64_t now)
{
    struct view *view = &window->view;
    struct tile *active = view_active(view);
    tell(window, now);
    bool changed =
        instruments_update(&view->instruments, &view->canvas, active,
                           active == tile ? &tile->picture.planes : NULL, view->count > 1, now);
    window->next_draw = instruments_due(&view->instruments, now);
    if (changed && window->next_draw > now + INSTRUMENTS_LATE)
        window->next_draw = now + INSTRUMENTS_LATE;
}

/* A frame that can't be shown leaves the last good one in place. */
static void show_newest(struct window *window, struct window_stream *stream)
{
    struct tile *tile = &stream->tile;
    const struct pitether_frame *frame = mailbox_take(&stream->newest);
    unsigned width = tile->shown ? tile->shown->width : 0;
    unsigned height = tile->shown ? tile->shown->height : 0;
    uint64_t decoded;
    if (!frame || !tile_show(tile, &window->view.canvas, window->decoder, frame,
                             window->view.count > 1, &decoded))
        return;
    if (width == 0)
        view_fit_window(&window->view);
    view_draw(&window->view);
    uint64_t shown = clock_monotonic();
    if (stream->config.shown)
        stream->config.shown(stream->config.user, frame, decoded, shown);
    if (width != frame->width || height != frame->height ||
        window->next_status > shown + STATUS_PERIOD)
        window->next_status = 0;
    window->stale = window->lost || window->unmarked;
    update_instruments(window, tile, shown);
    /* More than two frames a refresh would be decoded in vain. One a refresh would make a camera as
     * fast as the display wait for every other frame's jitter. */
    stream->next_show = shown + canvas_refresh_period(&window->view.canvas) / 2;
}

/* When the stream's newest frame may be shown; UINT64_MAX: there is none to show. */
static uint64_t show_due(struct window *window, unsigned index)
{
    struct window_stream *stream = window->streams[index];
    bool any = view_sees(&window->view, index) && mailbox_has_item(&stream->newest);
    return any ? stream->next_show : UINT64_MAX;
}

/* Sleeps until something happens or is due, and takes in all that has happened. */
static void handle_events(struct window *window)
{
    uint64_t now = clock_monotonic(), due = SDL_min(window->next_status, window->next_draw);
    due = SDL_min(due, window->hide_cursor);
    for (unsigned i = 0; i < window->view.count; i++) {
        uint64_t next = show_due(window, i);
        due = next < due ? next : due;
    }
    if (due > now + SLEEP_MAX)
        due = now + SLEEP_MAX;
    int timeout_ms = due > now ? (int)((due - now + CLOCK_MS - 1) / CLOCK_MS) : 0;
    /* Drawing may have made SDL read events: those must be seen before it sleeps. */
    if (events_take(window) || timeout_ms == 0 || window->quit || window_display_is_lost())
        return;
    window_display_wait(&window->display, timeout_ms);
    events_take(window);
}

/* Shows one frame, of the first stream after the last one that has any. */
static void show_next(struct window *window)
{
    uint64_t now = clock_monotonic();
    unsigned count = window->view.count;
    for (unsigned i = 1; i <= count; i++) {
        unsigned index = (window->last + i) % count;
        if (show_due(window, index) <= now) {
            window->last = index;
            show_newest(window, window->streams[index]);
            return;
        }
    }
}

static void show_frames(void *user)
{
    struct window *window = user;
    while (!window->quit && !atomic_load(&window->stopping) && !window_display_is_lost()) {
        uint64_t now = clock_monotonic();
        if (now >= window->next_status)
            update_status(window, now);
        if ((window->stale || now >= window->next_draw) && !window->view.hidden)
            draw_again(window);
        if (now >= window->hide_cursor) {
            window->hide_cursor = UINT64_MAX;
            SDL_ShowCursor(SDL_DISABLE);
        }
        handle_events(window);
        show_next(window);
    }
}

enum window_end window_run(struct window *window)
{
    if (!window_display_guard(show_frames, window))
        return WINDOW_LOST;
    return window->quit ? WINDOW_QUIT : WINDOW_STOPPED;
}
