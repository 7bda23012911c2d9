/*
 * The window of a build without SDL2: there is none, and window_create() says so.
 */
#include <errno.h>
#include <stddef.h>

#include "host/sinks/window/window.h"

bool window_available(void)
{
    return false;
}

int window_create(struct window **window, struct error *error)
{
    *window = NULL;
    return error_set(error, -ENOSYS, "this pitether was built without SDL2 and has no window");
}

int window_add_stream(struct window *window, struct window_stream **stream,
                      const struct window_stream_config *config)
{
    (void)window;
    (void)config;
    *stream = NULL;
    return -ENOSYS;
}

enum window_end window_run(struct window *window)
{
    (void)window;
    return WINDOW_STOPPED;
}

void window_offer(struct window_stream *stream, const struct pitether_frame *frame)
{
    (void)stream;
    (void)frame;
}

void window_controls(struct window_stream *stream, const struct pitether_controls *controls)
{
    (void)stream;
    (void)controls;
}

void window_changed(struct window_stream *stream, const struct pitether_changed *changed)
{
    (void)stream;
    (void)changed;
}

void window_refresh(struct window *window)
{
    (void)window;
}

void window_stop(struct window *window)
{
    (void)window;
}

uint64_t window_skipped(struct window_stream *stream)
{
    (void)stream;
    return 0;
}

void window_destroy(struct window **window)
{
    if (window)
        *window = NULL;
}
