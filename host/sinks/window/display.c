#include "host/sinks/window/display.h"

#include <dlfcn.h>
#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdatomic.h>
#include <stdint.h>
#include <unistd.h>

#define SDL_MAIN_HANDLED /* main() is the program's own */
#include <SDL.h>
#include <SDL_syswm.h>

#include "shared/base/log.h"
#include "shared/base/wakeup.h"

/* Xlib's handlers are the process's, too. */
static atomic_bool lost;
static jmp_buf escape;
static bool guarded; /* escape may be jumped to */

bool window_display_is_lost(void)
{
    return atomic_load(&lost);
}

void window_display_lose(void)
{
    atomic_store(&lost, true);
}

bool window_display_guard(void (*body)(void *user), void *user)
{
    if (setjmp(escape) == 0) {
        guarded = true;
        body(user);
    }
    guarded = false;
    return !window_display_is_lost();
}

#ifdef SDL_VIDEO_DRIVER_X11
/* Xlib would end the program; and what it returned to goes on with what is no longer there: Mesa's
 * threads have crashed. So nobody comes back from here. */
static int on_io_error(Display *display)
{
    (void)display;
    window_display_lose();
    if (guarded)
        longjmp(escape, 1);
    return 0;
}

/* A request that failed costs what it asked for, and no more. */
static int on_error(Display *display, XErrorEvent *event)
{
    (void)display;
    log_debug("window: X request %d.%d failed with error %d", event->request_code,
              event->minor_code, event->error_code);
    return 0;
}

/* SDL has loaded Xlib, and only where it is needed: we are not linked with it. */
static void survive(void)
{
    void *xlib = dlopen("libX11.so.6", RTLD_NOW | RTLD_NOLOAD);
    if (!xlib)
        return;
    XIOErrorHandler (*set_io_error)(XIOErrorHandler);
    XErrorHandler (*set_error)(XErrorHandler);
    *(void **)&set_io_error = dlsym(xlib, "XSetIOErrorHandler");
    *(void **)&set_error = dlsym(xlib, "XSetErrorHandler");
    if (set_io_error && set_error) {
        set_io_error(on_io_error);
        set_error(on_error);
    }
    dlclose(xlib);
}

static int find_x11(SDL_Window *window)
{
    SDL_SysWMinfo info;
    SDL_VERSION(&info.version);
    if (!SDL_GetWindowWMInfo(window, &info) || info.subsystem != SDL_SYSWM_X11)
        return -1;
    survive();
    return ConnectionNumber(info.info.x11.display);
}
#else
static int find_x11(SDL_Window *window)
{
    (void)window;
    return -1;
}
#endif

int window_display_init(struct window_display *display, SDL_Window *window)
{
    display->x11_fd = find_x11(window);
    display->wake_fd = wakeup_open();
    return display->wake_fd < 0 ? display->wake_fd : 0;
}

void window_display_destroy(struct window_display *display)
{
    if (display->wake_fd >= 0)
        close(display->wake_fd);
    display->wake_fd = -1;
}

void window_display_wait(struct window_display *display, int timeout_ms)
{
    struct pollfd fds[2] = { { display->x11_fd, POLLIN, 0 }, { display->wake_fd, POLLIN, 0 } };
    if (display->x11_fd < 0) {
        SDL_WaitEventTimeout(NULL, timeout_ms);
        return;
    }
    poll(fds, 2, timeout_ms);
    wakeup_clear(display->wake_fd);
}

/* Through SDL it goes only where it must: on X11 that is a message to the server and back, and on a
 * connection whose end nobody could survive. */
void window_display_wake(struct window_display *display)
{
    if (display->x11_fd < 0) {
        SDL_Event event = { .type = SDL_USEREVENT };
        SDL_PushEvent(&event);
        return;
    }
    wakeup_send(display->wake_fd);
}
