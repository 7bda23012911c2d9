/*
 * The window: shows the newest frame. SDL wants its calls on the process's first thread.
 */
#ifndef PITETHER_HOST_SINKS_WINDOW_WINDOW_H
#define PITETHER_HOST_SINKS_WINDOW_WINDOW_H

#include <stdbool.h>
#include <stdint.h>

#include "host/lib/pitether.h"

struct window;

/* What title and picture tell; filled by the window's owner when asked. */
struct window_status {
    double fps;           /* received, over the last second or so */
    double latency_ms;    /* sensor to shown, median of late; below 0: not known */
    uint64_t dropped;     /* frames that did not reach this host, whatever the reason */
    uint64_t interval_ns; /* between the frames that are to come; 0: not known */
    char note[128];       /* e.g. "connecting to pi:7484"; empty while all is well */
};

struct window_config {
    const char *title;        /* begins the title, e.g. the daemon's address; copied */
    const char *snapshot_dir; /* where `s` saves; copied */
    /* Called on the window's thread: twice a second while it shows frames, and else when what it
     * says is to change, or window_refresh() was called. */
    void (*status)(void *user, struct window_status *status);
    /* Called on the window's thread: this frame was decoded, then presented, at these host times.
     */
    void (*shown)(void *user, const struct pitether_frame *frame, uint64_t decoded_ns,
                  uint64_t shown_ns);
    /* Called on the window's thread: new frames will be seen from now on, or not, because it is
     * frozen or hidden. At first they are. */
    void (*seen)(void *user, bool seen);
    void *user;
};

/* True if this build has a window at all, and a display seems to be there (DISPLAY or
 * WAYLAND_DISPLAY is set, or SDL_VIDEODRIVER names a driver). Any thread. */
bool window_available(void);

/* First thread only. 0; -ENOSYS: built without SDL2; -ENODEV: no display can be opened;
 * -ENOMEM. error: WINDOW_ERROR_MAX bytes for one line to the user. */
enum { WINDOW_ERROR_MAX = 256 };
int window_create(struct window **window, const struct window_config *config, char *error);

/* First thread only. Shows frames until the user quits, the display is gone, or
 * window_close_soon() is called. */
enum window_end {
    WINDOW_TOLD_TO,
    WINDOW_QUIT,
    WINDOW_LOST, /* nothing but window_skipped() and window_destroy() may follow */
};
enum window_end window_run(struct window *window);

/* Offers a frame; the window takes a reference of its own if it wants to show it. A frame that was
 * not shown yet gives way to the newer one. Any thread; never blocks. */
void window_offer(struct window *window, const struct pitether_frame *frame);

/* What the status's note or interval tells has changed. Any thread; never blocks. */
void window_refresh(struct window *window);

/* Makes window_run() return. Any thread. */
void window_close_soon(struct window *window);

/* Frames that gave way to newer ones before they were shown. Any thread. */
uint64_t window_skipped(struct window *window);

/* First thread only, after window_run(), when nobody will call any of the others any more. Nulls
 * the caller's pointer; NULL and *NULL are fine. */
void window_destroy(struct window **window);

#endif
