/*
 * The host's keys: one for each device, under the name that the caller calls it by. One thread.
 *
 * path: the keys file, or NULL for $XDG_CONFIG_HOME/pitether/keys (~/.config/pitether/keys). Errors
 * are as shared/keys/keys_file.h has them, with a line for the user in error.
 */
#ifndef PITETHER_HOST_LIB_KEYRING_H
#define PITETHER_HOST_LIB_KEYRING_H

#include "shared/keys/keys_file.h"
#include "shared/net/address.h"

enum { KEYRING_HINT_MAX = 512 };

/* Puts the key for the address, whose port does not matter, into keys, which are empty. Without
 * one, as for a Unix socket, keys stay empty, and hint (KEYRING_HINT_MAX bytes) gets the names that
 * there are keys for, since the machine may have been called by another one of its names: a
 * sentence without a full stop, or nothing. 0, or an error: the keys can't be read, and whether
 * there is one is not known. Without HOME, where the keys are is not known, which is no error for a
 * loopback address: it needs none. */
int keyring_find(const char *path, const struct address *address, struct keys *keys, char *hint,
                 struct error *error);

/* Stores the one key that `size` bytes of text have, as pitetherd --add-key writes it, for the
 * address in the place of an earlier one. 1: there was one; 0: none; or an error. */
int keyring_import(const char *path, const struct address *address, const char *text, size_t size,
                   struct error *error);

/* Removes the key for the address. 0 or an error; -ENOENT: there is none. */
int keyring_forget(const char *path, const struct address *address, struct error *error);

/* Writes the usual path to path, `size` bytes. 0, -EINVAL or -ENAMETOOLONG. */
int keyring_usual_path(char *path, size_t size, struct error *error);

#endif
