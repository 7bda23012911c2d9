/*
 * What a camera decides by itself: exposure, white balance and focus. Each takes some frames from
 * where it is to where it should be, as a camera's does. At the start the digital gain makes up for
 * what exposure lacks, so that the first pictures are as bright as the later ones.
 *
 * Pure; any thread.
 */
#ifndef PITETHER_DEVICE_CAMERA_SENSOR_ALGORITHMS_H
#define PITETHER_DEVICE_CAMERA_SENSOR_ALGORITHMS_H

#include "device/camera/sensor/state.h"

/* Before the first frame of a run; state->now is set. */
void sensor_algorithms_begin(struct sensor_state *state);

/* One frame more, with what state->now says. */
void sensor_algorithms_step(struct sensor_state *state);

#endif
