#include "host/sinks/window/input.h"

static enum input_action action_of(SDL_Keycode key)
{
    switch (key) {
    case SDLK_q:
        return INPUT_QUIT;
    case SDLK_ESCAPE:
        return INPUT_BACK;
    case SDLK_f:
        return INPUT_FULL_SCREEN;
    case SDLK_s:
        return INPUT_SNAPSHOT;
    case SDLK_SPACE:
        return INPUT_FREEZE;
    case SDLK_0:
    case SDLK_KP_0:
        return INPUT_ALL;
    default:
        return INPUT_NONE;
    }
}

/* 1 to 9; 0: another key. */
static unsigned digit_of(SDL_Keycode key)
{
    if (key >= SDLK_1 && key <= SDLK_9)
        return (unsigned)(key - SDLK_1) + 1;
    if (key >= SDLK_KP_1 && key <= SDLK_KP_9)
        return (unsigned)(key - SDLK_KP_1) + 1;
    return 0;
}

struct input input_read(const SDL_Event *event)
{
    struct input input = { .action = INPUT_NONE };
    if (event->type == SDL_KEYDOWN && !event->key.repeat &&
        !(event->key.keysym.mod & (KMOD_CTRL | KMOD_ALT | KMOD_GUI))) {
        SDL_Keycode key = event->key.keysym.sym;
        input.stream = digit_of(key);
        input.action = input.stream > 0 ? INPUT_STREAM : action_of(key);
    } else if (event->type == SDL_MOUSEBUTTONDOWN && event->button.button == SDL_BUTTON_LEFT) {
        input = (struct input){ .action = INPUT_CLICK, .x = event->button.x, .y = event->button.y };
    }
    return input;
}
