/*
 * What the user wants, by key or mouse.
 */
#ifndef PITETHER_HOST_SINKS_WINDOW_INPUT_H
#define PITETHER_HOST_SINKS_WINDOW_INPUT_H

#define SDL_MAIN_HANDLED /* main() is the program's own */
#include <SDL.h>

enum input_action {
    INPUT_NONE,
    INPUT_QUIT,
    INPUT_BACK,        /* to all streams, or quit */
    INPUT_FULL_SCREEN, /* or back */
    INPUT_SNAPSHOT,
    INPUT_FREEZE, /* or go on */
    INPUT_ALL,    /* show all streams */
    INPUT_STREAM, /* show this one alone, or all again */
    INPUT_CLICK,  /* show the one at this position alone, or all again */
};

struct input {
    enum input_action action;
    unsigned stream; /* of STREAM: its number, from 1 on */
    int x, y;        /* of CLICK: in units of the window's size */
};

/* Repeated keys and those with Ctrl, Alt or Super are NONE, and so are other events. */
struct input input_read(const SDL_Event *event);

#endif
