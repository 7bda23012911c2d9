/*
 * The window's thread: it sleeps in SDL until a key, a new frame or the next status is due, decodes
 * the newest frame and has it drawn.
 */
#include "host/window.h"

#include <errno.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <SDL.h>

#include "host/jpeg_parallel.h"
#include "host/snapshot.h"
#include "host/window_canvas.h"
#include "host/window_title.h"
#include "shared/clock.h"
#include "shared/log.h"
#include "shared/mailbox.h"

#define STATUS_PERIOD (500 * CLOCK_MS)
#define COMPLAINT_PERIOD CLOCK_SECOND

struct window {
    /* Fixed once created. */
    struct window_config config;
    char *name, *snapshot_dir;

    /* Any thread. */
    struct mailbox newest;
    atomic_bool woken; /* a wake-up is on its way through SDL's queue */
    atomic_bool closing;

    /* The window's thread. Times are of clock_monotonic(). */
    struct canvas canvas;
    struct jpeg_parallel *decoder;
    struct frame *shown; /* a reference of our own, or NULL; what `s` saves */
    bool offered;        /* the mailbox may hold a frame */
    bool frozen;
    bool hidden; /* nobody can see the window: frames are not worth decoding */
    bool sized;  /* by the first frame, the user or the window manager */
    bool stale;  /* must be drawn again */
    bool lost;   /* so must the picture be set again, from the frame */
    bool quit;
    uint64_t next_show;   /* no frame is shown before */
    uint64_t next_status; /* the title is due */
    uint64_t next_complaint;
    unsigned complaints_muted;
    char title[WINDOW_TITLE_MAX];
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
        made->name = strdup(config->title);
        made->snapshot_dir = strdup(config->snapshot_dir);
        made->decoder = jpeg_parallel_create(0);
        if (made->name && made->snapshot_dir && made->decoder)
            result = canvas_open(&made->canvas, made->name, error);
    }
    if (result)
        window_destroy(&made);
    *window = made;
    return result;
}

void window_destroy(struct window **window)
{
    if (!window || !*window)
        return;
    struct window *gone = *window;
    *window = NULL;
    canvas_close(&gone->canvas);
    frame_release(mailbox_take(&gone->newest));
    frame_release(gone->shown);
    jpeg_parallel_destroy(gone->decoder);
    free(gone->name);
    free(gone->snapshot_dir);
    free(gone);
}

static void wake(struct window *window)
{
    /* One event at most is under way. The flag is cleared before the mailbox is looked into, so
     * whoever finds it set knows that the look is still to come. */
    if (atomic_exchange(&window->woken, true))
        return;
    SDL_Event event = { .type = SDL_USEREVENT };
    if (SDL_PushEvent(&event) <= 0)
        atomic_store(&window->woken, false);
}

void window_offer(struct window *window, struct frame *frame)
{
    frame_release(mailbox_put(&window->newest, frame_hold(frame)));
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

static void update_title(struct window *window, uint64_t now)
{
    struct window_status status = { .latency_ms = -1 };
    char title[WINDOW_TITLE_MAX];
    window->config.status(window->config.user, &status);
    window_title(title, window->name, window->shown, window->frozen, &status);
    if (strcmp(title, window->title) != 0) {
        strcpy(window->title, title);
        SDL_SetWindowTitle(window->canvas.window, title);
    }
    window->next_status = now + STATUS_PERIOD;
}

/* One line a second at most, whatever comes in. */
static void complain(struct window *window, const struct frame *frame, const char *what)
{
    uint64_t now = clock_monotonic();
    if (now < window->next_complaint) {
        window->complaints_muted++;
        return;
    }
    if (window->complaints_muted > 0)
        log_warning("frame %" PRIu64 " can't be shown: %s (%u more since the last such line)",
                    frame->id, what, window->complaints_muted);
    else
        log_warning("frame %" PRIu64 " can't be shown: %s", frame->id, what);
    window->complaints_muted = 0;
    window->next_complaint = now + COMPLAINT_PERIOD;
}

static const char *decode_error(int error)
{
    switch (error) {
    case -EFBIG:
        return "the JPEG is too large";
    case -ENOMEM:
        return "out of memory";
    default:
        return "the JPEG is damaged, of a kind that isn't known, or of another size than said";
    }
}

/* Decodes the frame into the canvas; false if that can't be, and then the user has been told. */
static bool set_picture(struct window *window, const struct frame *frame, uint64_t *decoded)
{
    struct jpeg_planes planes;
    int error = jpeg_parallel_decode(window->decoder, frame->data, frame->size, frame->width,
                                     frame->height, &planes);
    if (error) {
        complain(window, frame, decode_error(error));
        return false;
    }
    *decoded = clock_monotonic();
    error = canvas_set_picture(&window->canvas, &planes);
    if (error == -EIO)
        complain(window, frame, SDL_GetError());
    return error == 0;
}

/* Shows the newest frame; one that can't be shown leaves the last good one in place. */
static void show_newest(struct window *window)
{
    window->offered = false;
    struct frame *frame = mailbox_take(&window->newest);
    uint64_t decoded;
    if (!frame)
        return;
    if (!set_picture(window, frame, &decoded)) {
        frame_release(frame);
        return;
    }
    if (!window->sized)
        canvas_fit_window(&window->canvas);
    window->sized = true;
    canvas_present(&window->canvas);
    uint64_t shown = clock_monotonic();
    if (window->config.shown)
        window->config.shown(window->config.user, frame, decoded, shown);

    struct frame *before = window->shown;
    if (!before || before->width != frame->width || before->height != frame->height)
        window->next_status = 0;
    window->shown = frame;
    frame_release(before);
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
            set_picture(window, window->shown, &decoded);
    }
    canvas_present(&window->canvas);
    window->stale = window->lost = false;
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
        window->next_status = 0;
        break;
    }
}

static void on_window_event(struct window *window, Uint8 event)
{
    switch (event) {
    case SDL_WINDOWEVENT_MINIMIZED:
    case SDL_WINDOWEVENT_HIDDEN:
        window->hidden = true;
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
        break;
    }
}

static void on_event(struct window *window, const SDL_Event *event)
{
    switch (event->type) {
    case SDL_USEREVENT:
        atomic_store(&window->woken, false);
        window->offered = true;
        break;
    case SDL_QUIT:
        window->quit = true;
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

/* Sleeps until something happens or is due, and takes in all that has happened. */
static void handle_events(struct window *window)
{
    uint64_t now = clock_monotonic(), due = window->next_status;
    if (has_frame_to_show(window) && window->next_show < due)
        due = window->next_show;
    int timeout_ms = due > now ? (int)((due - now + CLOCK_MS - 1) / CLOCK_MS) : 0;
    SDL_Event event;
    if (SDL_WaitEventTimeout(&event, timeout_ms))
        do
            on_event(window, &event);
        while (SDL_PollEvent(&event));
}

bool window_run(struct window *window)
{
    while (!window->quit && !atomic_load(&window->closing)) {
        uint64_t now = clock_monotonic();
        if (now >= window->next_status)
            update_title(window, now);
        handle_events(window);
        if (has_frame_to_show(window) && clock_monotonic() >= window->next_show)
            show_newest(window);
        if (window->stale)
            draw_again(window);
    }
    return window->quit;
}
