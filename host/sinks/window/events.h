/*
 * What happens to the window: what the user does, what the window manager tells, and what has come
 * of the cameras. First thread only.
 */
#ifndef PITETHER_HOST_SINKS_WINDOW_EVENTS_H
#define PITETHER_HOST_SINKS_WINDOW_EVENTS_H

#include <stdbool.h>

#include "host/sinks/window/state.h"

/* Takes in all that has happened; whether anything has. */
bool events_take(struct window *window);

#endif
