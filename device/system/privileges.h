/*
 * Dropping root once the files and sockets that need it are open. Call from one thread; it affects
 * all of the process.
 */
#ifndef PITETHER_DEVICE_SYSTEM_PRIVILEGES_H
#define PITETHER_DEVICE_SYSTEM_PRIVILEGES_H

#include "shared/base/attributes.h"
#include "shared/base/error.h"

/*
 * Turns root's process for good into one of the user `named` or, if that is NULL, of pitether if
 * there is such a user, else of nobody. It keeps that user's first group and, for the camera,
 * video, render and kvm. A process that is not root's stays unchanged, and so does whether the
 * process leaves core dumps. 0, also for a named user who is root, after a warning; -EINVAL: there
 * is no such user, or another one is named and this process is not root's; others from the system.
 * After an error, with a line for the user in error, the process must not continue.
 */
NODISCARD int privileges_drop(const char *named, struct error *error);

#endif
