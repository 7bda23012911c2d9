/*
 * The window of a build without SDL2: there is none, and it says so.
 */
#include "host/sinks/window/window.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>

bool window_available(void)
{
    return false;
}

int window_create(struct window **window, const struct window_config *config, char *error)
{
    (void)config;
    *window = NULL;
    snprintf(error, WINDOW_ERROR_MAX, "this pitether was built without SDL2 and has no window");
    return -ENOSYS;
}

enum window_end window_run(struct window *window)
{
    (void)window;
    return WINDOW_TOLD_TO;
}

void window_offer(struct window *window, const struct pitether_frame *frame)
{
    (void)window;
    (void)frame;
}

void window_refresh(struct window *window)
{
    (void)window;
}

void window_close_soon(struct window *window)
{
    (void)window;
}

uint64_t window_skipped(struct window *window)
{
    (void)window;
    return 0;
}

void window_destroy(struct window **window)
{
    if (window)
        *window = NULL;
}
