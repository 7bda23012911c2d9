/*
 * What a camera decides by itself: exposure, white balance and focus. As in a camera, each needs
 * some frames to reach its target. At the start, digital gain compensates for exposure that is too
 * short, so that the first pictures are as bright as later ones.
 *
 * Pure; any thread.
 *
 */
#ifndef PITETHER_DEVICE_CAMERA_SENSOR_ALGORITHMS_H
#define PITETHER_DEVICE_CAMERA_SENSOR_ALGORITHMS_H

#include "device/camera/sensor/state.h"

/* Before the first frame of a run; state->now is set. */
void sensor_algorithms_begin(struct sensor_state *state);

/* Computes one more frame, with the settings in state->now. */
void sensor_algorithms_step(struct sensor_state *state);

#endif
