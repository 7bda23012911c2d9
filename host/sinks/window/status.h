/*
 * What the window reports of a stream besides its pictures.
 */
#ifndef PITETHER_HOST_SINKS_WINDOW_STATUS_H
#define PITETHER_HOST_SINKS_WINDOW_STATUS_H

#include <stdint.h>

#include "host/sinks/window/zoom.h"

struct window_status {
    double fps;            /* received, over the last second or so */
    double latency_ms;     /* sensor to shown, median of late; below 0: not known */
    uint64_t dropped;      /* frames that did not reach this host, whatever the reason */
    uint64_t interval_ns;  /* between frames that are requested; 0: not known */
    struct zoom_turn turn; /* of the pictures */
    char note[257];        /* e.g. "connecting to pi:7484"; empty while all is well */
};

#endif
