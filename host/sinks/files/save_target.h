/*
 * Whether --save can mean what it was given: a folder. One thread.
 */
#ifndef PITETHER_HOST_SINKS_FILES_SAVE_TARGET_H
#define PITETHER_HOST_SINKS_FILES_SAVE_TARGET_H

#include "shared/base/attributes.h"
#include "shared/base/error.h"

/* 0; or -EINVAL, where the name is that of a video, a picture or standard output and no folder has
 * it yet, with what to do instead in error. */
NODISCARD int save_target_check(const char *path, struct error *error);

#endif
