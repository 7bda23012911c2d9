/*
 * The window's keys: what each does, and what the window's list (F1) and the manual say of it.
 */
#ifndef PITETHER_HOST_SINKS_WINDOW_KEYS_H
#define PITETHER_HOST_SINKS_WINDOW_KEYS_H

#include <stdbool.h>

/* What the user wants, by key or mouse. */
enum input_action {
    INPUT_NONE,
    INPUT_QUIT,
    INPUT_BACK,        /* one step: close the list or the panel, show all streams, or quit */
    INPUT_FULL_SCREEN, /* or back */
    INPUT_SNAPSHOT,
    INPUT_FREEZE,    /* or go on */
    INPUT_RESET,     /* the zoom, or else show all streams */
    INPUT_STREAM,    /* show this one alone, or all again */
    INPUT_HELP,      /* the list of keys, or not */
    INPUT_HISTOGRAM, /* the histogram, or not; and so on */
    INPUT_PEAKING,
    INPUT_GRID,
    INPUT_VALUES,
    INPUT_FOCUS,
    INPUT_EXPOSE, /* for longer by so many steps */
    INPUT_STILL,
    INPUT_PANEL,  /* or not */
    INPUT_SELECT, /* a control so many rows further down */
    INPUT_STEP,   /* the selected control by so many steps */
    INPUT_AUTO,
    INPUT_DEFAULT,
    INPUT_EDIT, /* begin to type a value */
    INPUT_TYPE, /* these characters of it */
    INPUT_ERASE,
    INPUT_ACCEPT, /* what was typed */
    INPUT_CANCEL,
    INPUT_PRESS, /* the mouse button, at this position */
    INPUT_MOVE,
    INPUT_RELEASE,
    INPUT_ZOOM, /* by so many steps, at this position */
};

enum key_group { KEYS_WINDOW, KEYS_MOUSE, KEYS_PICTURE, KEYS_CAMERA, KEYS_PANEL, KEY_GROUPS };
extern const char *const key_group_names[KEY_GROUPS];

enum key_shift { KEY_PLAIN, KEY_SHIFT, KEY_ANY };

struct key_row {
    int code; /* an SDL_Keycode; 0: it is no key */
    enum key_shift shift;
    bool repeats; /* while it is held */
    enum key_group group;
    enum input_action action;
    int steps;
    const char *name, *text; /* in the lists; NULL: the row before it speaks of it, too */
};

/* Up to one without name and code. */
extern const struct key_row keys[];

/* The row of a key that was pressed; NULL: it does nothing. panel: the panel is open. */
const struct key_row *keys_find(int code, bool shift, bool panel);

#endif
