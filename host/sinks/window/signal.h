/*
 * Whether the picture in the window is still what the camera sees, and what the window says if it
 * is not. Pure. Times are of clock_monotonic(), ns.
 */
#ifndef PITETHER_HOST_SINKS_WINDOW_SIGNAL_H
#define PITETHER_HOST_SINKS_WINDOW_SIGNAL_H

#include <stdbool.h>
#include <stdint.h>

enum { WINDOW_SIGNAL_GAPS = 3, WINDOW_SIGNAL_TEXT_MAX = 48 };

/* All zeroes before the first frame. */
struct window_signal {
    uint64_t last_ns;                  /* when the frame that is shown was received; 0: none is */
    uint64_t gaps[WINDOW_SIGNAL_GAPS]; /* between the last frames that were shown */
    unsigned frames;
};

/* A frame that was received at that time is shown. */
void window_signal_frame(struct window_signal *signal, uint64_t received_ns);

/* When the picture is too old to be taken for a live one: after a second, or after 2.5 times what
 * usually lies between two frames, whichever is longer. interval_ns: what lies between them by the
 * stream's own account, 0 if it has none; a stream that has been slower of late is given the time
 * that it takes. After a frame only. */
uint64_t window_signal_lost_at(const struct window_signal *signal, uint64_t interval_ns);

/* Writes e.g. "no signal for 3 s" to text, which holds WINDOW_SIGNAL_TEXT_MAX bytes, and returns
 * when it will be another. arrives: frames do come, but can't be shown. */
uint64_t window_signal_text(char *text, const struct window_signal *signal, bool arrives,
                            uint64_t now_ns);

#endif
