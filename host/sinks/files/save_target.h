/*
 * Whether --save can mean what it was given: a folder. One thread.
 */
#ifndef PITETHER_HOST_SINKS_FILES_SAVE_TARGET_H
#define PITETHER_HOST_SINKS_FILES_SAVE_TARGET_H

enum { SAVE_TARGET_ERROR_MAX = 512 }; /* bytes */

/* 0; or -EINVAL, where the name is that of a video, a picture or standard output and no folder has
 * it yet, with a line for the user in error (SAVE_TARGET_ERROR_MAX bytes): what to do instead. */
int save_target_check(const char *path, char *error);

#endif
