#include "host/sinks/window/canvas.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "host/sinks/window/display.h"
#include "shared/base/clock.h"
#include "shared/base/log.h"

enum {
    EMPTY_WIDTH = 640, /* the window before the first picture */
    EMPTY_HEIGHT = 360,
    DARK = 16,
    USUAL_REFRESH_RATE = 60, /* Hz, where the display doesn't report its own */
};

static int start_sdl(struct error *error)
{
    SDL_SetMainReady();
    SDL_SetHint(SDL_HINT_NO_SIGNAL_HANDLERS, "1"); /* the program has its own */
    SDL_SetHint(SDL_HINT_APP_NAME, "pitether");
    SDL_SetHint(SDL_HINT_RENDER_SCALE_QUALITY, "linear");
    /* Other windows stay as smooth as they were: SDL would turn off the compositor of the whole
     * desktop, which is meant for games. */
    SDL_SetHint(SDL_HINT_VIDEO_X11_NET_WM_BYPASS_COMPOSITOR, "0");
    if (SDL_Init(SDL_INIT_VIDEO))
        return error_set(error, -ENODEV, "can't reach a display: %s", SDL_GetError());
    /* SDL's last resort draws into memory. */
    const char *driver = getenv("SDL_VIDEODRIVER"), *display = getenv("DISPLAY");
    if (!(driver && *driver) && !strcmp(SDL_GetCurrentVideoDriver(), "offscreen"))
        return error_set(error, -ENODEV, "can't reach a display (DISPLAY is \"%s\")",
                         display ? display : "");
    SDL_StopTextInput(); /* on by default; input methods would swallow keys */
    /* JFIF's colours: full range, BT.601 at every size. */
    SDL_SetYUVConversionMode(SDL_YUV_CONVERSION_JPEG);
    return 0;
}

static int open_window(struct canvas *canvas, const char *title, struct error *error)
{
    SDL_RendererInfo info;
    canvas->window =
        SDL_CreateWindow(title, SDL_WINDOWPOS_CENTERED, SDL_WINDOWPOS_CENTERED, EMPTY_WIDTH,
                         EMPTY_HEIGHT, SDL_WINDOW_RESIZABLE | SDL_WINDOW_ALLOW_HIGHDPI);
    /* No vsync: waiting for it would add up to a refresh to the age of each frame, and delay the
     * keys. A compositor prevents tearing anyway; without one a torn line is the price of the
     * newest picture. The caller limits how often it presents. */
    if (canvas->window)
        canvas->renderer = SDL_CreateRenderer(canvas->window, -1, 0);
    if (!canvas->renderer || SDL_GetRendererInfo(canvas->renderer, &info))
        return error_set(error, -ENODEV, "can't open a window: %s", SDL_GetError());
    canvas->max_width = info.max_texture_width;
    canvas->max_height = info.max_texture_height;
    log_debug("window: %s, drawn by %s", SDL_GetCurrentVideoDriver(), info.name);
    return 0;
}

int canvas_open(struct canvas *canvas, const char *title, struct error *error)
{
    struct layout_size size;
    *canvas = (struct canvas){ 0 };
    int result = start_sdl(error);
    if (!result)
        result = open_window(canvas, title, error);
    if (result)
        canvas_close(canvas);
    else if (canvas_begin(canvas, &size))
        canvas_present(canvas);
    return result;
}

void canvas_close(struct canvas *canvas)
{
    if (window_display_is_lost())
        return;
    if (canvas->renderer)
        SDL_DestroyRenderer(canvas->renderer);
    if (canvas->window)
        SDL_DestroyWindow(canvas->window);
    /* No SDL_Quit(): it would close SDL's second connection to an X display, and read there that a
     * wake-up (SDL_PushEvent) came when the window was gone, as it may where the display lags; Xlib
     * ends the program for that. The connections end with the program all the same. */
    *canvas = (struct canvas){ 0 };
}

bool canvas_size(const struct canvas *canvas, struct layout_size *size)
{
    return !window_display_is_lost() &&
           !SDL_GetRendererOutputSize(canvas->renderer, &size->width, &size->height) &&
           size->width > 0 && size->height > 0;
}

bool canvas_begin(struct canvas *canvas, struct layout_size *size)
{
    if (!canvas_size(canvas, size))
        return false;
    SDL_SetRenderDrawColor(canvas->renderer, DARK, DARK, DARK, SDL_ALPHA_OPAQUE);
    SDL_RenderClear(canvas->renderer);
    return true;
}

void canvas_present(struct canvas *canvas)
{
    SDL_RenderPresent(canvas->renderer);
}

/* The window's size in its own units and in pixels; false: not known. */
static bool get_sizes(const struct canvas *canvas, SDL_Point *units, SDL_Point *pixels)
{
    SDL_GetWindowSize(canvas->window, &units->x, &units->y);
    return !SDL_GetRendererOutputSize(canvas->renderer, &pixels->x, &pixels->y) && units->x > 0 &&
           units->y > 0;
}

int canvas_scale(const struct canvas *canvas)
{
    SDL_Point units, pixels;
    if (!get_sizes(canvas, &units, &pixels))
        return 1;
    return SDL_max((pixels.x + units.x / 2) / units.x, 1);
}

SDL_Point canvas_pixel(const struct canvas *canvas, int x, int y)
{
    SDL_Point units, pixels;
    if (!get_sizes(canvas, &units, &pixels))
        return (SDL_Point){ x, y };
    return (SDL_Point){ (int)((int64_t)x * pixels.x / units.x),
                        (int)((int64_t)y * pixels.y / units.y) };
}

bool canvas_usable(const struct canvas *canvas, SDL_Rect *usable)
{
    int top = 0, left = 0, bottom = 0, right = 0;
    Uint32 fixed = SDL_WINDOW_FULLSCREEN | SDL_WINDOW_FULLSCREEN_DESKTOP | SDL_WINDOW_MAXIMIZED;
    if (SDL_GetWindowFlags(canvas->window) & fixed ||
        SDL_GetDisplayUsableBounds(SDL_GetWindowDisplayIndex(canvas->window), usable))
        return false;
    /* Fails where there are no borders, or where SDL can't know them: then they are 0. */
    SDL_GetWindowBordersSize(canvas->window, &top, &left, &bottom, &right);
    usable->x += left;
    usable->y += top;
    usable->w = SDL_max(usable->w - left - right, 1);
    usable->h = SDL_max(usable->h - top - bottom, 1);
    return true;
}

void canvas_resize(struct canvas *canvas, struct layout_size size, SDL_Rect usable)
{
    SDL_SetWindowSize(canvas->window, size.width, size.height);
    SDL_SetWindowPosition(canvas->window, usable.x + (usable.w - size.width) / 2,
                          usable.y + (usable.h - size.height) / 2);
}

bool canvas_is_full_screen(const struct canvas *canvas)
{
    return SDL_GetWindowFlags(canvas->window) & SDL_WINDOW_FULLSCREEN;
}

void canvas_toggle_full_screen(struct canvas *canvas)
{
    bool full = canvas_is_full_screen(canvas);
    if (SDL_SetWindowFullscreen(canvas->window, full ? 0 : SDL_WINDOW_FULLSCREEN_DESKTOP))
        log_warning("can't change to or from full screen: %s", SDL_GetError());
}

uint64_t canvas_refresh_period(const struct canvas *canvas)
{
    SDL_DisplayMode mode;
    int display = SDL_GetWindowDisplayIndex(canvas->window);
    int rate = USUAL_REFRESH_RATE;
    if (display >= 0 && !SDL_GetCurrentDisplayMode(display, &mode) && mode.refresh_rate > 0)
        rate = mode.refresh_rate;
    return CLOCK_SECOND / (uint64_t)rate;
}
