/*
 * What the user wants, read from an event of SDL's.
 */
#ifndef PITETHER_HOST_SINKS_WINDOW_INPUT_H
#define PITETHER_HOST_SINKS_WINDOW_INPUT_H

#define SDL_MAIN_HANDLED /* main() is the program's own */
#include <SDL.h>

#include "host/sinks/window/keys.h"

struct input {
    enum input_action action;
    unsigned stream;  /* of STREAM: its number, from 1 on */
    int steps;        /* of SELECT, STEP, EXPOSE and ZOOM */
    int x, y;         /* of PRESS, MOVE, RELEASE and ZOOM: in units of the window's size */
    const char *text; /* of TYPE: lives as long as the event */
};

/* What the keys mean now. */
enum input_mode { INPUT_KEYS, INPUT_PANEL_KEYS, INPUT_TYPING };

/* Keys with Ctrl, Alt or Super are NONE, as are repeated ones but for those that repeat, and other
 * events. */
struct input input_read(const SDL_Event *event, enum input_mode mode);

#endif
