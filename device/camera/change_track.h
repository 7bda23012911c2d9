/*
 * Which change of the settings a frame is the first to show, for cameras that report with a frame
 * the sequence number of the request whose settings have just been applied. Pure; one thread.
 */
#ifndef PITETHER_DEVICE_CAMERA_CHANGE_TRACK_H
#define PITETHER_DEVICE_CAMERA_CHANGE_TRACK_H

#include <stdint.h>

/* Requests that may be pending: many more than the delay of any camera's settings. */
enum { CHANGE_TRACK_MAX = 32 };

/* Zeroed at first. */
struct change_track {
    struct {
        uint64_t sequence, change;
    } requests[CHANGE_TRACK_MAX]; /* not known to be applied yet, in order; a ring */
    unsigned first, count;
};

/* A request gave the camera a change. Both numbers grow from call to call. If too many are pending,
 * the oldest is dropped: it counts as shown with the next one. */
void change_track_request(struct change_track *track, uint64_t sequence, uint64_t change);

/* A frame reports that the settings of this request, and so of all before it, are applied. Returns
 * the newest change among those which no frame before has shown; 0: there is none. */
uint64_t change_track_shown(struct change_track *track, uint64_t sequence);

#endif
