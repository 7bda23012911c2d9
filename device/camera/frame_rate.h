/*
 * Which frame rate to request of a camera. Pure; any thread.
 */
#ifndef PITETHER_DEVICE_CAMERA_FRAME_RATE_H
#define PITETHER_DEVICE_CAMERA_FRAME_RATE_H

#include <stdbool.h>
#include <stdint.h>

/* What a camera accepts. 0: not known; limits that make no sense, which some releases of libcamera
 * report, count as not known, too. */
struct frame_rate_limits {
    bool settable;          /* the camera accepts a rate */
    int64_t min_us, max_us; /* duration of a frame */
};

struct frame_rate {
    int64_t duration_us; /* shortest frame to set; 0: leave the rate to the camera */
    int64_t longest_us;  /* longest frame to set: a long exposure may need more time */
    double fps;          /* expected; 0: not known */
    bool adjusted;       /* the camera can't do what was requested */
    uint64_t min_ns;     /* shortest frame of a camera that keeps this rate, less 10 % for
                            clocks that differ */
    uint64_t period_ns;  /* of a frame, if the daemon has to pace the camera */
};

/* Frames per second, at most, of cameras that don't report their limits. */
enum { FRAME_RATE_MAX = 240 };

/* fps: requested frames per second, 0: the camera's own rate. min_fps: to what a long exposure may
 * lower it, 0: not at all. */
struct frame_rate frame_rate_choose(double fps, double min_fps, struct frame_rate_limits limits);

#endif
