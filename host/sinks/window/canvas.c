#include "host/sinks/window/canvas.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/sinks/window/display.h"
#include "host/sinks/window/text.h"
#include "host/sinks/window/window.h"
#include "shared/base/clock.h"
#include "shared/base/log.h"

enum {
    EMPTY_WIDTH = 640, /* the window before the first picture */
    EMPTY_HEIGHT = 360,
    DARK = 16,
    DIMMED = 160,            /* opacity of what lies over a picture that is no live one */
    REFRESH_RATE_USUAL = 60, /* Hz, where the display doesn't say */
};

static int start_sdl(char *error)
{
    SDL_SetMainReady();
    SDL_SetHint(SDL_HINT_NO_SIGNAL_HANDLERS, "1"); /* the program has its own */
    SDL_SetHint(SDL_HINT_APP_NAME, "pitether");
    SDL_SetHint(SDL_HINT_RENDER_SCALE_QUALITY, "linear");
    /* Other windows stay as smooth as they were: SDL would turn the whole desktop's compositor off,
     * which is meant for games. */
    SDL_SetHint(SDL_HINT_VIDEO_X11_NET_WM_BYPASS_COMPOSITOR, "0");
    if (SDL_Init(SDL_INIT_VIDEO)) {
        snprintf(error, WINDOW_ERROR_MAX, "can't reach a display: %s", SDL_GetError());
        return -ENODEV;
    }
    /* SDL's last resort is to draw for nobody. */
    const char *asked_for = getenv("SDL_VIDEODRIVER"), *display = getenv("DISPLAY");
    if (!(asked_for && *asked_for) && !strcmp(SDL_GetCurrentVideoDriver(), "offscreen")) {
        snprintf(error, WINDOW_ERROR_MAX, "can't reach a display (DISPLAY is \"%s\")",
                 display ? display : "");
        return -ENODEV;
    }
    SDL_StopTextInput(); /* on by default; input methods would swallow keys */
    /* JFIF's colours: full range, BT.601 at every size. */
    SDL_SetYUVConversionMode(SDL_YUV_CONVERSION_JPEG);
    return 0;
}

static int open_window(struct canvas *canvas, const char *title, char *error)
{
    SDL_RendererInfo info;
    canvas->window =
        SDL_CreateWindow(title, SDL_WINDOWPOS_CENTERED, SDL_WINDOWPOS_CENTERED, EMPTY_WIDTH,
                         EMPTY_HEIGHT, SDL_WINDOW_RESIZABLE | SDL_WINDOW_ALLOW_HIGHDPI);
    /* No vsync: waiting for it would add up to a refresh to every frame's age and hold up the keys.
     * A compositor prevents tearing anyway; without one a torn line is the price of the newest
     * picture. The owner bounds how often it presents. */
    if (canvas->window)
        canvas->renderer = SDL_CreateRenderer(canvas->window, -1, 0);
    if (!canvas->renderer || SDL_GetRendererInfo(canvas->renderer, &info)) {
        snprintf(error, WINDOW_ERROR_MAX, "can't open a window: %s", SDL_GetError());
        return -ENODEV;
    }
    canvas->max_width = info.max_texture_width;
    canvas->max_height = info.max_texture_height;
    log_debug("window: %s, drawn by %s", SDL_GetCurrentVideoDriver(), info.name);
    return 0;
}

int canvas_open(struct canvas *canvas, const char *title, char *error)
{
    *canvas = (struct canvas){ 0 };
    int result = start_sdl(error);
    if (!result)
        result = open_window(canvas, title, error);
    if (result)
        canvas_close(canvas);
    else
        canvas_present(canvas);
    return result;
}

void canvas_close(struct canvas *canvas)
{
    if (window_display_is_lost())
        return;
    canvas_forget_picture(canvas);
    if (canvas->renderer)
        SDL_DestroyRenderer(canvas->renderer);
    if (canvas->window)
        SDL_DestroyWindow(canvas->window);
    /* No SDL_Quit(): it would close SDL's second connection to an X display, and read there that a
     * wake-up (SDL_PushEvent) came when the window was gone, as it may where the display lags; Xlib
     * ends the program for that. With the program, the connections end all the same. */
    *canvas = (struct canvas){ 0 };
}

static bool is_oversize(struct canvas *canvas, int width, int height)
{
    bool oversize = (canvas->max_width && width > canvas->max_width) ||
                    (canvas->max_height && height > canvas->max_height);
    if (oversize && (width != canvas->told_width || height != canvas->told_height)) {
        log_warning_limited(&canvas->told_limit,
                            "pictures of %dx%d are not shown: this display takes %dx%d at most",
                            width, height, canvas->max_width, canvas->max_height);
        canvas->told_width = width;
        canvas->told_height = height;
    }
    return oversize;
}

int canvas_set_picture(struct canvas *canvas, const struct jpeg_planes *planes)
{
    int width = (int)planes->width, height = (int)planes->height;
    if (is_oversize(canvas, width, height))
        return -EFBIG;
    if (canvas->texture && (width != canvas->width || height != canvas->height))
        canvas_forget_picture(canvas);
    if (!canvas->texture) {
        canvas->texture = SDL_CreateTexture(canvas->renderer, SDL_PIXELFORMAT_IYUV,
                                            SDL_TEXTUREACCESS_STREAMING, width, height);
        if (!canvas->texture)
            return -EIO;
        canvas->width = width;
        canvas->height = height;
    }
    if (SDL_UpdateYUVTexture(canvas->texture, NULL, planes->data[0], (int)planes->stride[0],
                             planes->data[1], (int)planes->stride[1], planes->data[2],
                             (int)planes->stride[2])) {
        /* Whatever is wrong with the texture, the next picture gets a new one. */
        canvas_forget_picture(canvas);
        return -EIO;
    }
    return 0;
}

void canvas_forget_picture(struct canvas *canvas)
{
    if (canvas->texture)
        SDL_DestroyTexture(canvas->texture);
    canvas->texture = NULL;
}

/* The largest area of the picture's aspect in the middle of `whole`. */
static SDL_Rect fit(const struct canvas *canvas, SDL_Rect whole)
{
    SDL_Rect area = whole;
    if ((int64_t)whole.w * canvas->height <= (int64_t)whole.h * canvas->width)
        area.h = (int)(((int64_t)whole.w * canvas->height + canvas->width / 2) / canvas->width);
    else
        area.w = (int)(((int64_t)whole.h * canvas->width + canvas->height / 2) / canvas->height);
    area.w = SDL_max(area.w, 1);
    area.h = SDL_max(area.h, 1);
    area.x += (whole.w - area.w) / 2;
    area.y += (whole.h - area.h) / 2;
    return area;
}

static void draw_picture(struct canvas *canvas, SDL_Rect area)
{
    SDL_RenderCopy(canvas->renderer, canvas->texture, NULL, &area);
    if (!canvas->text)
        return;
    SDL_SetRenderDrawBlendMode(canvas->renderer, SDL_BLENDMODE_BLEND);
    SDL_SetRenderDrawColor(canvas->renderer, 0, 0, 0, DIMMED);
    SDL_RenderFillRect(canvas->renderer, &area);
    SDL_SetRenderDrawBlendMode(canvas->renderer, SDL_BLENDMODE_NONE);
}

void canvas_present(struct canvas *canvas)
{
    SDL_Rect whole = { 0 };
    if (window_display_is_lost())
        return;
    SDL_SetRenderDrawColor(canvas->renderer, DARK, DARK, DARK, SDL_ALPHA_OPAQUE);
    SDL_RenderClear(canvas->renderer);
    if (!SDL_GetRendererOutputSize(canvas->renderer, &whole.w, &whole.h)) {
        if (canvas->texture)
            draw_picture(canvas, fit(canvas, whole));
        if (canvas->text)
            window_text_draw(canvas->renderer, canvas->text, whole.w, whole.h);
    }
    SDL_RenderPresent(canvas->renderer);
}

void canvas_fit_window(struct canvas *canvas)
{
    SDL_Rect usable;
    int top = 0, left = 0, bottom = 0, right = 0;
    Uint32 fixed = SDL_WINDOW_FULLSCREEN | SDL_WINDOW_FULLSCREEN_DESKTOP | SDL_WINDOW_MAXIMIZED;
    if (!canvas->texture || SDL_GetWindowFlags(canvas->window) & fixed ||
        SDL_GetDisplayUsableBounds(SDL_GetWindowDisplayIndex(canvas->window), &usable))
        return;
    /* Fails where there are no borders, or where SDL can't know them: then they are 0. */
    SDL_GetWindowBordersSize(canvas->window, &top, &left, &bottom, &right);
    usable.x += left;
    usable.y += top;
    usable.w -= left + right;
    usable.h -= top + bottom;
    SDL_Rect area = fit(canvas, usable);
    if (canvas->width <= usable.w && canvas->height <= usable.h) {
        area.w = canvas->width;
        area.h = canvas->height;
        area.x = usable.x + (usable.w - area.w) / 2;
        area.y = usable.y + (usable.h - area.h) / 2;
    }
    SDL_SetWindowSize(canvas->window, area.w, area.h);
    SDL_SetWindowPosition(canvas->window, area.x, area.y);
}

void canvas_toggle_full_screen(struct canvas *canvas)
{
    bool full = SDL_GetWindowFlags(canvas->window) & SDL_WINDOW_FULLSCREEN_DESKTOP;
    if (SDL_SetWindowFullscreen(canvas->window, full ? 0 : SDL_WINDOW_FULLSCREEN_DESKTOP)) {
        log_warning("can't change to or from full screen: %s", SDL_GetError());
        return;
    }
    SDL_ShowCursor(full ? SDL_ENABLE : SDL_DISABLE);
}

uint64_t canvas_refresh_period(const struct canvas *canvas)
{
    SDL_DisplayMode mode;
    int display = SDL_GetWindowDisplayIndex(canvas->window);
    int rate = REFRESH_RATE_USUAL;
    if (display >= 0 && !SDL_GetCurrentDisplayMode(display, &mode) && mode.refresh_rate > 0)
        rate = mode.refresh_rate;
    return CLOCK_SECOND / (uint64_t)rate;
}
