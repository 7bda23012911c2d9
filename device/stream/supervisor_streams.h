/*
 * The runs of the camera for its streams. The supervisor's thread.
 */
#ifndef PITETHER_DEVICE_STREAM_SUPERVISOR_STREAMS_H
#define PITETHER_DEVICE_STREAM_SUPERVISOR_STREAMS_H

#include "device/stream/supervisor_state.h"

/* One run, from the camera's start to its stop; with the lock, which is given up for calls of the
 * camera. False: the camera failed. */
bool supervisor_run_streams(struct supervisor *supervisor);

/* After a run that ended so that a still can be taken (`switching`), there is to be no other one
 * soon. Without the lock. */
void supervisor_end_switch(struct supervisor *supervisor);

#endif
