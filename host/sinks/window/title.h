/*
 * The window's title: the stream's state in one line. Pure.
 */
#ifndef PITETHER_HOST_SINKS_WINDOW_TITLE_H
#define PITETHER_HOST_SINKS_WINDOW_TITLE_H

#include <stdbool.h>

#include "host/sinks/window/window.h"

enum { WINDOW_TITLE_MAX = 512 };

/* Writes e.g. "pitether pi.local - 1920x1080 - 29.9 fps - 41 ms - 3 dropped - frozen" and the
 * status's note to title, which holds WINDOW_TITLE_MAX bytes. shown: the frame in the window, or
 * NULL before the first. Any thread. */
void window_title(char *title, const char *name, const struct pitether_frame *shown, bool frozen,
                  const struct window_status *status);

#endif
