#include "host/sinks/window/input.h"

/* 1 to 9; 0: another key. */
static unsigned digit_of(SDL_Keycode key)
{
    if (key >= SDLK_1 && key <= SDLK_9)
        return (unsigned)(key - SDLK_1) + 1;
    if (key >= SDLK_KP_1 && key <= SDLK_KP_9)
        return (unsigned)(key - SDLK_KP_1) + 1;
    return 0;
}

static struct input read_typing(const SDL_KeyboardEvent *event)
{
    if (event->repeat && event->keysym.sym != SDLK_BACKSPACE) /* the key that began it is held */
        return (struct input){ .action = INPUT_NONE };
    switch (event->keysym.sym) {
    case SDLK_RETURN:
    case SDLK_KP_ENTER:
        return (struct input){ .action = INPUT_ACCEPT };
    case SDLK_ESCAPE:
        return (struct input){ .action = INPUT_CANCEL };
    case SDLK_BACKSPACE:
        return (struct input){ .action = INPUT_ERASE };
    default:
        return (struct input){ .action = INPUT_NONE };
    }
}

static struct input read_key(const SDL_KeyboardEvent *event, enum input_mode mode)
{
    struct input input = { .action = INPUT_NONE };
    SDL_Keymod modifiers = event->keysym.mod;
    if (modifiers & (KMOD_CTRL | KMOD_ALT | KMOD_GUI))
        return input;
    if (mode == INPUT_TYPING)
        return read_typing(event);
    input.stream = digit_of(event->keysym.sym);
    const struct key_row *row =
        keys_find(event->keysym.sym, modifiers & KMOD_SHIFT, mode == INPUT_PANEL_KEYS);
    if (input.stream > 0 && !event->repeat)
        input.action = INPUT_STREAM;
    else if (row && (row->repeats || !event->repeat))
        input = (struct input){ .action = row->action, .steps = row->steps };
    return input;
}

static struct input read_wheel(const SDL_MouseWheelEvent *event)
{
    int steps = event->direction == SDL_MOUSEWHEEL_FLIPPED ? -event->y : event->y;
    struct input input = { .action = steps ? INPUT_ZOOM : INPUT_NONE, .steps = steps };
    SDL_GetMouseState(&input.x, &input.y);
    return input;
}

struct input input_read(const SDL_Event *event, enum input_mode mode)
{
    switch (event->type) {
    case SDL_KEYDOWN:
        return read_key(&event->key, mode);
    case SDL_TEXTINPUT:
        return (struct input){ .action = mode == INPUT_TYPING ? INPUT_TYPE : INPUT_NONE,
                               .text = event->text.text };
    case SDL_MOUSEBUTTONDOWN:
    case SDL_MOUSEBUTTONUP:
        if (event->button.button != SDL_BUTTON_LEFT)
            break;
        return (struct input){ .action =
                                   event->type == SDL_MOUSEBUTTONDOWN ? INPUT_PRESS : INPUT_RELEASE,
                               .x = event->button.x,
                               .y = event->button.y };
    case SDL_MOUSEMOTION:
        return (struct input){ .action = INPUT_MOVE, .x = event->motion.x, .y = event->motion.y };
    case SDL_MOUSEWHEEL:
        return read_wheel(&event->wheel);
    }
    return (struct input){ .action = INPUT_NONE };
}
