/*
 * The file that keys are kept in. Nobody but its owner may read it; it is only ever replaced as a
 * whole, and what is no key's line in it stays as it is. Commands that change it wait for one
 * another. One thread.
 *
 * Each error is a negative errno with a line for the user in error:
 * -EINVAL: what is in the file is wrong; -EPERM: it is no plain file, not the user's or root's own,
 * or open to others; -ENOSPC: it is full, or the disk is; others as the system gives them.
 */
#ifndef PITETHER_SHARED_KEYS_KEYS_FILE_H
#define PITETHER_SHARED_KEYS_KEYS_FILE_H

#include <errno.h>

#include "shared/keys/keys.h"

enum { KEYS_FILE_MAX = 64 << 10 }; /* bytes */

/* Reads the file into keys, which must be empty and are so after an error. -ENOENT: there is no
 * such file. A file in the folder that $CREDENTIALS_DIRECTORY names may be readable by its group:
 * systemd makes it so. */
int keys_load(struct keys *keys, const char *path, struct error *error);

/* Adds a key, and makes the file and its folder if need be. -EEXIST: its name or its id is taken.
 */
int keys_file_add(const char *path, const struct key *key, struct error *error);

/* The same, in the place of the key of that name if there is one. 1: there was one; 0: none. */
int keys_file_replace(const char *path, const struct key *key, struct error *error);

/* Removes a key. -ENOENT: there is none of that name, or no file. */
int keys_file_remove(const char *path, const char *name, struct error *error);

/* Whether an error of the functions above is about what was asked for, what the file is or who may
 * read it, and not the system's. */
static inline bool keys_file_is_users_fault(int error)
{
    return error == -EINVAL || error == -EPERM || error == -EEXIST || error == -ENOENT ||
           error == -EACCES || error == -ENOTDIR || error == -ENAMETOOLONG;
}

#endif
