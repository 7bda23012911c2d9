/*
 * Which of pitether's options go together. One thread.
 */
#ifndef PITETHER_HOST_OPTIONS_CHECK_H
#define PITETHER_HOST_OPTIONS_CHECK_H

#include "host/options.h"

/* 0 or -EINVAL with a line for the user in error. */
NODISCARD int options_check(const struct host_options *options, struct error *error);

/* Whether the camera's controls are all that is to be listed or set: no frame goes to a sink. */
bool options_want_control(const struct host_options *options);

#endif
