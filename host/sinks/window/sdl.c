/*
 * The window's thread: it sleeps in SDL until there is a key or a new frame, or what it says is to
 * change; decodes the newest frame and has it drawn. While nothing is to be seen, because it is
 * frozen or hidden, frames don't wake it.
 */
#include "host/sinks/window/window.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <SDL.h>

#include "host/sinks/files/snapshot.h"
#include "host/sinks/window/canvas.h"
#include "host/sinks/window/display.h"
#include "host/sinks/window/picture.h"
#include "host/sinks/window/signal.h"
#include "host/sinks/window/title.h"
#include "shared/base/clock.h"
#include "shared/base/log.h"
#include "shared/base/mailbox.h"

#define STATUS_PERIOD (500 * CLOCK_MS)
#define STATUS_PERIOD_UNSEEN (2 * CLOCK_SECOND)
#define SLEEP_MOST (10 * CLOCK_SECOND)

struct window {
    /* Fixed once created. */
    struct window_config config;
    char *name, *snapshot_dir;

    /* Any thread. */
    struct mailbox newest;
    atomic_bool woken;  /* a wake-up is on its way */
    atomic_bool asleep; /* frozen or hidden: no frame is to wake it */
    atomic_bool refresh;
    atomic_bool closing;

    /* The window's thread. Times are of clock_monotonic(). */
    struct canvas canvas;
    struct window_display display;
    struct window_picture picture;
    const struct pitether_frame *shown; /* a reference of our own, or NULL; what `s` saves */
    const struct pitether_frame *next;  /* the same, while it is about to be shown */
    struct window_signal signal;
    uint64_t taken_ns; /* when the newest frame of the mailbox was received, shown or not */
    bool offered;      /* the mailbox may hold a frame */
    bool frozen;
    bool hidden; /* nobody can see the window: frames are not worth decoding */
    bool sized;  /* by the first frame, the user or the window manager */
    bool stale;  /* must be drawn again */
    bool lost;   /* so must the picture be set again, from the frame */
    bool quit;
    uint64_t next_show;   /* no frame is shown before */
    uint64_t next_status; /* title and text are due */
    char title[WINDOW_TITLE_MAX];
    char text[WINDOW_SIGNAL_TEXT_MAX + sizeof(((struct window_status *)0)->note)];
};

static bool is_set(const char *variable)
{
    const char *value = getenv(variable);
    return value && *value;
}

bool window_available(void)
{
    return is_set("DISPLAY") || is_set("WAYLAND_DISPLAY") || is_set("SDL_VIDEODRIVER");
}

int window_create(struct window **window, const struct window_config *config, char *error)
{
    struct window *made = calloc(1, sizeof(*made));
    int result = -ENOMEM;
    *window = NULL;
    snprintf(error, WINDOW_ERROR_MAX, "out of memory");
    if (made) {
        made->config = *config;
        made->display.wake_fd = -1;
        made->name = strdup(config->title);
        made->snapshot_dir = strdup(config->snapshot_dir);
        if (made->name && made->snapshot_dir && window_picture_init(&made->picture) == 0)
            result = canvas_open(&made->canvas, made->name, error);
        if (!result)
            result = window_display_init(&made->display, made->canvas.window);
    }
    if (result)
        window_destroy(&made);
    *window = made;
    return result;
}

static void close_canvas(void *user)
{
    canvas_close(user);
}

void window_destroy(struct window **window)
{
    if (!window || !*window)
        return;
    struct window *gone = *window;
    *window = NULL;
    window_display_guard(close_canvas, &gone->canvas);
    window_display_destroy(&gone->display);
    pitether_frame_release(mailbox_take(&gone->newest));
    pitether_frame_release(gone->next);
    pitether_frame_release(gone->shown);
    window_picture_destroy(&gone->picture);
    free(gone->name);
    free(gone->snapshot_dir);
    free(gone);
}

static void wake(struct window *window)
{
    /* The flag is cleared before the mailbox is looked into, so whoever finds it set knows that the
     * look is still to come. */
    if (!atomic_exchange(&window->woken, true))
        window_display_wake(&window->display);
}

void window_offer(struct window *window, const struct pitether_frame *frame)
{
    pitether_frame_release(mailbox_put(&window->newest, (void *)pitether_frame_hold(frame)));
    if (!atomic_load(&window->asleep))
        wake(window);
}

void window_refresh(struct window *window)
{
    atomic_store(&window->refresh, true);
    wake(window);
}

void window_close_soon(struct window *window)
{
    atomic_store(&window->closing, true);
    wake(window);
}

uint64_t window_skipped(struct window *window)
{
    return mailbox_displaced(&window->newest);
}

static void update_title(struct window *window, const struct window_status *status)
{
    char title[WINDOW_TITLE_MAX];
    window_title(title, window->name, window->shown, window->frozen, status);
    if (strcmp(title, window->title) != 0) {
        strcpy(window->title, title);
        SDL_SetWindowTitle(window->canvas.window, title);
    }
}

/* Writes what is to be said over the picture, or in its place, and returns when that may change by
 * itself. A picture that was frozen is meant to be an old one. */
static uint64_t write_text(const struct window *window, const struct window_status *status,
                           char *text, uint64_t now)
{
    char lost[WINDOW_SIGNAL_TEXT_MAX];
    *text = '\0';
    if (window->frozen && window->shown)
        return UINT64_MAX;
    if (!window->shown) {
        const char *why = window->taken_ns ? "no frame that can be shown" : "waiting for a frame";
        snprintf(text, sizeof(window->text), "%s", status->note[0] ? status->note : why);
        return UINT64_MAX;
    }
    uint64_t lost_at = window_signal_lost_at(&window->signal, status->interval_ns);
    if (now < lost_at)
        return lost_at;
    bool arrives = window->taken_ns > window->signal.last_ns &&
                   now - window->taken_ns < lost_at - window->signal.last_ns;
    uint64_t due = window_signal_text(lost, &window->signal, arrives, now);
    snprintf(text, sizeof(window->text), "%s\n%s", lost, status->note);
    return due;
}

static void set_text(struct window *window, const char *text)
{
    if (strcmp(text, window->text) == 0)
        return;
    strcpy(window->text, text);
    window->canvas.text = *text ? window->text : NULL;
    window->stale = true;
}

static void update_status(struct window *window, uint64_t now)
{
    struct window_status status = { .latency_ms = -1 };
    char text[sizeof(window->text)];
    window->config.status(window->config.user, &status);
    update_title(window, &status);
    uint64_t due = write_text(window, &status, text, now);
    set_text(window, text);
    /* The rates in the title change for as long as frames come. */
    uint64_t period = atomic_load(&window->asleep) ? STATUS_PERIOD_UNSEEN : STATUS_PERIOD;
    if (window->shown && !*text && now + period < due)
        due = now + period;
    window->next_status = due;
}

/* Shows the newest frame; one that can't be shown leaves the last good one in place. */
static void show_newest(struct window *window)
{
    window->offered = false;
    const struct pitether_frame *frame = window->next = mailbox_take(&window->newest);
    uint64_t decoded;
    if (!frame)
        return;
    window->taken_ns = frame->times.last_byte;
    if (!window_picture_set(&window->picture, &window->canvas, frame, &decoded)) {
        window->next = NULL;
        pitether_frame_release(frame);
        return;
    }
    if (!window->sized)
        canvas_fit_window(&window->canvas);
    window->sized = true;
    window_signal_frame(&window->signal, frame->times.last_byte);
    set_text(window, "");
    canvas_present(&window->canvas);
    uint64_t shown = clock_monotonic();
    if (window->config.shown)
        window->config.shown(window->config.user, frame, decoded, shown);

    const struct pitether_frame *before = window->shown;
    if (!before || before->width != frame->width || before->height != frame->height ||
        window->next_status > shown + STATUS_PERIOD)
        window->next_status = 0;
    window->shown = frame;
    window->next = NULL;
    pitether_frame_release(before);
    window->stale = window->lost = false;
    /* More than two frames a refresh would be decoded for nobody. One a refresh would make a camera
     * as fast as the display wait for every other frame's jitter. */
    window->next_show = shown + canvas_refresh_period(&window->canvas) / 2;
}

static void draw_again(struct window *window)
{
    uint64_t decoded;
    if (window->lost) {
        canvas_forget_picture(&window->canvas);
        if (window->shown)
            window_picture_set(&window->picture, &window->canvas, window->shown, &decoded);
    }
    canvas_present(&window->canvas);
    window->stale = window->lost = false;
}

/* It was frozen or hidden, or is so no more: then it may have missed that there is a frame. */
static void on_seen_or_unseen(struct window *window)
{
    bool asleep = window->frozen || window->hidden;
    if (atomic_exchange(&window->asleep, asleep) != asleep) {
        window->config.seen(window->config.user, !asleep);
        /* Frames may have to be asked for again: what is shown isn't called a lost signal at once.
         */
        if (window->shown)
            window->signal.last_ns = clock_monotonic();
    }
    window->offered = true;
    window->next_status = 0;
}

static void on_key(struct window *window, const SDL_KeyboardEvent *key)
{
    if (key->repeat || key->keysym.mod & (KMOD_CTRL | KMOD_ALT | KMOD_GUI))
        return;
    switch (key->keysym.sym) {
    case SDLK_q:
    case SDLK_ESCAPE:
        window->quit = true;
        break;
    case SDLK_f:
        canvas_toggle_full_screen(&window->canvas);
        break;
    case SDLK_s:
        if (window->shown)
            snapshot_save(window->snapshot_dir, window->shown);
        else
            log_warning("no snapshot saved: no frame is here yet");
        break;
    case SDLK_SPACE:
        window->frozen = !window->frozen;
        on_seen_or_unseen(window);
        break;
    }
}

static void on_window_event(struct window *window, Uint8 event)
{
    switch (event) {
    case SDL_WINDOWEVENT_CLOSE:
        window->quit = true;
        break;
    case SDL_WINDOWEVENT_MINIMIZED:
    case SDL_WINDOWEVENT_HIDDEN:
        window->hidden = true;
        on_seen_or_unseen(window);
        break;
    case SDL_WINDOWEVENT_RESIZED: /* by others; the sizes that we ask for are SIZE_CHANGED alone */
        window->sized = true;
        break;
    case SDL_WINDOWEVENT_SIZE_CHANGED:
        window->stale = true;
        break;
    case SDL_WINDOWEVENT_SHOWN:
    case SDL_WINDOWEVENT_RESTORED:
    case SDL_WINDOWEVENT_EXPOSED: /* not every window manager tells that it restored a window */
        window->hidden = false;
        window->stale = true;
        on_seen_or_unseen(window);
        break;
    }
}

static void on_event(struct window *window, const SDL_Event *event)
{
    switch (event->type) {
    case SDL_QUIT:
        /* Where nobody has closed the window, it is SDL that has lost a Wayland compositor. */
        if (!window->quit)
            window_display_lose();
        break;
    case SDL_KEYDOWN:
        on_key(window, &event->key);
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
    }
}

/* A frame waits and may be shown, now or at next_show. */
static bool has_frame_to_show(const struct window *window)
{
    return window->offered && !window->frozen && !window->hidden;
}

/* Takes in all that has happened; whether anything has. */
static bool take_events(struct window *window)
{
    SDL_Event event;
    bool any = atomic_exchange(&window->woken, false);
    if (any)
        window->offered = true;
    if (any && atomic_exchange(&window->refresh, false))
        window->next_status = 0;
    while (!window_display_is_lost() && SDL_PollEvent(&event)) {
        on_event(window, &event);
        any = true;
    }
    return any;
}

/* Sleeps until something happens or is due, and takes in all that has happened. */
static void handle_events(struct window *window)
{
    uint64_t now = clock_monotonic(), due = window->next_status;
    if (has_frame_to_show(window) && window->next_show < due)
        due = window->next_show;
    if (due > now + SLEEP_MOST)
        due = now + SLEEP_MOST;
    int timeout_ms = due > now ? (int)((due - now + CLOCK_MS - 1) / CLOCK_MS) : 0;
    /* Drawing may have made SDL read events: those must be seen before it sleeps. */
    if (take_events(window) || timeout_ms == 0 || window->quit || window_display_is_lost())
        return;
    window_display_wait(&window->display, timeout_ms);
    take_events(window);
}

static void show_frames(void *user)
{
    struct window *window = user;
    while (!window->quit && !atomic_load(&window->closing) && !window_display_is_lost()) {
        uint64_t now = clock_monotonic();
        if (now >= window->next_status)
            update_status(window, now);
        if (window->stale && !window->hidden)
            draw_again(window);
        handle_events(window);
        if (has_frame_to_show(window) && clock_monotonic() >= window->next_show)
            show_newest(window);
    }
}

enum window_end window_run(struct window *window)
{
    if (!window_display_guard(show_frames, window))
        return WINDOW_LOST;
    return window->quit ? WINDOW_QUIT : WINDOW_TOLD_TO;
}
