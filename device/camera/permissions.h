/*
 * Why no camera is found or can be opened, as far as the rights to device files are the reason.
 * Reads /dev only; any thread.
 */
#ifndef PITETHER_DEVICE_CAMERA_PERMISSIONS_H
#define PITETHER_DEVICE_CAMERA_PERMISSIONS_H

#include "shared/base/attributes.h"
#include "shared/base/error.h"

/* Patterns of the device files that libcamera opens; ends with NULL. */
extern const char *const camera_device_files[];

/* 0, with error untouched, if this process may open all files that match; otherwise -EACCES with
 * error filled. */
NODISCARD int camera_check_permissions(const char *const *patterns, struct error *error);

/* Fills error with why there is no camera at all: -EACCES as above, or -ENODEV. */
int camera_explain_none(const char *const *patterns, struct error *error);

#endif
