/*
 * Giving up root once what only root may open is open. One thread, but all of the process's follow.
 */
#ifndef PITETHER_DEVICE_SYSTEM_PRIVILEGES_H
#define PITETHER_DEVICE_SYSTEM_PRIVILEGES_H

#include "shared/base/error.h"

/*
 * Root's process becomes another user's for good: the named one's or, if that is NULL, pitether's
 * if there is such a user, else nobody's. Of the groups it keeps that user's first one and, for the
 * camera, video, render and kvm. A process that is not root's stays as it is. Whether the process
 * leaves core dumps is as before. 0, also for a named user who is root, after a warning; -EINVAL:
 * there is no such user, or another one is named and this process is not root's; others as the
 * system gives them. After an error, with a line for the user in error, the process must not go on.
 */
int privileges_drop(const char *named, struct error *error);

#endif
