#include "host/sinks/window/events.h"

#include "host/sinks/window/actions.h"
#include "shared/base/clock.h"

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

static enum input_mode mode_of(const struct window *window)
{
    const struct panel *panel = &window->view.instruments.panel;
    if (panel->open && panel->editing)
        return INPUT_TYPING;
    return panel->open ? INPUT_PANEL_KEYS : INPUT_KEYS;
}

static void on_input(struct window *window, const SDL_Event *event)
{
    const struct view *view = &window->view;
    int alone = view->alone;
    bool frozen = view->frozen;
    struct input input = input_read(event, mode_of(window));
    if (input.action != INPUT_NONE)
        action_do(window, &input);
    if (view->alone != alone || view->frozen != frozen)
        on_view_changed(window);
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
        on_input(window, event);
        break;
    }
}

/* What the camera's answers change is drawn if it is in sight. What was refused is not wanted any
 * more. */
static void take_answers(struct window *window, struct window_stream *stream)
{
    struct panel *panel = &window->view.instruments.panel;
    struct camera *camera = &stream->tile.camera;
    unsigned version = camera->version, messages = camera->messages;
    inbox_take(&stream->inbox, camera);
    if (messages != camera->messages || (panel->open && version != camera->version))
        window->stale = true;
    if (messages == camera->messages || !camera->failed)
        return;
    stream->crop_until = stream->exposure.until = 0;
    if (&stream->tile == view_active(&window->view))
        panel->wanted_until = window->view.instruments.mark_until = 0;
}

/* Input methods would swallow keys that are not typed. */
static void follow_editing(const struct window *window)
{
    bool editing = mode_of(window) == INPUT_TYPING;
    if (editing && !SDL_IsTextInputActive())
        SDL_StartTextInput();
    else if (!editing && SDL_IsTextInputActive())
        SDL_StopTextInput();
}

bool events_take(struct window *window)
{
    SDL_Event event;
    bool any = atomic_exchange(&window->woken, false);
    if (any && atomic_exchange(&window->refresh, false)) {
        window->next_status = 0;
        for (unsigned i = 0; i < window->view.count; i++)
            take_answers(window, window->streams[i]);
    }
    while (!window_display_is_lost() && SDL_PollEvent(&event)) {
        on_event(window, &event);
        follow_editing(window);
        any = true;
    }
    return any;
}
