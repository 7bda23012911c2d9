/*
 * Which of a camera's frames a receiver requested: all, one of N, or at most so many a second.
 *
 * Wanted frames lie on a grid, of sensor times (max_fps) or of frame ids (every). The first frame
 * from a point of the grid on is wanted, so one that is lost is replaced by the next; the points
 * themselves never move. The daemon decides by it; the receiver keeps the same grid, so that it can
 * name the point at which a new connection goes on (PROTOCOL.md, 3, SUBSCRIBE).
 *
 * Pure; one thread, or under a lock.
 */
#ifndef PITETHER_SHARED_PROTOCOL_DECIMATION_H
#define PITETHER_SHARED_PROTOCOL_DECIMATION_H

#include <stdbool.h>
#include <stdint.h>

struct decimation {
    uint64_t step;  /* ns of sensor time, or frame ids; 0: all frames are wanted */
    bool by_time;   /* which of the two */
    bool anchored;  /* next is on the grid; else the first frame is wanted, and begins it */
    uint64_t early; /* how much before its point a frame may be, ns; 0 for ids */
    uint64_t next;  /* the first point that no frame was taken for */
};

/* max_fps_mhz: frames in 1000 s, 0: no limit; every: one frame of so many, 0 and 1: all. At most
 * one of the two limits. next: the point from which a frame is wanted; 0: the first frame begins
 * the grid. */
void decimation_init(struct decimation *decimation, uint32_t max_fps_mhz, uint32_t every,
                     uint64_t next);

/* Whether the frame is wanted. sensor_ns: its sensor time. */
bool decimation_wants(const struct decimation *decimation, uint64_t id, uint64_t sensor_ns);

/* The frame was taken for the point that is due; others are wanted from the next point on. Returns
 * how many points there were after the one that was due that have no frame, and will have none. */
uint64_t decimation_take(struct decimation *decimation, uint64_t id, uint64_t sensor_ns);

/* Moves a point that lies more than a step ahead of `now` (a sensor time, or a frame id) back by
 * whole steps: clocks and ids begin again when their machine or daemon does, and a peer may name
 * any number. */
void decimation_bound(struct decimation *decimation, uint64_t now);

#endif
