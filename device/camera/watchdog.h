/*
 * When to give up on a camera: it stalled, it broke, or it was unplugged. It counts the buffers
 * that the camera has; while it has none, it is not expected to do anything.
 *
 * Pure; not locked. Times are of CLOCK_MONOTONIC.
 */
#ifndef PITETHER_DEVICE_CAMERA_WATCHDOG_H
#define PITETHER_DEVICE_CAMERA_WATCHDOG_H

#include <stdbool.h>
#include <stdint.h>

#include "shared/base/clock.h"

enum { CAMERA_SILENT_FRAMES = 5 };

/* How long a camera may be silent before it counts as stalled: 3 s or 5 frames, whichever is
 * longer, so that a camera that is meant to be slow never does. stall_timeout.h also considers
 * exposure times. */
static inline uint64_t camera_timeout_ns(double fps)
{
    uint64_t min = 3 * CLOCK_SECOND;
    double frames_ns = fps > 0 ? CAMERA_SILENT_FRAMES * 1e9 / fps : 0;
    return frames_ns > (double)min ? (uint64_t)frames_ns : min;
}

struct watchdog {
    uint64_t stall_ns;    /* without progress for so long, the camera has stalled */
    uint64_t grace_ns;    /* how long after it broke it may still be reported as unplugged */
    uint64_t progress_ns; /* when a buffer last came back, or an idle camera got one */
    unsigned queued;      /* buffers that the camera has */
    bool broken, gone;
};

/* grace_ns: a pulled cable breaks requests first, and is reported as such some time later. */
void watchdog_init(struct watchdog *watchdog, uint64_t stall_ns, uint64_t grace_ns);

/* The camera is about to get a buffer; it has taken none after all; one has come back. */
void watchdog_queue(struct watchdog *watchdog, uint64_t now_ns);
void watchdog_refuse(struct watchdog *watchdog);
void watchdog_progress(struct watchdog *watchdog, uint64_t now_ns);

/* A request failed in a way that cameras don't recover from; the camera was unplugged. */
void watchdog_break(struct watchdog *watchdog);
void watchdog_unplug(struct watchdog *watchdog);

/* When to look again, if nothing happens before. */
uint64_t watchdog_due(const struct watchdog *watchdog, uint64_t now_ns);

/* 0 while all is well; -ENODEV unplugged, -EIO broken, -ETIMEDOUT stalled. */
int watchdog_check(const struct watchdog *watchdog, uint64_t now_ns);

#endif
