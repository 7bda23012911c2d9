/*
 * Whether a camera can be set to what the options say, before anything is streamed. One thread.
 */
#ifndef PITETHER_DEVICE_CONTROL_CHECK_H
#define PITETHER_DEVICE_CONTROL_CHECK_H

#include "device/source.h"

/* Asks the camera of an open source for its controls. EXIT_USAGE: it lacks one, or can't do a
 * value, which is logged behind the label. EXIT_DONE as well if the camera is not there or can't
 * be asked now: then its start finds out. */
NODISCARD enum exit_code control_check(const struct source *source, const char *label);

#endif
