/*
 * The window's state, which its functions for any thread (window.c) and its loop (loop.c) share.
 */
#ifndef PITETHER_HOST_SINKS_WINDOW_STATE_H
#define PITETHER_HOST_SINKS_WINDOW_STATE_H

#include <stdatomic.h>

#include "host/sinks/window/aim.h"
#include "host/sinks/window/display.h"
#include "host/sinks/window/inbox.h"
#include "host/sinks/window/view.h"
#include "host/sinks/window/window.h"
#include "shared/base/mailbox.h"

struct window_stream {
    struct window *window;
    struct window_stream_config config;
    struct mailbox newest; /* any thread */
    atomic_bool unseen;    /* any thread: no frame is to wake the window */
    struct inbox inbox;    /* any thread */
    struct tile tile;
    uint64_t next_show;   /* no frame is shown before; clock_monotonic() */
    struct aim_crop crop; /* what the camera was last told to show */
    uint64_t crop_until;  /* 0: nothing */
    struct aim_exposure exposure;
    struct still_saver *stills; /* NULL before the first one */
};

/* The mouse button, while it is pressed. */
struct window_drag {
    bool pressed, moved;
    int x, y; /* where it was pressed, or moved to last, in units of the window's size */
};

struct window {
    struct window_stream *streams[WINDOW_STREAMS_MAX];

    /* Any thread. */
    atomic_bool woken; /* a wake-up is on its way */
    atomic_bool refresh;
    atomic_bool stopping;

    /* The window's thread. */
    struct view view;
    struct window_display display;
    struct jpeg_parallel *decoder;
    unsigned last; /* the stream whose frame was shown last */
    bool stale;    /* must be drawn again */
    bool lost;     /* so must the pictures be made again, from the frames */
    bool quit;
    struct window_drag drag;
    uint64_t hide_cursor; /* when; clock_monotonic() */
    bool unmarked;        /* pictures are to have marks of what is sharp, or none, and must be made
                             again */
    bool unmeasured;      /* the shown frame must be decoded again for the instruments */
    uint64_t next_draw;   /* instruments have changed, or something disappears by itself */
    uint64_t next_status; /* title, labels and messages are due; clock_monotonic() */
    char title[TITLE_MAX];
};

#endif
