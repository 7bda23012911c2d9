/*
 * Whether a camera keeps a pace of its own. One that does gives frames at its rate, however many
 * buffers wait for them; one that does not (libcamera's virtual ones) fills a buffer as soon as it
 * gets it, and would use up the processor.
 *
 * A camera that is faster than any known one is tested: it gets no buffer for a while. One with a
 * pace of its own goes on counting frames meanwhile, as each driver should (V4L2 counts those that
 * found no buffer), and the number of its next frame shows it; the other kind can't count frames
 * that were never requested. Pure; not locked. Times are of CLOCK_MONOTONIC.
 */
#ifndef PITETHER_DEVICE_CAMERA_PACE_PROBE_H
#define PITETHER_DEVICE_CAMERA_PACE_PROBE_H

#include <stdbool.h>
#include <stdint.h>

#include "shared/base/clock.h"

/* How long it gets no buffer: several frames of any camera that is tested. */
#define PACE_PROBE_WAIT_NS (50 * CLOCK_MS)

enum pace_probe_state {
    PACE_PROBE_ASSUMED,  /* nothing unusual: it is taken to keep a pace */
    PACE_PROBE_DRAINING, /* give it no more buffers until all that it has are done */
    PACE_PROBE_WAITING,  /* give it buffers again once until_ns is reached */
    PACE_PROBE_PACED,    /* it has a pace of its own; final */
    PACE_PROBE_UNPACED,  /* it has none, or ignores the rate that was set; final */
};

struct pace_probe {
    enum pace_probe_state state;
    uint64_t min_ns;   /* of a frame, if the camera keeps its pace */
    bool rate_is_set;  /* and must not be exceeded in any case */
    unsigned buffers;  /* of the camera: so many late frames may come at once */
    uint64_t paced_ns; /* when a paced camera has made the frames that this one has */
    uint64_t until_ns;
    uint32_t last; /* the number of the last frame before the test */
};

/* rate_is_set: a rate was set. If the camera is faster than that, it is not tested but taken to
 * keep no pace. */
void pace_probe_init(struct pace_probe *probe, uint64_t min_ns, bool rate_is_set, unsigned buffers);

/* A buffer has come back at now_ns with the frame of this number, as the sensor counts them, and so
 * many are still with the camera. Returns the state, which says what to do. */
enum pace_probe_state pace_probe_frame(struct pace_probe *probe, uint64_t now_ns, uint32_t sequence,
                                       unsigned left);

/* Whether the camera is to get no buffer now. */
bool pace_probe_holds(const struct pace_probe *probe, uint64_t now_ns);

#endif
