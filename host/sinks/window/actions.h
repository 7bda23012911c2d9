/*
 * Does what the user wants. First thread only.
 */
#ifndef PITETHER_HOST_SINKS_WINDOW_ACTIONS_H
#define PITETHER_HOST_SINKS_WINDOW_ACTIONS_H

#include "host/sinks/window/input.h"
#include "host/sinks/window/state.h"

/* With the keyboard, or the mouse. */
void action_do(struct window *window, const struct input *input);

/* The part for the mouse, and for the part of the picture that is shown. */
void pointer_do(struct window *window, const struct input *input);

/* Shows the cursor: for a while, where the window is full-screen. */
void pointer_show_cursor(struct window *window);

/* The stream that the tile is of. */
struct window_stream *stream_of(struct window *window, const struct tile *tile);

/* Shows the whole picture of the active stream again; false: it does already. */
bool pointer_reset(struct window *window);

#endif
