/*
 * Whether a camera keeps a pace of its own. One that does gives frames at its rate, however many
 * buffers wait for them; one that doesn't (libcamera's virtual ones) fills a buffer as soon as it
 * gets it, and would have the machine do nothing else.
 *
 * A camera that is faster than any is known to be is tried: it gets no buffer for a while. One with
 * a pace of its own goes on counting frames meanwhile, as each driver should (V4L2 counts those
 * that found no buffer), and its next frame's number tells; the other kind can't count what it was
 * never asked for. Pure; not locked. Times are of CLOCK_MONOTONIC.
 */
#ifndef PITETHER_DEVICE_CAMERA_PACE_PROBE_H
#define PITETHER_DEVICE_CAMERA_PACE_PROBE_H

#include <stdbool.h>
#include <stdint.h>

#include "shared/base/clock.h"

/* For so long it gets no buffer: some frames of any camera that is tried. */
#define PACE_PROBE_TRIAL_NS (50 * CLOCK_MS)

enum pace_probe_state {
    PACE_PROBE_ASSUMED, /* nothing is odd: it is taken to keep a pace */
    PACE_PROBE_DRAINED, /* give it no more buffers until all that it has are done */
    PACE_PROBE_TRIED,   /* give it buffers again once until_ns is reached */
    PACE_PROBE_KEPT,    /* it has a pace of its own: for good */
    PACE_PROBE_NONE,    /* it has none, or none that it was told: for good */
};

struct pace_probe {
    enum pace_probe_state state;
    uint64_t least_ns;  /* of a frame that comes from a camera that keeps its pace */
    bool told;          /* its rate: it must not be faster in any case */
    unsigned buffers;   /* of the camera: so many frames may come in a bunch when they come late */
    uint64_t earned_ns; /* when such a camera has made the frames that this one has */
    uint64_t until_ns;
    uint32_t last; /* the last frame's number before the trial */
};

/* told: the camera was told a rate, and does not obey if it is too fast: it is not tried. */
void pace_probe_init(struct pace_probe *pace, uint64_t least_ns, bool told, unsigned buffers);

/* A buffer has come back at now_ns with the frame of this number, as the sensor counts them, and so
 * many are still with the camera. Returns the state, see there what to do. */
enum pace_probe_state pace_probe_frame(struct pace_probe *pace, uint64_t now_ns, uint32_t sequence,
                                       unsigned left);

/* Whether the camera is to get no buffer now. */
bool pace_probe_holds(const struct pace_probe *pace, uint64_t now_ns);

#endif
