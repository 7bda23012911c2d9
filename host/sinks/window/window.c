#include "host/sinks/window/window.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "host/sinks/window/state.h"
#include "host/still/still_saver.h"

_Static_assert((int)WINDOW_STREAMS_MAX == (int)LAYOUT_MAX, "each stream has a tile");

static bool is_set(const char *variable)
{
    const char *value = getenv(variable);
    return value && *value;
}

bool window_available(void)
{
    return is_set("DISPLAY") || is_set("WAYLAND_DISPLAY") || is_set("SDL_VIDEODRIVER");
}

int window_create(struct window **window, struct error *error)
{
    struct window *self = *window = calloc(1, sizeof(*self));
    if (!self)
        return error_set(error, -ENOMEM, "out of memory");
    self->view.alone = VIEW_ALL;
    self->next_draw = self->hide_cursor = UINT64_MAX;
    self->display.wake_fd = -1;
    self->decoder = jpeg_parallel_create(0);
    int result = self->decoder ? canvas_open(&self->view.canvas, "pitether", error)
                               : error_set(error, -ENOMEM, "out of memory");
    if (!result) {
        result = window_display_init(&self->display, self->view.canvas.window);
        if (result)
            error_set(error, result, "can't wait for the display: %s", strerror(-result));
    }
    if (result)
        window_destroy(window);
    return result;
}

static void stream_destroy(struct window_stream *stream)
{
    pitether_frame_release(mailbox_take(&stream->newest));
    still_saver_destroy(&stream->stills);
    tile_destroy(&stream->tile);
    inbox_destroy(&stream->inbox);
    free(stream);
}

int window_add_stream(struct window *window, struct window_stream **stream,
                      const struct window_stream_config *config)
{
    struct view *view = &window->view;
    *stream = NULL;
    if (view->count == WINDOW_STREAMS_MAX)
        return -ENOSPC;
    struct window_stream *self = calloc(1, sizeof(*self));
    if (!self)
        return -ENOMEM;
    self->window = window;
    self->config = *config;
    inbox_init(&self->inbox);
    self->tile.part = zoom_whole;
    self->tile.camera.set = config->set;
    self->tile.camera.user = config->user;
    self->tile.name = strdup(config->name);
    self->tile.snapshot_dir = strdup(config->snapshot_dir);
    if (!self->tile.name || !self->tile.snapshot_dir) {
        stream_destroy(self);
        return -ENOMEM;
    }
    view->tiles[view->count] = &self->tile;
    window->streams[view->count++] = *stream = self;
    return 0;
}

static void close_canvas(void *user)
{
    struct view *view = user;
    if (window_display_is_lost())
        return;
    for (unsigned i = 0; i < view->count; i++)
        picture_clear(&view->tiles[i]->picture);
    instruments_clear(&view->instruments);
    canvas_close(&view->canvas);
}

void window_destroy(struct window **window)
{
    if (!window || !*window)
        return;
    struct window *self = *window;
    *window = NULL;
    window_display_guard(close_canvas, &self->view);
    /* Their threads wake the window. */
    for (unsigned i = 0; i < self->view.count; i++)
        still_saver_destroy(&self->streams[i]->stills);
    window_display_destroy(&self->display);
    for (unsigned i = 0; i < self->view.count; i++)
        stream_destroy(self->streams[i]);
    jpeg_parallel_destroy(self->decoder);
    free(self);
}

static void wake(struct window *window)
{
    /* The flag is cleared before the mailboxes are looked into, so whoever finds it set knows that
     * the look is still to come. */
    if (!atomic_exchange(&window->woken, true))
        window_display_wake(&window->display);
}

void window_offer(struct window_stream *stream, const struct pitether_frame *frame)
{
    pitether_frame_release(mailbox_put(&stream->newest, (void *)pitether_frame_hold(frame)));
    if (!atomic_load(&stream->unseen))
        wake(stream->window);
}

void window_controls(struct window_stream *stream, const struct pitether_controls *controls)
{
    inbox_put_controls(&stream->inbox, controls);
    window_refresh(stream->window);
}

void window_changed(struct window_stream *stream, const struct pitether_changed *changed)
{
    inbox_put_changed(&stream->inbox, changed);
    window_refresh(stream->window);
}

void window_refresh(struct window *window)
{
    atomic_store(&window->refresh, true);
    wake(window);
}

void window_stop(struct window *window)
{
    atomic_store(&window->stopping, true);
    wake(window);
}

uint64_t window_skipped(struct window_stream *stream)
{
    return mailbox_displaced(&stream->newest);
}
