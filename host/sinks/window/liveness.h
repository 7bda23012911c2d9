/*
 * Whether the picture in the window is still what the camera sees, and what the window says if it
 * is not. Pure. Times are of clock_monotonic(), ns.
 */
#ifndef PITETHER_HOST_SINKS_WINDOW_LIVENESS_H
#define PITETHER_HOST_SINKS_WINDOW_LIVENESS_H

#include <stdbool.h>
#include <stdint.h>

enum { LIVENESS_GAPS = 3, LIVENESS_TEXT_MAX = 48 };

/* All zeroes before the first frame. */
struct liveness {
    uint64_t last_ns;             /* when the frame that is shown was received; 0: none is */
    uint64_t gaps[LIVENESS_GAPS]; /* between the last frames that were shown */
    unsigned frames;
};

/* A frame that was received at that time is shown. */
void liveness_frame(struct liveness *liveness, uint64_t received_ns);

/* When the picture is too old to pass for a live one: after a second, or after 2.5 times the usual
 * interval between two frames, whichever is longer. interval_ns: the interval that the stream
 * declares, 0 if none; for a stream that has lately been slower, the actual one counts. After a
 * frame only. */
uint64_t liveness_lost_at(const struct liveness *liveness, uint64_t interval_ns);

/* Writes e.g. "no signal for 3 s" to text, which holds LIVENESS_TEXT_MAX bytes, and returns when it
 * will be another. arrives: frames do arrive, but can't be shown. */
uint64_t liveness_text(char *text, const struct liveness *liveness, bool arrives, uint64_t now_ns);

#endif
