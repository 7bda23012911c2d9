/*
 * The window: shows the newest frame of each of its streams, side by side or one alone. SDL
 * requires its calls on the process's first thread.
 */
#ifndef PITETHER_HOST_SINKS_WINDOW_WINDOW_H
#define PITETHER_HOST_SINKS_WINDOW_WINDOW_H

#include <stdbool.h>
#include <stdint.h>

#include "host/lib/pitether.h"
#include "host/sinks/window/status.h"
#include "shared/base/attributes.h"
#include "shared/base/error.h"

enum { WINDOW_STREAMS_MAX = 64 };

struct window;
struct window_stream; /* one of its streams; the window's own */

/* All functions are called on the window's thread. */
struct window_stream_config {
    const char *name; /* in the title, in the label, and in the names of snapshots; copied */
    const char *snapshot_dir; /* where the keys `s` and `S` save frames and stills; copied */
    /* For stills, as pitether_open() takes them; they live as long as the window. */
    const char *address, *stream, *keys_file;
    /* Fills in the status: twice a second while the stream's frames are shown, and otherwise when
     * what the window reports is due to change, or window_refresh() was called. */
    void (*status)(void *user, struct window_status *status);
    /* This frame was decoded, then presented, at these times of clock_monotonic(). */
    void (*shown)(void *user, const struct pitether_frame *frame, uint64_t decoded_ns,
                  uint64_t shown_ns);
    /* From now on new frames are visible, or they are not, because the window is frozen or hidden
     * or shows another stream alone. At first they are. */
    void (*seen)(void *user, bool seen);
    /* Sets controls of the stream's camera, as pitether_set(). */
    int (*set)(void *user, const char *assignments, uint32_t *request);
    void *user;
};

/* True if this build has a window at all, and a display seems to be there (DISPLAY or
 * WAYLAND_DISPLAY is set, or SDL_VIDEODRIVER names a driver). Any thread. */
bool window_available(void);

/* Opens a window without streams. First thread only. 0; -ENOSYS: built without SDL2; -ENODEV: no
 * display can be opened; -ENOMEM. */
NODISCARD int window_create(struct window **window, struct error *error);

/* Adds a stream behind the others. First thread only, before window_run(). 0; -ENOSPC: there are
 * WINDOW_STREAMS_MAX; -ENOMEM. */
int window_add_stream(struct window *window, struct window_stream **stream,
                      const struct window_stream_config *config);

/* First thread only. Shows frames until the user quits, the display is lost, or window_stop() is
 * called. */
enum window_end {
    WINDOW_STOPPED,
    WINDOW_QUIT,
    WINDOW_LOST, /* nothing but window_skipped() and window_destroy() may follow */
};
enum window_end window_run(struct window *window);

/* Offers a frame; the window takes a reference of its own if it wants to show it. A frame that was
 * not shown yet is replaced by the newer one. Any thread; never blocks. */
void window_offer(struct window_stream *stream, const struct pitether_frame *frame);

/* What the stream's camera can be set to, and what became of a setting; copied. Any thread; neither
 * waits for the window's. */
void window_controls(struct window_stream *stream, const struct pitether_controls *controls);
void window_changed(struct window_stream *stream, const struct pitether_changed *changed);

/* The status of a stream has changed in its note or interval. Any thread; never blocks. */
void window_refresh(struct window *window);

/* Makes window_run() return. Any thread. */
void window_stop(struct window *window);

/* Frames that were replaced by newer ones before they were shown. Any thread. */
uint64_t window_skipped(struct window_stream *stream);

/* First thread only, after window_run(), when none of the others will be called any more. Nulls the
 * caller's pointer; NULL and *NULL are fine. */
void window_destroy(struct window **window);

#endif
