/*
 * The connection to the display: sleeping until it, or another thread, has something for the
 * window; and noticing that it is gone. An X server that goes would otherwise take the program with
 * it, for Xlib calls exit(). First thread only, but for what says so; there is one at a time.
 */
#ifndef PITETHER_HOST_SINKS_WINDOW_DISPLAY_H
#define PITETHER_HOST_SINKS_WINDOW_DISPLAY_H

#include <stdbool.h>

#include "shared/base/attributes.h"

struct SDL_Window;

struct window_display {
    int wake_fd;
    int x11_fd; /* the connection; -1: it is no X server, and SDL does the waiting */
};

/* Once the window is open. 0 or a negative errno. */
NODISCARD int window_display_init(struct window_display *display, struct SDL_Window *window);
void window_display_destroy(struct window_display *display);

/* Sleeps until there are events, or window_display_wake() was called, or for so long. Events that
 * SDL has read already don't count: they must have been taken before. */
void window_display_wait(struct window_display *display, int timeout_ms);

/* Any thread; never blocks. */
void window_display_wake(struct window_display *display);

/* The display is gone: none of SDL's functions may be called any more, since some of its drivers
 * crash or wait for ever then. Any thread. */
bool window_display_is_lost(void);

/* For what tells so in an event. */
void window_display_lose(void);

/* Calls body(user), which is left in its middle if the X server goes: what it was about to release
 * then stays. All of SDL's functions are called in here. False: the display is lost. */
bool window_display_guard(void (*body)(void *user), void *user);

#endif
