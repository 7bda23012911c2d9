/*
 * --lock: assignments that keep exposure, gain and white balance as they are now. Pure; one thread.
 */
#ifndef PITETHER_HOST_CONTROLS_LOCK_H
#define PITETHER_HOST_CONTROLS_LOCK_H

#include <stddef.h>

#include "host/controls/view.h"
#include "shared/base/attributes.h"
#include "shared/base/error.h"

/* Writes "NAME=VALUE,..." by what the view's frame reports; what the camera does not report is
 * frozen by switching its automatic off, as far as that can be. text holds ASSIGNMENTS_MAX + 1
 * bytes. 0; -ENOENT: the camera has none of it. */
NODISCARD int lock_assignments(const struct control_view *view, char *text, struct error *error);

#endif
