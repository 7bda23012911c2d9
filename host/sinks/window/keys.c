#include "host/sinks/window/keys.h"

#include <stddef.h>

#define SDL_MAIN_HANDLED /* main() is the program's own */
#include <SDL.h>

#include "host/sinks/window/panel.h"

enum { PAGE = 10 }; /* rows of the panel */

const char *const key_group_names[KEY_GROUPS] = { "Window", "Mouse", "Picture", "Camera",
                                                  "Controls (Tab)" };

/* The manual's list is made of it by shared/scripts/document-options.py, which reads one row's name
 * and text as the last two strings within its braces. */
const struct key_row keys[] = {
    { SDLK_q, KEY_ANY, false, KEYS_WINDOW, INPUT_QUIT, 0, "q", "close the window" },
    { SDLK_ESCAPE, KEY_ANY, false, KEYS_WINDOW, INPUT_BACK, 0, "Esc",
      "back: close the list, the panel, the window" },
    { SDLK_f, KEY_ANY, false, KEYS_WINDOW, INPUT_FULL_SCREEN, 0, "f", "full screen, or back" },
    { SDLK_SPACE, KEY_ANY, false, KEYS_WINDOW, INPUT_FREEZE, 0, "Space",
      "freeze the picture, or go on" },
    { SDLK_s, KEY_PLAIN, false, KEYS_WINDOW, INPUT_SNAPSHOT, 0, "s",
      "save the frame that is shown" },
    { 0, KEY_ANY, false, KEYS_WINDOW, INPUT_STREAM, 0, "1 to 9",
      "show that stream alone, or all again" },
    { SDLK_0, KEY_ANY, false, KEYS_WINDOW, INPUT_RESET, 0, "0",
      "show all of the picture, then all streams" },
    { SDLK_KP_0, KEY_ANY, false, KEYS_WINDOW, INPUT_RESET, 0, NULL, NULL },
    { SDLK_F1, KEY_ANY, false, KEYS_WINDOW, INPUT_HELP, 0, "F1", "this list" },
    { 0, KEY_ANY, false, KEYS_MOUSE, INPUT_PRESS, 0, "Click",
      "focus or meter there; of several, show one" },
    { 0, KEY_ANY, false, KEYS_MOUSE, INPUT_ZOOM, 0, "Wheel", "zoom at the pointer" },
    { 0, KEY_ANY, false, KEYS_MOUSE, INPUT_MOVE, 0, "Drag", "move what is shown" },
    { SDLK_h, KEY_ANY, false, KEYS_PICTURE, INPUT_HISTOGRAM, 0, "h",
      "histogram, and how much is clipped" },
    { SDLK_p, KEY_ANY, false, KEYS_PICTURE, INPUT_PEAKING, 0, "p", "mark what is sharp" },
    { SDLK_g, KEY_ANY, false, KEYS_PICTURE, INPUT_GRID, 0, "g", "grid of thirds" },
    { SDLK_i, KEY_ANY, false, KEYS_PICTURE, INPUT_VALUES, 0, "i",
      "what the camera reports of this frame" },
    { SDLK_t, KEY_ANY, false, KEYS_CAMERA, INPUT_FOCUS, 0, "t", "focus once" },
    { SDLK_e, KEY_PLAIN, true, KEYS_CAMERA, INPUT_EXPOSE, -1, "e, E", "expose less, or more" },
    { SDLK_e, KEY_SHIFT, true, KEYS_CAMERA, INPUT_EXPOSE, 1, NULL, NULL },
    { SDLK_s, KEY_SHIFT, false, KEYS_CAMERA, INPUT_STILL, 0, "S",
      "save a still of the sensor's full size" },
    { SDLK_TAB, KEY_ANY, false, KEYS_PANEL, INPUT_PANEL, 0, "Tab", "show them, or hide them" },
    { SDLK_UP, KEY_ANY, true, KEYS_PANEL, INPUT_SELECT, -1, "Up, Down", "select one" },
    { SDLK_DOWN, KEY_ANY, true, KEYS_PANEL, INPUT_SELECT, 1, NULL, NULL },
    { SDLK_PAGEUP, KEY_ANY, true, KEYS_PANEL, INPUT_SELECT, -PAGE, NULL, NULL },
    { SDLK_PAGEDOWN, KEY_ANY, true, KEYS_PANEL, INPUT_SELECT, PAGE, NULL, NULL },
    { SDLK_HOME, KEY_ANY, true, KEYS_PANEL, INPUT_SELECT, -PANEL_ROWS_MAX, NULL, NULL },
    { SDLK_END, KEY_ANY, true, KEYS_PANEL, INPUT_SELECT, PANEL_ROWS_MAX, NULL, NULL },
    { SDLK_LEFT, KEY_PLAIN, true, KEYS_PANEL, INPUT_STEP, -1, "Left, Right",
      "less or more of it, with Shift in large steps" },
    { SDLK_RIGHT, KEY_PLAIN, true, KEYS_PANEL, INPUT_STEP, 1, NULL, NULL },
    { SDLK_LEFT, KEY_SHIFT, true, KEYS_PANEL, INPUT_STEP, -PANEL_LARGE_STEP, NULL, NULL },
    { SDLK_RIGHT, KEY_SHIFT, true, KEYS_PANEL, INPUT_STEP, PANEL_LARGE_STEP, NULL, NULL },
    { SDLK_a, KEY_ANY, false, KEYS_PANEL, INPUT_AUTO, 0, "a", "leave it to the camera" },
    { SDLK_RETURN, KEY_ANY, false, KEYS_PANEL, INPUT_EDIT, 0, "Enter",
      "type a value; Enter sets it, Esc does not" },
    { SDLK_KP_ENTER, KEY_ANY, false, KEYS_PANEL, INPUT_EDIT, 0, NULL, NULL },
    { SDLK_BACKSPACE, KEY_ANY, false, KEYS_PANEL, INPUT_DEFAULT, 0, "Backspace", "its default" },
    { 0 }
};

const struct key_row *keys_find(int code, bool shift, bool panel)
{
    for (const struct key_row *row = keys; row->code || row->name; row++)
        if (row->code && row->code == code &&
            (row->shift == KEY_ANY || (row->shift == KEY_SHIFT) == shift) &&
            (row->group != KEYS_PANEL || panel || row->action == INPUT_PANEL))
            return row;
    return NULL;
}
