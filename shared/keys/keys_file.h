/*
 * The file that keys are stored in. Only its owner may read it; it is always replaced as a whole,
 * and lines that are not keys are preserved. Commands that change it wait for one another. One
 * thread.
 *
 * Each error is a negative errno with a line for the user in error:
 * -EINVAL: the contents are wrong; -EPERM: it is not a regular file, belongs to neither the user
 * nor root, or is accessible to others; -ENOSPC: it is full, or the disk is; others from the
 * system.
 */
#ifndef PITETHER_SHARED_KEYS_KEYS_FILE_H
#define PITETHER_SHARED_KEYS_KEYS_FILE_H

#include <errno.h>

#include "shared/base/attributes.h"
#include "shared/keys/keys.h"

enum { KEYS_FILE_MAX = 64 << 10 }; /* bytes */

/* Reads the file into keys, which must be empty and are empty after an error. -ENOENT: there is no
 * such file. A file in the folder $CREDENTIALS_DIRECTORY may be readable by its group, as systemd
 * creates it. */
NODISCARD int keys_load(struct keys *keys, const char *path, struct error *error);

/* Adds a key, and creates the file and its folder if necessary. -EEXIST: its name or its id is
 * taken. */
NODISCARD int keys_file_add(const char *path, const struct key *key, struct error *error);

/* The same, but replaces a key of that name. 1: there was one; 0: none. */
NODISCARD int keys_file_replace(const char *path, const struct key *key, struct error *error);

/* Removes a key. -ENOENT: there is none of that name, or no file. */
NODISCARD int keys_file_remove(const char *path, const char *name, struct error *error);

/* Whether an error of the functions above is the user's: the request, the file's contents or its
 * permissions, and not the system. */
NODISCARD static inline bool keys_file_is_users_fault(int error)
{
    return error == -EINVAL || error == -EPERM || error == -EEXIST || error == -ENOENT ||
           error == -EACCES || error == -ENOTDIR || error == -ENAMETOOLONG;
}

#endif
