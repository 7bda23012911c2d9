/*
 * When a camera gets a buffer: at once, if it keeps a pace of its own, and otherwise when the next
 * frame is due. Whether it does is found out as its frames come (pace_probe.h).
 *
 * Pure; not locked. Times are of CLOCK_MONOTONIC.
 */
#ifndef PITETHER_DEVICE_CAMERA_PACING_H
#define PITETHER_DEVICE_CAMERA_PACING_H

#include <stdbool.h>
#include <stdint.h>

#include "device/camera/pace_probe.h"

struct pacing {
    struct pace_probe probe;
    bool paced;         /* the camera is held to period_ns */
    uint64_t period_ns; /* of a frame, where the camera keeps no pace */
    uint64_t due_ns;    /* when a held buffer may go to the camera */
};

/* paced: the camera is known to need it. The rest as in struct pacing and pace_probe_init(). */
void pacing_init(struct pacing *pacing, bool paced, uint64_t period_ns, struct pace_probe probe,
                 uint64_t now_ns);

/* A buffer has come back with frame `sequence`; so many are still with the camera. True: what is
 * known of the camera's pace has changed, see probe.state. */
bool pacing_frame(struct pacing *pacing, uint64_t now_ns, uint32_t sequence, unsigned left);

/* Whether a free buffer is to be held until due_ns rather than given to the camera. */
bool pacing_holds(const struct pacing *pacing, uint64_t now_ns);

/* From now on the camera may make a frame after so little time, as users have set it. */
void pacing_allow(struct pacing *pacing, uint64_t min_ns);

/* A held buffer goes to the camera now. A late one uses its turn, but turns that were missed
 * altogether are not made up for. */
void pacing_take(struct pacing *pacing, uint64_t now_ns);

#endif
