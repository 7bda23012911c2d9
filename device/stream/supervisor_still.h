/*
 * The runs of the camera for stills. The supervisor's thread.
 */
#ifndef PITETHER_DEVICE_STREAM_SUPERVISOR_STILL_H
#define PITETHER_DEVICE_STREAM_SUPERVISOR_STILL_H

#include "device/stream/supervisor_state.h"

/* One run, from the camera's start to its stop, for the still that is requested; with the lock,
 * which is given up for calls of the camera. */
void supervisor_run_still(struct supervisor *supervisor);

#endif
