/*
 * The kinds of sources by the value of --source.
 */
#ifndef PITETHER_DEVICE_CAMERA_REGISTRY_H
#define PITETHER_DEVICE_CAMERA_REGISTRY_H

#include "device/camera/camera.h"

/* What --source takes, for messages. */
#define CAMERA_SOURCES                                                                             \
    "libcamera, libcamera:ID, libcamera:INDEX, libcamera:model=TEXT, pattern or the path of a "    \
    ".y4m file"

/* The kind of source; *argument is that of its open() and points into source, or is NULL. NULL:
 * there is no such kind. */
const struct camera_ops *camera_find(const char *source, const char **argument);

#endif
