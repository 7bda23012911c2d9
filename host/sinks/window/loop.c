/*
 * The window's thread: it sleeps until there is input or a new frame, or what it reports is due to
 * change; decodes the newest frame and has it drawn. While a stream is not visible, because the
 * window is frozen or hidden or shows another one alone, its frames wake nobody.
 *
 * Streams take turns: each step decodes and presents one frame, so that a frame waits for at most
 * one of each other stream.
 */
#include <string.h>

#include "host/sinks/window/input.h"
#include "host/sinks/window/state.h"
#include "shared/base/clock.h"

#define STATUS_PERIOD (500 * CLOCK_MS)
#define STATUS_PERIOD_UNSEEN (2 * CLOCK_SECOND)
#define SLEEP_MAX (10 * CLOCK_SECOND)

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
    window->stale = window->lost;
    /* More than two frames a refresh would be decoded in vain. One a refresh would make a camera as
     * fast as the display wait for every other frame's jitter. */
    stream->next_show = shown + canvas_refresh_period(&window->view.canvas) / 2;
}

static void draw_again(struct window *window)
{
    for (unsigned i = 0; window->lost && i < window->view.count; i++)
        tile_restore(window->view.tiles[i], &window->view.canvas, window->decoder);
    view_draw(&window->view);
    window->stale = window->lost = false;
}

/* Streams may have become visible, or not so any more. */
static void on_view_changed(struct window *window)
{
    for (unsigned i = 0; i < window->view.count; i++) {
        struct window_stream *stream = window->streams[i];
        bool unseen = !view_sees(&window->view, i);
        if (atomic_exchange(&stream->unseen, unseen) == unseen)
            continue;
        stream->config.seen(stream->config.user, !unseen);
        /* Frames may have to be requested again: what is shown isn't called a lost signal at once.
         */
        if (stream->tile.shown)
            stream->tile.liveness.last_ns = clock_monotonic();
    }
    window->stale = true;
    window->next_status = 0;
}

static void on_input(struct window *window, struct input input)
{
    struct view *view = &window->view;
    int alone = view->alone;
    bool frozen = view->frozen;
    switch (input.action) {
    case INPUT_NONE:
        break;
    case INPUT_QUIT:
        window->quit = true;
        break;
    case INPUT_BACK:
        if (view->alone == VIEW_ALL)
            window->quit = true;
        view->alone = VIEW_ALL;
        break;
    case INPUT_FULL_SCREEN:
        canvas_toggle_full_screen(&view->canvas, view->count == 1);
        break;
    case INPUT_SNAPSHOT:
        view_save(view);
        break;
    case INPUT_FREEZE:
        view->frozen = !view->frozen;
        break;
    case INPUT_ALL:
        view->alone = VIEW_ALL;
        break;
    case INPUT_STREAM:
        view_toggle_alone(view, input.stream - 1);
        break;
    case INPUT_CLICK:
        view_click(view, input.x, input.y);
        break;
    }
    if (view->alone != alone || view->frozen != frozen)
        on_view_changed(window);
}

static void on_window_event(struct window *window, Uint8 event)
{
    switch (event) {
    case SDL_WINDOWEVENT_CLOSE:
        window->quit = true;
        break;
    case SDL_WINDOWEVENT_MINIMIZED:
    case SDL_WINDOWEVENT_HIDDEN:
        window->view.hidden = true;
        on_view_changed(window);
        break;
    case SDL_WINDOWEVENT_RESIZED: /* by others; for our own requests only SIZE_CHANGED is sent */
        window->view.resized = true;
        break;
    case SDL_WINDOWEVENT_SIZE_CHANGED:
        window->stale = true;
        break;
    case SDL_WINDOWEVENT_SHOWN:
    case SDL_WINDOWEVENT_RESTORED:
    case SDL_WINDOWEVENT_EXPOSED: /* not every window manager reports that it restored a window */
        window->view.hidden = false;
        on_view_changed(window);
        break;
    }
}

static void on_event(struct window *window, const SDL_Event *event)
{
    switch (event->type) {
    case SDL_QUIT:
        /* If nobody has closed the window, it is SDL that has lost a Wayland compositor. */
        if (!window->quit)
            window_display_lose();
        break;
    case SDL_WINDOWEVENT:
        on_window_event(window, event->window.event);
        break;
    case SDL_RENDER_DEVICE_RESET:
        window->lost = true;
        window->stale = true;
        break;
    case SDL_RENDER_TARGETS_RESET:
        window->stale = true;
        break;
    default:
        on_input(window, input_read(event));
        break;
    }
}

/* Takes in all that has happened; whether anything has. */
static bool take_events(struct window *window)
{
    SDL_Event event;
    bool any = atomic_exchange(&window->woken, false);
    if (any && atomic_exchange(&window->refresh, false))
        window->next_status = 0;
    while (!window_display_is_lost() && SDL_PollEvent(&event)) {
        on_event(window, &event);
        any = true;
    }
    return any;
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
    uint64_t now = clock_monotonic(), due = window->next_status;
    for (unsigned i = 0; i < window->view.count; i++) {
        uint64_t next = show_due(window, i);
        due = next < due ? next : due;
    }
    if (due > now + SLEEP_MAX)
        due = now + SLEEP_MAX;
    int timeout_ms = due > now ? (int)((due - now + CLOCK_MS - 1) / CLOCK_MS) : 0;
    /* Drawing may have made SDL read events: those must be seen before it sleeps. */
    if (take_events(window) || timeout_ms == 0 || window->quit || window_display_is_lost())
        return;
    window_display_wait(&window->display, timeout_ms);
    take_events(window);
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
        if (window->stale && !window->view.hidden)
            draw_again(window);
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
